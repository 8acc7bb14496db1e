import { randomUUID } from "node:crypto";
import { InputRequired } from "../../core/asking.js";
import type { Caller } from "../../core/caller.js";
import { createChangeHub, type ChangeHub } from "./change-hub.js";
import { type Answer, InputsRequired } from "./exchange.js";
import { createMethods } from "./methods.js";
import type { Fixtures, McpOptions } from "./options.js";
import { toRpcError } from "./rpc-error.js";
import { createSearchSurface, SEARCH_INSTRUCTIONS } from "./search-surface.js";
import { createToolLists, type ToolLists } from "./tool-list.js";

/** What all connections share, whatever revision of the protocol they speak. */
export interface Answering {
  readonly answer: Answer;
  readonly toolLists: ToolLists;
  readonly hub: ChangeHub;
  readonly fixtures: Fixtures | undefined;
  readonly serverInfo: { readonly name: string; readonly title: string; readonly version: string };
  /** What a caller's model is told at the start. */
  instructionsFor(caller: Caller): string;
}

/** A request id for a message that no HTTP request carried. */
export const newRequestId = (): string => `req_${randomUUID()}`;

/** The methods over the catalogue, with every throw as JSON-RPC has it. */
export function createAnswering(options: McpOptions): Answering {
  const { registry, search, log, instructions, fixtures } = options;
  const searchSurface = createSearchSurface({ registry, search }, log);
  const ownLists = createToolLists(registry, searchSurface);
  const toolLists = fixtures?.inToolLists(ownLists) ?? ownLists;
  const ownMethods = createMethods({ ...options, searchSurface, toolLists });
  const methods = fixtures?.over(ownMethods) ?? ownMethods;
  const searchInstructions = `${SEARCH_INSTRUCTIONS}\n\n${instructions}`;
  return {
    async answer(request, exchange) {
      const { requestId } = exchange.caller;
      try {
        return await methods(request, exchange);
      } catch (thrown) {
        if (thrown instanceof InputRequired || thrown instanceof InputsRequired) throw thrown;
        const error = toRpcError(thrown, requestId, request.params?.["uri"]);
        if (error.data.code === "INTERNAL") {
          log.error({ request_id: requestId, method: request.method.slice(0, 64), err: thrown }, error.message);
        }
        throw error;
      }
    },
    toolLists,
    hub: createChangeHub(options.events, log),
    fixtures,
    serverInfo: { name: "clanker", title: "Clanker", version: options.version },
    instructionsFor: ({ surface }) => (surface?.search ? searchInstructions : instructions),
  };
}
