import type { EventStore } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";
import type { SessionShelf } from "../../../core/session-shelf.js";

/** Something that the transport sends on the stream of a request. */
export interface Sending {
  readonly id: string;
  /** The stream, as the SDK's transport calls it. */
  readonly stream: string;
  /** Whether it is the answer, which is the stream's last. */
  readonly last: boolean;
}

/**
 * What one session is sent, between the SDK's transport and the shelf. Only who reads a stream knows whether its events
 * can ever be asked for again: most answers go out as plain JSON, and nothing of them is kept.
 */
export interface EventLog extends Pick<EventStore, "storeEvent" | "replayEventsAfter"> {
  /** What is known of an event that was read off a stream; once. */
  take(id: string): Sending | undefined;
  /** Puts an event on the shelf. */
  keep(sending: Sending, request: RequestId, data: string): Promise<void>;
  /** Tells whoever follows a stream from elsewhere that there is more. */
  announce(): Promise<void>;
  /** From now on nobody reads a stream here: its events go to the shelf at once. */
  detach(stream: string, request: RequestId): Promise<void>;
  /** Forgets what was sent and read by nobody. */
  clear(): void;
}

/** A session's log; it takes no memory worth naming while nothing is under way. */
export function createEventLog(shelf: SessionShelf, session: string): EventLog {
  const sent = new Map<string, Sending & { readonly message: JSONRPCMessage }>();
  /** Streams that nobody reads, with the requests they answer. */
  const detached = new Map<string, RequestId>();

  const log: EventLog = {
    async storeEvent(stream, message) {
      const sending = { id: shelf.nextEventId(), stream, last: isAnswer(message) };
      const request = detached.get(stream);
      if (request === undefined) sent.set(sending.id, { ...sending, message });
      else await keepUnread(sending, request, message);
      return sending.id;
    },
    replayEventsAfter() {
      // Replays do not go through the transport: the stream may be another process's.
      return Promise.reject(new Error("events are replayed from the shelf"));
    },
    take(id) {
      const sending = sent.get(id);
      sent.delete(id);
      return sending;
    },
    keep: ({ id, stream, last }, request, data) => shelf.keep(session, [{ id, stream, last, request, data }]),
    announce: () => shelf.broadcast({ kind: "sent", session }),
    async detach(stream, request) {
      detached.set(stream, request);
      for (const { message, ...sending } of [...sent.values()].filter((unread) => unread.stream === stream)) {
        sent.delete(sending.id);
        await keepUnread(sending, request, message);
      }
    },
    clear: () => sent.clear(),
  };
  async function keepUnread(sending: Sending, request: RequestId, message: JSONRPCMessage): Promise<void> {
    if (sending.last) detached.delete(sending.stream);
    await log.keep(sending, request, JSON.stringify(message));
    await log.announce();
  }
  return log;
}

function isAnswer(message: JSONRPCMessage): boolean {
  return "result" in message || "error" in message;
}
