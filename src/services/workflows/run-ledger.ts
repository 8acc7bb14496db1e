import { AppError } from "../../core/errors.js";
import { formatId } from "../../core/ids.js";
import { untilCommitted } from "../../store/atomic.js";
import type { Change, Store, Stored } from "../../store/port.js";
import { walk } from "../../store/walk.js";
import type { Events } from "../events.js";
import { commitFresh, numberedRecords, type NumberedRecords } from "../records.js";
import { type RunInput, type RunRecord, type RunRef, runTags } from "./run-record.js";

/** What a step, or the whole run, gave: kept apart from the run's state, which is written at every step. */
export interface RunValue {
  /** {@link valueKey} of the step and the item. */
  readonly key: string;
  readonly value: unknown;
}

/** What a run is to become. */
export interface RunChange {
  readonly record: RunRecord;
  readonly values?: readonly RunValue[];
  readonly more?: readonly Change[];
}

/** Where runs are kept. */
export interface RunLedger {
  readonly records: NumberedRecords<RunRecord>;
  create(ref: RunRef, record: RunRecord, input: RunInput, more: readonly Change[]): Promise<void>;
  input(ref: RunRef): Promise<RunInput>;
  /** All values by their keys. */
  values(ref: RunRef): Promise<Map<string, unknown>>;
  /** Replaces the record where it is still as it was read, with what is new beside it; answers whether it did. */
  replace(
    ref: RunRef,
    found: Stored<RunRecord>,
    record: RunRecord,
    values: readonly RunValue[],
    more?: readonly Change[],
  ): Promise<boolean>;
  /**
   * Changes a run as it is at that moment, and answers what it is then; undefined from `next` leaves it as it is.
   * Throws what `next` throws, and `NOT_FOUND`.
   */
  change(ref: RunRef, next: (record: RunRecord) => RunChange | undefined): Promise<Stored<RunRecord>>;
  /** Tells the workspace's listeners how a run stands. */
  tell(ref: RunRef, record: RunRecord): Promise<void>;
}

/** The key of what a step gave, for one item of its list where it has one. */
export const valueKey = (step: string, item?: number): string => (item === undefined ? step : `${step}.${item}`);

/** The key of what the whole run gives; no step can be called that. */
export const OUTPUT_KEY = "=output";

const PAGE = 200;

/** A ledger over a store. */
export function createRunLedger(store: Store, events: Events): RunLedger {
  const records = numberedRecords<RunRecord>(store, {
    kind: "run",
    called: "workflow run",
    lister: "list-workflow-runs",
    tags: runTags,
  });
  const inputs = (workspace: number) => `run-input:${workspace}`;
  const valuesOf = ({ workspace, number }: RunRef) => `run-values:${workspace}:${number}`;
  const inserts = (ref: RunRef, values: readonly RunValue[]): Change[] =>
    values.map(({ key, value }) => ({
      kind: "insert",
      collection: valuesOf(ref),
      id: key,
      value: { value },
      order: key,
    }));

  const ledger: RunLedger = {
    records,
    create: ({ workspace, number }, record, input, more) =>
      commitFresh(store, [
        records.insert(workspace, number, record),
        { kind: "insert", collection: inputs(workspace), id: String(number), value: input },
        ...more,
      ]),
    async input({ workspace, number }) {
      const found = await store.get<RunInput>(inputs(workspace), String(number));
      if (!found) throw new AppError("NOT_FOUND", "What this run began with is gone; start the workflow anew.");
      return found.value;
    },
    async values(ref) {
      const found = new Map<string, unknown>();
      for await (const { id, value } of walk<{ value: unknown }>(store, valuesOf(ref), { limit: PAGE })) {
        found.set(id, value.value);
      }
      return found;
    },
    replace(ref, found, record, values, more = []) {
      const { tags, ...replacing } = records.replace(ref.workspace, found, record);
      // What lists go by changes seldom, and the run at every step.
      const relabelled = tags && record.status !== found.value.status;
      const replaced = { ...replacing, ...(relabelled && { tags }) };
      return store.commit([replaced, ...inserts(ref, values), ...more]);
    },
    change: (ref, next) =>
      untilCommitted(async () => {
        const found = await records.find(ref.workspace, ref.number);
        if (!found) throw new AppError("NOT_FOUND", "This run was deleted meanwhile.");
        const change = next(found.value);
        if (!change) return { result: found };
        const { record, values = [], more = [] } = change;
        const held = await ledger.replace(ref, found, record, values, more);
        return held ? { result: { ...found, value: record, version: found.version + 1 } } : undefined;
      }),
    tell: ({ workspace, number }, record) =>
      events.publish(workspace, {
        type: "workflow-state",
        source: record.interface,
        data: {
          runId: formatId("run", number),
          workflow_id: record.workflow,
          status: record.status,
          steps: Object.entries(record.steps).map(([id, { status }]) => ({ id, status })),
        },
      }),
  };
  return ledger;
}
