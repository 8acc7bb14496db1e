import { z } from "zod";
import { allows } from "../../src/core/caller.js";
import type { ErrorCode } from "../../src/core/errors.js";
import { AppError } from "../../src/core/errors.js";
import { connectorScope } from "../../src/core/scopes.js";
import { APP_SLUGS } from "../../src/connectors/app.js";
import { formatId } from "../../src/core/ids.js";
import type { Context } from "../../src/core/operation.js";
import { attachment, type ExecutionStatus, executionStatus } from "../../src/core/shapes/execution.js";
import type { Requester, Started } from "../../src/services/executions/executions.js";
import type { WorkspaceEvent } from "../../src/services/events.js";
import type { Services } from "../../src/services/services.js";

/** Longest input of a skill, in characters. */
const INPUT_LIMIT = 1_000_000;

export const inputText = z.string().min(1).max(INPUT_LIMIT);

/** What a skill is run with. */
export const executionInput = {
  input: inputText.describe("what the skill shall do"),
  interface: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/)
    .optional()
    .describe("label to filter events by"),
  attachments: z
    .array(attachment.refine(decodes, { path: ["content"], message: "is no base64" }))
    .max(10)
    .default([]),
  connector: z
    .strictObject({
      type: z.enum(["github", "remote"]),
      fields: z
        .record(z.string(), z.string())
        .default({})
        .describe("github takes repo (owner/name), and if you like ref and path"),
    })
    .optional()
    .describe("what it may work on: a github repository, or remote for the connected apps"),
};

/** No part of the pattern can match what another does: a long text that does not fit must not be tried in many ways. */
const BASE64 = /^[A-Za-z0-9+/\s]*(?:=\s*){0,2}$/;

function decodes({ encoding, content }: { encoding: string; content: string }): boolean {
  return encoding === "text" || BASE64.test(content);
}

export const waitSeconds = z.int().min(0).max(50).default(0).describe("wait so long for the result");

export const runErrors: readonly ErrorCode[] = [
  "NOT_FOUND",
  "SKILL_NOT_INSTALLED",
  "MODEL_NOT_CONFIGURED",
  "INSUFFICIENT_CREDITS",
  "TOOL_NOT_CONNECTED",
  "RATE_LIMITED",
  "PAYLOAD_TOO_LARGE",
  "UPSTREAM_FAILED",
  "TIMEOUT",
  "CONFLICT",
];

/** The answer of whatever starts a run; the lower half is there once it has ended, or for the agent that runs it. */
export const runAnswer = z.object({
  executionId: z.string(),
  skillName: z.string(),
  status: z.enum(["started", ...executionStatus.shape.status.options]),
  message: z.string(),
  sseUrl: z.string(),
  instructions: z.string().optional(),
  input: z.string().optional(),
  attachments: z.array(attachment).optional(),
  outputBlocks: executionStatus.shape.outputBlocks.optional(),
  cost: executionStatus.shape.cost.optional(),
  executionTime: executionStatus.shape.executionTime.optional(),
  error: executionStatus.shape.error,
});

type RunAnswer = z.output<typeof runAnswer>;

/**
 * Starts a run and answers what its caller does next: polls, reads the result that it waited for, or runs the
 * skill itself. A caller that leaves while it waits cancels the run.
 */
export async function startRun(
  context: Context<Services>,
  label: string | undefined,
  seconds: number,
  start: (requester: Requester) => Promise<Started>,
): Promise<RunAnswer> {
  const { caller, face } = context;
  const agent = face === "mcp";
  const started = await start({
    workspace: caller.workspace,
    person: caller.person,
    interface: agent ? "mcp" : (label ?? "api"),
    agent,
    readsMemory: allows(caller.scopes, "memory:read"),
    apps: APP_SLUGS.filter((app) => allows(caller.scopes, connectorScope(app, "read"))),
    signal: context.signal,
  });
  const { ref, record, handedOut } = started;
  const base = { executionId: formatId("execution", ref.number), skillName: record.skillName, sseUrl: "/api/events" };
  if (handedOut) return { ...base, ...forAgent(base.executionId, handedOut) };
  if (seconds > 0) return { ...base, ...(await finishedOrNot(context, started, seconds)) };
  return {
    ...base,
    status: "started",
    message: "The skill runs. Poll get-execution-status, or listen to the events at sseUrl.",
  };
}

function forAgent(id: string, { instructions, input }: NonNullable<Started["handedOut"]>) {
  return {
    status: "awaiting_agent" as const,
    message: `This server has no model, so you run the skill: follow instructions on input, then call complete-execution with id ${id}.`,
    instructions,
    input: input.input,
    attachments: [...input.attachments],
  };
}

async function finishedOrNot(context: Context<Services>, { ref }: Started, seconds: number) {
  const { services, signal } = context;
  let blocks = 0;
  const status = await services.executions.wait(ref, seconds * 1000, signal, (event) => {
    blocks += 1;
    const message = lineOf(event);
    context.progress({ progress: blocks, ...(message !== undefined && { message }) });
  });
  if (signal.aborted) {
    await cancelQuietly(context, status);
    signal.throwIfAborted();
  }
  const { outputBlocks, cost, executionTime, error } = status;
  const state = status.status;
  const over = state === "completed" || state === "failed" || state === "cancelled";
  const message = over ? `The skill is ${state}.` : "The skill still runs; poll get-execution-status.";
  return { status: state, message, outputBlocks, cost, executionTime, ...(error && { error }) };
}

async function cancelQuietly({ services, caller }: Context<Services>, { id }: ExecutionStatus): Promise<void> {
  try {
    await services.executions.cancel(caller.workspace, id);
  } catch (thrown) {
    if (!(thrown instanceof AppError && thrown.code === "EXECUTION_FINISHED")) throw thrown;
  }
}

/** The newest line of output, short, for a progress bar. */
function lineOf({ data }: WorkspaceEvent): string | undefined {
  const blocks = executionStatus.shape.outputBlocks.safeParse(data["outputBlocks"]);
  const line = blocks.data?.at(-1)?.text?.trim().split("\n").at(-1);
  return line === undefined || line === "" ? undefined : line.slice(0, 120);
}
