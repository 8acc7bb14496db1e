import type { RequestId } from "@modelcontextprotocol/sdk/types.js";
import type { ServerResponse } from "node:http";
import { writeOn, writeOut } from "../stream-writing.js";
import type { EventLog, Sending } from "./event-log.js";
import { beginStream } from "./sse-text.js";

/** The answer of a request, on its way to the client. */
export interface Relay {
  /** What the transport answered: server-sent events. */
  readonly response: Response;
  readonly res: ServerResponse;
  readonly session: string;
  readonly log: EventLog;
  readonly request: RequestId;
  /** After so many milliseconds the client gets a stream, although there is nothing to send yet. */
  readonly patienceMs: number;
  /** The client left, and has no id to resume from. */
  readonly onAbandoned: () => void;
  /** Whether the request is still worked on. */
  readonly isOpen: () => boolean;
  /** What ends a stream whose session ended before its answer was there, as JSON. */
  readonly lastWords: () => string;
}

interface Chunk extends Sending {
  readonly bytes: Uint8Array;
  /** Where its JSON is; empty for the event that only carries an id. */
  readonly data: Uint8Array;
}

/**
 * Answers a request with plain JSON where the first thing to send is the answer, else with the stream. Reads the
 * transport's stream to its end in either case, wherever the client is by then: what a client that can resume has lost
 * goes to the shelf, what nobody can ask for goes nowhere. False when the session ended before there was an answer.
 */
export async function relayAnswer(relay: Relay): Promise<boolean> {
  const { res, log, request } = relay;
  const waiting: Chunk[] = [];
  let streaming = false;
  let left = false;
  let resumable = false;

  const leave = () => {
    if (left || res.writableFinished) return;
    left = true;
    if (!resumable) relay.onAbandoned();
  };
  // A request that has only now been handed over has to begin before it can be stopped.
  if (res.destroyed) setImmediate(leave);
  else res.once("close", leave);

  const send = async (chunk: Chunk): Promise<void> => {
    if (left && !resumable) return;
    await log.keep(chunk, request, textOf(chunk.data));
    if (!left) {
      resumable = true;
      await writeOut(res, chunk.bytes);
    }
    if (left && resumable) await log.announce();
  };
  let sent: Promise<void> = Promise.resolve();
  const stream = () => {
    if (!streaming && !left) {
      streaming = true;
      beginStream(res, relay.session);
    }
    for (const chunk of waiting.splice(0)) sent = sent.then(() => send(chunk));
  };

  const patience = setTimeout(stream, relay.patienceMs);
  const reader = (relay.response.body as ReadableStream<Uint8Array>).getReader();
  let last: Chunk | undefined;
  try {
    while (!last?.last) {
      const { value, done } = await reader.read();
      if (done) break;
      const chunk = chunkOf(value, log);
      if (!chunk) {
        if (streaming && !left) await writeOut(res, value);
        continue;
      }
      last = chunk;
      if (chunk.last && !streaming) {
        if (!left) sendJson(relay, chunk.data);
        return true;
      }
      waiting.push(chunk);
      if (streaming || chunk.data.length > 0) stream();
      await sent;
    }
    if (!last?.last && relay.isOpen()) {
      // The call has ended its stream, and goes on: the client comes back for the answer.
      stream();
      await sent;
      if (last) await log.detach(last.stream, request);
    } else if (!last?.last && streaming && !left) {
      writeOn(res, `event: message\ndata: ${relay.lastWords()}\n\n`);
    }
    await sent;
  } finally {
    clearTimeout(patience);
  }
  if (streaming) res.end();
  return streaming || left;
}

function sendJson({ res, session }: Relay, json: Uint8Array): void {
  res.writeHead(200, {
    "content-type": "application/json",
    "content-length": json.length,
    "cache-control": "no-store",
    "mcp-session-id": session,
  });
  res.end(json);
}

/** The transport writes one event a chunk; anything else (a comment) is undefined. */
function chunkOf(bytes: Uint8Array, log: EventLog): Chunk | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 160)).toString("latin1");
  const match = /^(?:event: message\n)?id: (\S+)\n(?:retry: \d+\n)?data: /.exec(head);
  const sending = log.take(match?.[1] ?? "");
  return sending && { ...sending, bytes, data: bytes.subarray(match?.[0].length, -2) };
}

const textOf = (data: Uint8Array): string => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString();
