import { z } from "zod";
import { formSchema, objectSchema } from "./data-schema.js";

/** Most steps of a workflow, and most items that a step runs once for each of. */
const MOST_STEPS = 100;
export const MOST_ITEMS = 200;

const SLUG = /^[a-z0-9][a-z0-9-]{0,63}$/;
const line = z
  .string()
  .trim()
  .min(1)
  .max(128)
  .regex(/^[^\p{Cc}]*$/u, "must be one line");
const stepId = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,63}$/, "takes lower-case letters, digits and underscores, a letter first")
  .describe("what other steps call it: steps.<id>");
const expression = z.string().trim().min(1);

const common = {
  id: stepId,
  title: line.optional().describe("what people see"),
  after: z
    .array(z.string())
    .max(MOST_STEPS)
    .optional()
    .describe("steps that have to be over first, beside those that its expressions name"),
  when: expression.optional().describe("an expression: the step is skipped unless it is true"),
};
const work = {
  ...common,
  each: expression
    .optional()
    .describe("an expression whose value is a list: the step runs once for each item, which is called item"),
  atOnce: z.int().min(1).max(8).optional().describe("how many items at once; one after the other if left out"),
  retry: z
    .strictObject({
      times: z.int().min(1).max(5).describe("how often to try again"),
      waitSeconds: z.int().min(0).max(60).default(1).describe("how long to wait before"),
    })
    .optional()
    .describe("where it fails in a way that may pass"),
  optional: z.boolean().optional().describe("the run goes on where this step fails"),
};

const operationStep = z.strictObject({
  ...work,
  operation: z.string().min(1).max(64).describe("the name of any tool of the server"),
  with: z.record(z.string(), z.unknown()).default({}).describe("its arguments; texts may hold expressions as ${ ... }"),
  repeatable: z
    .boolean()
    .optional()
    .describe("doing it twice does no harm: where a server dies in the middle it is done again, as reads are"),
});

const skillStep = z.strictObject({
  ...work,
  skill: z.string().regex(SLUG, "takes a skill's slug").describe("the slug of an installed skill"),
  input: z.string().min(1).describe("what the skill shall do; may hold expressions as ${ ... }"),
});

const suspendStep = z.strictObject({
  ...common,
  suspend: z
    .strictObject({
      message: z.string().min(1).max(2000).describe("what is shown; may hold expressions as ${ ... }"),
      by: z.enum(["person", "agent"]).default("person").describe("who may go on with it"),
      resumeSchema: formSchema.prefault({ type: "object" }).describe("what is asked: a form of simple fields"),
    })
    .describe("waits, for days if need be, until somebody goes on with it"),
});

const STEPS = { operation: operationStep, skill: skillStep, suspend: suspendStep } as const;

/** What a step does, by the field that says it. */
export type StepKind = keyof typeof STEPS;

export type OperationStep = z.output<typeof operationStep> & { readonly kind: "operation" };
export type SkillStep = z.output<typeof skillStep> & { readonly kind: "skill" };
export type SuspendStep = z.output<typeof suspendStep> & { readonly kind: "suspend" };
export type Step = OperationStep | SkillStep | SuspendStep;

const frame = {
  id: z.string().regex(SLUG, "takes lower-case letters, digits and hyphens").describe("the file's name without .yaml"),
  title: line.describe("what people see"),
  description: z.string().trim().min(1).max(1024).optional().describe("what it is for"),
  inputSchema: objectSchema.prefault({ type: "object" }).describe("what a run is started with"),
  output: z.unknown().optional().describe("what a run gives; texts may hold expressions as ${ ... }"),
};
const steps = <T extends z.ZodType>(item: T) => z.array(item).min(1).max(MOST_STEPS);

/** A workflow as its file says it, defaults filled in. */
export interface Definition extends z.output<z.ZodObject<typeof frame>> {
  readonly steps: readonly Step[];
}

/** A part of a definition that does not fit, and where it stands. */
export interface Misfit {
  readonly path: readonly PropertyKey[];
  readonly reason: string;
}

/** The schema of a workflow's file, as editors take it. */
export function workflowFileSchema(): unknown {
  const file = z.strictObject({ ...frame, steps: steps(z.union(Object.values(STEPS))) });
  return { ...z.toJSONSchema(file, { io: "input", target: "draft-7" }), title: "A workflow of clanker-mcp" };
}

const envelope = z.strictObject({ ...frame, steps: steps(z.record(z.string(), z.unknown())) });

/** Reads a definition, or tells everything that does not fit. */
export function readDefinition(value: unknown): Definition | readonly Misfit[] {
  const whole = envelope.safeParse(value);
  if (!whole.success) return whole.error.issues.map(misfitOf);
  const misfits: Misfit[] = [];
  const read = whole.data.steps.flatMap((raw, at): Step[] => {
    const kinds = (Object.keys(STEPS) as StepKind[]).filter((kind) => Object.hasOwn(raw, kind));
    const [kind] = kinds;
    if (kind === undefined || kinds.length > 1) {
      misfits.push({ path: ["steps", at], reason: "takes one of operation, skill and suspend" });
      return [];
    }
    const step = STEPS[kind].safeParse(raw);
    if (step.success) return [{ ...step.data, kind } as Step];
    const issues = step.error.issues.map(misfitOf);
    misfits.push(...issues.map(({ path, reason }) => ({ path: ["steps", at, ...path], reason })));
    return [];
  });
  return misfits.length > 0 ? misfits : { ...whole.data, steps: read };
}

function misfitOf(issue: z.core.$ZodIssue): Misfit {
  const [unknown] = issue.code === "unrecognized_keys" ? issue.keys : [];
  return { path: unknown === undefined ? issue.path : [...issue.path, unknown], reason: issue.message };
}
