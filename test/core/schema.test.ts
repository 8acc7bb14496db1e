import { describe, expect, it } from "vitest";
import { z } from "zod";
import { idInput } from "../../src/core/ids.js";
import { pageInput, pageOf } from "../../src/core/page.js";
import { coerce, inputSchema, outputSchema } from "../../src/core/schema.js";

/** Every keyword that occurs in a schema, however deep; names of properties are none. */
function keywordsOf(schema: object): string[] {
  return Object.entries(schema).flatMap(([keyword, value]) => {
    if (keyword === "properties") return [keyword, ...Object.values(value as object).flatMap(keywordsOf)];
    return keyword === "items" ? [keyword, ...keywordsOf(value)] : [keyword];
  });
}

const CLIENTS_TAKE = [
  "type",
  "description",
  "properties",
  "required",
  "items",
  "enum",
  "default",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "pattern",
];

describe("the schema of arguments", () => {
  const everything = z.strictObject({
    id: idInput("execution"),
    parent: idInput("execution").optional(),
    name: z.string().min(1).max(9).describe("what it is called"),
    again: z.string().optional(),
    count: z.int().min(0).default(3),
    whole: z.int().optional(),
    ratio: z.number().min(0).max(1).optional(),
    flag: z.boolean().default(false),
    kind: z.enum(["a", "b"]).optional(),
    fields: z.record(z.string(), z.string()).default({}),
    files: z.array(z.strictObject({ name: z.string(), id: idInput("artifact") })).max(10),
    anything: z.preprocess((value) => value, z.strictObject({ at: idInput("key"), more: z.array(idInput("key")) })),
    ...pageInput,
  });
  const schema = inputSchema(everything);

  it("is an object with properties, also for no arguments", () => {
    expect(inputSchema(z.strictObject({}))).toEqual({ type: "object", properties: {} });
    expect(schema.type).toBe("object");
    expect(Object.keys(schema.properties ?? {})).toEqual(Object.keys(everything.shape));
  });

  it("uses no keyword that some client rejects", () => {
    expect(CLIENTS_TAKE).toEqual(expect.arrayContaining(keywordsOf(schema)));
    expect(JSON.stringify(schema)).not.toMatch(/"\$ref"|"\$defs"|"\$schema"|additionalProperties|9007199254740991/);
  });

  it("requires what has no default and is not optional", () => {
    expect(schema.required).toEqual(["id", "name", "files", "anything"]);
  });

  it("tells what a preprocessed argument becomes, however deep", () => {
    expect(schema.properties).toMatchObject({
      id: { type: "string", minLength: 1, maxLength: 64, description: "exec_…" },
      parent: { type: "string", description: "exec_…" },
      files: { type: "array", items: { properties: { id: { type: "string", description: "art_…" } } } },
      anything: {
        type: "object",
        properties: { at: { type: "string", description: "key_…" }, more: { items: { type: "string" } } },
        required: ["at", "more"],
      },
    });
  });

  it("keeps bounds, defaults, enums and descriptions", () => {
    expect(schema.properties).toMatchObject({
      name: { type: "string", minLength: 1, maxLength: 9, description: "what it is called" },
      count: { type: "integer", minimum: 0, default: 3 },
      ratio: { type: "number", minimum: 0, maximum: 1 },
      kind: { type: "string", enum: ["a", "b"] },
      limit: { type: "integer", minimum: 1, maximum: 100, default: 20 },
    });
    expect(schema.properties?.["whole"]).toEqual({ type: "integer" });
    expect(schema.properties?.["fields"]).toMatchObject({ type: "object", default: {} });
  });
});

describe("the schema of an answer", () => {
  it("leaves a value that may be null without a type, described", () => {
    const schema = outputSchema(
      z.object({
        balance: z.number().min(0).nullable().describe("null is unlimited"),
        name: z.string().nullable(),
        kind: z.enum(["a", "b"]).nullable(),
        parts: z.array(z.string()).nullable(),
        tier: z.literal("self-hosted"),
      }),
    );
    expect(schema.type).toBe("object");
    expect(schema.properties).toMatchObject({ tier: { type: "string", const: "self-hosted" } });
    const { balance, name, kind, parts } = schema.properties ?? {};
    expect({ balance, name, kind, parts }).toEqual({
      balance: { description: "null is unlimited" },
      name: {},
      kind: {},
      parts: {},
    });
    expect(schema.required).toEqual(["balance", "name", "kind", "parts", "tier"]);
  });

  it("of a page has no union", () => {
    const schema = outputSchema(pageOf(z.object({ id: z.string() })));
    expect(keywordsOf(schema)).not.toContain("anyOf");
    expect(schema.properties).toMatchObject({ data: { type: "array", items: { type: "object" } }, last_id: {} });
  });
});

