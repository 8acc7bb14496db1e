import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol.js";
import {
  LoggingLevelSchema,
  ResultSchema,
  type ServerNotification,
  type ServerRequest,
  SetLevelRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { ANSWER_WITHIN_MS } from "../asking.js";
import type { ClientSide } from "../exchange.js";
import { RPC, RpcError } from "../rpc-error.js";

const CAPABILITY = { "elicitation/create": "elicitation", "sampling/createMessage": "sampling", "roots/list": "roots" };
const gravity = (level: string) => LoggingLevelSchema.options.findIndex((known) => known === level);

/** What a session's client can do for each of its requests, and whatever it says it wants to be told of. */
export function createClientSide(
  server: Server,
): (extra: RequestHandlerExtra<ServerRequest, ServerNotification>, requestId: string) => ClientSide {
  let least = 0;
  server.setRequestHandler(SetLevelRequestSchema, ({ params }) => {
    least = gravity(params.level);
    return {};
  });
  return (extra, requestId) => {
    const capabilities: Readonly<Record<string, unknown>> = { ...server.getClientCapabilities() };
    return {
      capabilities,
      async gather(requests) {
        for (const { method } of Object.values(requests)) {
          if (capabilities[CAPABILITY[method]] !== undefined) continue;
          throw new RpcError(RPC.invalidRequest, `This needs a client that answers ${method}.`, requestId);
        }
        const options = { timeout: ANSWER_WITHIN_MS, signal: extra.signal };
        const answers = Object.entries(requests).map(
          async ([key, request]) =>
            [key, await extra.sendRequest(request as ServerRequest, ResultSchema, options)] as const,
        );
        return Object.fromEntries(await Promise.all(answers));
      },
      async log(level, text) {
        if (gravity(level) < least) return;
        await extra.sendNotification({ method: "notifications/message", params: { level, data: text } });
      },
      closeStream: extra.closeSSEStream,
    };
  };
}
