import { serveStdio as serveConnection, StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import type { JSONRPCMessage, Server } from "@modelcontextprotocol/server";
import { PassThrough, type Readable, type Writable } from "node:stream";
import type { Caller } from "../../core/caller.js";
import { createAnswering, newRequestId } from "./answering.js";
import { type Told, toldOf } from "./changes.js";
import { openServer } from "./modern/server.js";
import type { McpOptions } from "./options.js";
import { RPC, type RpcError } from "./rpc-error.js";
import { waitWhile } from "./wait-while.js";

/** How long calls may go on after the client has closed its end, in milliseconds. */
const GRACE_MS = 500;

/**
 * Speaks MCP over two streams on behalf of `caller`, in whichever revision the client opens with; nothing else is
 * written to `stdout`. Resolves when the client closes its end: calls that are nearly done still answer, the others
 * are aborted.
 */
export async function serveStdio(
  options: McpOptions & { readonly caller: Caller; readonly stdin: Readable; readonly stdout: Writable },
): Promise<void> {
  const { stdin, stdout, states, log } = options;
  const answering = createAnswering(options);
  const caller = { ...options.caller, surface: options.operatorSurface };
  let inFlight = 0;
  let spoken: "legacy" | "modern" = "modern";
  const onRequest = () => {
    inFlight += 1;
    return () => void (inFlight -= 1);
  };

  function open(era: "legacy" | "modern"): Server {
    const subscribed = new Set<string>();
    const subscriptions = {
      add: async (uri: string) => void subscribed.add(uri),
      remove: async (uri: string) => void subscribed.delete(uri),
    };
    const callerOf = () => ({ ...caller, requestId: newRequestId() });
    const server = openServer(answering, { callerOf, opener: caller, states, subscriptions, onRequest });
    let stop: (() => void) | undefined;
    const listen = () => {
      stop ??= answering.hub.listen(caller.workspace, (change) => {
        for (const told of toldOf(change, caller)) {
          if (era === "legacy" && told.kind === "resource" && !subscribed.has(told.uri)) continue;
          // A client that is gone by now is told nothing.
          server.notification(notificationOf(told)).catch(() => undefined);
        }
      });
    };
    spoken = era;
    if (era === "modern") listen();
    else server.oninitialized = listen;
    server.onclose = () => stop?.();
    return server;
  }

  let finish: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => (finish = resolve));
  // The SDK's transport aborts everything the moment its input ends, so it is told of the end a little later.
  const input = new PassThrough();
  const transport = new StdioServerTransport(input, stdout);
  const send = transport.send.bind(transport);
  transport.send = (message) => send(spoken === "legacy" ? withOldNumber(message) : message);
  const connection = serveConnection(({ era }) => open(era), {
    transport,
    onerror: (err) => log.debug({ err }, "a message over stdio was refused"),
  });
  const windDown = async () => {
    await waitWhile(() => inFlight > 0, GRACE_MS);
    setImmediate(() => {
      void connection.close().finally(finish);
    });
  };
  stdin.once("end", () => void windDown());
  stdin.once("close", () => void windDown());
  stdout.once("error", () => void connection.close().finally(finish));
  stdin.pipe(input, { end: false });
  await closed;
}

/** The SDK's second version numbers a resource that is not there as 2026-07-28 does, whoever asks. */
function withOldNumber(message: JSONRPCMessage): JSONRPCMessage {
  if (!("error" in message) || message.error.code !== RPC.invalidParams) return message;
  const data = message.error.data as RpcError["data"] | undefined;
  if (data?.code !== "NOT_FOUND") return message;
  return { ...message, error: { ...message.error, code: RPC.resourceNotFound } };
}

function notificationOf(told: Told) {
  if (told.kind === "prompts") return { method: "notifications/prompts/list_changed" };
  if (told.kind === "resources") return { method: "notifications/resources/list_changed" };
  return { method: "notifications/resources/updated", params: { uri: told.uri } };
}
