import type { ListToolsResult, Tool } from "@modelcontextprotocol/sdk/types.js";
import type { AnyOperation } from "../../core/operation.js";
import type { Entry, Registry } from "../../core/registry.js";
import { outputSchema } from "../../core/schema.js";

/** Scope sets remembered at once: far more than the keys of one server differ in. */
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

/** The tools of each set of scopes, in the catalogue's order; each distinct set is worked out once. */
export function createToolLists<Services>(
  registry: Pick<Registry<Services>, "listTools">,
): (scopes: ReadonlySet<string>) => ListToolsResult {
  const described = new Map<Entry<Services>, Tool>();
  const bySet = new WeakMap<ReadonlySet<string>, ListToolsResult>();
  const byNames = new Map<string, ListToolsResult>();

  const describe = (entry: Entry<Services>) => {
    const tool = described.get(entry) ?? describeTool(entry);
    described.set(entry, tool);
    return tool;
  };

  return (scopes) => {
    const known = bySet.get(scopes);
    if (known) return known;
    const names = [...scopes].sort().join(" ");
    const list = byNames.get(names) ?? { tools: registry.listTools(scopes).map(describe) };
    if (byNames.size >= REMEMBERED) byNames.clear();
    byNames.set(names, list);
    bySet.set(scopes, list);
    return list;
  };
}
