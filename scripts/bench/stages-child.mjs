// A server whose calls go through every stage, or where STAGES is "off" without scopes, limits, audit and the like: only
// what finds, checks and runs an operation is left. It answers every message from its parent with its CPU time in µs.
import { importBuilt } from "../built.mjs";

/** @typedef {import("../../src/services/services.js").Services} Services */

process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpu: user + system });
});
process.channel?.unref();

/** @type {typeof import("../../src/config.js")} */
const { readConfig } = await importBuilt("src/config.ts");
/** @type {typeof import("../../src/log.js")} */
const { createLog } = await importBuilt("src/log.ts");
const config = readConfig(process.env);
const log = createLog(config.CLANKER_LOG_LEVEL);
const serving = process.env.STAGES === "off" ? await serveBare() : await serveWhole();
process.once("SIGTERM", () => void serving.close().then(() => process.exit(0)));

async function serveWhole() {
  /** @type {typeof import("../../src/serve.js")} */
  const { serve } = await importBuilt("src/serve.ts");
  return serve(config, log);
}

/** The MCP door of the program over its services, wired as in `serve`, but for the stages. */
async function serveBare() {
  /** @type {[typeof import("../../src/compose.js"), typeof import("../../src/core/invoke.js"), typeof import("../../src/core/stages.js"), typeof import("../../src/faces/guard.js"), typeof import("../../src/faces/http.js"), typeof import("../../src/faces/mcp/http.js"), typeof import("../../src/mcp-options.js"), typeof import("../../src/services/sessions/session-shelf.js")]} */
  const [{ compose }, { createInvoke }, stages, { createGuard }, { listen }, { createMcpHttpFace }, options, shelves] =
    /** @type {any} */ (
      await Promise.all(
        [
          "src/compose.ts",
          "src/core/invoke.ts",
          "src/core/stages.ts",
          "src/faces/guard.ts",
          "src/faces/http.ts",
          "src/faces/mcp/http.ts",
          "src/mcp-options.ts",
          "src/services/sessions/session-shelf.ts",
        ].map(importBuilt),
      )
    );
  const app = await compose(config, log, { publicUrl: () => "", downloads: "signed" });
  const { registry, services, store } = app;
  const { mapErrors, find, parse, checkOutput, run } = stages;
  /** @type {import("../../src/core/invoke.js").Stage<Services>[]} */
  const left = [mapErrors(log), find(registry), parse(), checkOutput(), run(services, log)];
  const idleMs = 1_800_000;
  const shelf = shelves.createSessionShelf({ store, idleMs, texts: app.sentTexts, log });
  const mcp = createMcpHttpFace({
    ...(await options.mcpOptions({ ...app, invoke: createInvoke(left) })),
    authenticate: services.keys.authenticate,
    guard: createGuard({ host: config.HOST }),
    shelf,
    maxBody: config.CLANKER_MAX_BODY,
    maxSessions: config.CLANKER_MAX_SESSIONS,
    idleMs,
  });
  const rest = {
    handler: (/** @type {unknown} */ _req, /** @type {import("node:http").ServerResponse} */ res) =>
      void res.writeHead(404).end(),
  };
  return listen({ mcp, rest }, { host: config.HOST, port: config.PORT, log, newRequestId: () => "req_bench" });
}
