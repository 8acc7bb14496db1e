import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { StreamAnswer, StreamEvent } from "../../core/answer.js";

interface StreamOptions {
  /** What the caller is told of a source that fails. */
  readonly describe: (thrown: unknown) => unknown;
  readonly pingMs?: number;
}

/**
 * Sends events as they come until the source ends or the client leaves; the source's `return` is called in
 * either case. A source that fails ends the stream with an `error` event; one whose answer names a media type of its
 * own sends nothing but its texts, and breaks off.
 */
export async function sendEvents(res: ServerResponse, answer: StreamAnswer, options: StreamOptions): Promise<void> {
  const source = answer.events[Symbol.asyncIterator]();
  let left = res.destroyed;
  let wake = (): void => undefined;
  res.once("close", () => {
    left = true;
    wake();
  });
  // Not Promise.race: racing against one long-lived promise keeps every event alive until the client leaves.
  const unlessLeft = <T>(promise: Promise<T>) =>
    new Promise<T | undefined>((resolve, reject) => {
      wake = () => resolve(undefined);
      promise.then(resolve, reject);
    });
  res.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
    ...answer.headers,
  });
  res.flushHeaders();
  const isEvents = answer.headers["content-type"] === undefined;
  const ping = setInterval(() => {
    if (isEvents && !res.writableNeedDrain) res.write(": ping\n\n");
  }, options.pingMs ?? 15_000);
  try {
    while (!left && res.req.method !== "HEAD") {
      const next = await unlessLeft(source.next());
      if (next === undefined || next.done) break;
      if (!res.write(format(next.value))) await unlessLeft(once(res, "drain"));
    }
  } catch (thrown) {
    const told = options.describe(thrown);
    if (!isEvents) res.destroy();
    else if (!left) res.write(format({ event: "error", data: told }));
  } finally {
    clearInterval(ping);
    // Not awaited: a source that is waiting for its next event hears of the end through the call's signal.
    source.return?.().catch(() => undefined);
    res.end();
  }
}

function format(sent: StreamEvent | string): string {
  if (typeof sent === "string") return sent;
  const { id, event, data } = sent;
  const head = id === undefined ? "" : `id: ${oneLine(id)}\n`;
  return `${head}event: ${oneLine(event)}\ndata: ${JSON.stringify(data ?? null)}\n\n`;
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\0]/g, " ");
}
