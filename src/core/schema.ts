import { z } from "zod";
import { excessOf } from "./json-limits.js";

/** The part of JSON Schema that every MCP client and model API accepts. */
export interface JsonSchema {
  type?: string;
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  enum?: string[];
  default?: unknown;
  [keyword: string]: unknown;
}

/** The published schema of an operation's arguments: root `object`, one type a property, no unions; null is not told of. */
export function inputSchema(input: z.ZodType): JsonSchema {
  const schema = simplify(
    z.toJSONSchema(input, { io: "input", override: seeThroughPreprocess }) as JsonSchema,
    asTyped,
  );
  return {
    type: "object",
    properties: schema.properties ?? {},
    ...(schema.required?.length && { required: schema.required }),
  };
}

/** The published schema of an answer; a value that may be null is left without a type. */
export function outputSchema(output: z.ZodType): JsonSchema {
  const schema = simplify(
    z.toJSONSchema(output, { io: "output", override: seeThroughPreprocess }) as JsonSchema,
    asUntyped,
  );
  return { ...schema, type: "object" };
}

type Override = NonNullable<NonNullable<Parameters<typeof z.toJSONSchema>[1]>["override"]>;

/** `z.preprocess` takes anything; what callers should send is what it hands on. */
const seeThroughPreprocess: Override = (context) => {
  const definition = context.zodSchema._zod.def;
  if (definition.type !== "pipe") return;
  const { in: source, out } = definition;
  if (source._zod.def.type === "transform") Object.assign(context.jsonSchema, z.toJSONSchema(out, { io: "input" }));
};

const DROPPED = new Set(["$schema", "additionalProperties", "propertyNames", "id", "~standard"]);

/** What a schema says of a value that may also be null, given the value's own schema. */
type Nullable = (value: JsonSchema, description: string | undefined) => JsonSchema;

const asTyped: Nullable = (value, description) => ({ ...value, ...(description !== undefined && { description }) });
const asUntyped: Nullable = (_value, description) => (description === undefined ? {} : { description });

function simplify(schema: JsonSchema, nullable: Nullable): JsonSchema {
  const value = besideNull(schema);
  if (value) return nullable(simplify(value, nullable), schema.description ?? value.description);
  const simple: JsonSchema = {};
  for (const [keyword, content] of Object.entries(schema)) {
    if (DROPPED.has(keyword) || isSafeIntegerBound(keyword, content)) continue;
    if (keyword === "properties") {
      simple.properties = Object.fromEntries(
        Object.entries(content as Record<string, JsonSchema>).map(([name, field]) => [name, simplify(field, nullable)]),
      );
    } else if (keyword === "items") simple.items = simplify(content as JsonSchema, nullable);
    else simple[keyword] = content;
  }
  return simple;
}

/** What a value is where it is not null; every other union is left for the policing test to refuse. */
function besideNull(schema: JsonSchema): JsonSchema | undefined {
  const types: unknown = schema.type;
  const options = (schema["anyOf"] as JsonSchema[] | undefined) ?? (Array.isArray(types) ? types.map(ofType) : []);
  if (options.length !== 2 || !options.some((option) => option.type === "null")) return undefined;
  return options.find((option) => option.type !== "null");
}

const ofType = (type: string): JsonSchema => ({ type });

function isSafeIntegerBound(keyword: string, value: unknown): boolean {
  return (
    (keyword === "minimum" && value === Number.MIN_SAFE_INTEGER) ||
    (keyword === "maximum" && value === Number.MAX_SAFE_INTEGER)
  );
}

/**
 * Arguments as the schema means them: text from paths and queries becomes numbers, booleans, arrays and
 * objects where the schema asks for those. What does not convert is left for the parser to refuse.
 */
export function coerce(schema: JsonSchema, value: unknown): unknown {
  if (schema.type === "object" && schema.properties) return coerceObject(schema.properties, fromJson(value, "{"));
  if (schema.type === "object") return fromJson(value, "{");
  if (schema.type === "array") {
    const list = fromJson(value, "[");
    const { items } = schema;
    return Array.isArray(list) && items ? list.map((item) => coerce(items, item)) : list;
  }
  if (typeof value !== "string") return value;
  if (schema.type === "integer" || schema.type === "number")
    return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  if (schema.type === "boolean") return value === "true" ? true : value === "false" ? false : value;
  return value;
}

function coerceObject(properties: Record<string, JsonSchema>, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => {
      const schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
      return [name, schema ? coerce(schema, field) : field];
    }),
  );
}

function fromJson(value: unknown, opening: "{" | "["): unknown {
  if (typeof value !== "string" || !value.trimStart().startsWith(opening)) return value;
  if (excessOf(value) !== undefined) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
