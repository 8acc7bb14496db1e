import type { EventStore } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";

interface LoggedEvent {
  readonly stream: string;
  readonly message: JSONRPCMessage;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** How long an event can be replayed, in milliseconds. */
export const EVENT_LIFETIME_MS = 5 * 60_000;
const MAX_EVENTS = 1000;

/** One session's events, for a client that lost a stream: at most 1,000, none older than 5 minutes. */
export interface EventLog extends EventStore {
  has(id: string): boolean;
  /** Whether the event is the answer to a request, which is its stream's last. */
  isAnswer(id: string): boolean;
  /** Drops events that nobody can ask for. */
  forget(ids: readonly string[]): void;
  /** Drops what is too old. */
  prune(): void;
}

/** An empty log; it takes no memory worth naming until something is logged. */
export function createEventLog(now: () => number): EventLog {
  let events: Map<string, LoggedEvent> | undefined;
  let last = 0;

  const prune = () => {
    if (!events) return;
    const oldest = now() - EVENT_LIFETIME_MS;
    for (const [id, { at }] of events) {
      if (at >= oldest && events.size <= MAX_EVENTS) break;
      events.delete(id);
    }
    if (events.size === 0) events = undefined;
  };

  return {
    async storeEvent(stream, message) {
      last += 1;
      const id = String(last);
      events ??= new Map();
      events.set(id, { stream, message, at: now() });
      if (events.size > MAX_EVENTS) prune();
      return id;
    },
    async replayEventsAfter(lastId, { send }) {
      const stream = events?.get(lastId)?.stream;
      if (stream === undefined) throw new Error("the event is not kept");
      for (const [id, event] of events ?? []) {
        if (event.stream === stream && Number(id) > Number(lastId)) await send(id, event.message);
      }
      return stream;
    },
    has: (id) => events?.has(id) ?? false,
    isAnswer(id) {
      const message = events?.get(id)?.message;
      return message !== undefined && ("result" in message || "error" in message);
    },
    forget(ids) {
      for (const id of ids) events?.delete(id);
      if (events?.size === 0) events = undefined;
    },
    prune,
  };
}
