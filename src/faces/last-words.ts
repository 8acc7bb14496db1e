import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { hasBody } from "./json-body.js";

/** How long a client may go on sending after it was answered, and how much, before its connection is cut. */
const LINGER_MS = 1000;
const LINGER_BYTES = 16 * 1024 * 1024;

/**
 * Answers a request whose body may still be arriving. The client is told that the connection closes, so that it
 * sends nothing else over it, and what is on its way is taken in for a moment: cut at once, it might never read
 * the answer.
 */
export function answerAndPart(
  req: IncomingMessage,
  res: ServerResponse,
  answer: { readonly status: number; readonly headers: OutgoingHttpHeaders; readonly body: Buffer },
): void {
  const { status, headers, body } = answer;
  if (req.complete || !hasBody(req)) {
    res.writeHead(status, headers).end(body);
    return;
  }
  res.writeHead(status, { ...headers, connection: "close" });
  res.write(body);
  let left = LINGER_BYTES;
  const part = () => {
    clearTimeout(patience);
    res.end();
  };
  const patience = setTimeout(part, LINGER_MS);
  req.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    // Taken no further, but not cut either: a connection that is cut at once loses the answer it was given.
    if (left < 0) req.pause();
  });
  req.once("end", part).once("close", part).on("error", part);
  req.resume();
}
