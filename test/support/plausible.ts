import { inputSchema, type JsonSchema } from "../../src/core/schema.js";
import type { catalogue } from "../../tools/catalogue.js";

type AnyOperation = (typeof catalogue)[number];

/** What fields are called in more than one operation, and what fits there in a workspace that holds one of each thing. */
const KNOWN: Readonly<Record<string, unknown>> = {
  id: "1",
  slug: "summarize",
  secretId: "sec_1",
  envVar: "SECOND_NAME",
  app: "gmail",
  workspace: "ws_1",
  limit: 5,
  email: "ada@example.com",
  date: "2026-01-01",
};

/** Texts that most patterns take, tried in turn. */
const TEXTS = ["plausible", "plausible-1", "1", "2026-01-01T00:00:00Z", "https://example.com/x", "A", "/x", "*"];

/** Arguments that an operation is likely to take: all that are required, and the optional ones where `whole`. */
export function plausibleArguments({ input }: AnyOperation, whole = false): Record<string, unknown> {
  return fieldsOf(inputSchema(input), whole);
}

function fieldsOf(schema: JsonSchema, whole: boolean): Record<string, unknown> {
  const required = new Set(schema.required);
  return Object.fromEntries(
    Object.entries(schema.properties ?? {})
      .filter(([name]) => whole || required.has(name))
      .map(([name, field]) => [name, valueOf(name, field, whole)]),
  );
}

function valueOf(name: string, schema: JsonSchema, whole: boolean): unknown {
  if (Object.hasOwn(KNOWN, name)) return KNOWN[name];
  if (schema.enum) return schema.enum[0];
  switch (schema.type) {
    case "integer":
    case "number":
      return typeof schema["minimum"] === "number" ? schema["minimum"] : 1;
    case "boolean":
      return true;
    case "array":
      return schema.items ? [valueOf(name, schema.items, whole)] : [];
    case "object":
      return fieldsOf(schema, whole);
    default:
      return textOf(schema);
  }
}

function textOf({ pattern, minLength = 0, ...rest }: JsonSchema): string {
  const least = typeof minLength === "number" ? minLength : 0;
  const fits = TEXTS.find((text) => typeof pattern !== "string" || new RegExp(pattern, "u").test(text)) ?? "plausible";
  const most = typeof rest["maxLength"] === "number" ? rest["maxLength"] : Infinity;
  return fits.padEnd(least, "x").slice(0, most);
}
