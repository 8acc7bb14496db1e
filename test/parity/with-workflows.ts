import { fileURLToPath } from "node:url";
import type { Json } from "../support/faces.js";
import { bad, badIds, badPages, type Call, good } from "./call.js";

/** The folder of this chapter's workflows. */
export const WORKFLOWS = fileURLToPath(new URL("workflows", import.meta.url));

const isIn =
  (...states: string[]) =>
  ({ status }: Json) =>
    states.includes(status as string);
const isOver = isIn("completed", "failed", "cancelled");

/** How far a run has come when its start is answered is chance. */
const started = (title: string, run: number, args: Record<string, unknown>) =>
  good("start-workflow", title, args, { runId: `run_${run}` }, { codeOnly: true });
const reached = (title: string, id: number | string, gives: object, until: (answer: Json) => boolean) =>
  good("get-workflow-run", title, { id }, gives, { until });

const listing: Call[] = [
  good("list-workflows", "all", {}, { first_id: "asks", last_id: "skilled", has_more: false }),
  good("list-workflows", "two", { limit: "2" }, { data: [{ id: "asks" }, {}], has_more: true }),
  good("list-workflows", "onwards", { limit: 1, after_id: "notes" }, { data: [{ id: "release-announcement" }] }),
  good("list-workflows", "and back", { limit: 1, before_id: "notes" }, { data: [{ id: "meeting-to-memory" }] }),
  ...badPages("list-workflows", "notes"),
  good("list-workflow-runs", "when there are none", {}, { data: [], has_more: false }),
];

const running: Call[] = [
  bad("start-workflow", "that does not exist", { id: "none" }, "NOT_FOUND"),
  bad("start-workflow", "without what it needs", { id: "notes" }, "INVALID_INPUT"),
  bad("start-workflow", "with what does not fit", { id: "notes", inputData: { text: 5 } }, "INVALID_INPUT"),
  bad("start-workflow", "with too much", { id: "notes", inputData: { text: "x", more: 1 } }, "INVALID_INPUT"),
  bad("start-workflow", "with a list", { id: "notes", inputData: ["x"] }, "INVALID_INPUT"),
  bad("start-workflow", "with an argument it does not know", { id: "notes", input: {} }, "INVALID_INPUT"),
  bad("start-workflow", "with a key that reads", { id: "asks" }, "PERMISSION_REQUIRED", { as: "reader" }),
  started("that writes", 1, { id: "notes", inputData: { text: "Noted" } }),
  reached("once it is completed", 1, { id: "run_1", status: "completed", output: "Noted 3" }, isOver),
  good(
    "get-workflow-run",
    "by its number as text",
    { id: "1" },
    { id: "run_1", steps: [{}, { status: "skipped" }, {}] },
  ),
  good(
    "get-workflow-run",
    "with a key that may not read what came",
    { id: 1 },
    { steps: [{}, {}, { withheld: "memory:read, memory:write" }] },
    { as: "runner" },
  ),
  ...badIds("get-workflow-run", "exec_1"),
  started("with its data as text", 2, { id: "notes", inputData: JSON.stringify({ text: "Again", count: 1 }) }),
  reached("once it is completed too", 2, { output: "Noted 3\n\n---\n\nAgain 2" }, isOver),
  started("with a key that runs", 3, { id: "asks" }),
];

const suspended: Call[] = [
  reached(
    "once it waits",
    3,
    { status: "paused", steps: [{ status: "suspended", by: "agent", message: "Which colour?" }, {}, {}] },
    isIn("paused"),
  ),
  bad("resume-workflow-run", "without what it needs", { id: 3, step: "agent" }, "INVALID_INPUT"),
  bad(
    "resume-workflow-run",
    "with what does not fit",
    { id: 3, step: "agent", resumeData: { colour: "blue" } },
    "INVALID_INPUT",
  ),
  bad("resume-workflow-run", "before its turn", { id: "3", step: "person" }, "STEP_NOT_SUSPENDED"),
  bad("resume-workflow-run", "of a step that there is not", { id: "run_3", step: "none" }, "NOT_FOUND"),
  bad("resume-workflow-run", "with a key that reads", { id: 3, step: "agent" }, "PERMISSION_REQUIRED", {
    as: "reader",
  }),
  ...badIds("resume-workflow-run", "exec_1", { step: "agent" }),
  good(
    "resume-workflow-run",
    "as the agent",
    { id: 3, step: "agent", resumeData: { colour: "green" } },
    { id: "run_3" },
    { codeOnly: true },
  ),
  reached(
    "once it waits for a person",
    3,
    { steps: [{ output: { colour: "green" } }, { message: "Is green all right?" }, {}] },
    isIn("paused"),
  ),
  bad("resume-workflow-run", "twice", { id: 3, step: "agent", resumeData: { colour: "red" } }, "STEP_NOT_SUSPENDED"),
  bad("resume-workflow-run", "in place of a person", { id: 3, step: "person" }, "PERSON_REQUIRED"),
  good("list-workflow-runs", "newest first", {}, { first_id: "run_3", last_id: "run_1", has_more: false }),
  good("list-workflow-runs", "that wait", { status: "paused" }, { data: [{ id: "run_3", waiting_for: ["person"] }] }),
  good("list-workflow-runs", "of a workflow", { workflow_id: "notes" }, { first_id: "run_2", last_id: "run_1" }),
  good("list-workflow-runs", "older ones", { limit: 1, after_id: "3" }, { data: [{ id: "run_2" }], has_more: true }),
  good(
    "list-workflow-runs",
    "newer ones",
    { limit: 1, before_id: "run_1" },
    { data: [{ id: "run_2" }], has_more: true },
  ),
  bad("list-workflow-runs", "in a state that is none", { status: "done" }, "INVALID_INPUT"),
  ...badPages("list-workflow-runs", "run_1"),
  bad("cancel-workflow-run", "with a key that reads", { id: 3 }, "PERMISSION_REQUIRED", { as: "reader" }),
  ...badIds("cancel-workflow-run", "exec_1"),
  good(
    "cancel-workflow-run",
    "that waits",
    { id: "3" },
    {
      id: "run_3",
      status: "cancelled",
      steps: [{ status: "completed" }, { status: "cancelled" }, { status: "cancelled" }],
    },
  ),
  bad("cancel-workflow-run", "twice", { id: 3 }, "EXECUTION_FINISHED"),
  bad("cancel-workflow-run", "that is completed", { id: "run_1" }, "EXECUTION_FINISHED"),
  bad("resume-workflow-run", "that is cancelled", { id: 3, step: "person" }, "EXECUTION_FINISHED"),
];

const skilled: Call[] = [
  bad("start-workflow", "of a skill that is not installed", { id: "skilled" }, "MODEL_NOT_CONFIGURED", {
    overMcp: { code: "SKILL_NOT_INSTALLED" },
  }),
  good("install-skill", "for it", { slug: "summarize" }, {}),
  bad("start-workflow", "where nobody can run its skill", { id: "skilled" }, "MODEL_NOT_CONFIGURED", {
    overMcp: { gives: { runId: "run_4" } },
  }),
];

/** Everything that workflows do, and can go wrong with them, on a server without a model. */
export const withWorkflows: readonly Call[] = [...listing, ...running, ...suspended, ...skilled];
