import type { EventStore } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";
import type { SentEvent, SessionShelf } from "../../../core/session-shelf.js";

/** The stream of notifications, as the SDK's transport calls it. */
export const NOTIFICATIONS = "_GET_stream";

/**
 * What one session is sent, on its way to the shelf. An event of a stream that somebody reads is held until its reader
 * keeps or forgets it: most answers go out as plain JSON and nobody can ever ask for them again.
 */
export interface EventLog extends Pick<EventStore, "storeEvent" | "replayEventsAfter"> {
  /** Whether a held event is the answer to a request, which is its stream's last. */
  isAnswer(id: string): boolean;
  /** The stream of a held event. */
  streamOf(id: string): string | undefined;
  /** Lets go of held events that nobody can ask for. */
  forget(ids: readonly string[]): void;
  /** Puts held events on the shelf, before they are written to the client. */
  keep(ids: readonly string[], request?: RequestId): Promise<void>;
  /** A stream has a reader: its events are held. */
  attach(stream: string): void;
  /** A stream lost its reader: what it is sent goes to the shelf at once, what is held too. */
  detach(stream: string, request?: RequestId): void;
}

interface Held {
  readonly stream: string;
  readonly message: JSONRPCMessage;
}

/** A session's log; it takes no memory worth naming while nothing is under way. */
export function createEventLog(shelf: SessionShelf, session: string): EventLog {
  const held = new Map<string, Held>();
  /** Streams without a reader, with the requests they answer. */
  const detached = new Map<string, RequestId | undefined>([[NOTIFICATIONS, undefined]]);

  const put = async (ids: readonly string[], request?: RequestId): Promise<void> => {
    const events = ids.flatMap((id) => {
      const event = held.get(id);
      held.delete(id);
      return event ? [sentEvent(id, event, request)] : [];
    });
    if (events.length > 0) await shelf.keep(session, events);
  };

  return {
    async storeEvent(stream, message) {
      const id = shelf.nextEventId();
      held.set(id, { stream, message });
      if (detached.has(stream)) {
        await put([id], detached.get(stream));
        if (isAnswer(message)) detached.delete(stream);
        await shelf.broadcast({ kind: "sent", session });
      }
      return id;
    },
    replayEventsAfter() {
      // Replays do not go through the transport: the stream may be another process's.
      return Promise.reject(new Error("events are replayed from the shelf"));
    },
    isAnswer: (id) => isAnswer(held.get(id)?.message),
    streamOf: (id) => held.get(id)?.stream,
    forget(ids) {
      for (const id of ids) held.delete(id);
    },
    keep: put,
    attach: (stream) => void detached.delete(stream),
    detach(stream, request) {
      detached.set(stream, request);
      const left = [...held].filter(([, event]) => event.stream === stream).map(([id]) => id);
      if (left.length > 0) void put(left, request).then(() => shelf.broadcast({ kind: "sent", session }));
    },
  };
}

function sentEvent(id: string, { stream, message }: Held, request: RequestId | undefined): SentEvent {
  const data = Object.keys(message).length === 0 ? "" : JSON.stringify(message);
  return { id, stream, data, ...(request !== undefined && { request }), last: isAnswer(message) };
}

function isAnswer(message: JSONRPCMessage | undefined): boolean {
  return message !== undefined && ("result" in message || "error" in message);
}
