import { AppError } from "../../core/errors.js";
import { formatId } from "../../core/ids.js";
import type { ArtifactView } from "../../core/shapes/artifact.js";
import type { OutputBlock } from "../../core/shapes/execution.js";
import { untilCommitted } from "../../store/atomic.js";
import type { Change, Store, Stored } from "../../store/port.js";
import { walk } from "../../store/walk.js";
import type { Artifacts, NewArtifact } from "../artifacts.js";
import { costOf, type Billing } from "../billing.js";
import type { Events } from "../events.js";
import { type NumberedRecords, orderOf } from "../records.js";
import { type ExecutionRecord, FINAL_STATES, statusOf } from "./record.js";

/** One execution's place: its workspace's number and its own. */
export interface ExecutionRef {
  readonly workspace: number;
  readonly number: number;
}

export type NewBlock = Omit<OutputBlock, "index">;

export interface Ending {
  readonly status: "completed" | "failed" | "cancelled";
  readonly error?: NonNullable<ExecutionRecord["error"]>;
  /** Tokens to pay for. */
  readonly tokens: number;
}

/** Blocks and files that an execution gains, and what keeps them. */
export interface Addition {
  readonly blocks: OutputBlock[];
  readonly artifacts: ArtifactView[];
  readonly changes: Change[];
}

/** What follows the end of an execution: what is committed with it, and what is done once it is. */
export interface Sequel {
  readonly changes: readonly Change[];
  after(): Promise<void>;
}

const NOTHING: Addition = { blocks: [], artifacts: [], changes: [] };

/** What is written while an execution runs. Every method is safe against a second process running the same one. */
export interface Journal {
  blocks(ref: ExecutionRef, after?: number): Promise<OutputBlock[]>;
  /** From `queued` or `running` to `running`; undefined when there is nothing left to run. */
  begin(ref: ExecutionRef): Promise<ExecutionRecord | undefined>;
  /**
   * Adds a block, its file as an artifact. `taken` when another process has that place. `ended` when the execution
   * is over: the block is then kept only if it was cancelled, as the last of what the run had produced.
   */
  append(ref: ExecutionRef, index: number, block: NewBlock, file?: NewArtifact): Promise<"kept" | "taken" | "ended">;
  /** What appends several blocks and files at once, to be committed with something else. */
  appending(
    ref: ExecutionRef,
    index: number,
    output: readonly { block: NewBlock; file?: NewArtifact }[],
  ): Promise<Addition>;
  /**
   * Ends an execution and debits it, once, its last output with it. Answers the record as it is then, and whether
   * this call was the one that ended it.
   */
  end(
    ref: ExecutionRef,
    ending: Ending,
    last?: Addition,
  ): Promise<{ readonly record: ExecutionRecord; readonly ended: boolean }>;
  /** Debits what a cancelled run had used up to then. */
  settle(ref: ExecutionRef, tokens: number): Promise<void>;
  /** Tells the workspace's listeners how an execution stands, and what it gained. */
  tell(ref: ExecutionRef, record: ExecutionRecord, addition?: Addition): Promise<void>;
}

const PAGE = 200;

