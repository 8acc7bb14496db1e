import { z } from "zod";
import { action, path } from "../../app.js";
import { call, HEADERS, inRepository, pageQuery, paging, ref, repository } from "./call.js";

const run_id = z.int().min(1);
const workflow = z
  .string()
  .regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/)
  .describe("file name such as ci.yml, or id");
const aRun = z.strictObject({ repository, run_id });
const LOG_LIMIT = 16 * 1024 * 1024;

export const workflows = [
  action({
    name: "list-workflows",
    title: "List workflows",
    description: "The GitHub Actions workflows of a repository. API links are left out.",
    effect: "read",
    input: z.strictObject({ repository, ...paging }),
    run: ({ repository, ...page }, api) =>
      call(api, { path: inRepository(repository, "/actions/workflows"), query: pageQuery(page) }),
  }),
  action({
    name: "list-workflow-runs",
    title: "List workflow runs",
    description:
      "Runs of GitHub Actions, newest first: of one workflow, branch, event or outcome where given. API links are left out.",
    effect: "read",
    input: z.strictObject({
      repository,
      workflow: workflow.optional(),
      branch: ref.optional(),
      event: z.string().max(50).optional().describe("such as push or pull_request"),
      status: z
        .enum(["queued", "in_progress", "completed", "success", "failure", "cancelled", "timed_out", "waiting"])
        .optional(),
      ...paging,
    }),
    run: ({ repository, workflow, limit, page, ...rest }, api) =>
      call(api, {
        path: inRepository(
          repository,
          workflow === undefined ? "/actions/runs" : path`/actions/workflows/${workflow}/runs`,
        ),
        query: { ...rest, ...pageQuery({ limit, page }) },
      }),
  }),
  action({
    name: "get-workflow-run",
    title: "Get a workflow run",
    description: "One run of GitHub Actions: state, outcome, commit, who started it. API links are left out.",
    effect: "read",
    input: aRun,
    run: ({ repository, run_id }, api) => call(api, { path: inRepository(repository, path`/actions/runs/${run_id}`) }),
  }),
  action({
    name: "list-workflow-jobs",
    title: "List the jobs of a run",
    description: "The jobs of a workflow run and their steps, each with its outcome. API links are left out.",
    effect: "read",
    input: aRun.extend(paging),
    run: ({ repository, run_id, ...page }, api) =>
      call(api, { path: inRepository(repository, path`/actions/runs/${run_id}/jobs`), query: pageQuery(page) }),
  }),
  action({
    name: "get-job-log",
    title: "Read a job's log",
    description: "The last lines of what a job of a workflow run printed, where the reason of a failure stands.",
    effect: "read",
    input: z.strictObject({
      repository,
      job_id: z.int().min(1),
      lines: z.int().min(1).max(2000).default(200).describe("how many, from the end"),
    }),
    async run({ repository, job_id, lines }, api) {
      const { content } = await api.bytes({
        path: inRepository(repository, path`/actions/jobs/${job_id}/logs`),
        headers: HEADERS,
        maxBytes: LOG_LIMIT,
      });
      const all = new TextDecoder().decode(content).trimEnd().split(/\r?\n/);
      return { text: all.slice(-lines).join("\n"), lines: all.length, truncated: all.length > lines };
    },
  }),
  action({
    name: "start-workflow",
    title: "Start a workflow",
    description:
      "Runs a workflow that allows it (workflow_dispatch) at a branch or tag; list-workflow-runs then shows the run.",
    effect: "write",
    input: z.strictObject({
      repository,
      workflow,
      ref: ref.describe("branch or tag"),
      inputs: z.record(z.string(), z.string()).optional().describe("the workflow's own inputs by name"),
    }),
    async run({ repository, workflow, ...body }, api) {
      await call(api, {
        method: "POST",
        path: inRepository(repository, path`/actions/workflows/${workflow}/dispatches`),
        body,
      });
      return { workflow, started: true };
    },
  }),
  action({
    name: "rerun-workflow-run",
    title: "Run a workflow again",
    description: "Runs all jobs of a workflow run again, or only those that failed.",
    effect: "write",
    input: aRun.extend({ failed_only: z.boolean().default(false) }),
    async run({ repository, run_id, failed_only }, api) {
      const what = failed_only ? "rerun-failed-jobs" : "rerun";
      await call(api, { method: "POST", path: inRepository(repository, path`/actions/runs/${run_id}/${what}`) });
      return { run_id, started: true };
    },
  }),
  action({
    name: "cancel-workflow-run",
    title: "Cancel a workflow run",
    description: "Stops a run of GitHub Actions that waits or runs.",
    effect: "write",
    input: aRun,
    async run({ repository, run_id }, api) {
      await call(api, { method: "POST", path: inRepository(repository, path`/actions/runs/${run_id}/cancel`) });
      return { run_id, cancelled: true };
    },
  }),
];
