import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What an HTTP server that breaks its protocol does with each request. */
export type Misbehaviour = (request: IncomingMessage, response: ServerResponse) => void;

/** A server for the faults that the stand-in for the model APIs cannot produce. */
export async function startMisbehavingProvider(misbehave: Misbehaviour) {
  let requests = 0;
  const hungUp: Promise<void>[] = [];
  const server = createServer((request, response) => {
    requests += 1;
    hungUp.push(new Promise((resolve) => response.on("close", resolve)));
    request.resume();
    misbehave(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    /** Resolves when every request so far has lost its connection. */
    hungUp: () => Promise.all(hungUp),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
