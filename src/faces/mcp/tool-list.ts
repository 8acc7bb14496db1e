import type { ListToolsResult, Tool } from "@modelcontextprotocol/sdk/types.js";
import type { Caller } from "../../core/caller.js";
import type { AnyOperation } from "../../core/operation.js";
import type { Entry, Registry } from "../../core/registry.js";
import { outputSchema } from "../../core/schema.js";
import { type Surface, surfaceKey, WHOLE_SURFACE } from "../../core/surface.js";

/** Lists remembered at once: far more than the keys and surfaces of one server differ in. */
const REMEMBERED = 64;

/** A registry entry as `tools/list` shows it. */
export function describeTool<Services>({
  operation,
  toolSchema,
}: Pick<Entry<Services>, "operation" | "toolSchema">): Tool {
  const { tool, name, title, description, output } = operation;
  return {
    name: tool ?? name,
    title,
    description,
    inputSchema: toolSchema as Tool["inputSchema"],
    ...(output && { outputSchema: outputSchema(output) as NonNullable<Tool["outputSchema"]> }),
    annotations: annotationsOf(operation),
  };
}

function annotationsOf<Services>({ title, effect }: AnyOperation<Services>): NonNullable<Tool["annotations"]> {
  return {
    title,
    readOnlyHint: effect === "read",
    ...(effect === "read" ? { idempotentHint: true } : { destructiveHint: effect === "destroy" }),
    openWorldHint: false,
  };
}

/** The tool list of a caller, as `tools/list` answers it. */
export interface ToolLists {
  of(caller: Caller): ListToolsResult;
  /** The same as JSON. */
  jsonOf(caller: Caller): Buffer;
}

/** The tools of each set of scopes on each surface, in the catalogue's order; each list is worked out once. */
export function createToolLists<Services>(
  registry: Pick<Registry<Services>, "listTools">,
  searchSurface: { list(surface: Surface): ListToolsResult },
): ToolLists {
  const described = new WeakMap<Entry<Services>, Tool>();
  const known = new WeakMap<ReadonlySet<string>, WeakMap<Surface, ListToolsResult>>();
  const byNames = new Map<string, ListToolsResult>();
  const json = new WeakMap<ListToolsResult, Buffer>();

  const describe = (entry: Entry<Services>) => {
    const tool = described.get(entry) ?? describeTool(entry);
    described.set(entry, tool);
    return tool;
  };

  const of = ({ scopes, surface = WHOLE_SURFACE }: Caller): ListToolsResult => {
    if (surface.search) return searchSurface.list(surface);
    const ofScopes = known.get(scopes) ?? new WeakMap<Surface, ListToolsResult>();
    const list = ofScopes.get(surface);
    if (list) return list;
    const names = `${[...scopes].sort().join(" ")} ${surfaceKey(surface)}`;
    const found = byNames.get(names) ?? { tools: registry.listTools(scopes, surface).map(describe) };
    if (byNames.size >= REMEMBERED) byNames.clear();
    byNames.set(names, found);
    known.set(scopes, ofScopes.set(surface, found));
    return found;
  };

  return {
    of,
    jsonOf(caller) {
      const list = of(caller);
      const bytes = json.get(list) ?? Buffer.from(JSON.stringify(list));
      json.set(list, bytes);
      return bytes;
    },
  };
}
