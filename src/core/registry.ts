import { allows } from "./caller.js";
import type { AnyOperation } from "./operation.js";
import { inputSchema, type JsonSchema } from "./schema.js";

/** An operation together with what the registry worked out about it once. */
export interface Entry<Services> {
  readonly operation: AnyOperation<Services>;
  readonly inputSchema: JsonSchema;
}

/** Every operation the server knows, found by name. */
export interface Registry<Services> {
  readonly entries: readonly Entry<Services>[];
  find(name: string): Entry<Services> | undefined;
  findTool(tool: string): Entry<Services> | undefined;
  /** The tools that a caller with these scopes may call, in the catalogue's order. */
  listTools(scopes: ReadonlySet<string>): readonly Entry<Services>[];
}

/** A registry of the given operations; two that would answer to one name are a programming error. */
export function createRegistry<Services>(operations: readonly AnyOperation<Services>[]): Registry<Services> {
  const entries = operations.map((operation) => ({ operation, inputSchema: inputSchema(operation.input) }));
  const byName = index(entries, (entry) => entry.operation.name, "name");
  const byTool = index(entries, (entry) => entry.operation.tool, "tool");
  index(entries, (entry) => entry.operation.tool?.replaceAll("-", "_").toLowerCase(), "folded tool name");
  index(
    entries,
    ({ operation: { route } }) => route && `${route.method} ${route.path.replaceAll(/:\w+/g, ":")}`,
    "route",
  );
  return {
    entries,
    find: (name) => byName.get(name),
    findTool: (tool) => byTool.get(tool),
    listTools: (scopes) => entries.filter((entry) => entry.operation.tool !== undefined && mayList(entry, scopes)),
  };
}

function mayList<Services>({ operation }: Entry<Services>, scopes: ReadonlySet<string>): boolean {
  if (typeof operation.scope === "string") return allows(scopes, operation.scope);
  return operation.scope.among.some((scope) => allows(scopes, scope));
}

function index<T>(items: readonly T[], keyOf: (item: T) => string | undefined, what: string): Map<string, T> {
  const found = new Map<string, T>();
  for (const item of items) {
    const key = keyOf(item);
    if (key === undefined) continue;
    if (found.has(key)) throw new Error(`two operations share the ${what} ${key}`);
    found.set(key, item);
  }
  return found;
}
