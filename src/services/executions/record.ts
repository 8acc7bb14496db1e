import type { ErrorCode } from "../../core/errors.js";
import { formatId } from "../../core/ids.js";
import type {
  Attachment,
  ExecutionState,
  ExecutionStatus,
  ExecutionView,
  OutputBlock,
} from "../../core/shapes/execution.js";

/** States that nothing leaves. */
export const FINAL_STATES: ReadonlySet<ExecutionState> = new Set(["completed", "failed", "cancelled"]);

/** What may be worked on besides the input. */
export interface ConnectorChoice {
  readonly type: "github" | "remote";
  readonly fields: Readonly<Record<string, string>>;
}

/** What an execution was asked to do; kept apart from its state because it is large and never changes. */
export interface ExecutionInput {
  readonly input: string;
  readonly attachments: readonly Attachment[];
  readonly connector?: ConnectorChoice;
  /** Apps that whoever started the run may read, where the connector reaches any. */
  readonly apps?: readonly string[];
}

export interface ExecutionRecord {
  readonly skill: string;
  readonly skillName: string;
  readonly status: ExecutionState;
  /** Which surface asked for it, such as `api` or `mcp`. */
  readonly interface: string;
  readonly person: number;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  /** Dollarinos. */
  readonly cost: number;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
  /** Runs on the workspace's own key, at no cost, and on nothing else. */
  readonly ownKey?: true;
  readonly rerunOf?: number;
  /** The number of the workflow's run that it is a step of. */
  readonly run?: number;
}

/** What the store's index can narrow a list by. */
export const executionTags = (record: Pick<ExecutionRecord, "status" | "skill">): string[] => [
  `status:${record.status}`,
  `skill:${record.skill}`,
];

function stateOf(record: ExecutionRecord, now: number) {
  const { status, skillName, cost, error, startedAt, finishedAt } = record;
  const executionTime = startedAt === undefined ? 0 : Math.max(0, (finishedAt ?? now) - startedAt);
  return { status, skillName, cost, executionTime, ...(error && { error: { ...error } }) };
}

/** The list's view of a record. */
export function viewOf(record: ExecutionRecord, number: number, now: number): ExecutionView {
  return {
    id: formatId("execution", number),
    skill: record.skill,
    ...stateOf(record, now),
    interface: record.interface,
    created_at: new Date(record.createdAt).toISOString(),
    ...(record.finishedAt !== undefined && { finished_at: new Date(record.finishedAt).toISOString() }),
  };
}

/** The status answer of a record with these blocks. */
export function statusOf(
  record: ExecutionRecord,
  number: number,
  outputBlocks: OutputBlock[],
  now: number,
): ExecutionStatus {
  return { id: formatId("execution", number), ...stateOf(record, now), outputBlocks };
}
