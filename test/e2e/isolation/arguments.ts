import { PREFIXES, type ResourceKind } from "../../../src/core/ids.js";
import type { JsonSchema } from "../../../src/core/schema.js";
import type { Args } from "../../support/faces.js";

/** Ids of one workspace, by kind. */
export type Ids = ReadonlyMap<ResourceKind, readonly string[]>;

export const KINDS = Object.keys(PREFIXES) as ResourceKind[];

const ID_FIELD = /^ids?$|_ids?$|Ids?$|^workspace$/;
const CURSOR_FIELD = /^(after|before)_id$|^cursor$/;

const isId = (name: string): boolean => ID_FIELD.test(name) && !CURSOR_FIELD.test(name);

/** Whether a call of an operation with this schema names a record. */
export function namesRecord(schema: JsonSchema): boolean {
  return (schema.required ?? []).some(isId);
}

/** Whether it may name one, in whatever field. */
export function mayNameRecord(schema: JsonSchema): boolean {
  return Object.keys(schema.properties ?? {}).some((name) => ID_FIELD.test(name) || CURSOR_FIELD.test(name));
}

/** Values that fields of some form want; the first that fits is taken. */
const FORMS = [
  "summarize",
  "2026-01-02T03:04:05Z",
  "2026-01-02",
  "ada@example.com",
  "https://example.com/x",
  "MY_SECRET",
  "memory:read",
  "someone/something",
  "ABCD-EFGH",
  "x",
];

/**
 * Arguments that fit a schema, with the id wherever an id is wanted and `word` in every other text: those required,
 * those and every id there may be, and all there are but cursors.
 */
export function argumentsFor(schema: JsonSchema, word: string, id: string): [Args, Args, Args] {
  const required = (name: string) => (schema.required ?? []).includes(name);
  const filling = { word, id };
  return [
    objectFor(schema, filling, required),
    objectFor(schema, filling, (name) => required(name) || isId(name)),
    objectFor(schema, filling, (name) => !CURSOR_FIELD.test(name)),
  ];
}

/** The same with a cursor, for each field that takes one. */
export function withCursors(schema: JsonSchema, word: string, id: string): Args[] {
  return Object.keys(schema.properties ?? {})
    .filter((name) => CURSOR_FIELD.test(name))
    .map((name) => ({
      ...objectFor(schema, { word, id }, (field) => (schema.required ?? []).includes(field)),
      [name]: id,
    }));
}

interface Filling {
  readonly word: string;
  readonly id: string;
}

function objectFor(schema: JsonSchema, filling: Filling, wants: (name: string) => boolean): Args {
  const fields = Object.entries(schema.properties ?? {}).filter(([name]) => wants(name));
  return Object.fromEntries(fields.map(([name, field]) => [name, valueFor(name, field, filling)]));
}

function valueFor(name: string, schema: JsonSchema, filling: Filling): unknown {
  if (schema.enum) return schema.enum[0];
  switch (schema.type) {
    case "array":
      return Array.from({ length: Number(schema["minItems"] ?? 1) || 1 }, () =>
        valueFor(name, schema.items ?? {}, filling),
      );
    case "object":
      return objectFor(schema, filling, (field) => (schema.required ?? []).includes(field));
    case "integer":
    case "number":
      return Number(schema["minimum"] ?? 0);
    case "boolean":
      return false;
    default:
      return ID_FIELD.test(name) || CURSOR_FIELD.test(name) ? filling.id : textFor(schema, filling.word);
  }
}

function textFor(schema: JsonSchema, word: string): string {
  const { minLength = 0, maxLength = Infinity, pattern } = schema as Record<string, number> & { pattern?: string };
  const fits = (text: string) =>
    text.length >= minLength &&
    text.length <= maxLength &&
    (pattern === undefined || new RegExp(pattern, "u").test(text));
  const long = word.padEnd(Number(minLength), "x");
  return (schema["format"] === undefined ? [long, ...FORMS] : [...FORMS, long]).find(fits) ?? long;
}
