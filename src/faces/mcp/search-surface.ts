import type { ListToolsResult } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { toAppError } from "../../core/errors.js";
import { createInvoke, type Request } from "../../core/invoke.js";
import type { Log } from "../../core/log.js";
import { defineFor } from "../../core/operation.js";
import { createRegistry, type Entry, type Registry } from "../../core/registry.js";
import { find, mapErrors, parse, run } from "../../core/stages.js";
import type { Surface } from "../../core/surface.js";
import { failure, success } from "./results.js";
import { describeTool } from "./tool-list.js";

/** Finds tools by what they do. */
export interface ToolSearchPort {
  /** Those of `tools` that fit the question, the best first, at most `limit`. */
  rank<Services>(
    question: string,
    tools: readonly Entry<Services>[],
    limit: number,
  ): Promise<readonly Entry<Services>[]>;
}

/** What a model is told beside the usual instructions where three tools lead to all the others. */
export const SEARCH_INSTRUCTIONS =
  "The tools named below are not listed: find tools with search-tools, read how they are called with describe-tools, " +
  "and call them with call-tool.";

interface Shelf {
  readonly registry: Pick<Registry<never>, "findTool" | "listTools">;
  readonly search: ToolSearchPort;
}

const define = defineFor<Shelf>();
const about = { toolset: "search", scope: "none", errors: [] } as const;
const name = z.string().min(1).max(128);

const OPERATIONS = [
  define({
    ...about,
    tool: "search-tools",
    title: "Search tools",
    description:
      "Find tools by what you want to do, in plain words, such as: sign a user out everywhere. Best match first.",
    effect: "read",
    input: z.strictObject({ query: z.string().min(1).max(500), limit: z.int().min(1).max(20).default(5) }),
    async run({ query, limit }, { services: { registry, search }, caller }) {
      const found = await search.rank(query, registry.listTools(caller.scopes, caller.surface), limit);
      return { tools: found.map(summaryOf) };
    },
  }),
  define({
    ...about,
    tool: "describe-tools",
    title: "Describe tools",
    description: "Full definitions of tools with the schema of their arguments; read one before you call it.",
    effect: "read",
    input: z.strictObject({ names: z.array(name).min(1).max(20) }),
    async run({ names }, { services: { registry }, caller }) {
      const shown = new Set(registry.listTools(caller.scopes, caller.surface));
      const entries = names.map((asked) => registry.findTool(asked)).map((entry) => entry && shown.has(entry) && entry);
      const unknown = names.filter((_, index) => !entries[index]);
      return {
        tools: [...new Set(entries)].flatMap((entry) => (entry ? [describeTool(entry)] : [])),
        ...(unknown.length > 0 && {
          unknown,
          hint: "unknown: no such tools here; search-tools finds those there are.",
        }),
      };
    },
  }),
  define({
    ...about,
    tool: "call-tool",
    title: "Call a tool",
    description: "Call a tool by its name with its arguments, and get its own result.",
    effect: "destroy",
    input: z.strictObject({ name, arguments: z.record(z.string(), z.unknown()).default({}) }),
    // The face makes the call: it goes the way of a direct one.
    run: (call) => Promise.resolve(call),
  }),
];

function summaryOf<Services>({ operation }: Entry<Services>) {
  const { tool, title, effect, toolset, description } = operation;
  return { name: tool, title, effect, toolset, description };
}

type CatalogueCall = Readonly<Record<string, unknown>>;

/** The three tools through which all the others are found and called. */
export interface SearchSurface {
  has(tool: string): boolean;
  list(surface: Surface): ListToolsResult;
  /** Answers a call of one of the three; `callTool` is given what call-tool shall call. */
  call(
    request: Pick<Request, "operation" | "args" | "caller" | "signal">,
    callTool: (call: CatalogueCall) => Promise<object>,
  ): Promise<object>;
}

/** The three tools over a registry: they show and call what the caller's scopes and surface reach. */
export function createSearchSurface(shelf: Shelf, log: Log): SearchSurface {
  const own = createRegistry(OPERATIONS);
  const invoke = createInvoke([mapErrors(log), find(own), parse(), run(shelf, log)]);
  const lists = new Map<boolean, ListToolsResult>();

  return {
    has: (tool) => own.findTool(tool) !== undefined,
    list({ readOnly }) {
      const list = lists.get(readOnly) ?? { tools: own.entries.map((entry) => describeTool(asSeen(entry, readOnly))) };
      lists.set(readOnly, list);
      return list;
    },
    async call(request, callTool) {
      let answer: unknown;
      try {
        answer = await invoke(request);
      } catch (thrown) {
        return failure(toAppError(thrown), request.caller.requestId);
      }
      return request.operation === "call-tool" ? callTool(answer as CatalogueCall) : success(answer, request.args);
    },
  };
}

/** Where nothing but reads is left, calling a tool is a read too. */
function asSeen<Services>({ operation, toolSchema }: Entry<Services>, readOnly: boolean) {
  return { operation: readOnly ? { ...operation, effect: "read" as const } : operation, toolSchema };
}
