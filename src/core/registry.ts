import { allows } from "./caller.js";
import type { AnyOperation } from "./operation.js";
import { withKeyArgument } from "./key-argument.js";
import { inputSchema, type JsonSchema } from "./schema.js";
import { isOn, type Surface, WHOLE_SURFACE } from "./surface.js";

/** An operation together with what the registry works out about it once. */
export interface Entry<Services> {
  readonly operation: AnyOperation<Services>;
  readonly inputSchema: JsonSchema;
  /** What the tool takes: the same, and an idempotency key where the operation takes one. */
  readonly toolSchema: JsonSchema;
}

/** Every operation the server knows, found by name. */
export interface Registry<Services> {
  readonly entries: readonly Entry<Services>[];
  find(name: string): Entry<Services> | undefined;
  /** By the tool's name or one of its aliases. */
  findTool(tool: string): Entry<Services> | undefined;
  /** The toolsets of the tools, sorted. */
  readonly toolsets: readonly string[];
  /** The tools of a surface that a caller with these scopes may call, in the catalogue's order. */
  listTools(scopes: ReadonlySet<string>, surface?: Surface): readonly Entry<Services>[];
}

/** A registry of the given operations; two that would answer to one name are a programming error. */
export function createRegistry<Services>(operations: readonly AnyOperation<Services>[]): Registry<Services> {
  const entries = operations.map(entryOf);
  const byName = index(entries, (entry) => entry.operation.name, "name");
  const byTool = index(entries, (entry) => entry.operation.tool, "tool");
  for (const entry of entries) {
    for (const alias of entry.operation.aliases ?? []) {
      if (byTool.has(alias)) throw new Error(`two operations share the tool ${alias}`);
      byTool.set(alias, entry);
    }
  }
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
    toolsets: [...new Set(entries.filter(isTool).map(({ operation }) => operation.toolset))].sort(),
    listTools: (scopes, surface = WHOLE_SURFACE) =>
      entries.filter((entry) => isTool(entry) && isOn(surface, entry.operation) && mayList(entry, scopes)),
  };
}

/** Schemas are worked out when somebody looks at them: all of them together would hold up the start. */
function entryOf<Services>(operation: AnyOperation<Services>): Entry<Services> {
  let schema: JsonSchema | undefined;
  let forTool: JsonSchema | undefined;
  return {
    operation,
    get inputSchema() {
      return (schema ??= inputSchema(operation.input));
    },
    get toolSchema() {
      return operation.idempotent ? (forTool ??= withKeyArgument(this.inputSchema)) : this.inputSchema;
    },
  };
}

function isTool<Services>({ operation }: Entry<Services>): boolean {
  return operation.tool !== undefined;
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
