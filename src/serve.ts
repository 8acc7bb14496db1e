import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { type App, compose } from "./compose.js";
import { type Config, ConfigError, isEveryAddress, requireSafe } from "./config.js";
import { clerkAccountChoice } from "./core/clerk-account.js";
import type { Log } from "./core/log.js";
import { createGuard } from "./faces/guard.js";
import { createRateLimits } from "./faces/rate-limits.js";
import { listen } from "./faces/http.js";
import { createMcpHttpFace } from "./faces/mcp/http.js";
import { createRestFace } from "./faces/rest/app.js";
import { openApiDocument } from "./faces/rest/openapi.js";
import { loadPages } from "./faces/rest/pages.js";
import { skillDocument } from "./faces/rest/skill-document.js";
import { mcpOptions } from "./mcp-options.js";
import { createSessionShelf } from "./services/sessions/session-shelf.js";
import { projectRoot, version } from "./project.js";

/** A server that answers. */
export interface Serving {
  readonly url: string;
  /** How this machine reaches it. */
  readonly local: string;
  readonly app: App;
  close(): Promise<void>;
}

/** Starts the HTTP server with every door; throws an error whose message is a sentence for the person who did. */
export async function serve(config: Config, log: Log): Promise<Serving> {
  requireSafe(config);
  let url = "";
  const publicUrl = () => config.CLANKER_PUBLIC_URL ?? url;
  const app = await compose(config, log, { publicUrl, downloads: "signed" });
  const { registry, invoke, store } = app;
  const { keys, signIns } = app.services;
  const { authenticate } = keys;
  const maxBody = config.CLANKER_MAX_BODY;
  const trustProxy = config.CLANKER_TRUST_PROXY;
  const { HOST, PORT } = config;
  const guard = createGuard({
    host: isEveryAddress(HOST) ? undefined : HOST,
    publicUrl: config.CLANKER_PUBLIC_URL,
    allowedHosts: config.CLANKER_ALLOWED_HOSTS,
    allowedOrigins: config.CLANKER_ALLOWED_ORIGINS,
  });
  const newRequestId = () => `req_${randomUUID()}`;
  const idleMs = config.CLANKER_SESSION_IDLE_SECONDS * 1000;
  const shelf = createSessionShelf({ store, idleMs, texts: app.sentTexts, log });
  const limits = createRateLimits({
    limiter: (limit) => store.limiter(limit),
    rest: config.CLANKER_RATE_LIMIT,
    mcp: config.CLANKER_MCP_RATE_LIMIT,
    failedKeys: config.CLANKER_FAILED_KEY_LIMIT,
  });
  const mcp = createMcpHttpFace({
    ...(await mcpOptions(app)),
    authenticate,
    guard,
    limits,
    shelf,
    maxBody,
    trustProxy,
    maxSessions: config.CLANKER_MAX_SESSIONS,
    idleMs,
  });
  const rest = createRestFace({
    registry,
    invoke,
    guard,
    limits,
    authenticate,
    authenticateSession: (token, workspace, origin) => signIns.authenticate(token, workspace, origin),
    csrfToken: (caller) => signIns.csrfToken(caller),
    chooseClerkAccount: clerkAccountChoice((name) => app.services.clerk.requireAccount(name)),
    linkCaller: (path, query, origin) => app.links.caller(path, query, origin),
    ready: () => store.ping(),
    log,
    maxBody,
    trustProxy,
    skillDocument: () => skillDocument(registry, { version, publicUrl: publicUrl() }),
    openApi: () => openApiDocument(registry, { version, serverUrl: publicUrl() }),
    pages: await loadPages(join(projectRoot, "dist", "web")),
    newRequestId,
  });
  const options = { host: HOST, port: PORT, log, newRequestId };
  const server = await listen({ mcp, rest }, options).catch(async (cause: unknown) => {
    await app.close();
    throw cannotListen(HOST, PORT, cause);
  });
  // A client that took "every address" for a name would be refused.
  const name = isEveryAddress(HOST) ? "127.0.0.1" : HOST;
  url = `http://${name.includes(":") ? `[${name}]` : name}:${server.port}`;
  await app.start();
  return {
    url: publicUrl(),
    local: url,
    app,
    async close() {
      app.leave();
      await server.close();
      await shelf.close();
      await app.close();
    },
  };
}

function cannotListen(host: string, port: number, cause: unknown): ConfigError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `PORT ${port} is taken by another program: stop that one, or set PORT to another (0 takes a free one).`,
    EACCES: `PORT ${port} is not open to this user: set PORT to one above 1023.`,
    EADDRNOTAVAIL: `HOST ${host} is no address of this machine: set HOST to one that is, such as 127.0.0.1.`,
    ENOTFOUND: `HOST ${host} is not known: set HOST to an address of this machine, such as 127.0.0.1.`,
  };
  const error = new ConfigError(reasons[code] ?? `HOST ${host} and PORT ${port} cannot be listened on (${code}).`);
  error.cause = cause;
  return error;
}
