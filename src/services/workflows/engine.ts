import type { Store } from "../../store/port.js";
import type { Executions } from "../executions/executions.js";
import type { Keys } from "../keys/keys.js";
import type { Definition } from "./definition.js";
import { cancelExecutions, type Drive, startDrive } from "./drive.js";
import { over } from "./moving.js";
import type { Operations } from "./perform.js";
import type { RunLedger } from "./run-ledger.js";
import { FINAL_RUN_STATES, type RunRef, runOf } from "./run-record.js";
import { compileWorkflow, type Workflow } from "./workflow.js";

/** What makes a queue's jobs into runs that went on as far as they could. */
export interface Engine {
  run(job: string, interrupted: AbortSignal): Promise<void>;
  abandoned(job: string): Promise<void>;
  /** Hears of what happens to its runs elsewhere, until the store closes. */
  listen(): Promise<void>;
}

/** Where whoever works on a run hears that there is something new; messages are {@link runChannelKey}s. */
export const RUN_CHANNEL = "workflow-run";

export const runChannelKey = ({ workspace, number }: RunRef): string => `${workspace}.${number}`;

/** Definitions of runs that are kept ready; runs of the same workflow share one. */
const KEPT = 200;

/** The engine of workflows: each job works on one run until nothing is left that it could do. */
export function createEngine(options: {
  store: Store;
  ledger: RunLedger;
  executions: Executions;
  keys: Keys;
  operations: Operations;
  /** Milliseconds that an operation may take. */
  limitMs: number;
  now: () => number;
}): Engine {
  const { store, ledger, executions, now } = options;
  const drives = new Map<string, Set<Drive>>();
  const workflowOf = keptWorkflows();

  return {
    async run(job, interrupted) {
      const ref = runOf(job);
      const key = runChannelKey(ref);
      const drive = startDrive({ ...options, workflowOf }, ref, job, interrupted);
      const here = drives.get(key) ?? new Set();
      drives.set(key, here.add(drive));
      try {
        await drive.done;
      } finally {
        here.delete(drive);
        if (here.size === 0) drives.delete(key);
      }
    },

    async abandoned(job) {
      const ref = runOf(job);
      if (!(await ledger.records.find(ref.workspace, ref.number))) return;
      const { value } = await ledger.change(ref, (record) => {
        if (FINAL_RUN_STATES.has(record.status)) return undefined;
        if (record.driver && record.driver.job !== job) return { record: { ...record, wakes: record.wakes + 1 } };
        return { record: { ...over(record, "failed", now()), error: { code: "INTERNAL", message: ABANDONED } } };
      });
      if (!FINAL_RUN_STATES.has(value.status)) return;
      await cancelExecutions(executions, ref, value);
      await ledger.tell(ref, value);
    },

    async listen() {
      await store.subscribe(RUN_CHANNEL, (message) => {
        for (const drive of drives.get(String(message)) ?? []) drive.stir();
      });
    },
  };
}

const ABANDONED =
  "The server stopped or failed twice while this run was under way, and does not try again; start the workflow anew.";

/** Reads a stored definition once; runs of one workflow have one until its file changes. */
export function keptWorkflows(): (definition: Definition) => Workflow {
  const kept = new Map<string, Workflow>();
  return (definition) => {
    const key = JSON.stringify(definition);
    const known = kept.get(key);
    if (known) return known;
    const workflow = compileWorkflow(definition);
    if (!("digest" in workflow))
      throw new Error(`the definition of ${definition.id} that a run began with cannot be read any more`);
    const [oldest] = kept.keys();
    if (kept.size >= KEPT && oldest !== undefined) kept.delete(oldest);
    kept.set(key, workflow);
    return workflow;
  };
}
