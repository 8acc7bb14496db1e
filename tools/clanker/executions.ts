import { z } from "zod";
import { StreamAnswer } from "../../src/core/answer.js";
import { idInput } from "../../src/core/ids.js";
import { pageInput, pageOf } from "../../src/core/page.js";
import { EXECUTION_STATES, executionStatus, executionView } from "../../src/core/shapes/execution.js";
import { define } from "../define.js";
import { eventStream } from "./event-stream.js";
import { inputText, runAnswer, runErrors, startRun, waitSeconds } from "./run.js";

const id = idInput("execution");

const producedFile = z.strictObject({
  name: z.string().min(1).max(255),
  mime_type: z.string().min(1).max(128),
  content: z.string().describe("text"),
});

export const executions = [
  define({
    tool: "list-executions",
    route: { method: "GET", path: "/api/v1/executions" },
    toolset: "executions",
    title: "List executions",
    description: "Runs of skills, newest first.",
    effect: "read",
    scope: "none",
    input: z.strictObject({
      status: z.enum(EXECUTION_STATES).optional(),
      skill: z.string().min(1).max(64).optional().describe("slug"),
      ...pageInput,
    }),
    output: pageOf(executionView),
    errors: ["INVALID_CURSOR"],
    run: (input, { services, caller }) => services.executions.list(caller.workspace, input),
  }),
  define({
    tool: "get-execution-status",
    route: { method: "GET", path: "/api/v1/executions/:id/status" },
    toolset: "executions",
    title: "Get an execution's status",
    description: "How a run stands, its output so far, cost and time.",
    effect: "read",
    scope: "none",
    input: z.strictObject({
      id,
      blocksAfter: z.int().min(-1).max(1_000_000_000).optional().describe("only blocks with a higher index"),
    }),
    output: executionStatus,
    errors: ["NOT_FOUND"],
    run: (input, { services, caller }) => services.executions.status(caller.workspace, input.id, input.blocksAfter),
  }),
  define({
    tool: "cancel-execution",
    route: { method: "POST", path: "/api/v1/executions/:id/cancel" },
    toolset: "executions",
    title: "Cancel an execution",
    description: "Stop a run; what it produced so far is kept.",
    effect: "write",
    scope: "tool:execute",
    audit: { action: "execution.cancel", resource: "execution" },
    input: z.strictObject({ id }),
    output: executionView,
    errors: ["NOT_FOUND", "EXECUTION_FINISHED", "CONFLICT"],
    run: (input, { services, caller }) => services.executions.cancel(caller.workspace, input.id),
  }),
  define({
    tool: "complete-execution",
    route: { method: "POST", path: "/api/v1/executions/:id/result" },
    toolset: "executions",
    title: "Complete an execution",
    description: "Hand in the result of a skill that you ran yourself (status awaiting_agent).",
    effect: "write",
    scope: "tool:execute",
    audit: { action: "execution.complete", resource: "execution" },
    input: z.strictObject({
      id,
      output: z.string().max(4_000_000).describe("the result's text"),
      artifacts: z.array(producedFile).max(20).default([]),
    }),
    output: executionView,
    errors: ["NOT_FOUND", "EXECUTION_RUNNING", "EXECUTION_FINISHED", "PAYLOAD_TOO_LARGE", "CONFLICT"],
    run: (input, { services, caller }) =>
      services.executions.complete(
        caller.workspace,
        input.id,
        input.output,
        input.artifacts.map(({ name, mime_type, content }) => ({
          name,
          mimeType: mime_type,
          content: Buffer.from(content),
        })),
      ),
  }),
  define({
    tool: "rerun-execution",
    route: { method: "POST", path: "/api/v1/executions/:id/rerun", omit: ["wait_seconds"] },
    toolset: "executions",
    title: "Run an execution again",
    description: "Run a finished execution's skill again, with the same input or another.",
    effect: "write",
    scope: "tool:execute",
    audit: { action: "execution.rerun", resource: "execution" },
    dependsOnFace: "over MCP the calling agent can run the skill itself where the server has no model",
    input: z.strictObject({
      id,
      input: inputText.optional().describe("leave out to use the same"),
      wait_seconds: waitSeconds,
    }),
    output: runAnswer,
    errors: [...runErrors, "EXECUTION_RUNNING"],
    run: (input, context) =>
      startRun(context, undefined, input.wait_seconds, (requester) =>
        context.services.executions.rerun(requester, input.id, input.input),
      ),
  }),
  define({
    name: "stream-events",
    route: {
      method: "GET",
      path: "/api/events",
      auth: "query-key",
      produces: "text/event-stream",
    },
    toolset: "executions",
    title: "Stream the workspace's events",
    description: "Server-sent events: execution-state, artifact-created, memory-updated and more, as they happen.",
    effect: "read",
    scope: "none",
    input: z.strictObject({
      sources: z.string().max(256).optional().describe("interfaces of executions to hear of, with commas; such as api"),
      last_event_id: z.string().max(32).optional().describe("continue after this event, up to five minutes later"),
    }),
    errors: [],
    run: async (input, context) => new StreamAnswer(await eventStream(context, input)),
  }),
];
