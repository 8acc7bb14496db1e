import type { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import type { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { RequestId } from "@modelcontextprotocol/sdk/types.js";
import type { ServerResponse } from "node:http";
import type { Caller } from "../../../core/caller.js";
import { AppError } from "../../../core/errors.js";
import type { Log } from "../../../core/log.js";
import type { SessionShelf } from "../../../core/session-shelf.js";
import { Refusal } from "../door.js";
import { RPC } from "../rpc-error.js";
import type { Choice } from "../session-choice.js";
import { ownerOf, type StreamWatch, type Visitor } from "../stream-watch.js";
import type { EventLog } from "./event-log.js";
import type { McpSession } from "./server.js";
import type { SubscribedUris } from "./subscriptions.js";

interface Common {
  readonly id: string;
  readonly owner: string;
  readonly choice: Choice;
  readonly mcp: McpSession;
  readonly subscriptions: SubscribedUris;
  /** Milliseconds since the epoch. */
  lastUsed: number;
  /** When the shelf was last told of a use, in milliseconds since the epoch. */
  touched: number;
  /** Open streams that the client listens on. */
  streams: number;
}

export interface StreamableSession extends Common {
  readonly kind: "streamable";
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly log: EventLog;
  /** Ends the stream of notifications, while there is one. */
  listening?: (() => void) | undefined;
}

export interface SseSession extends Common {
  readonly kind: "sse";
  readonly transport: SSEServerTransport;
  readonly res: ServerResponse;
}

export type HttpSession = StreamableSession | SseSession;

/** The sessions that this process holds; those of all processes are on the shelf. */
export interface SessionTable {
  /** Holds a place for a session to come; throws `TOO_MANY_SESSIONS`. Give it back once the session is in or failed. */
  reserve(): () => void;
  add(session: HttpSession): void;
  remove(id: string): void;
  /** The session, where this process holds it, whoever asks. */
  get(id: string): HttpSession | undefined;
  /** The session, where this process holds it and it is this caller's and of this kind; counts as a use. */
  find<K extends HttpSession["kind"]>(
    id: string,
    kind: K,
    caller: Caller,
  ): Extract<HttpSession, { kind: K }> | undefined;
  /**
   * Counts a request that is answered or listens, and ends the session once the key is no longer good; `onEnd` is told when the session ends, for
   * whatever reason. The returned function says that the request is over.
   */
  openStream(session: HttpSession, visitor: Visitor, onEnd?: () => void): () => void;
  /** Ends this process's part of a session. */
  end(session: HttpSession): Promise<void>;
  size(): number;
  /** The sessions this process holds. */
  all(): Iterable<HttpSession>;
  close(): Promise<void>;
}

/** The shelf is told of a use after this part of the idle time. */
const TOUCH_SHARE = 0.1;

/** The table; every `sweepMs` it ends what was idle for `idleMs`. */
export function createSessionTable(options: {
  maxSessions: number;
  idleMs: number;
  sweepMs: number;
  shelf: SessionShelf;
  watch: StreamWatch;
  log: Log;
  now: () => number;
}): SessionTable {
  const { maxSessions, idleMs, shelf, watch, log, now } = options;
  const sessions = new Map<string, HttpSession>();
  /** Who wants to know when a session ends. */
  const waiting = new Map<string, Set<() => void>>();
  let reserved = 0;
  let closed = false;

  const end = async ({ mcp }: HttpSession) => {
    await mcp.server.close().catch((err: unknown) => log.warn({ err }, "a session did not close cleanly"));
  };

  const waitFor = (id: string, onEnd: () => void) => {
    const told = waiting.get(id) ?? new Set();
    waiting.set(id, told.add(onEnd));
    return () => {
      told.delete(onEnd);
      if (told.size === 0 && waiting.get(id) === told) waiting.delete(id);
    };
  };

  const touch = (session: HttpSession) => {
    if (now() - session.touched < idleMs * TOUCH_SHARE) return;
    session.touched = now();
    shelf
      .touch(session.id)
      .then((open) => (open ? undefined : end(session)))
      .catch((err: unknown) => log.warn({ err }, "a session's use could not be noted"));
  };

  function reap(): void {
    for (const session of sessions.values()) {
      if (session.streams > 0 || session.mcp.inFlight.size > 0) {
        touch(session);
        continue;
      }
      if (now() - session.lastUsed >= idleMs) void end(session);
    }
  }

  const sweep = setInterval(reap, options.sweepMs);
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
      let held = true;
      return () => {
        if (held) reserved -= 1;
        held = false;
      };
    },
    add: (session) => void sessions.set(session.id, session),
    remove(id) {
      sessions.delete(id);
      const told = waiting.get(id);
      waiting.delete(id);
      told?.forEach((onEnd) => onEnd());
    },
    get: (id) => sessions.get(id),
    find<K extends HttpSession["kind"]>(id: string, kind: K, caller: Caller) {
      const session = sessions.get(id);
      if (session?.kind !== kind || session.owner !== ownerOf(caller)) return undefined;
      session.lastUsed = now();
      touch(session);
      return session as Extract<HttpSession, { kind: K }>;
    },
    openStream(session, visitor, onEnd) {
      const unwatch = watch.watch(visitor, () => void end(session));
      const forget = onEnd && waitFor(session.id, onEnd);
      let open = true;
      session.streams += 1;
      return () => {
        unwatch();
        if (!open) return;
        open = false;
        forget?.();
        session.streams -= 1;
        session.lastUsed = now();
      };
    },
    end,
    size: () => sessions.size,
    all: () => sessions.values(),
    async close() {
      closed = true;
      clearInterval(sweep);
      await Promise.all([...sessions.values()].map(end));
    },
  };
}

/** What a client is told whose session ended in the middle of a request. */
export function sessionEnded(): Refusal {
  return new Refusal(
    new AppError("NOT_FOUND", "The session ended before the answer was there; send initialize to open a new one."),
    RPC.sessionNotFound,
  );
}

/** The same as the answer to the request, as JSON. */
export function endedAnswer(request: RequestId | undefined): string {
  const { error, rpc } = sessionEnded();
  return JSON.stringify({
    jsonrpc: "2.0",
    id: request,
    error: { code: rpc, message: error.message, data: { code: error.code } },
  });
}

/** What a client is told of a session that is unknown, over, or another's: the same, so that it learns nothing. */
export function noSuchSession(): Refusal {
  return new Refusal(
    new AppError("NOT_FOUND", "There is no such session, or it has ended; send initialize to open a new one."),
    RPC.sessionNotFound,
  );
}
