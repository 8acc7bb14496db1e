import type { RequestId } from "@modelcontextprotocol/sdk/types.js";
import type { ServerResponse } from "node:http";
import { type EventLog, NOTIFICATIONS } from "./event-log.js";

/** A client that takes nothing for so long is cut off, in milliseconds; it can resume. */
const STALLED_MS = 30_000;

interface SseEvent {
  readonly id: string;
  /** Where its JSON is in the chunk; empty for the event that only carries an id. */
  readonly data: Uint8Array;
}

/** The transport's stream, on its way to the client. */
export interface Relay {
  /** What the transport answered: server-sent events. */
  readonly response: Response;
  readonly res: ServerResponse;
  readonly log: EventLog;
  /** The transport's headers go out, so this is where a stream begins for the client. */
  readonly onStream: () => void;
}

/** Passes the stream of notifications on until it ends or the client leaves; then the transport is told. */
export async function relayStream(relay: Relay & { readonly replayed: () => Promise<void> }): Promise<void> {
  const { log, res } = relay;
  log.attach(NOTIFICATIONS);
  const reader = openReader(relay);
  try {
    begin(relay);
    await relay.replayed();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const event = eventIn(value);
      if (event) await log.keep([event.id]);
      await write(res, value);
    }
  } finally {
    log.detach(NOTIFICATIONS);
    res.end();
    await reader.cancel();
  }
}

/**
 * Answers a request with plain JSON where the first thing to send is the answer, else, or after `patienceMs`,
 * with the stream. False when the transport ended the stream before anything could be sent.
 */
export async function relayAnswer(
  relay: Relay & {
    readonly request: RequestId;
    readonly patienceMs: number;
    /** The client left, and has no id to resume from. */
    readonly onAbandoned: () => void;
  },
): Promise<boolean> {
  const { res, log, request } = relay;
  const held: Uint8Array[] = [];
  const heldIds: string[] = [];
  let name: string | undefined;
  let resumable = false;
  let streaming = false;
  let answered = false;
  const reader = openReader(relay, () => {
    if (!resumable) relay.onAbandoned();
  });
  const stream = async () => {
    if (streaming || res.destroyed) return;
    streaming = true;
    begin(relay);
    await log.keep(heldIds, request);
    for (const chunk of held) res.write(chunk);
    resumable = heldIds.length > 0;
  };
  const patience = setTimeout(() => void stream(), relay.patienceMs);
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const event = eventIn(value);
      const isAnswer = event !== undefined && log.isAnswer(event.id);
      if (event) name ??= log.streamOf(event.id);
      if (!streaming && event && isAnswer) {
        answered = true;
        log.forget([...heldIds, event.id]);
        sendJson(relay, event.data);
        return true;
      }
      if (!streaming && event?.data.length === 0) {
        held.push(value);
        heldIds.push(event.id);
        continue;
      }
      if (!streaming && !event) continue; // a comment: nothing to send yet
      await stream();
      if (event) await log.keep([event.id], request);
      await write(res, value);
      if (event) resumable = true;
      if (isAnswer) {
        answered = true;
        break;
      }
    }
  } finally {
    clearTimeout(patience);
    // Whoever lost this stream may ask for the rest of it elsewhere.
    if (name !== undefined && !answered && resumable) log.detach(name, request);
    else log.forget(heldIds);
  }
  if (streaming) res.end();
  return streaming || res.destroyed;
}

function openReader({ response, res }: Relay, onLeft?: () => void) {
  if (!response.body) throw new Error("the transport answered a stream without a body");
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const leave = () => {
    if (res.writableFinished) return;
    onLeft?.();
    void reader.cancel();
  };
  if (res.destroyed) leave();
  else res.once("close", leave);
  return reader;
}

function begin({ response, res, onStream }: Relay): void {
  if (res.destroyed) return;
  res.writeHead(response.status, Object.fromEntries(response.headers));
  res.flushHeaders();
  onStream();
}

function sendJson({ response, res }: Relay, json: Uint8Array): void {
  const session = response.headers.get("mcp-session-id");
  res.writeHead(200, {
    "content-type": "application/json",
    "content-length": json.length,
    "cache-control": "no-store",
    ...(session !== null && { "mcp-session-id": session }),
  });
  res.end(json);
}

function write(res: ServerResponse, chunk: Uint8Array): Promise<void> | undefined {
  if (res.destroyed || res.write(chunk)) return undefined;
  return new Promise((resolve) => {
    const stalled = setTimeout(() => res.destroy(), STALLED_MS);
    const goOn = () => {
      clearTimeout(stalled);
      res.off("drain", goOn).off("close", goOn);
      resolve();
    };
    res.on("drain", goOn).on("close", goOn);
  });
}

/** The transport writes one event a chunk; anything else (a comment) is undefined. */
function eventIn(chunk: Uint8Array): SseEvent | undefined {
  const head = Buffer.from(chunk.buffer, chunk.byteOffset, Math.min(chunk.length, 160)).toString("latin1");
  const match = /^(?:event: message\n)?id: (\S+)\n(?:retry: \d+\n)?data: /.exec(head);
  if (!match?.[1]) return undefined;
  return { id: match[1], data: chunk.subarray(match[0].length, -2) };
}
