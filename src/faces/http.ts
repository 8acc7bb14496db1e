import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Log } from "../core/log.js";
import { answerBrokenRequests } from "./broken-requests.js";

/** The doors of one HTTP server: MCP in front, everything else behind. */
export interface Doors {
  readonly mcp: {
    handles(path: string): boolean;
    handler(req: IncomingMessage, res: ServerResponse): void;
    close(): Promise<void>;
  };
  readonly rest: { handler(req: IncomingMessage, res: ServerResponse): void };
}

/** A listening server. */
export interface Listening {
  readonly port: number;
  /** Takes no more requests, ends the streams, and waits a moment for what is under way. */
  close(): Promise<void>;
}

interface ListenOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly log: Log;
  readonly newRequestId: () => string;
  /** How long a client may take to send the head of a request, in milliseconds. */
  readonly headMs?: number;
  /** How long it may take to send the whole of it, in milliseconds; the answer may take as long as it likes. */
  readonly requestMs?: number;
}

const CLOSE_MS = 5000;
const HEAD_MS = 20_000;
const REQUEST_MS = 120_000;

/** Serves both doors; rejects with the system's error when the address cannot be had. */
export async function listen(doors: Doors, options: ListenOptions): Promise<Listening> {
  const { host, port, log, newRequestId, headMs = HEAD_MS, requestMs = REQUEST_MS } = options;
  const answering = new Set<ServerResponse>();
  const limits = {
    headersTimeout: headMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(2000, headMs),
    // The guard's to refuse: Node would do it without a word.
    requireHostHeader: false,
  };
  const track = (res: ServerResponse) => {
    answering.add(res);
    res.once("close", () => answering.delete(res));
  };
  const server = createServer(limits, (req, res) => {
    track(res);
    const path = (req.url ?? "/").split("?", 1)[0] ?? "/";
    if (doors.mcp.handles(path)) doors.mcp.handler(req, res);
    else doors.rest.handler(req, res);
  });
  server.on("checkExpectation", (_req, res: ServerResponse) => track(res));
  answerBrokenRequests(server, {
    newRequestId,
    log,
    hasBegun: (socket) => [...answering].some((res) => res.socket === socket && res.headersSent),
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => close(server, doors, answering) };
}

async function close(server: Server, doors: Doors, answering: ReadonlySet<ServerResponse>): Promise<void> {
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
  await doors.mcp.close();
  // An answer that has begun and is not complete is a stream, which would never end by itself.
  for (const res of answering) if (res.headersSent && !res.writableEnded) res.end();
  const patience = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
  await Promise.all([...answering].map((res) => new Promise((resolve) => res.once("close", resolve))));
  // Those that are left answer nothing: Node would wait until their clients leave.
  server.closeAllConnections();
  await closed;
  clearTimeout(patience);
}
