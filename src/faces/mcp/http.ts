import type { IncomingMessage, ServerResponse } from "node:http";
import { randomUUID } from "node:crypto";
import type { Authenticate } from "../../core/authenticate.js";
import { AppError, toAppError } from "../../core/errors.js";
import type { Serve } from "./door-parts.js";
import { keyOf, refuse, Refusal } from "./door.js";
import { createSessionTable, type Visitor } from "./http-sessions.js";
import type { McpOptions } from "./options.js";
import { createSessions } from "./server.js";
import { createChoices } from "./session-choice.js";
import { createSseDoors } from "./sse.js";
import { createStreamableDoor } from "./streamable.js";

/** How often idle sessions and the keys of open streams are looked at, in milliseconds. */
const SWEEP_MS = 1000;
/** How long an answer may take before its request gets a stream, in milliseconds. */
const PATIENCE_MS = 10_000;
/** How often an open stream carries a comment, in milliseconds. */
const KEEP_ALIVE_MS = 15_000;

export interface McpHttpOptions extends McpOptions {
  readonly authenticate: Authenticate;
  /** Largest body in bytes. */
  readonly maxBody: number;
  readonly maxSessions: number;
  /** Milliseconds after which a session without a request, a running call or an open stream ends. */
  readonly idleMs: number;
  /** How many proxies to believe about the client's address; none by default. */
  readonly trustProxy?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly sweepMs?: number;
  readonly patienceMs?: number;
  readonly keepAliveMs?: number;
}

/** The MCP doors of an HTTP server: a plain Node handler, to be asked before anything else is. */
export interface McpHttpFace {
  /** Whether this path (without its query) is one of the doors. */
  handles(path: string): boolean;
  handler(req: IncomingMessage, res: ServerResponse): void;
  /** Sessions open now. */
  sessions(): number;
  /** Ends every session and stream; calls in flight are aborted. */
  close(): Promise<void>;
}

/** Streamable HTTP on `/mcp` and HTTP+SSE on `/mcp/sse` with `/mcp/messages`. */
export function createMcpHttpFace(options: McpHttpOptions): McpHttpFace {
  const { authenticate, log, now = Date.now, trustProxy = 0 } = options;
  const table = createSessionTable({ ...options, now, sweepMs: options.sweepMs ?? SWEEP_MS });
  const parts = {
    table,
    choices: createChoices(options),
    now,
    ...createSessions(options),
    maxBody: options.maxBody,
    patienceMs: options.patienceMs ?? PATIENCE_MS,
    keepAliveMs: options.keepAliveMs ?? KEEP_ALIVE_MS,
  };
  const sse = createSseDoors(parts);
  const doors = new Map<string, ReadonlyMap<string, Serve>>([
    ["/mcp", createStreamableDoor(parts)],
    ["/mcp/sse", new Map([["GET", sse.stream]])],
    ["/mcp/messages", new Map([["POST", sse.message]])],
  ]);

  async function identify(req: IncomingMessage, requestId: string): Promise<Visitor> {
    const key = keyOf(req.headers);
    const ip = addressOf(req, trustProxy);
    const userAgent = req.headers["user-agent"];
    const origin = {
      face: "mcp",
      requestId,
      ...(ip !== undefined && { ip }),
      ...(userAgent !== undefined && { userAgent }),
    } as const;
    const caller = key === undefined ? undefined : await authenticate(key, origin);
    if (key === undefined || caller === undefined || caller.kind === "anonymous") {
      throw new AppError("AUTH_REQUIRED", "Send an API key as the x-api-key header or as Authorization: Bearer.");
    }
    return { key, caller, origin };
  }

  async function serve(req: IncomingMessage, res: ServerResponse, requestId: string): Promise<void> {
    const methods = doors.get(doorOf(pathOf(req)));
    const door = methods?.get(req.method ?? "");
    if (!door) {
      const allow = [...(methods?.keys() ?? [])].join(", ");
      const error = new AppError("METHOD_NOT_ALLOWED", `This path takes ${allow}.`);
      throw new Refusal(error, undefined, { allow });
    }
    await door(req, res, await identify(req, requestId));
  }

  return {
    handles: (path) => doors.has(doorOf(path)),
    handler(req, res) {
      const requestId = `req_${randomUUID()}`;
      res.setHeader("x-request-id", requestId);
      serve(req, res, requestId).catch((thrown: unknown) => {
        const cause = thrown instanceof Refusal ? undefined : toAppError(thrown).cause;
        if (cause !== undefined) log.error({ request_id: requestId, err: cause }, "an MCP request failed");
        refuse(req, res, thrown, requestId);
      });
    },
    sessions: () => table.size(),
    close: () => table.close(),
  };
}

function pathOf({ url = "" }: IncomingMessage): string {
  const end = url.indexOf("?");
  return end === -1 ? url : url.slice(0, end);
}

function doorOf(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : path;
}

/** The socket's address, or the one that the outermost believed proxy saw. */
function addressOf({ socket, headers }: IncomingMessage, hops: number): string | undefined {
  if (hops === 0) return socket.remoteAddress;
  const seen = String(headers["x-forwarded-for"] ?? "").split(",");
  const forwarded = seen.map((address) => address.trim()).filter((address) => address !== "");
  return [...forwarded, socket.remoteAddress].at(-1 - Math.min(hops, forwarded.length));
}
