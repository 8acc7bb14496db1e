import { type Json } from "./faces.js";
import { until } from "./program.js";

/** One server-sent event as it came. */
export interface SentEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: Json;
}

/** A client of a stream of events. */
export interface EventStream {
  /** All that came so far. */
  readonly events: readonly SentEvent[];
  /** The first event that fits, once it is there. */
  next(fits: (event: SentEvent) => boolean): Promise<SentEvent>;
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Opens a stream and reads it until it is closed; throws the status where it is refused. */
export async function openEvents(url: string, headers: Record<string, string> = {}): Promise<EventStream> {
  const leave = new AbortController();
  const response = await fetch(url, { headers, signal: leave.signal });
  if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) throw new Error("This is no stream.");
  const events: SentEvent[] = [];
  const ended = read(response.body as ReadableStream<Uint8Array>, events).catch(() => undefined);
  return {
    events,
    ended,
    next: (fits) => until(() => events.find(fits)),
    close: () => leave.abort(),
  };
}

async function read(body: ReadableStream<Uint8Array>, events: SentEvent[]): Promise<void> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const whole = text.split("\n\n");
    text = whole.pop() ?? "";
    for (const block of whole) {
      const fields = new Map(block.split("\n").map((line) => [line.split(": ", 1)[0], line.replace(/^\w*: /, "")]));
      const data = fields.get("data");
      if (data !== undefined)
        events.push({ id: fields.get("id"), event: fields.get("event") ?? "message", data: JSON.parse(data) });
    }
  }
}
