import type { IncomingMessage, ServerResponse } from "node:http";
import { randomUUID } from "node:crypto";
import type { Authenticate } from "../../core/authenticate.js";
import { AppError, ERRORS, toAppError } from "../../core/errors.js";
import type { SessionShelf } from "../../core/session-shelf.js";
import { admit, type Guard, isPreflight } from "../guard.js";
import { addressBucket, bucketOf, rateLimited, type RateLimits, secondsLeft, type Tally } from "../rate-limits.js";
import { createAnswering } from "./answering.js";
import type { DoorParts, Serve } from "./door-parts.js";
import { keyOf, readMessage, refuse, Refusal } from "./door.js";
import { mayBeModern } from "./era.js";
import { cancelInFlight } from "./legacy/cancelling.js";
import { createPeers } from "./legacy/peers.js";
import { createSessionTable } from "./legacy/session-table.js";
import { createSseDoors } from "./legacy/sse.js";
import { createStreamableSessions } from "./legacy/streamable-sessions.js";
import { createStreamableDoor } from "./legacy/streamable.js";
import type { ModernDoor } from "./modern/door.js";
import type { McpOptions } from "./options.js";
import { createChoices } from "./session-choice.js";
import { createStreamWatch, type Visitor } from "./stream-watch.js";
import { waitWhile } from "./wait-while.js";

/** How often idle sessions and the keys of open streams are looked at, in milliseconds. */
const SWEEP_MS = 1000;
/** How long an answer may take before its request gets a stream, in milliseconds. */
const PATIENCE_MS = 10_000;
/** How often an open stream carries a comment, in milliseconds. */
const KEEP_ALIVE_MS = 15_000;
/** How long calls may go on when the server stops, in milliseconds. */
const GRACE_MS = 3000;
/** How long the errors of those that do not finish may take to go out, in milliseconds. */
const LAST_WORDS_MS = 1000;

export interface McpHttpOptions extends McpOptions {
  readonly authenticate: Authenticate;
  readonly guard: Guard;
  /** How often requests may come; as often as they like if left out. */
  readonly limits?: RateLimits;
  /** The sessions of all processes. */
  readonly shelf: SessionShelf;
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
  /** Sessions that this process holds now. */
  sessions(): number;
  /** Lets calls in flight finish for a moment, answers the others with an error that says why, and ends every stream. */
  close(): Promise<void>;
}

