import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../../core/errors.js";
import { formatId } from "../../core/ids.js";
import type { Stored } from "../../store/port.js";
import type { Executions } from "../executions/executions.js";
import type { Keys } from "../keys/keys.js";
import { createHands } from "./hands.js";
import { moveOn } from "./moving.js";
import { type CheckRights, isRepeatable, LeftOff, type Operations } from "./perform.js";
import type { RunLedger } from "./run-ledger.js";
import { FINAL_RUN_STATES, type RunRecord, type RunRef, stepsIn } from "./run-record.js";
import { skillOutcome } from "./skill-step.js";
import { type Result, runningTasks } from "./task.js";
import { createTeller } from "./teller.js";
import { stepOf, type Workflow } from "./workflow.js";

export interface DriveOptions {
  readonly ledger: RunLedger;
  readonly executions: Executions;
  readonly keys: Keys;
  readonly operations: Operations;
  /** The workflow of a stored definition, read once. */
  readonly workflowOf: (definition: Workflow["definition"]) => Workflow;
  /** Milliseconds that an operation may take. */
  readonly limitMs: number;
  readonly now: () => number;
}

/** A run that this process works on. */
export interface Drive {
  /** Works until nothing is left that this job could do; rejects with the signal's reason where it is to be handed back. */
  readonly done: Promise<void>;
  /** Has it look whether there is something new. */
  stir(): void;
}

const LOOK_EVERY_MS = 2000;
const STORE_RETRY_MS = 500;
/** What is left of the time that a closing queue waits. */
const FINISH_MS = 4000;

const STOPPED =
  "The server stopped while this step ran, and nobody knows whether it took effect; look, and start the workflow again where it did not.";

type Found = Stored<RunRecord>;

