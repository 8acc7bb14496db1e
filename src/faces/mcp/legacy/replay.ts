import type { ServerResponse } from "node:http";
import type { SentEvent, SessionShelf } from "../../../core/session-shelf.js";
import { RPC } from "../rpc-error.js";

/** How often a stream that is followed from afar is looked at although nobody said that there is more, in milliseconds. */
const LOOK_EVERY_MS = 1000;

/** A stream that its client lost, and asks for the rest of. */
export interface Lost {
  readonly shelf: SessionShelf;
  readonly session: string;
  /** The last event that the client has. */
  readonly last: SentEvent;
  readonly res: ServerResponse;
}

/** Writes what is kept behind the last event; answers the last one written. */
export async function replay({ shelf, session, last, res }: Lost): Promise<SentEvent> {
  let latest = last;
  for (const event of await shelf.eventsAfter(session, last)) {
    res.write(asText(event));
    latest = event;
  }
  return latest;
}

/**
 * Writes the rest of a call's stream, as whichever process works on it keeps it, until the answer is there or the client
 * leaves. When that process is gone, the call ends with an error that says so.
 */
export async function follow(lost: Lost, onMore: (look: () => void) => () => void): Promise<void> {
  const { shelf, res } = lost;
  const worker = shelf.processOf(lost.last.id);
  let wake = (): void => undefined;
  const stop = onMore(() => wake());
  const leave = () => wake();
  res.once("close", leave);
  const keepAlive = setInterval(() => res.write(": keep-alive\n\n"), 15_000);
  try {
    let { last } = lost;
    for (;;) {
      const more = new Promise<void>((resolve) => (wake = resolve));
      const alive = await shelf.isAlive(worker);
      const latest = await replay({ ...lost, last });
      last = latest;
      if (latest.last || res.destroyed) break;
      if (!alive) {
        res.write(asText(lostCall(last, shelf.nextEventId())));
        break;
      }
      const timer = setTimeout(wake, LOOK_EVERY_MS);
      await more;
      clearTimeout(timer);
    }
  } finally {
    stop();
    clearInterval(keepAlive);
    res.off("close", leave);
    res.end();
  }
}

/** The answer to a call whose process died. */
function lostCall({ stream, request }: SentEvent, id: string): SentEvent {
  const error = {
    code: RPC.server,
    message: "The server process that worked on this call has stopped, so how far it came is unknown; look before you call again.",
    data: { code: "SHUTTING_DOWN" },
  };
  return { id, stream, data: JSON.stringify({ jsonrpc: "2.0", id: request, error }), last: true };
}

function asText({ id, data }: SentEvent): string {
  return data === "" ? `id: ${id}\ndata: \n\n` : `event: message\nid: ${id}\ndata: ${data}\n\n`;
}
