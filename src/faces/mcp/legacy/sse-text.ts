import type { ServerResponse } from "node:http";

/** How long a client waits before it comes back for a stream that it lost, in milliseconds. */
export const RETRY_MS = 1000;

/** Begins a stream of a session's events. */
export function beginStream(res: ServerResponse, session: string): void {
  res.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
    "mcp-session-id": session,
  });
  res.flushHeaders();
}

/** An event with a message, as JSON; one without only tells its id. */
export function eventText(id: string, message: string): string {
  return message === ""
    ? `id: ${id}\nretry: ${RETRY_MS}\ndata: \n\n`
    : `event: message\nid: ${id}\ndata: ${message}\n\n`;
}

/** What keeps a silent stream from being taken for dead. */
export const KEEP_ALIVE = ": keep-alive\n\n";
