import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

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

const CLOSE_MS = 5000;

/** Serves both doors; rejects with the system's error when the address cannot be had. */
export async function listen(doors: Doors, host: string, port: number): Promise<Listening> {
  const answering = new Set<ServerResponse>();
  const server = createServer((req, res) => {
    answering.add(res);
    res.once("close", () => answering.delete(res));
    const path = (req.url ?? "/").split("?", 1)[0] ?? "/";
    if (doors.mcp.handles(path)) doors.mcp.handler(req, res);
    else doors.rest.handler(req, res);
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
