import type { StepState } from "../../core/shapes/workflow.js";
import { MOST_ITEMS } from "./definition.js";
import { BadExpression, type Scope } from "./expression.js";
import { OUTPUT_KEY, type RunValue } from "./run-ledger.js";
import { type Failure, FINAL_STEP_STATES, type RunRecord, type StepRecord, type Task } from "./run-record.js";
import {
  expressionFailure,
  itemsOf,
  keyOf,
  type Knowledge,
  type Outcome,
  type Result,
  retriesOf,
  scopeOf,
} from "./task.js";
import { stepOf, type WorkflowStep } from "./workflow.js";

/** What a run becomes, and what it gained. */
export interface Move {
  readonly record: RunRecord;
  readonly values: readonly RunValue[];
  /** How many numbers for executions there were too few of. */
  readonly wanting: number;
}

interface MoveOptions {
  /** For executions of skills. */
  readonly numbers: readonly number[];
  readonly now: number;
  /** Without it nothing new begins. */
  readonly begins?: boolean;
}

/** A record on its way: every change makes a new one. */
interface Moving {
  readonly knowledge: Knowledge & { readonly values: Map<string, unknown> };
  readonly now: number;
  record: RunRecord;
  readonly values: RunValue[];
  /** The step that ends the run, and why. */
  fatal?: Failure & { readonly step: string };
}

/**
 * The run as it is after these results: steps that they end, steps that can begin now, and the end of the run itself
 * where nothing is left. Skills take their executions' numbers from `numbers`. Reads nothing and does nothing.
 */
export function moveOn(
  record: RunRecord,
  knowledge: Knowledge,
  results: readonly Result[],
  { numbers, now, begins = true }: MoveOptions,
): Move {
  const moving: Moving = { knowledge: { ...knowledge, values: new Map(knowledge.values) }, now, record, values: [] };
  for (const result of results) take(moving, result);
  // A step that is skipped may be all that the next ones wait for.
  while (begins && !moving.fatal && openSteps(moving));
  if (moving.fatal) {
    fail(moving, moving.fatal);
    return { record: moving.record, values: moving.values, wanting: 0 };
  }
  if (!begins) return { record: moving.record, values: moving.values, wanting: 0 };
  const wanting = beginTasks(moving, [...numbers]);
  if (Object.values(moving.record.steps).every(({ status }) => FINAL_STEP_STATES.has(status))) complete(moving);
  return { record: moving.record, values: moving.values, wanting };
}

function setStep(moving: Moving, id: string, change: Partial<StepRecord>): void {
  const before = moving.record.steps[id];
  if (!before) throw new Error(`the run has no step ${id}`);
  moving.record = { ...moving.record, steps: { ...moving.record.steps, [id]: { ...before, ...change } } };
}

function take(moving: Moving, { task: { step: id, item }, attempt, outcome }: Result): void {
  const step = moving.record.steps[id];
  const task = step?.tasks[item];
  // What another process made of it meanwhile holds.
  if (!step || task?.status !== "running" || task.attempts !== attempt) return;
  const spec = stepOf(moving.knowledge.workflow, id);
  const scopes = outcome.status === "untouched" ? undefined : outcome.scopes;
  if (outcome.status === "completed") keep(moving, keyOf(spec, item), outcome.output);
  const tasks = step.tasks.with(item, taskAfter(task, outcome, spec));
  setStep(moving, id, {
    tasks,
    ...(scopes && { scopes: [...new Set([...(step.scopes ?? []), ...scopes])] }),
  });
  if (outcome.status === "failed" && outcome.fatal) moving.fatal = { ...outcome.error, step: id };
  closeStep(moving, id);
}

function taskAfter(task: Task, outcome: Outcome, { spec }: WorkflowStep): Task {
  const { execution, ...rest } = task;
  if (outcome.status === "completed") return { ...task, status: "completed" };
  if (outcome.status === "untouched")
    return { ...rest, status: "pending", ...(outcome.restarted && { restarted: true }) };
  // An operation is tried again where it is done; a skill is, by another execution.
  const again = spec.kind === "skill" && outcome.retryable && task.attempts <= retriesOf(spec).times;
  if (again) return { ...rest, status: "pending", error: outcome.error };
  return { ...task, status: "failed", error: outcome.error };
}

function keep(moving: Moving, key: string, value: unknown): void {
  moving.knowledge.values.set(key, value);
  moving.values.push({ key, value });
}

/** Ends a step whose tasks are over, or one of which failed. */
function closeStep(moving: Moving, id: string): void {
  const step = moving.record.steps[id];
  if (step?.status !== "running") return;
  const failed = step.tasks.find(({ status }) => status === "failed");
  if (failed) failStep(moving, id, failed.error ?? { code: "INTERNAL", message: "The step failed." });
  else if (step.tasks.every(({ status }) => status === "completed"))
    setStep(moving, id, { status: "completed", finishedAt: moving.now });
}

