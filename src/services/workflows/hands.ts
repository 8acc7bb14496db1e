import { setTimeout as sleep } from "node:timers/promises";
import { AppError, toAppError } from "../../core/errors.js";
import type { Executions } from "../executions/executions.js";
import { MOST_ITEMS, type OperationStep, type SkillStep } from "./definition.js";
import type { Scope } from "./expression.js";
import { actorOf, type CheckRights, isRepeatable, type Operations, performOperation } from "./perform.js";
import type { RunRecord, RunRef } from "./run-record.js";
import { startSkill } from "./skill-step.js";
import {
  failureOf,
  itemsOf,
  type Knowledge,
  type Outcome,
  type Result,
  retriesOf,
  type RunningTask,
  runningTasks,
  scopeOf,
  taskKey,
} from "./task.js";
import { stepOf, type WorkflowStep } from "./workflow.js";

/** What does the tasks of one run in this process. */
export interface Hands {
  /** How tasks ended that the run does not know of yet. */
  done: Result[];
  /** Executions that are known to exist. */
  readonly started: Set<number>;
  /** Begins every running task that is not begun here, and stops those that no longer run. */
  take(record: RunRecord): void;
  /** Whether nothing is under way but executions, which go on by themselves. */
  isIdle(record: RunRecord, executions: ReadonlySet<number>): boolean;
  /** Stops what may be begun anew, and waits so many milliseconds for the rest. */
  finish(ms: number): Promise<void>;
  /** Stops everything; what comes of it no longer counts. */
  drop(): void;
}

interface Held {
  readonly abort: AbortController;
  readonly repeatable: boolean;
  readonly isSkill: boolean;
  settled: Promise<void>;
  untouched: boolean;
}

/** Hands for a run; `stir` is called whenever a task has ended. */
export function createHands(options: {
  readonly ref: RunRef;
  readonly knowledge: Knowledge;
  readonly operations: Operations;
  readonly executions: Executions;
  readonly rights: CheckRights;
  readonly limitMs: number;
  readonly persist: <T>(work: () => Promise<T>) => Promise<T>;
  readonly stir: () => void;
}): Hands {
  const { ref, knowledge, operations, executions, rights, limitMs, persist, stir } = options;
  const active = new Map<string, Held>();
  const lists = new Map<string, readonly unknown[]>();

  const scopeFor = (step: WorkflowStep, item: number, record: RunRecord): Scope => {
    const scope = scopeOf(knowledge, record, step.needs);
    if (!step.each) return scope;
    const list = lists.get(step.spec.id) ?? itemsOf(step, scope, MOST_ITEMS);
    lists.set(step.spec.id, list);
    return { ...scope, item: list[item], index: item };
  };

  const perform = async (
    running: RunningTask,
    record: RunRecord,
    signal: AbortSignal,
  ): Promise<Outcome | undefined> => {
    const step = stepOf(knowledge.workflow, running.task.step);
    const { spec } = step;
    const scope = scopeFor(step, running.task.item, record);
    const actor = actorOf(ref, record, spec.id);
    if (spec.kind === "operation") {
      return performOperation({ ...step, spec }, scope, actor, { operations, rights, signal, limitMs });
    }
    if (spec.kind === "suspend" || running.execution === undefined) throw new Error(`${spec.id} has nothing to do`);
    if (running.attempt > 1) await sleep(retriesOf(spec).waitSeconds * 1000, undefined, { signal });
    return begin({ ...step, spec }, scope, { ref, record, number: running.execution, actor, rights, executions });
  };

  /** Asking for it twice makes one execution, so a store that is away for a moment is waited for. */
  const begin = (
    step: WorkflowStep & { readonly spec: SkillStep },
    scope: Scope,
    around: Parameters<typeof startSkill>[2],
  ): Promise<Outcome | undefined> =>
    persist(async () => {
      const outcome = await startSkill(step, scope, around);
      if (outcome?.status === "failed" && outcome.error.code === "STORE_UNAVAILABLE")
        throw new AppError(outcome.error.code, outcome.error.message);
      if (!outcome) hands.started.add(around.number);
      return outcome;
    });

  const start = (running: RunningTask, key: string, record: RunRecord): void => {
    const { task, attempt } = running;
    const { spec } = stepOf(knowledge.workflow, task.step);
    const abort = new AbortController();
    const held: Held = {
      abort,
      repeatable: spec.kind === "operation" && isRepeatable(operations, spec satisfies OperationStep),
      isSkill: spec.kind === "skill",
      settled: Promise.resolve(),
      untouched: false,
    };
    active.set(key, held);
    held.settled = perform(running, record, abort.signal)
      .catch((thrown: unknown): Outcome => failureOf(toAppError(thrown)))
      .then((outcome) => {
        if (active.get(key) !== held) return;
        active.delete(key);
        if (outcome) hands.done.push({ task, attempt, outcome: held.untouched ? { status: "untouched" } : outcome });
        stir();
      });
  };

  const hands: Hands = {
    done: [],
    started: new Set(),
    take(record) {
      const running = new Map(runningTasks(record).map((task) => [taskKey(task.task), task]));
      for (const [key, held] of active) if (!running.has(key)) letGo(key, held);
      for (const [key, task] of running) {
        const begun = active.has(key) || (task.execution !== undefined && hands.started.has(task.execution));
        const over = hands.done.some((result) => taskKey(result.task) === key && result.attempt === task.attempt);
        if (!begun && !over) start(task, key, record);
      }
    },
    isIdle(record, waiting) {
      const running = runningTasks(record);
      const isOurs = ({ task }: RunningTask) => active.has(taskKey(task));
      return running.every((task) => !isOurs(task) && task.execution !== undefined && waiting.has(task.execution));
    },
    async finish(ms) {
      for (const [key, held] of active) {
        if (held.isSkill) letGo(key, held);
        else if (held.repeatable) {
          held.untouched = true;
          held.abort.abort();
        }
      }
      const patience = new AbortController();
      const late = sleep(ms, undefined, { signal: patience.signal }).catch(() => undefined);
      await Promise.race([Promise.all([...active.values()].map(({ settled }) => settled)), late]);
      patience.abort();
    },
    drop() {
      for (const [key, held] of active) letGo(key, held);
    },
  };

  const letGo = (key: string, held: Held): void => {
    active.delete(key);
    held.abort.abort();
  };
  return hands;
}
