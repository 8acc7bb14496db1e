import type { ListToolsResult, Tool } from "@modelcontextprotocol/sdk/types.js";
import type { AnyOperation } from "../../core/operation.js";
import type { Entry, Registry } from "../../core/registry.js";
import { outputSchema } from "../../core/schema.js";
import { type Surface, surfaceKey } from "../../core/surface.js";

/** Lists remembered at once: far more than the keys and surfaces of one server differ in. */
const REMEMBERED = 256;

/** A registry entry as `tools/list` shows it. */
export function describeTool<Services>({ operation, inputSchema }: Entry<Services>): Tool {
  const { tool, name, title, description, output } = operation;
  return {
    name: tool ?? name,
    title,
    description,
    inputSchema: inputSchema as Tool["inputSchema"],
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

/** The tools of each set of scopes on each surface, in the catalogue's order; each is worked out once. */
export function createToolLists<Services>(
  registry: Pick<Registry<Services>, "listTools">,
): (scopes: ReadonlySet<string>, surface: Surface) => ListToolsResult {
  const described = new WeakMap<Entry<Services>, Tool>();
  const known = new WeakMap<ReadonlySet<string>, WeakMap<Surface, ListToolsResult>>();
  const byNames = new Map<string, ListToolsResult>();

  const describe = (entry: Entry<Services>) => {
    const tool = described.get(entry) ?? describeTool(entry);
    described.set(entry, tool);
    return tool;
  };

  return (scopes, surface) => {
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
}
