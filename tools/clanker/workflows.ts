import { z } from "zod";
import type { ErrorCode } from "../../src/core/errors.js";
import { idInput } from "../../src/core/ids.js";
import { pageInput, pageOf } from "../../src/core/page.js";
import { RUN_STATES, runSummary, runView, workflowView } from "../../src/core/shapes/workflow.js";
import { define } from "../define.js";
import { resumeRun, startRun } from "./workflow-run.js";
import { streamRun } from "./workflow-stream.js";

const workflow = z.string().min(1).max(64);
const id = idInput("run");
const step = z.string().min(1).max(64);
const inputData = z.record(z.string(), z.unknown()).describe("what its inputSchema asks for");
const resumeData = z.record(z.string(), z.unknown()).describe("what the step's resumeSchema asks for");

const startErrors: readonly ErrorCode[] = ["NOT_FOUND", "SKILL_NOT_INSTALLED", "MODEL_NOT_CONFIGURED", "CONFLICT"];
const resumeErrors: readonly ErrorCode[] = [
  "NOT_FOUND",
  "STEP_NOT_SUSPENDED",
  "EXECUTION_FINISHED",
  "PERSON_REQUIRED",
  "CONFLICT",
];

export const workflows = [
  define({
    tool: "list-workflows",
    route: { method: "GET", path: "/api/v1/workflows/definitions" },
    toolset: "workflows",
    title: "List workflows",
    description: "Workflows that can be started, with their steps and what they are started with.",
    effect: "read",
    scope: "none",
    input: z.strictObject({ ...pageInput }),
    output: pageOf(workflowView),
    errors: ["INVALID_CURSOR"],
    run: (input, { services }) => Promise.resolve(services.workflows.list(input)),
  }),
  define({
    tool: "start-workflow",
    route: { method: "POST", path: "/api/v1/workflows/:id/launch" },
    toolset: "workflows",
    title: "Start a workflow",
    description:
      "Begin a run of a workflow. Poll get-workflow-run; where a step shows handed_out, do that skill yourself and hand it in with complete-execution.",
    effect: "write",
    scope: "tool:execute",
    audit: { action: "workflow.start", resource: "workflow" },
    dependsOnFace: "over MCP the calling agent can run skills itself, and its user can be asked where a step waits",
    input: z.strictObject({ id: workflow.describe("a workflow's id"), inputData: inputData.default({}) }),
    output: z.object({ runId: z.string(), status: z.enum(RUN_STATES), message: z.string() }),
    errors: startErrors,
    run: (input, context) => startRun(context, input.id, input.inputData),
  }),
  define({
    tool: "list-workflow-runs",
    route: { method: "GET", path: "/api/v1/workflows/runs" },
    toolset: "workflows",
    title: "List workflow runs",
    description: "Runs of workflows, newest first.",
    effect: "read",
    scope: "none",
    input: z.strictObject({
      status: z.enum(RUN_STATES).optional(),
      workflow_id: workflow.optional().describe("only runs of this workflow"),
      ...pageInput,
    }),
    output: pageOf(runSummary),
    errors: ["INVALID_CURSOR"],
    run: (input, { services, caller }) => services.workflows.page(caller.workspace, input),
  }),
  define({
    tool: "get-workflow-run",
    route: { method: "GET", path: "/api/v1/workflows/runs/:id" },
    toolset: "workflows",
    title: "Get a workflow run",
    description: "How a run stands, with each step's state and output, and what a suspended step asks for.",
    effect: "read",
    scope: "none",
    input: z.strictObject({ id }),
    output: runView,
    errors: ["NOT_FOUND"],
    run: (input, { services, caller }) => services.workflows.get(caller, input.id),
  }),
  define({
    tool: "cancel-workflow-run",
    route: { method: "POST", path: "/api/v1/workflows/runs/:id/cancel" },
    toolset: "workflows",
    title: "Cancel a workflow run",
    description: "Stop a run and what it is doing; what its finished steps did stays done.",
    effect: "write",
    scope: "tool:execute",
    audit: { action: "workflow.cancel", resource: "workflow" },
    input: z.strictObject({ id }),
    output: runView,
    errors: ["NOT_FOUND", "EXECUTION_FINISHED", "CONFLICT"],
    run: (input, { services, caller }) => services.workflows.cancel(caller, input.id),
  }),
  define({
    tool: "resume-workflow-run",
    route: { method: "POST", path: "/api/v1/workflows/runs/:id/resume" },
    toolset: "workflows",
    title: "Resume a workflow run",
    description:
      "Go on with a suspended step. Where it waits for a person, the user is asked, and what they answer counts.",
    effect: "write",
    scope: "tool:execute",
    audit: { action: "workflow.resume", resource: "workflow" },
    input: z.strictObject({ id, step: step.describe("the suspended step's id"), resumeData: resumeData.default({}) }),
    output: runView,
    errors: [...resumeErrors, "DECLINED"],
    run: (input, context) => resumeRun(context, input.id, input.step, input.resumeData),
  }),
  define({
    name: "stream-workflow",
    route: { method: "POST", path: "/api/v1/workflows/:id/stream", produces: "text/event-stream" },
    toolset: "workflows",
    title: "Stream a workflow run",
    description:
      "Start a workflow, or go on with a suspended step, and be told how it goes as an AI SDK UI message stream. Hanging up while the run goes on cancels it.",
    effect: "write",
    scope: "tool:execute",
    audit: { action: "workflow.stream", resource: "workflow" },
    input: z.strictObject({
      id: workflow.describe("a workflow's id"),
      inputData: inputData.optional(),
      runId: idInput("run", "the run to go on with").optional(),
      step: step.optional().describe("its suspended step"),
      resumeData: resumeData.optional(),
    }),
    errors: [...startErrors, ...resumeErrors.filter((code) => !startErrors.includes(code))],
    run: (input, context) => streamRun(context, input),
  }),
];
