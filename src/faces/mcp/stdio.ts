import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Caller } from "../../core/caller.js";
import type { McpOptions } from "./options.js";
import { createSessions } from "./server.js";

/** How long calls may go on after the client has closed its end, in milliseconds. */
const GRACE_MS = 500;

/**
 * Speaks MCP over two streams on behalf of `caller`; nothing else is written to `stdout`. Resolves when the
 * client closes its end: calls that are nearly done still answer, the others are aborted.
 */
export async function serveStdio(
  options: McpOptions & { readonly caller: Caller; readonly stdin: Readable; readonly stdout: Writable },
): Promise<void> {
  const { caller, stdin, stdout } = options;
  let finish: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => (finish = resolve));
  const session = createSessions(options).open({ ...caller, surface: options.operatorSurface }, finish);
  const { server, inFlight } = session;
  server.oninitialized = () => session.listen();

  const close = () => void server.close();
  const windDown = async () => {
    for (let waited = 0; inFlight.size > 0 && waited < GRACE_MS; waited += 10) await sleep(10);
    setImmediate(close);
  };
  stdin.once("end", () => void windDown());
  stdin.once("close", () => void windDown());
  stdout.once("error", close);

  await server.connect(new StdioServerTransport(stdin, stdout));
  await closed;
}
