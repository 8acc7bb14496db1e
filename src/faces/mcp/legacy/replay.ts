import type { ServerResponse } from "node:http";
import type { SentEvent, SessionShelf } from "../../../core/session-shelf.js";
import { RPC } from "../rpc-error.js";
import { writeOn, writeOut } from "../stream-writing.js";
import { endedAnswer } from "./session-table.js";
import { beginStream, eventText, KEEP_ALIVE } from "./sse-text.js";

/** How often a stream that is followed from afar is looked at although nobody said that there is more, in milliseconds. */
const LOOK_EVERY_MS = 1000;

/** The stream of a request that its client lost, and asks for the rest of. */
export interface Lost {
  readonly shelf: SessionShelf;
  readonly session: string;
  /** The last event that the client has. */
  readonly last: SentEvent;
  readonly res: ServerResponse;
  readonly keepAliveMs: number;
  /** Hears that there may be more, or that the session is over; the returned function stops. */
  listen(look: () => void): () => void;
  /** Whether the session still is there. */
  isOpen(): boolean;
}

/**
 * Writes the rest of a request's stream, as whichever process works on it keeps it, until the answer is there, the
 * session ends or the client leaves. When that process is gone, the request ends with an error that says so.
 */
export async function follow(lost: Lost): Promise<void> {
  const { shelf, session, res } = lost;
  const worker = shelf.processOf(lost.last.id);
  let wake = (): void => undefined;
  const stop = lost.listen(() => wake());
  res.once("close", () => wake());
  beginStream(res, session);
  const keepAlive = setInterval(() => writeOn(res, KEEP_ALIVE), lost.keepAliveMs);
  try {
    let { last } = lost;
    while (!last.last && !res.destroyed && !res.writableEnded && lost.isOpen()) {
      const more = new Promise<void>((resolve) => (wake = resolve));
      const alive = await shelf.isAlive(worker);
      let news = await shelf.eventsAfter(session, last);
      if (!alive && !news.at(-1)?.last) news = [...news, await lostAnswer(lost)];
      for (const event of news) await writeOut(res, eventText(event.id, event.data));
      last = news.at(-1) ?? last;
      if (last.last) break;
      const timer = setTimeout(() => wake(), LOOK_EVERY_MS);
      await more;
      clearTimeout(timer);
    }
    if (!last.last) writeOn(res, `event: message\ndata: ${endedAnswer(last.request)}\n\n`);
  } finally {
    stop();
    clearInterval(keepAlive);
    res.end();
  }
}

/** The answer to a request whose process died; kept, so that a client that asks again is not kept waiting. */
async function lostAnswer({ shelf, session, res, last: { stream, request } }: Lost): Promise<SentEvent> {
  const error = {
    code: RPC.server,
    message:
      "The server process that worked on this call has stopped, so how far it came is unknown; look before you call again.",
    data: { code: "SHUTTING_DOWN", request_id: res.getHeader("x-request-id") },
  };
  const data = JSON.stringify({ jsonrpc: "2.0", id: request, error });
  const event = { id: shelf.nextEventId(), stream, data, ...(request !== undefined && { request }), last: true };
  await shelf.keep(session, [event]);
  return event;
}
