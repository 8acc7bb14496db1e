import { allows, type Caller } from "../../core/caller.js";
import { AppError, toAppError } from "../../core/errors.js";
import { formatId } from "../../core/ids.js";
import type { Executions } from "../executions/executions.js";
import type { ExecutionRef } from "../executions/journal.js";
import { type ExecutionRecord, FINAL_STATES } from "../executions/record.js";
import type { SkillStep } from "./definition.js";
import type { Scope } from "./expression.js";
import type { CheckRights } from "./perform.js";
import type { RunRecord, RunRef } from "./run-record.js";
import { expressionFailure, failureOf, type Outcome } from "./task.js";
import type { WorkflowStep } from "./workflow.js";

/** Longest text of a skill that a run keeps, in characters. */
const TEXT_LIMIT = 1_048_576;

/** Starts the execution of a step's skill under its number; answers the failure where that cannot be. */
export async function startSkill(
  step: WorkflowStep & { readonly spec: SkillStep },
  scope: Scope,
  around: {
    readonly ref: RunRef;
    readonly record: RunRecord;
    readonly number: number;
    readonly actor: Caller;
    readonly rights: CheckRights;
    readonly executions: Executions;
  },
): Promise<Outcome | undefined> {
  const { spec } = step;
  const { ref, record, number, actor, rights, executions } = around;
  let input: string;
  try {
    const value = step.values.resolve(scope);
    input = typeof value === "string" ? value : JSON.stringify(value);
  } catch (thrown) {
    return { status: "failed", error: expressionFailure(`input of the step ${spec.id}`, thrown) };
  }
  try {
    if (input === "") throw new AppError("INVALID_INPUT", `The input of the step ${spec.id} came out empty.`);
    const { scopes } = await rights(actor);
    if (!allows(scopes, "tool:execute"))
      throw new AppError("PERMISSION_REQUIRED", "The key that started this run may no longer run skills.");
    const requester = {
      workspace: ref.workspace,
      person: actor.person,
      interface: record.interface,
      agent: record.starter.face === "mcp",
      readsMemory: allows(scopes, "memory:read"),
    };
    await executions.startStep(requester, { number, run: ref.number }, spec.skill, { input, attachments: [] });
    return undefined;
  } catch (thrown) {
    const error = toAppError(thrown);
    return { ...failureOf(error), ...(error.code === "KEY_REVOKED" && { fatal: true }) };
  }
}

/** How a step's execution ended; undefined while it has not. */
export async function skillOutcome(
  executions: Executions,
  ref: ExecutionRef,
  record: ExecutionRecord,
): Promise<Outcome | undefined> {
  if (!FINAL_STATES.has(record.status)) return undefined;
  const id = formatId("execution", ref.number);
  if (record.status !== "completed") {
    const { code, message } = record.error ?? { code: "CANCELLED", message: `${id} was cancelled.` };
    return failureOf(new AppError(code, message));
  }
  const { outputBlocks } = await executions.status(ref.workspace, id);
  const text = outputBlocks.flatMap((block) => (block.type === "text" ? [block.text ?? ""] : [])).join("");
  if (text.length > TEXT_LIMIT) {
    const message = `The text of ${id} is longer than the ${TEXT_LIMIT} characters that a step keeps.`;
    return failureOf(new AppError("PAYLOAD_TOO_LARGE", message));
  }
  const artifacts = outputBlocks.flatMap(({ artifact_id: file, name }) =>
    file === undefined ? [] : [{ id: file, name: name ?? "" }],
  );
  return { status: "completed", output: { text, execution_id: id, artifacts } };
}
