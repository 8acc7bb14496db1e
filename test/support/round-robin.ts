import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** What is said of one connection only. */
const HOP_BY_HOP = ["connection", "keep-alive", "transfer-encoding"];

/** A request that went through. */
export interface Passed {
  readonly method: string;
  readonly path: string;
  /** The place, in the list of processes, of the one that took it; undefined where none did. */
  readonly process: number | undefined;
}

/** A reverse proxy in front of several processes, which knows nothing of sessions. */
export interface RoundRobin {
  readonly url: string;
  /** All that went through, in order. */
  readonly passed: readonly Passed[];
  /** Another address in the place of one, for a process that was started again. */
  replace(process: number, url: string): void;
  /** Sends all requests to one process, until it is called without one. */
  sendAllTo(process?: number): void;
  /** Cuts the connections of clients whose requests fit. */
  cut(fits: (request: Passed) => boolean): void;
  stop(): Promise<void>;
}

/**
 * Hands each request to the next process in turn and streams both ways. A process that cannot be connected to is passed
 * over; one that dies before it answered is 502, and in the middle of its answer ends the client's connection.
 */
export async function startRoundRobin(urls: readonly string[]): Promise<RoundRobin> {
  const targets = [...urls];
  const passed: Passed[] = [];
  const open = new Map<Socket, Passed>();
  let turn = 0;
  let pinned: number | undefined;

  const server = createServer((req, res) => {
    const first = pinned ?? turn++ % targets.length;
    const order = pinned === undefined ? targets.map((_, step) => (first + step) % targets.length) : [first];
    forward(req, res, order);
  });

  function forward(req: IncomingMessage, res: ServerResponse, [process, ...others]: readonly number[]): void {
    const { method = "", url: path = "" } = req;
    const note = { method, path, process };
    const target = process === undefined ? undefined : targets[process];
    if (target === undefined) {
      passed.push(note);
      res.writeHead(502, { "content-type": "text/plain" }).end("no process answers");
      return;
    }
    const upstream = request(new URL(path, target), {
      method,
      headers: { ...req.headers, connection: "close" },
      agent: false,
    });
    let connected = false;
    const leave = () => upstream.destroy();
    upstream.on("socket", (socket) =>
      socket.once("connect", () => {
        connected = true;
        passed.push(note);
        open.set(req.socket, note);
        req.pipe(upstream);
        res.once("close", leave);
      }),
    );
    upstream.on("response", (answer) => {
      const headers = Object.entries(answer.headers).filter(([name]) => !HOP_BY_HOP.includes(name));
      res.writeHead(answer.statusCode ?? 502, Object.fromEntries(headers));
      res.flushHeaders();
      answer.pipe(res);
      answer.once("error", () => res.destroy());
      answer.once("close", () => answer.complete || res.destroy());
    });
    upstream.on("error", () => {
      if (!connected) forward(req, res, others);
      else if (res.headersSent || res.destroyed) res.destroy();
      else res.writeHead(502, { "content-type": "text/plain" }).end("the process broke off");
    });
    res.once("close", () => open.delete(req.socket));
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    replace: (process, url) => void (targets[process] = url),
    sendAllTo: (process) => void (pinned = process),
    cut(fits) {
      for (const [socket, note] of open) if (fits(note)) socket.destroy();
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
