import { randomUUID } from "node:crypto";
import type { Readable, Writable } from "node:stream";
import { compose } from "./compose.js";
import type { Config } from "./config.js";
import type { Caller } from "./core/caller.js";
import type { Log } from "./core/log.js";
import { serveStdio } from "./faces/mcp/stdio.js";
import { mcpOptions } from "./mcp-options.js";
import { OWNER } from "./services/workspaces.js";

/** Speaks MCP over two streams as the owner of CLANKER_HOME, until the client closes its end or the signal is aborted. */
export async function runStdio(
  config: Config,
  log: Log,
  streams: { readonly stdin: Readable; readonly stdout: Writable; readonly signal: AbortSignal },
): Promise<void> {
  const app = await compose(config, log, { publicUrl: () => "", downloads: "local" });
  await app.start();
  const { stdin, stdout, signal } = streams;
  const caller: Caller = {
    kind: "local",
    face: "mcp",
    ...OWNER,
    scopes: new Set(["*", "clerk:secrets"]),
    requestId: randomUUID(),
  };
  const stop = () => stdin.destroy();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  await serveStdio({ ...(await mcpOptions(app)), caller, stdin, stdout });
  await app.close();
}
