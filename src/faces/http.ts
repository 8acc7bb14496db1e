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
  const server = createServer((req, res) => {
    const path = (req.url ?? "/").split("?", 1)[0] ?? "/";
    if (doors.mcp.handles(path)) doors.mcp.handler(req, res);
    else doors.rest.handler(req, res);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => close(server, doors) };
}

async function close(server: Server, doors: Doors): Promise<void> {
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
  await doors.mcp.close();
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
  await closed;
  clearTimeout(cut);
}
