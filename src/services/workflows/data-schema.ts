import { z } from "zod";
import { AppError } from "../../core/errors.js";

/** JSON Schema as a workflow may use it: the part that every client and form understands. */
interface DataSchema {
  readonly type: "object" | "array" | "string" | "number" | "integer" | "boolean";
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly default?: unknown;
  readonly enum?: readonly string[] | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly minItems?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly items?: DataSchema | undefined;
  readonly properties?: Readonly<Record<string, DataSchema>> | undefined;
  readonly required?: readonly string[] | undefined;
}

const named = { title: z.string().optional(), description: z.string().optional() };
const count = z.int().min(0).optional();

const text = z.strictObject({
  type: z.literal("string"),
  ...named,
  default: z.string().optional(),
  enum: z.array(z.string()).min(1).optional(),
  minLength: count,
  maxLength: count,
});
const number = z.strictObject({
  type: z.enum(["number", "integer"]),
  ...named,
  default: z.number().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
});
const flag = z.strictObject({ type: z.literal("boolean"), ...named, default: z.boolean().optional() });
const list = z.strictObject({
  type: z.literal("array"),
  ...named,
  get items() {
    return value;
  },
  minItems: count,
  maxItems: count,
});
const object = z.strictObject({
  type: z.literal("object"),
  ...named,
  get properties() {
    return z.record(z.string(), value).optional();
  },
  required: z.array(z.string()).optional(),
});
const value: z.ZodType<DataSchema> = z.lazy(() => z.discriminatedUnion("type", [text, number, flag, list, object]));

const fieldName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, "takes letters, digits and underscores");
const requires = (schema: { properties: Record<string, unknown>; required?: string[] | undefined }) =>
  (schema.required ?? []).every((name) => Object.hasOwn(schema.properties, name));
const UNKNOWN_REQUIRED = { path: ["required"], message: "names a property that there is not" };

/** What a workflow's input may be: an object whose fields have a name that expressions can say. */
export const objectSchema = z
  .strictObject({
    type: z.literal("object"),
    ...named,
    properties: z.record(fieldName, value).default({}),
    required: z.array(z.string()).optional(),
  })
  .refine(requires, UNKNOWN_REQUIRED);

/** What a person can be asked in a form: texts, numbers and flags, none within another. */
export const formSchema = z
  .strictObject({
    type: z.literal("object"),
    ...named,
    properties: z.record(fieldName, z.discriminatedUnion("type", [text, number, flag])).default({}),
    required: z.array(z.string()).optional(),
  })
  .refine(requires, UNKNOWN_REQUIRED);

export type ObjectSchema = z.output<typeof objectSchema>;

/** The parser of data that a schema describes; it refuses fields that the schema does not name. */
export function parserOf(schema: ObjectSchema): z.ZodObject {
  const parser = z.fromJSONSchema({ ...schema, additionalProperties: false } as Parameters<typeof z.fromJSONSchema>[0]);
  if (!(parser instanceof z.ZodObject)) throw new Error("a schema of an object made no parser of one");
  return parser;
}

/** Longest data that a run is started or resumed with, in characters of JSON. */
const DATA_LIMIT = 262_144;

/** Data that fits its schema; throws `INVALID_INPUT` that names the first field that does not. */
export function requireFit(parser: z.ZodType, data: unknown, name: string): unknown {
  if (JSON.stringify(data).length > DATA_LIMIT)
    throw new AppError("INVALID_INPUT", `${name} takes ${DATA_LIMIT} characters of JSON at most.`);
  const parsed = parser.safeParse(data);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, 8).map((issue) => ({
    field: [name, ...issue.path.map(String)].join(".").slice(0, 128),
    problem: issue.message.slice(0, 300),
  }));
  const [first] = issues;
  throw new AppError("INVALID_INPUT", `The data does not fit: ${first?.field}: ${first?.problem}.`, {
    details: { issues },
  });
}