/** Streamable HTTP on `/mcp` and HTTP+SSE on `/mcp/sse` with `/mcp/messages`. */
export function createMcpHttpFace(options: McpHttpOptions): McpHttpFace {
  const { authenticate, guard, limits, shelf, log, now = Date.now, trustProxy = 0 } = options;
  const sweepMs = options.sweepMs ?? SWEEP_MS;
  const watch = createStreamWatch({ authenticate, sweepMs });
  const table = createSessionTable({ ...options, watch, now, sweepMs });
  const parts: DoorParts = {
    answering: createAnswering(options),
    table,
    shelf,
    peers: createPeers(shelf, table),
    watch,
    choices: createChoices(options),
    log,
    now,
    maxBody: options.maxBody,
    patienceMs: options.patienceMs ?? PATIENCE_MS,
    keepAliveMs: options.keepAliveMs ?? KEEP_ALIVE_MS,
  };
  const sse = createSseDoors(parts);
  const streamable = createStreamableDoor({ ...parts, changes: options.events }, createStreamableSessions(parts));
  /** Loaded when the first request of that revision comes: most servers never see one, and start faster. */
  let modern: Promise<ModernDoor> | undefined;
  const loadModern = () =>
    (modern ??= import("./modern/door.js").then(({ createModernDoor }) =>
      createModernDoor({ ...parts, states: options.states }),
    ));

  const post: Serve = async (req, res, visitor) => {
    const message = await readMessage(req, parts.maxBody);
    const door = mayBeModern(message, req.headers) ? await loadModern() : undefined;
    if (door?.takes(message, req.headers)) await door.post(message, req, res, visitor);
    else await streamable.post(message, req, res, visitor);
  };

  const doors = new Map<string, ReadonlyMap<string, Serve>>([
    [
      "/mcp",
      new Map([
        ["POST", post],
        ["GET", streamable.get],
        ["DELETE", streamable.del],
      ]),
    ],
    ["/mcp/sse", new Map([["GET", sse.stream]])],
    ["/mcp/messages", new Map([["POST", sse.message]])],
  ]);

  async function close(): Promise<void> {
    const door = await modern;
    const inFlight = () => [...table.all()].reduce((sum, { mcp }) => sum + mcp.inFlight.size, door?.inFlight() ?? 0);
    await waitWhile(() => inFlight() > 0, GRACE_MS);
    const why = new AppError(
      "SHUTTING_DOWN",
      "The server is stopping before this call was done; call again in a moment.",
    );
    for (const session of table.all()) {
      for (const request of [...session.mcp.inFlight.keys()]) cancelInFlight(session, request, why);
    }
    await door?.close(why);
    await waitWhile(() => inFlight() + streamable.unanswered() > 0, LAST_WORDS_MS);
    watch.close();
    await table.close();
    await parts.peers.close();
  }

  /** Whoever presents too many wrong keys is told to wait; the right one is never refused for that. */
  const noteFailure =
    (ip: string | undefined) =>
    async (thrown: unknown): Promise<never> => {
      if (ERRORS[toAppError(thrown).code].status === 401) requireWithin(await limits?.failedKey(ip));
      throw thrown;
    };

  /** Counts a message for whoever sent it, or for its address where that is not known. */
  async function admitVisitor(req: IncomingMessage, requestId: string): Promise<Visitor> {
    if (req.method !== "POST" || !limits) return identify(req, requestId);
    const visitor = await identify(req, requestId).catch(async (thrown: unknown) => {
      requireWithin(await limits.mcp(addressBucket(addressOf(req, trustProxy))));
      throw thrown;
    });
    requireWithin(await limits.mcp(bucketOf(visitor.caller)));
    return visitor;
  }

  async function identify(req: IncomingMessage, requestId: string): Promise<Visitor> {
    const key = keyOf(req.headers);
    const ip = addressOf(req, trustProxy);
    const userAgent = req.headers["user-agent"];
    const grant = req.headers["x-permission-grant"];
    const holder = holderOf(req);
    const origin = {
      face: "mcp",
      requestId,
      ...(typeof grant === "string" && { grant }),
      ...(holder !== undefined && { holder }),
      ...(ip !== undefined && { ip }),
      ...(userAgent !== undefined && { userAgent }),
    } as const;
    const caller = key === undefined ? undefined : await authenticate(key, origin).catch(noteFailure(ip));
    if (key === undefined || caller === undefined || caller.kind === "anonymous") {
      throw new AppError("AUTH_REQUIRED", "Send an API key as the x-api-key header or as Authorization: Bearer.");
    }
    return { key, caller, origin };
  }

  async function serve(req: IncomingMessage, res: ServerResponse, requestId: string): Promise<void> {
    const methods = doors.get(doorOf(pathOf(req)));
    const door = methods?.get(req.method ?? "");
    if (!door && !isPreflight(req)) {
      const allow = [...(methods?.keys() ?? [])].join(", ");
      const error = new AppError("METHOD_NOT_ALLOWED", `This path takes ${allow}.`);
      throw new Refusal(error, undefined, { allow });
    }
    if (admit(guard, req, res)) await door?.(req, res, await admitVisitor(req, requestId));
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
    close,
  };
}

function requireWithin(tally: Tally | undefined): void {
  if (!tally?.isOver) return;
  throw new Refusal(rateLimited(tally), undefined, { "retry-after": String(secondsLeft(tally)) });
}

function pathOf({ url = "" }: IncomingMessage): string {
  const end = url.indexOf("?");
  return end === -1 ? url : url.slice(0, end);
}

function doorOf(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : path;
}

/** The session that a request names: whether it is the caller's is found out where the session is looked up. */
function holderOf({ headers, url = "" }: IncomingMessage): string | undefined {
  const named = headers["mcp-session-id"];
  if (typeof named === "string") return named;
  const mark = url.indexOf("?sessionId=");
  return mark === -1 ? undefined : (new URLSearchParams(url.slice(mark)).get("sessionId") ?? undefined);
}

/** The socket's address, or the one that the outermost believed proxy saw. */
function addressOf({ socket, headers }: IncomingMessage, hops: number): string | undefined {
  if (hops === 0) return socket.remoteAddress;
  const seen = String(headers["x-forwarded-for"] ?? "").split(",");
  const forwarded = seen.map((address) => address.trim()).filter((address) => address !== "");
  return [...forwarded, socket.remoteAddress].at(-1 - Math.min(hops, forwarded.length));
}
