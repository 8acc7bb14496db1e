import { type AppError, ERRORS } from "../../core/errors.js";
import type { Step } from "./definition.js";
import { BadExpression, type Scope } from "./expression.js";
import type { Failure, RunRecord, Task } from "./run-record.js";
import { valueKey } from "./run-ledger.js";
import { stepOf, type Workflow, type WorkflowStep } from "./workflow.js";

/** One task of a run: a step, and the item of its list that it is for. */
export interface TaskRef {
  readonly step: string;
  readonly item: number;
}

export const taskKey = ({ step, item }: TaskRef): string => `${step}.${item}`;

/** How a task ended. */
export type Outcome =
  | { readonly status: "completed"; readonly output: unknown; readonly scopes?: readonly string[] }
  | {
      readonly status: "failed";
      readonly error: Failure;
      readonly scopes?: readonly string[];
      /** Whether the same may succeed later. */
      readonly retryable?: boolean;
      /** Whether the whole run ends with it, whatever its definition says. */
      readonly fatal?: true;
    }
  /** It has to begin anew, and may. */
  | { readonly status: "untouched"; readonly restarted?: true };

/** An outcome and the attempt that it is of. */
export interface Result {
  readonly task: TaskRef;
  readonly attempt: number;
  readonly outcome: Outcome;
}

/** What is known of a run beside its record. */
export interface Knowledge {
  readonly workflow: Workflow;
  readonly inputData: unknown;
  /** By {@link valueKey}. */
  readonly values: ReadonlyMap<string, unknown>;
}

/** The key under which a task's value is kept. */
export function keyOf(step: WorkflowStep, item: number): string {
  return valueKey(step.spec.id, step.each ? item : undefined);
}

/** What the expressions of a step see: the input, and how the steps stand that it waits for. */
export function scopeOf({ inputData, workflow, values }: Knowledge, record: RunRecord, ids: Iterable<string>): Scope {
  const steps: Record<string, unknown> = {};
  for (const id of ids) {
    const found = record.steps[id];
    if (!found) continue;
    const output = found.status === "completed" ? outputOf(stepOf(workflow, id), found.tasks, values) : undefined;
    const { status, error } = found;
    steps[id] = { status, ...(output !== undefined && { output }), ...(error && { error }) };
  }
  return { input: inputData, steps };
}

/** What a step gave: a list where it ran once for each item of one. */
export function outputOf(step: WorkflowStep, tasks: readonly Task[], values: ReadonlyMap<string, unknown>): unknown {
  if (!step.each) return values.get(keyOf(step, 0));
  return tasks.map((_task, item) => values.get(keyOf(step, item)) ?? null);
}

/** The list that a step runs over; throws {@link BadExpression} where it is none. */
export function itemsOf(step: WorkflowStep, scope: Scope, most: number): readonly unknown[] {
  const list = step.each?.evaluate(scope);
  if (!Array.isArray(list)) throw new BadExpression("each takes a list");
  if (list.length > most) throw new BadExpression(`each takes a list of at most ${most} items, not of ${list.length}`);
  return list;
}

/** The failure that a bad expression amounts to. */
export function expressionFailure(place: string, thrown: unknown): Failure {
  if (!(thrown instanceof BadExpression)) throw thrown;
  return { code: "INVALID_INPUT", message: `The expression in ${place}: ${thrown.message}.` };
}

/** The failure that an error amounts to. */
export function failureOf(error: AppError): Extract<Outcome, { status: "failed" }> {
  const { code, message, fields } = error;
  const retryable = typeof fields?.["retryable"] === "boolean" ? fields["retryable"] : ERRORS[code].retryable;
  return { status: "failed", error: { code, message }, retryable };
}

/** How often a step's task is tried again. */
export function retriesOf(spec: Step): { readonly times: number; readonly waitSeconds: number } {
  return (spec.kind === "suspend" ? undefined : spec.retry) ?? { times: 0, waitSeconds: 0 };
}

/** A task that is under way. */
export interface RunningTask {
  readonly task: TaskRef;
  readonly attempt: number;
  readonly execution?: number | undefined;
  readonly restarted?: true | undefined;
}

/** Every task of a run that is under way. */
export function runningTasks(record: RunRecord): RunningTask[] {
  return Object.entries(record.steps).flatMap(([step, { status, tasks }]) =>
    tasks.flatMap(({ status: state, attempts: attempt, execution, restarted }, item): RunningTask[] =>
      status === "running" && state === "running" ? [{ task: { step, item }, attempt, execution, restarted }] : [],
    ),
  );
}
