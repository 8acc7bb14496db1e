import { allows } from "../../core/caller.js";
import { formatId } from "../../core/ids.js";
import type { RunView, StepView, WorkflowView } from "../../core/shapes/workflow.js";
import { visible } from "../../core/visible.js";
import type { Executions } from "../executions/executions.js";
import { BadExpression } from "./expression.js";
import { OUTPUT_KEY } from "./run-ledger.js";
import { iso, type RunRecord, type RunRef, type StepRecord, summaryOf } from "./run-record.js";
import { type Knowledge, outputOf, scopeOf } from "./task.js";
import type { Workflow, WorkflowStep } from "./workflow.js";

/** Who looks at a run. */
export interface Viewer {
  readonly workspace: number;
  readonly scopes: ReadonlySet<string>;
}

/** A workflow as a list shows it. */
export function workflowView({ definition, steps }: Workflow): WorkflowView {
  const { id, title, description, inputSchema } = definition;
  return {
    id,
    title,
    ...(description !== undefined && { description }),
    inputSchema: { ...inputSchema },
    steps: [...steps.values()].map(({ spec, needs }) => ({
      id: spec.id,
      ...(spec.title !== undefined && { title: spec.title }),
      kind: spec.kind,
      uses: spec.kind === "operation" ? spec.operation : spec.kind === "skill" ? spec.skill : spec.suspend.by,
      after: [...needs],
    })),
  };
}

/** The scopes that a viewer lacks to see what came of these steps. */
export function lackingFor(viewer: Viewer, record: RunRecord, steps: Iterable<string>): string[] {
  const needed = [...steps].flatMap((id) => record.steps[id]?.scopes ?? []);
  return [...new Set(needed)].filter((scope) => !allows(viewer.scopes, scope));
}

/** Most that a form shows above its fields, in characters. */
const MESSAGE_LIMIT = 8000;

/** What is shown of a suspended step to whoever goes on with it. */
export function messageOf(knowledge: Knowledge, record: RunRecord, step: WorkflowStep): string {
  try {
    const message = step.values.resolve(scopeOf(knowledge, record, step.needs));
    const text = visible(typeof message === "string" ? message : JSON.stringify(message));
    return text.length > MESSAGE_LIMIT ? `${text.slice(0, MESSAGE_LIMIT)}\n(cut here)` : text;
  } catch (thrown) {
    if (thrown instanceof BadExpression) return step.spec.title ?? step.spec.id;
    throw thrown;
  }
}

/** A run with its steps, as far as the viewer may see what came of them. */
export async function runViewOf(
  viewer: Viewer,
  ref: RunRef,
  record: RunRecord,
  knowledge: Knowledge,
  executions: Executions,
): Promise<RunView> {
  const { workflow, values } = knowledge;
  const { waiting_for, ...summary } = summaryOf(record, ref.number);
  const steps: StepView[] = [];
  for (const [id, step] of workflow.steps) {
    const state = record.steps[id];
    if (state) steps.push(await stepView(viewer, ref, record, knowledge, executions, { id, step, state }));
  }
  const seesAll = lackingFor(viewer, record, workflow.steps.keys()).length === 0;
  return { ...summary, steps, ...(seesAll && values.has(OUTPUT_KEY) && { output: values.get(OUTPUT_KEY) }) };
}

async function stepView(
  viewer: Viewer,
  ref: RunRef,
  record: RunRecord,
  knowledge: Knowledge,
  executions: Executions,
  { id, step, state }: { readonly id: string; readonly step: WorkflowStep; readonly state: StepRecord },
): Promise<StepView> {
  const { spec } = step;
  const { startedAt, finishedAt, status, tasks, error } = state;
  const lacking = lackingFor(viewer, record, step.origins);
  const numbers = tasks.flatMap(({ execution }) => execution ?? []);
  const handedOut = status === "running" ? await handedOutOf(viewer, ref, numbers, executions) : [];
  const output = status === "completed" ? outputOf(step, tasks, knowledge.values) : undefined;
  return {
    id,
    ...(spec.title !== undefined && { title: spec.title }),
    kind: spec.kind,
    status,
    ...(startedAt !== undefined && { started_at: iso(startedAt) }),
    ...(finishedAt !== undefined && { finished_at: iso(finishedAt) }),
    ...(error && { error: { ...error } }),
    ...(step.each && tasks.length > 0 && { items: tasks.map((task) => task.status) }),
    ...(numbers.length > 0 && { executions: numbers.map((number) => formatId("execution", number)) }),
    ...(lacking.length > 0 && { withheld: lacking.join(", ") }),
    ...(lacking.length === 0 && output !== undefined && { output }),
    ...(lacking.length === 0 && handedOut.length > 0 && { handed_out: handedOut }),
    ...(spec.kind === "suspend" && { by: spec.suspend.by, resumeSchema: { ...spec.suspend.resumeSchema } }),
    ...(status === "suspended" && lacking.length === 0 && { message: messageOf(knowledge, record, step) }),
  };
}

async function handedOutOf(viewer: Viewer, ref: RunRef, numbers: readonly number[], executions: Executions) {
  const found: NonNullable<StepView["handed_out"]> = [];
  for (const number of numbers) {
    const handed = await executions.handedOut(
      { workspace: ref.workspace, number },
      allows(viewer.scopes, "memory:read"),
    );
    if (handed) found.push({ execution_id: formatId("execution", number), ...handed });
  }
  return found;
}