export function createJournal(options: {
  store: Store;
  records: NumberedRecords<ExecutionRecord>;
  artifacts: Artifacts;
  billing: Billing;
  events: Events;
  /** What follows the end of this execution, where something waits for it. */
  sequel?: (ref: ExecutionRef, record: ExecutionRecord) => Sequel | undefined;
  now: () => number;
}): Journal {
  const { store, records, artifacts, billing, events, sequel, now } = options;
  const blocksOf = ({ workspace, number }: ExecutionRef) => `blocks:${workspace}:${number}`;

  const journal: Journal = {
    async blocks(ref, after) {
      const found: OutputBlock[] = [];
      const course = {
        limit: PAGE,
        ...(after !== undefined && { after: orderOf(after) }),
        orderOf: ({ id }: Stored<OutputBlock>) => orderOf(Number(id)),
      };
      for await (const { value } of walk<OutputBlock>(store, blocksOf(ref), course)) found.push(value);
      return found;
    },

    begin: (ref) =>
      untilCommitted(async () => {
        const found = await records.find(ref.workspace, ref.number);
        if (!found || (found.value.status !== "queued" && found.value.status !== "running"))
          return { result: undefined };
        const value: ExecutionRecord = { ...found.value, status: "running", startedAt: found.value.startedAt ?? now() };
        const held = await store.commit([records.replace(ref.workspace, found, value)]);
        return held ? { result: value } : undefined;
      }),

    async append(ref, index, block, file) {
      const before = await records.find(ref.workspace, ref.number);
      if (!before || (FINAL_STATES.has(before.value.status) && before.value.status !== "cancelled")) return "ended";
      const addition = await journal.appending(ref, index, [{ block, ...(file && { file }) }]);
      if (!(await store.commit(addition.changes))) return "taken";
      const record = await records.find(ref.workspace, ref.number);
      if (record) await journal.tell(ref, record.value, addition);
      return record && !FINAL_STATES.has(record.value.status) ? "kept" : "ended";
    },

    async appending(ref, index, output) {
      const blocks: OutputBlock[] = [];
      const made: ArtifactView[] = [];
      const changes: Change[] = [];
      for (const { block, file } of output) {
        const creation = file && (await artifacts.creation(ref.workspace, ref.number, file));
        if (creation) {
          made.push(creation.artifact);
          changes.push(...creation.changes);
        }
        const place = index + blocks.length;
        const whole: OutputBlock = {
          index: place,
          ...block,
          ...(creation && { artifact_id: creation.artifact.id, name: creation.artifact.name }),
        };
        blocks.push(whole);
        changes.push({
          kind: "insert",
          collection: blocksOf(ref),
          id: String(place),
          value: whole,
          order: orderOf(place),
        });
      }
      return { blocks, artifacts: made, changes };
    },

    async end(ref, ending, last = NOTHING) {
      const outcome = await untilCommitted(async () => {
        const found = await records.find(ref.workspace, ref.number);
        if (!found) throw new AppError("NOT_FOUND", "This execution was deleted meanwhile.");
        const cost = costFor(found.value, ending.tokens);
        if (FINAL_STATES.has(found.value.status))
          return { result: { record: found.value, ended: false, next: undefined } };
        const value: ExecutionRecord = {
          ...found.value,
          status: ending.status,
          cost,
          finishedAt: now(),
          ...(ending.error && { error: ending.error }),
        };
        const debit = await billing.debitChanges(ref.workspace, ref.number, cost);
        const next = sequel?.(ref, value);
        const changes = [records.replace(ref.workspace, found, value), ...debit, ...last.changes];
        const held = await store.commit([...changes, ...(next?.changes ?? [])]);
        return held ? { result: { record: value, ended: true, next } } : undefined;
      });
      if (outcome.ended) await journal.tell(ref, outcome.record, last);
      await outcome.next?.after();
      return outcome;
    },

    async settle(ref, tokens) {
      await untilCommitted(async () => {
        const found = await records.find(ref.workspace, ref.number);
        if (!found || found.value.status !== "cancelled" || found.value.cost > 0) return { result: undefined };
        const cost = costFor(found.value, tokens);
        if (cost === 0) return { result: undefined };
        const debit = await billing.debitChanges(ref.workspace, ref.number, cost);
        const held = await store.commit([records.replace(ref.workspace, found, { ...found.value, cost }), ...debit]);
        return held ? { result: undefined } : undefined;
      });
    },

    async tell({ workspace, number }, record, { blocks, artifacts: made } = NOTHING) {
      for (const artifact of made) {
        await events.publish(workspace, { type: "artifact-created", source: record.interface, data: { ...artifact } });
      }
      const { id, ...status } = statusOf(record, number, blocks, now());
      await events.publish(workspace, {
        type: "execution-state",
        source: record.interface,
        data: { executionId: id, ...status },
      });
    },
  };
  return journal;
}

/** What the server's model has cost; the workspace's own key is paid elsewhere. */
const costFor = ({ ownKey }: ExecutionRecord, tokens: number): number => (ownKey ? 0 : costOf(tokens));

/** A queue's job id for an execution, and back. */
export const jobId = ({ workspace, number }: ExecutionRef): string => `${workspace}.${number}`;

/** The execution a job id stands for. */
export function refOf(job: string): ExecutionRef {
  const [workspace, number] = job.split(".").map(Number);
  if (!workspace || !number) throw new Error(`no job id: ${job}`);
  return { workspace, number };
}

/** The sentence of a finished execution that something was asked of. */
export function finished(number: number, status: string): AppError {
  return new AppError(
    "EXECUTION_FINISHED",
    `${formatId("execution", number)} is ${status} already; rerun-execution starts it again.`,
  );
}