function failStep(moving: Moving, id: string, error: Failure): void {
  const { spec } = stepOf(moving.knowledge.workflow, id);
  const tasks = (moving.record.steps[id]?.tasks ?? []).map(stopped);
  setStep(moving, id, { status: "failed", error, tasks, finishedAt: moving.now });
  if (spec.kind === "suspend" || !spec.optional) moving.fatal ??= { ...error, step: id };
}

/** A task that is not to go on. */
function stopped(task: Task): Task {
  return task.status === "pending" || task.status === "running" ? { ...task, status: "cancelled" } : task;
}

/** Moves every step that waits for nothing any more; answers whether one of them is over already. */
function openSteps(moving: Moving): boolean {
  let over = false;
  for (const [id, step] of moving.knowledge.workflow.steps) {
    if (moving.fatal || moving.record.steps[id]?.status !== "pending") continue;
    const done = [...step.needs].every((needed) =>
      FINAL_STEP_STATES.has(moving.record.steps[needed]?.status ?? "failed"),
    );
    if (!done) continue;
    openStep(moving, id, step);
    over ||= FINAL_STEP_STATES.has(moving.record.steps[id]?.status ?? "pending");
  }
  return over;
}

function openStep(moving: Moving, id: string, step: WorkflowStep): void {
  const { now } = moving;
  const scope = scopeOf(moving.knowledge, moving.record, step.needs);
  const start = (status: StepState, tasks: readonly Task[]) =>
    setStep(moving, id, { status, tasks, startedAt: now, ...(status === "completed" && { finishedAt: now }) });
  let what = "when";
  try {
    if (step.when && !isTrue(step.when.evaluate(scope))) {
      setStep(moving, id, { status: "skipped", finishedAt: now });
      return;
    }
    what = "suspend.message";
    // What will be shown is worked out now: a message that cannot be must not wait for days first.
    if (step.spec.kind === "suspend") {
      step.values.resolve(scope);
      start("suspended", []);
      return;
    }
    what = "each";
    const count = step.each ? itemsOf(step, scope, MOST_ITEMS).length : 1;
    start(
      count === 0 ? "completed" : "running",
      Array.from({ length: count }, () => ({ status: "pending", attempts: 0 })),
    );
  } catch (thrown) {
    failStep(moving, id, expressionFailure(`${what} of the step ${id}`, thrown));
  }
}

function isTrue(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new BadExpression("its value is neither true nor false");
}

/** Begins as many tasks of each running step as may run at once; answers how many numbers were missing. */
function beginTasks(moving: Moving, numbers: number[]): number {
  let wanting = 0;
  for (const [id, { spec }] of moving.knowledge.workflow.steps) {
    const step = moving.record.steps[id];
    if (step?.status !== "running") continue;
    let room = (spec.kind === "suspend" ? 1 : (spec.atOnce ?? 1)) - step.tasks.filter(isRunning).length;
    const tasks = step.tasks.map((task): Task => {
      if (task.status !== "pending" || room <= 0) return task;
      const execution = spec.kind === "skill" ? numbers.shift() : undefined;
      if (spec.kind === "skill" && execution === undefined) {
        wanting += 1;
        room -= 1;
        return task;
      }
      room -= 1;
      const { error, ...rest } = task;
      return { ...rest, status: "running", attempts: task.attempts + 1, ...(execution !== undefined && { execution }) };
    });
    if (tasks.some((task, at) => task !== step.tasks[at])) setStep(moving, id, { tasks });
  }
  return wanting;
}

const isRunning = ({ status }: Task): boolean => status === "running";

function complete(moving: Moving): void {
  const { workflow } = moving.knowledge;
  try {
    if (workflow.output) {
      const scope: Scope = scopeOf(moving.knowledge, moving.record, workflow.steps.keys());
      keep(moving, OUTPUT_KEY, workflow.output.resolve(scope));
    }
    moving.record = over(moving.record, "completed", moving.now);
  } catch (thrown) {
    const error = expressionFailure("output of the workflow", thrown);
    moving.record = { ...over(moving.record, "failed", moving.now), error };
  }
}

/** Ends a run at the step that failed; what else was under way ends with it. */
function fail(moving: Moving, error: Failure & { readonly step: string }): void {
  moving.record = { ...over(moving.record, "failed", moving.now), error };
}

/** A run that is over, its unfinished steps with it. */
export function over(record: RunRecord, status: "completed" | "cancelled" | "failed", now: number): RunRecord {
  const steps = Object.entries(record.steps).map(([id, step]): [string, StepRecord] => {
    if (FINAL_STEP_STATES.has(step.status)) return [id, step];
    return [id, { ...step, status: "cancelled", tasks: step.tasks.map(stopped), finishedAt: now }];
  });
  const { driver, ...rest } = record;
  return { ...rest, status, steps: Object.fromEntries(steps), finishedAt: now };
}
