import { createHash } from "node:crypto";
import type { z } from "zod";
import { quote } from "../../core/errors.js";
import { formSchema, parserOf } from "./data-schema.js";
import type { Definition, Misfit, Step } from "./definition.js";
import { BadExpression, compileExpression, type Expression } from "./expression.js";
import { BadTemplate, compileTemplate, type Template } from "./template.js";
import { misfitsWith, type World } from "./world.js";

/** A step with its expressions read. */
export interface WorkflowStep {
  readonly spec: Step;
  /** The steps that have to be over before it begins. */
  readonly needs: ReadonlySet<string>;
  /** Every step that its values can come from, itself included. */
  readonly origins: ReadonlySet<string>;
  readonly when?: Expression;
  readonly each?: Expression;
  /** The operation's arguments, the skill's input, or what is shown to whoever goes on with it. */
  readonly values: Template;
  /** What a suspended step takes. */
  readonly resume?: z.ZodObject;
}

/** A definition that was found to make sense, ready to be run. */
export interface Workflow {
  readonly definition: Definition;
  /** The same for the same definition, in every process. */
  readonly digest: string;
  readonly input: z.ZodObject;
  readonly steps: ReadonlyMap<string, WorkflowStep>;
  readonly output?: Template;
}

/**
 * Reads a definition's expressions and checks what it refers to, or tells everything that is wrong with it. Without
 * a world, operations and skills are taken for granted: a run goes on with the definition that it began with.
 */
export function compileWorkflow(definition: Definition, world?: World): Workflow | readonly Misfit[] {
  const misfits: Misfit[] = [];
  const refuse = (path: readonly PropertyKey[], reason: string) => void misfits.push({ path, reason });
  const ids = new Set(definition.steps.map(({ id }) => id));
  definition.steps.forEach(({ id }, at) => {
    if (definition.steps.findIndex((step) => step.id === id) < at)
      refuse(["steps", at, "id"], `there is a step ${id} above`);
  });
  const check = { ids, fields: new Set(Object.keys(definition.inputSchema.properties)), refuse };
  const steps = new Map(
    definition.steps.map((spec, at) => [spec.id, { at, ...readStep(spec, ["steps", at], check) }] as const),
  );
  const output =
    definition.output === undefined ? undefined : readTemplate(definition.output, ["output"], false, check);
  refuseCircle(steps, refuse);
  if (world) definition.steps.forEach((spec, at) => misfits.push(...misfitsWith(world, spec, ["steps", at])));
  if (misfits.length > 0) return misfits;
  return {
    definition,
    digest: createHash("sha256").update(JSON.stringify(definition)).digest("hex"),
    input: parserOf(definition.inputSchema),
    steps: new Map([...steps].map(([id, step]) => [id, { ...step, origins: originsOf(id, steps) }])),
    ...(output && { output }),
  };
}

/** The step whose id is known to be one of the workflow's. */
export function stepOf(workflow: Workflow, id: string): WorkflowStep {
  const step = workflow.steps.get(id);
  if (!step) throw new Error(`the workflow ${workflow.definition.id} has no step ${id}`);
  return step;
}

interface Check {
  readonly ids: ReadonlySet<string>;
  readonly fields: ReadonlySet<string>;
  refuse(path: readonly PropertyKey[], reason: string): void;
}

type Path = readonly (string | number)[];

function readStep(spec: Step, path: Path, check: Check): Omit<WorkflowStep, "origins"> {
  const needs = new Set<string>();
  (spec.after ?? []).forEach((id, at) => {
    if (check.ids.has(id)) needs.add(id);
    else check.refuse([...path, "after", at], `there is no step ${quote(id)}`);
  });
  const noted = { ...check, needs };
  const each = spec.kind === "suspend" || spec.each === undefined ? undefined : spec.each;
  const when = spec.when === undefined ? undefined : readExpression(spec.when, [...path, "when"], noted);
  const list = each === undefined ? undefined : readExpression(each, [...path, "each"], noted);
  const values = readTemplate(valuesOf(spec), [...path, ...placeOfValues(spec)], each !== undefined, noted);
  return {
    spec,
    needs,
    values,
    ...(when && { when }),
    ...(list && { each: list }),
    ...(spec.kind === "suspend" && { resume: parserOf(formSchema.parse(spec.suspend.resumeSchema)) }),
  };
}

function valuesOf(spec: Step): unknown {
  if (spec.kind === "operation") return spec.with;
  return spec.kind === "skill" ? spec.input : spec.suspend.message;
}

function placeOfValues({ kind }: Step): Path {
  if (kind === "operation") return ["with"];
  return kind === "skill" ? ["input"] : ["suspend", "message"];
}

type Noting = Check & { readonly needs?: Set<string> };

function readExpression(source: string, path: Path, noting: Noting): Expression | undefined {
  try {
    const expression = compileExpression(source, { inLoop: false });
    note(expression, path, noting);
    return expression;
  } catch (thrown) {
    if (!(thrown instanceof BadExpression)) throw thrown;
    noting.refuse(path, `the expression ${quote(source)}: ${thrown.message}`);
    return undefined;
  }
}

const NOTHING: Template = { constant: true, expressions: [], resolve: () => null };

function readTemplate(value: unknown, path: Path, inLoop: boolean, noting: Noting): Template {
  try {
    const template = compileTemplate(value, { inLoop });
    for (const placed of template.expressions) note(placed.expression, [...path, ...placed.path], noting);
    return template;
  } catch (thrown) {
    if (!(thrown instanceof BadTemplate)) throw thrown;
    noting.refuse([...path, ...thrown.path], thrown.message);
    return NOTHING;
  }
}

/** Checks what an expression refers to, and has its step wait for it. */
function note({ source, steps, fields }: Expression, path: Path, { ids, fields: known, needs, refuse }: Noting): void {
  for (const id of steps) {
    if (ids.has(id)) needs?.add(id);
    else refuse(path, `the expression ${quote(source)}: there is no step ${quote(id)}`);
  }
  for (const field of fields) {
    if (!known.has(field)) refuse(path, `the expression ${quote(source)}: the input has no ${quote(field)}`);
  }
}

type Needing = ReadonlyMap<string, { readonly at: number; readonly needs: ReadonlySet<string> }>;

function refuseCircle(steps: Needing, refuse: Check["refuse"]): void {
  const over = new Set<string>();
  const walk = (id: string, above: readonly string[]): boolean => {
    if (over.has(id)) return false;
    if (above.includes(id)) {
      const circle = [...above.slice(above.indexOf(id)), id];
      refuse(["steps", steps.get(id)?.at ?? 0], `its steps wait for each other in a circle: ${circle.join(" -> ")}`);
      return true;
    }
    const found = [...(steps.get(id)?.needs ?? [])].some((needed) => walk(needed, [...above, id]));
    over.add(id);
    return found;
  };
  [...steps.keys()].some((id) => walk(id, []));
}

function originsOf(id: string, steps: Needing): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [id];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    waiting.push(...(steps.get(next)?.needs ?? []));
  }
  return found;
}
