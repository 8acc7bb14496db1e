import type { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import type { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { ServerResponse } from "node:http";
import type { Authenticate, RequestOrigin } from "../../core/authenticate.js";
import type { Caller } from "../../core/caller.js";
import { AppError, ERRORS, toAppError } from "../../core/errors.js";
import type { Log } from "../../core/log.js";
import { Refusal } from "./door.js";
import { EVENT_LIFETIME_MS, type EventLog } from "./event-log.js";
import { RPC } from "./rpc-error.js";
import type { McpSession } from "./server.js";
import type { Choice } from "./session-choice.js";

/** Whoever sent a request, and with what. */
export interface Visitor {
  readonly caller: Caller;
  readonly key: string;
  readonly origin: RequestOrigin;
}

interface Common {
  readonly id: string;
  readonly owner: string;
  readonly choice: Choice;
  readonly mcp: McpSession;
  /** Milliseconds since the epoch. */
  lastUsed: number;
  /** Open streams that the client listens on. */
  streams: number;
}

export interface StreamableSession extends Common {
  readonly kind: "streamable";
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly log: EventLog;
}

export interface SseSession extends Common {
  readonly kind: "sse";
  readonly transport: SSEServerTransport;
  readonly res: ServerResponse;
}

export type HttpSession = StreamableSession | SseSession;

/** The open sessions of one process. */
export interface SessionTable {
  /** Holds a place for a session to come; throws `TOO_MANY_SESSIONS`. Give it back once the session is in or failed. */
  reserve(): () => void;
  add(session: HttpSession): void;
  remove(id: string): void;
  /** The session, where it is this caller's and of this kind; else throws `NOT_FOUND`, which tells nothing of others'. */
  find<K extends HttpSession["kind"]>(id: string, kind: K, caller: Caller): Extract<HttpSession, { kind: K }>;
  /** Counts a stream, and ends the session once the stream's key is no longer good. */
  openStream(session: HttpSession, visitor: Visitor): () => void;
  size(): number;
  close(): Promise<void>;
}

/** What a session belongs to: the same key, in the same workspace, for the same person. */
export function ownerOf({ kind, key, workspace, person }: Caller): string {
  return `${kind} ${key ?? ""} ${workspace} ${person}`;
}

/** The table; every `sweepMs` it ends sessions that were idle for `idleMs` and those whose key was revoked. */
export function createSessionTable(options: {
  maxSessions: number;
  idleMs: number;
  sweepMs: number;
  authenticate: Authenticate;
  log: Log;
  now: () => number;
}): SessionTable {
  const { maxSessions, idleMs, authenticate, log, now } = options;
  const sessions = new Map<string, HttpSession>();
  const streams = new Map<object, { session: HttpSession; visitor: Visitor }>();
  let reserved = 0;
  let closed = false;
  let checking = false;

  const end = async ({ mcp }: HttpSession) => {
    await mcp.server.close().catch((err: unknown) => log.warn({ err }, "a session did not close cleanly"));
  };

  function reap(): void {
    for (const session of sessions.values()) {
      const unused = now() - session.lastUsed;
      if (session.streams > 0 || session.mcp.inFlight.size > 0) continue;
      if (unused >= idleMs) void end(session);
      else if (session.kind === "streamable") {
        session.log.prune();
        if (unused >= EVENT_LIFETIME_MS) session.mcp.mute();
      }
    }
  }

  async function recheckKeys(): Promise<void> {
    const verdicts = new Map<string, Promise<string | undefined>>();
    for (const { session, visitor } of [...streams.values()]) {
      const verdict = verdicts.get(visitor.key) ?? ownerNow(visitor, session.owner);
      verdicts.set(visitor.key, verdict);
      if ((await verdict) !== session.owner) await end(session);
    }
  }

  /** Whose the key is now; a check that fails for another reason leaves it whose it was. */
  async function ownerNow({ key, origin }: Visitor, before: string): Promise<string | undefined> {
    try {
      return ownerOf(await authenticate(key, origin));
    } catch (thrown) {
      return ERRORS[toAppError(thrown).code].status === 401 ? undefined : before;
    }
  }

  const sweep = setInterval(() => {
    reap();
    if (checking || streams.size === 0) return;
    checking = true;
    void recheckKeys().finally(() => (checking = false));
  }, options.sweepMs);
  sweep.unref();

  return {
    reserve() {
      if (closed || sessions.size + reserved >= maxSessions) {
        throw new Refusal(
          new AppError(
            "TOO_MANY_SESSIONS",
            "This server holds as many sessions as it may; end one, or try again later.",
          ),
          RPC.server,
          { "retry-after": "30" },
        );
      }
      reserved += 1;
      return () => (reserved -= 1);
    },
    add: (session) => void sessions.set(session.id, session),
    remove: (id) => void sessions.delete(id),
    find<K extends HttpSession["kind"]>(id: string, kind: K, caller: Caller) {
      const session = sessions.get(id);
      if (session?.kind !== kind || session.owner !== ownerOf(caller)) {
        throw new Refusal(
          new AppError("NOT_FOUND", "There is no such session, or it has ended; send initialize to open a new one."),
          RPC.sessionNotFound,
        );
      }
      session.lastUsed = now();
      return session as Extract<HttpSession, { kind: K }>;
    },
    openStream(session, visitor) {
      const stream = {};
      streams.set(stream, { session, visitor });
      session.streams += 1;
      return () => {
        if (!streams.delete(stream)) return;
        session.streams -= 1;
        session.lastUsed = now();
      };
    },
    size: () => sessions.size,
    async close() {
      closed = true;
      clearInterval(sweep);
      await Promise.all([...sessions.values()].map(end));
    },
  };
}