/** Works on a run as one of its jobs, unless another job does. */
export function startDrive(options: DriveOptions, ref: RunRef, job: string, interrupted: AbortSignal): Drive {
  const { ledger, executions, keys, operations, workflowOf, limitMs, now } = options;
  const nonce = randomUUID();
  const teller = createTeller((record) => ledger.tell(ref, record));
  /** Whether a task of this process has ended, and whether the run may be another than it was read as. */
  let news = false;
  let stale = false;
  let wake: () => void = () => undefined;
  const hear = () => {
    news = true;
    wake();
  };
  const stir = () => {
    stale = true;
    wake();
  };

  /** Tries until the store is back, or another process may have the run. */
  const persist = async <T>(work: () => Promise<T>): Promise<T> => {
    for (;;) {
      if (interrupted.aborted) throw new LeftOff();
      try {
        return await work();
      } catch (thrown) {
        if (!(thrown instanceof AppError && thrown.code === "STORE_UNAVAILABLE")) throw thrown;
        await sleep(STORE_RETRY_MS, undefined, { signal: interrupted }).catch(() => undefined);
      }
    }
  };

  const rights: CheckRights = async (actor) => {
    const scopes = await persist(() => keys.scopesLeft(actor));
    if (scopes) return { ...actor, scopes };
    throw new AppError("KEY_REVOKED", "The key that started this run was revoked or has expired, so the run stopped.");
  };

  /** Becomes the one job that works on the run; undefined where another is, which is told that there is news. */
  const claim = async (): Promise<{ found: Found; takenOver: boolean } | undefined> => {
    for (;;) {
      const found = await persist(() => ledger.records.find(ref.workspace, ref.number));
      if (!found) return undefined;
      const { value } = found;
      if (FINAL_RUN_STATES.has(value.status)) {
        await persist(() => cancelExecutions(executions, ref, value));
        return undefined;
      }
      const other = value.driver && value.driver.job !== job;
      const record: RunRecord = other
        ? { ...value, wakes: value.wakes + 1 }
        : { ...value, status: "running", startedAt: value.startedAt ?? now(), driver: { job, nonce } };
      if (!(await persist(() => ledger.replace(ref, found, record, [])))) continue;
      if (other) return undefined;
      return { found: { ...found, value: record, version: found.version + 1 }, takenOver: value.driver !== undefined };
    }
  };

  const work = async (): Promise<void> => {
    const { definition, inputData } = await persist(() => ledger.input(ref));
    const workflow = workflowOf(definition);
    const claimed = await claim();
    if (!claimed) return;
    let current: Found | undefined = claimed.found;
    let seen = current.version;
    teller.tell(current.value);
    const values = await persist(() => ledger.values(ref));
    const knowledge = { workflow, inputData, values };
    const hands = createHands({ ref, knowledge, operations, executions, rights, limitMs, persist, stir: hear });
    if (claimed.takenOver) hands.done.push(...leftBehind(current.value, workflow, operations));
    let numbers: number[] = [];
    try {
      for (;;) {
        if (interrupted.aborted) throw new LeftOff();
        news = false;
        if (stale) current = undefined;
        stale = false;
        current ??= await persist(() => ledger.records.find(ref.workspace, ref.number));
        if (current?.value.driver?.nonce !== nonce) {
          if (current && FINAL_RUN_STATES.has(current.value.status))
            await persist(() => cancelExecutions(executions, ref, current?.value));
          return;
        }
        if (current.version !== seen) {
          // Somebody went on with a suspended step, or what was kept before the store went away is kept after all.
          for (const [key, value] of await persist(() => ledger.values(ref))) values.set(key, value);
        }
        const before: Found = current;
        seen = before.version;
        const looked = await look(before.value, workflow, hands.started);
        const results = [...hands.done, ...looked.results];
        const move = moveOn(before.value, knowledge, results, { numbers, now: now() });
        if (move.wanting > 0) {
          for (let count = 0; count < move.wanting; count += 1) numbers.push(await persist(() => executions.reserve()));
          continue;
        }
        const isOver = FINAL_RUN_STATES.has(move.record.status);
        const released = !isOver && hands.isIdle(move.record, looked.waiting);
        const next = released ? release(move.record) : move.record;
        if (next !== before.value) {
          if (!(await persist(() => ledger.replace(ref, before, next, move.values)))) {
            current = undefined;
            continue;
          }
          seen = before.version + 1;
          current = { ...before, value: next, version: seen };
          for (const { key, value } of move.values) values.set(key, value);
          teller.tell(next);
        }
        hands.done = hands.done.filter((result) => !results.includes(result));
        numbers = numbers.filter((number) => !numbersIn(next).has(number));
        if (isOver) await persist(() => cancelExecutions(executions, ref, next));
        if (isOver || released) return;
        hands.take(next);
        if (hands.done.length === 0 && !news) await pause();
      }
    } catch (thrown) {
      if (interrupted.aborted) await leaveInOrder(current, hands, knowledge);
      throw thrown;
    } finally {
      hands.drop();
      await teller.done();
    }
  };

  /** Waits for news; after a while it is looked for in the store. */
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const goOn = () => {
        clearTimeout(timer);
        interrupted.removeEventListener("abort", goOn);
        wake = () => undefined;
        resolve();
      };
      const timer = setTimeout(() => {
        stale = true;
        goOn();
      }, LOOK_EVERY_MS);
      interrupted.addEventListener("abort", goOn);
      wake = goOn;
      if (news || stale || interrupted.aborted) goOn();
    });

  /** How the executions stand that the run waits for. */
  const look = async (record: RunRecord, workflow: Workflow, started: Set<number>) => {
    const results: Result[] = [];
    const waiting = new Set<number>();
    for (const { task, attempt, execution } of runningTasks(record)) {
      if (execution === undefined || stepOf(workflow, task.step).spec.kind !== "skill") continue;
      const place = { workspace: ref.workspace, number: execution };
      const found = await persist(() => executions.find(place));
      if (!found) continue;
      started.add(execution);
      const outcome = await persist(() => skillOutcome(executions, place, found));
      if (outcome) results.push({ task, attempt, outcome });
      else waiting.add(execution);
    }
    return { results, waiting };
  };

  /** Keeps what is done, stops what may be stopped, and waits a moment for the rest. */
  const leaveInOrder = async (
    current: Found | undefined,
    hands: ReturnType<typeof createHands>,
    knowledge: Parameters<typeof moveOn>[1],
  ): Promise<void> => {
    await hands.finish(FINISH_MS);
    const found = current ?? (await ledger.records.find(ref.workspace, ref.number).catch(() => undefined));
    if (found?.value.driver?.nonce !== nonce || hands.done.length === 0) return;
    const move = moveOn(found.value, knowledge, hands.done, { numbers: [], now: now(), begins: false });
    // Where that cannot be kept, whoever takes the run up finds out what is left of it.
    await ledger.replace(ref, found, move.record, move.values).catch(() => false);
  };

  return { done: work(), stir };
}

/** A run that nobody has to work on until somebody or something goes on with it. */
function release(record: RunRecord): RunRecord {
  const { driver, ...rest } = record;
  return { ...rest, status: stepsIn(record, "running").length > 0 ? "running" : "paused" };
}

function numbersIn(record: RunRecord): ReadonlySet<number> {
  return new Set(Object.values(record.steps).flatMap(({ tasks }) => tasks.flatMap(({ execution }) => execution ?? [])));
}

/** What becomes of tasks that were under way in a process that is gone: begun anew, once, where that does no harm. */
function leftBehind(record: RunRecord, workflow: Workflow, operations: Operations): Result[] {
  return runningTasks(record).flatMap(({ task, attempt, restarted }): Result[] => {
    const { spec } = stepOf(workflow, task.step);
    if (spec.kind !== "operation") return [];
    if (isRepeatable(operations, spec) && !restarted)
      return [{ task, attempt, outcome: { status: "untouched", restarted: true } }];
    return [{ task, attempt, outcome: { status: "failed", error: { code: "INTERNAL", message: STOPPED } } }];
  });
}

/** Cancels what still runs of a run that is over. */
export async function cancelExecutions(executions: Executions, ref: RunRef, record?: RunRecord): Promise<void> {
  for (const { tasks } of Object.values(record?.steps ?? {})) {
    for (const { status, execution } of tasks) {
      if (status !== "cancelled" || execution === undefined) continue;
      await executions.cancel(ref.workspace, formatId("execution", execution)).catch((thrown: unknown) => {
        const over = thrown instanceof AppError && ["EXECUTION_FINISHED", "NOT_FOUND"].includes(thrown.code);
        if (!over) throw thrown;
      });
    }
  }
}
