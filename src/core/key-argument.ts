import { coerce, type JsonSchema } from "./schema.js";

/** The argument by which a tool's caller gives its idempotency key. */
export const KEY_ARGUMENT = "idempotency_key";

const ARGUMENT_SCHEMA: JsonSchema = {
  type: "string",
  minLength: 1,
  maxLength: 255,
  description:
    "Your own name for this call: sent again within 24 hours with the same arguments, nothing is done twice.",
};

/** The arguments that a tool publishes: those of its operation, and the key where it takes one. */
export function withKeyArgument(schema: JsonSchema): JsonSchema {
  return { ...schema, properties: { ...schema.properties, [KEY_ARGUMENT]: ARGUMENT_SCHEMA } };
}

/** Takes the key out of a tool's arguments. */
export function splitKeyArgument(args: unknown): { readonly args: unknown; readonly idempotencyKey?: unknown } {
  const fields = coerce({ type: "object" }, args);
  if (typeof fields !== "object" || fields === null || !Object.hasOwn(fields, KEY_ARGUMENT)) return { args };
  const { [KEY_ARGUMENT]: idempotencyKey, ...others } = fields as Record<string, unknown>;
  return { args: others, idempotencyKey };
}
