import type { z } from "zod";
import { quote } from "../../core/errors.js";
import type { Scope } from "../../core/operation.js";
import type { JsonSchema } from "../../core/schema.js";
import type { Effect } from "../../core/standing.js";
import type { Misfit, Step } from "./definition.js";
import { compileTemplate, BadTemplate } from "./template.js";

/** What a workflow has to know of an operation. */
interface KnownOperation {
  readonly operation: {
    readonly name: string;
    readonly tool?: string;
    readonly toolset: string;
    readonly effect: Effect;
    readonly scope: Scope<never>;
    readonly confidential?: true;
    readonly input: z.ZodType;
  };
  readonly inputSchema: JsonSchema;
}

/** What the steps of a workflow can use on this server. */
export interface World {
  readonly operations: { findTool(tool: string): KnownOperation | undefined };
  hasSkill(slug: string): boolean;
}

/** What of a step does not fit this server: an operation or a skill that it lacks, or arguments that it does not take. */
export function misfitsWith(world: World, spec: Step, path: readonly PropertyKey[]): readonly Misfit[] {
  if (spec.kind === "suspend") return [];
  if (spec.kind === "skill") {
    if (world.hasSkill(spec.skill)) return [];
    return [{ path: [...path, "skill"], reason: `there is no skill ${quote(spec.skill)} in the marketplace` }];
  }
  const known = world.operations.findTool(spec.operation);
  const reason = known ? refusalOf(known) : `there is no operation ${quote(spec.operation)}`;
  if (!known || reason !== undefined) return [{ path: [...path, "operation"], reason: reason ?? "" }];
  return argumentMisfits(known, spec.with).map((misfit) => ({
    ...misfit,
    path: [...path, "with", ...misfit.path],
  }));
}

/** Why a step may not use an operation that there is: one run must not start another, or go on with one. */
function refusalOf({ operation }: KnownOperation): string | undefined {
  const { name, toolset, effect, scope } = operation;
  if (name === "execute-skill") return "a step runs a skill with skill: <slug>, not with execute-skill";
  if (toolset === "workflows" && effect !== "read") return `a workflow cannot use ${name}`;
  return confidentialityOf(operation, typeof scope === "string" ? [scope] : []);
}

/** Why a call that needs these scopes is none for a step: what steps give is kept, exported and read by others. */
export function confidentialityOf(
  { name, confidential }: Pick<KnownOperation["operation"], "name" | "confidential">,
  scopes: readonly string[],
): string | undefined {
  if (confidential !== true && !scopes.includes("clerk:secrets")) return undefined;
  return `a workflow cannot use ${name}: its answer holds what is shown only once, and a run keeps what its steps give`;
}

function argumentMisfits({ operation, inputSchema }: KnownOperation, given: Record<string, unknown>): Misfit[] {
  const { properties = {}, required = [] } = inputSchema;
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(properties, name));
  if (unknown !== undefined) {
    const known = Object.keys(properties).join(", ") || "none";
    return [{ path: [unknown], reason: `${operation.name} takes no ${quote(unknown)}; its arguments are ${known}` }];
  }
  const missing = required.find((name) => !Object.hasOwn(given, name));
  if (missing !== undefined) return [{ path: [], reason: `${operation.name} needs ${quote(missing)}` }];
  if (!isConstant(given)) return [];
  const parsed = operation.input.safeParse(given);
  return (parsed.error?.issues ?? []).slice(0, 1).map(({ path, message }) => ({ path, reason: message }));
}

/** Whether everything is known already; an expression that cannot be read is told of elsewhere. */
function isConstant(given: unknown): boolean {
  try {
    return compileTemplate(given, { inLoop: true }).constant;
  } catch (thrown) {
    if (thrown instanceof BadTemplate) return false;
    throw thrown;
  }
}
