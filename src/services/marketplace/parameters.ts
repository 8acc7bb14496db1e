import { z } from "zod";

/** The value of a skill's parameter. */
type ParameterValue = string | number | boolean;

const declaration = z.object({
  name: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, "takes lower-case letters, digits and underscores"),
  type: z.enum(["string", "number", "integer", "boolean"]),
  description: z.string().trim().min(1).max(1024),
  default: z.union([z.string(), z.number(), z.boolean()]).optional(),
  enum: z.array(z.string()).min(1).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  required: z.boolean().optional(),
});

/** One thing a skill can be told, as its front matter declares it. */
export type Parameter = z.output<typeof declaration>;

/** The list of parameters of a front matter: names once each, bounds and defaults that make sense. */
export const parameterList = z
  .array(
    declaration.superRefine((parameter, context) => {
      const problem = contradiction(parameter);
      if (problem) context.addIssue({ code: "custom", message: problem });
    }),
  )
  .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, "has a name twice");

function contradiction(parameter: Parameter): string | undefined {
  const isNumber = parameter.type === "number" || parameter.type === "integer";
  if (parameter.enum && parameter.type !== "string") return "enum goes with type string only";
  if (!isNumber && (parameter.minimum ?? parameter.maximum) !== undefined) return "minimum and maximum go with numbers";
  if ((parameter.minimum ?? -Infinity) > (parameter.maximum ?? Infinity)) return "minimum is above maximum";
  if (parameter.default === undefined) return undefined;
  const misfit = misfitOf(parameter, parameter.default);
  return misfit && `its default ${misfit}`;
}

/** Why a value does not fit its declaration, as the end of a sentence; undefined when it fits. */
export function misfitOf(parameter: Parameter, value: unknown): string | undefined {
  if (!hasType(parameter.type, value)) return `must be of type ${parameter.type}`;
  if (parameter.enum && !parameter.enum.includes(value as string)) return `must be one of ${parameter.enum.join(", ")}`;
  if (typeof value !== "number") return undefined;
  if (parameter.minimum !== undefined && value < parameter.minimum) return `must be at least ${parameter.minimum}`;
  if (parameter.maximum !== undefined && value > parameter.maximum) return `must be at most ${parameter.maximum}`;
  return undefined;
}

function hasType(type: Parameter["type"], value: unknown): value is ParameterValue {
  if (type === "integer") return Number.isSafeInteger(value);
  // JSON can say 1e999, which parses to Infinity and would be written back as null.
  if (type === "number") return Number.isFinite(value);
  return typeof value === type;
}