describe("text as a schema means it", () => {
  const as = (type: z.ZodType, value: unknown) => {
    const schema = inputSchema(z.strictObject({ it: type }));
    return (coerce(schema, { it: value }) as { it: unknown }).it;
  };

  it.each<[z.ZodType, string, unknown]>([
    [z.int(), "42", 42],
    [z.int(), "-7", -7],
    [z.number(), "1.5", 1.5],
    [z.int().optional(), "1", 1],
    [z.int().default(3), "1", 1],
    [z.boolean(), "true", true],
    [z.boolean().default(true), "false", false],
    [z.array(z.string()), '["a","b"]', ["a", "b"]],
    [z.array(z.int()), '  ["1",2]', [1, 2]],
    [z.strictObject({ n: z.int() }), '{"n":"5"}', { n: 5 }],
    [z.array(z.strictObject({ on: z.boolean() })), '[{"on":"true"}]', [{ on: true }]],
    [z.record(z.string(), z.string()), '{"a":"1"}', { a: "1" }],
    [z.preprocess((value) => value, z.int()), "9", 9],
  ])("is converted: %#", (type, text, value) => {
    expect(as(type, text)).toEqual(value);
  });

  it.each<[z.ZodType, unknown]>([
    [z.int(), "many"],
    [z.int(), ""],
    [z.int(), " 1"],
    [z.int(), "0x10"],
    [z.int(), "1e3"],
    [z.int(), "Infinity"],
    [z.int(), true],
    [z.boolean(), "yes"],
    [z.boolean(), "TRUE"],
    [z.boolean(), 1],
    [z.array(z.string()), "a,b"],
    [z.array(z.string()), "[broken"],
    [z.array(z.string()), '{"0":"a"}'],
    [z.strictObject({ n: z.int() }), "[1]"],
    [z.strictObject({ n: z.int() }), "{broken"],
    [z.strictObject({ n: z.int() }), null],
    [z.string(), 42],
    [z.string(), '{"n":1}'],
    [z.string(), "true"],
  ])("that does not convert is left for the parser: %#", (type, value) => {
    expect(as(type, value)).toEqual(value);
  });

  it("takes all arguments as one JSON text", () => {
    const schema = inputSchema(z.strictObject({ n: z.int() }));
    expect(coerce(schema, '{"n":"1"}')).toEqual({ n: 1 });
    expect(coerce(schema, "nonsense")).toBe("nonsense");
    expect(coerce(schema, [1])).toEqual([1]);
  });

  it("keeps what the schema does not know, for the parser to refuse by name", () => {
    const input = z.strictObject({ n: z.int() });
    const coerced = coerce(inputSchema(input), { n: "1", extra: "2" });
    expect(coerced).toEqual({ n: 1, extra: "2" });
    expect(input.safeParse(coerced).error?.issues).toMatchObject([{ code: "unrecognized_keys", keys: ["extra"] }]);
  });

  it("cannot reach a prototype", () => {
    const schema = inputSchema(z.strictObject({ n: z.int().optional(), o: z.record(z.string(), z.string()) }));
    const hostile: unknown = JSON.parse(
      '{"__proto__":{"polluted":"1"},"constructor":"2","toString":"3","o":"{\\"__proto__\\":\\"4\\"}"}',
    );
    const coerced = coerce(schema, hostile) as object;
    expect(Object.getPrototypeOf(coerced)).toBe(Object.prototype);
    expect(Object.keys(coerced)).toEqual(["__proto__", "constructor", "toString", "o"]);
    expect((coerced as { polluted?: unknown }).polluted).toBeUndefined();
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("is read at once however deep or long it is", () => {
    const schema = inputSchema(z.strictObject({ list: z.array(z.string()), n: z.int() }));
    const started = performance.now();
    coerce(schema, { list: "[".repeat(1_000_000), n: "1".repeat(1_000_000) });
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
