import type { Caller, Face } from "../../core/caller.js";
import type { ErrorCode } from "../../core/errors.js";
import { formatId } from "../../core/ids.js";
import type { RunState, RunSummary, StepState } from "../../core/shapes/workflow.js";
import type { Definition } from "./definition.js";

/** One run's place: its workspace's number and its own. */
export interface RunRef {
  readonly workspace: number;
  readonly number: number;
}

/** Who started a run, with the rights that its steps have: no more than these, whoever goes on with it. */
export interface Starter {
  readonly kind: Caller["kind"];
  readonly face: Face;
  readonly person: number;
  readonly key?: number;
  readonly keyPrefix?: string;
  readonly clerkAccount?: string;
  readonly scopes: readonly string[];
  /** What the starter's connection was narrowed to. */
  readonly surface?: { readonly toolsets?: readonly string[]; readonly readOnly: boolean };
}

export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
}

/** What a step does for one item of its list; a step without one has one task. */
export interface Task {
  readonly status: "pending" | "running" | "completed" | "failed" | "cancelled";
  /** The skill's execution. */
  readonly execution?: number;
  /** How often it was begun. */
  readonly attempts: number;
  /** Whether it was begun anew because the server had stopped in the middle. */
  readonly restarted?: true;
  readonly error?: Failure;
}

export interface StepRecord {
  readonly status: StepState;
  readonly tasks: readonly Task[];
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly error?: Failure;
  /** What a key must be allowed to see what the step's operation answered. */
  readonly scopes?: readonly string[];
  /** Who went on with a suspended step. */
  readonly resumedBy?: { readonly person: number; readonly how: "person" | "agent" };
}

export interface RunRecord {
  readonly workflow: string;
  readonly title: string;
  readonly status: RunState;
  /** Which surface asked for it: `api` or `mcp`. */
  readonly interface: string;
  readonly starter: Starter;
  readonly steps: Readonly<Record<string, StepRecord>>;
  /** The job that works on it now; its nonce changes with every process that takes it up. */
  readonly driver?: { readonly job: string; readonly nonce: string };
  /** How many jobs were made for it. */
  readonly jobs: number;
  /** How often its driver was told that there may be something new. */
  readonly wakes: number;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly error?: Failure & { readonly step?: string };
}

/** What a run began with; kept apart from its state because it is large and never changes. */
export interface RunInput {
  readonly definition: Definition;
  readonly inputData: unknown;
}

/** Run states that nothing leaves. */
export const FINAL_RUN_STATES: ReadonlySet<RunState> = new Set(["completed", "failed", "cancelled"]);

/** Step states that nothing leaves. */
export const FINAL_STEP_STATES: ReadonlySet<StepState> = new Set(["completed", "failed", "skipped", "cancelled"]);

/** What the store's index can narrow a list by. */
export const runTags = (record: Pick<RunRecord, "status" | "workflow">): string[] => [
  `status:${record.status}`,
  `workflow:${record.workflow}`,
];

/** The ids of the steps that are in a state. */
export function stepsIn(record: RunRecord, ...states: readonly StepState[]): string[] {
  return Object.entries(record.steps).flatMap(([id, { status }]) => (states.includes(status) ? [id] : []));
}

export const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** The list's view of a record. */
export function summaryOf(record: RunRecord, number: number): RunSummary {
  const { startedAt, finishedAt, error } = record;
  return {
    id: formatId("run", number),
    workflow_id: record.workflow,
    title: record.title,
    status: record.status,
    created_at: iso(record.createdAt),
    ...(startedAt !== undefined && { started_at: iso(startedAt) }),
    ...(finishedAt !== undefined && { finished_at: iso(finishedAt) }),
    ...(error && { error: { ...error } }),
    waiting_for: stepsIn(record, "suspended"),
  };
}

/** A queue's job id for a run; the last part tells the jobs of one run apart. */
export const runJob = ({ workspace, number }: RunRef, which: string | number): string =>
  `${workspace}.${number}.${which}`;

/** The run that a job id stands for. */
export function runOf(job: string): RunRef {
  const [workspace, number] = job.split(".").map(Number);
  if (!workspace || !number) throw new Error(`no job of a run: ${job}`);
  return { workspace, number };
}
