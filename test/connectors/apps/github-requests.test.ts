import { afterAll, beforeAll, expect, it } from "vitest";
import { github } from "../../../src/connectors/apps/github.js";
import { type Recorder, startRecorder } from "../../support/clerk-recorder.js";
import { octokit } from "./octokit.js";
import { type Asked, askedBy } from "./requests.js";

const repository = "octo-org/hello.world";
const repo = { owner: "octo-org", repo: "hello.world" };
const pages = { per_page: 30, page: 1 };
const sha = "a".repeat(40);
const since = "2026-03-01T09:00:00Z";

/** An action, its arguments, what the official client asks for, and what GitHub answers on the way. */
interface Row {
  readonly action: string;
  readonly input: object;
  readonly asks: readonly Asked[];
  readonly replies?: readonly unknown[];
}

const rows: Row[] = [
  {
    action: "list-repositories",
    input: { visibility: "private", sort: "full_name", limit: 5, page: 3 },
    asks: [
      octokit("get", "/user/repos", {
        query: { visibility: "private", sort: "full_name", per_page: 5, page: 3 },
      }),
    ],
  },
  {
    action: "search-repositories",
    input: { query: "a&b=c language:go", sort: "stars", order: "asc" },
    asks: [
      octokit("get", "/search/repositories", {
        query: { q: "a&b=c language:go", sort: "stars", order: "asc", ...pages },
      }),
    ],
  },
  {
    action: "get-repository",
    input: { repository },
    asks: [octokit("get", "/repos/{owner}/{repo}", { path: repo })],
  },
  {
    action: "create-repository",
    input: { name: "new", description: "d", auto_init: true },
    asks: [octokit("post", "/user/repos", { body: { name: "new", description: "d", private: true, auto_init: true } })],
  },
  {
    action: "create-repository",
    input: { name: ".github", organization: "octo-org", private: false },
    asks: [
      octokit("post", "/orgs/{org}/repos", {
        path: { org: "octo-org" },
        body: { name: ".github", private: false, auto_init: false },
      }),
    ],
  },
  {
    action: "list-branches",
    input: { repository },
    asks: [octokit("get", "/repos/{owner}/{repo}/branches", { path: repo, query: pages })],
  },
  {
    action: "create-branch",
    input: { repository, branch: "fix/one" },
    replies: [{ sha }, {}],
    asks: [
      octokit("get", "/repos/{owner}/{repo}/commits/{ref}", { path: { ...repo, ref: "HEAD" }, query: { per_page: 1 } }),
      octokit("post", "/repos/{owner}/{repo}/git/refs", { path: repo, body: { ref: "refs/heads/fix/one", sha } }),
    ],
  },
  {
    action: "create-branch",
    input: { repository, branch: "two", from: sha },
    asks: [octokit("post", "/repos/{owner}/{repo}/git/refs", { path: repo, body: { ref: "refs/heads/two", sha } })],
  },
  {
    action: "delete-branch",
    input: { repository, branch: "fix/one" },
    asks: [octokit("delete", "/repos/{owner}/{repo}/git/refs/{ref}", { path: { ...repo, ref: "heads/fix/one" } })],
  },
  {
    action: "list-commits",
    input: { repository, ref: "fix/one", path: "src/a b.ts", author: "octocat", since, until: since },
    asks: [
      octokit("get", "/repos/{owner}/{repo}/commits", {
        path: repo,
        query: { sha: "fix/one", path: "src/a b.ts", author: "octocat", since, until: since, ...pages },
      }),
    ],
  },
  {
    action: "get-commit",
    input: { repository, ref: "v1.0", limit: 100 },
    asks: [
      octokit("get", "/repos/{owner}/{repo}/commits/{ref}", {
        path: { ...repo, ref: "v1.0" },
        query: { per_page: 100, page: 1 },
      }),
    ],
  },
  {
    action: "compare-commits",
    input: { repository, base: "main", head: "fix/one" },
    asks: [
      octokit("get", "/repos/{owner}/{repo}/compare/{basehead}", {
        path: { ...repo, basehead: "main...fix/one" },
        query: pages,
      }),
    ],
  },
  {
    action: "get-contents",
    input: { repository, path: "src/a b#c?.ts", ref: "fix/one" },
    replies: [[]],
    asks: [
      octokit("get", "/repos/{owner}/{repo}/contents/{path}", {
        path: { ...repo, path: "src/a b#c?.ts" },
        query: { ref: "fix/one" },
      }),
    ],
  },
  {
    action: "list-files",
    input: { repository, ref: "fix/one" },
    replies: [{ tree: [] }],
    asks: [
      octokit("get", "/repos/{owner}/{repo}/git/trees/{tree_sha}", {
        path: { ...repo, tree_sha: "fix/one" },
        query: { recursive: "1" },
      }),
    ],
  },
  {
    action: "search-code",
    input: { query: "openSocket repo:octo-org/hello.world" },
    asks: [octokit("get", "/search/code", { query: { q: "openSocket repo:octo-org/hello.world", ...pages } })],
  },
  {
    action: "write-file",
    input: { repository, path: "docs/ä.md", text: "Grüße\n", message: "say hello", branch: "fix/one", sha },
    asks: [
      octokit("put", "/repos/{owner}/{repo}/contents/{path}", {
        path: { ...repo, path: "docs/ä.md" },
        body: { message: "say hello", content: "R3LDvMOfZQo=", branch: "fix/one", sha },
      }),
    ],
  },
  {
    action: "delete-file",
    input: { repository, path: "old.md", message: "gone", sha },
    asks: [
      octokit("delete", "/repos/{owner}/{repo}/contents/{path}", {
        path: { ...repo, path: "old.md" },
        body: { message: "gone", sha },
      }),
    ],
  },
  {
    action: "list-issues",
    input: {
      repository,
      state: "all",
      labels: ["bug", "help wanted"],
      assignee: "*",
      creator: "octocat",
      since,
      sort: "updated",
      direction: "asc",
    },
    asks: [
      octokit("get", "/repos/{owner}/{repo}/issues", {
        path: repo,
        query: {
          state: "all",
          labels: "bug,help wanted",
          assignee: "*",
          creator: "octocat",
          since,
          sort: "updated",
          direction: "asc",
          ...pages,
        },
      }),
    ],
  },
  {
    action: "search-issues",
    input: { query: "is:issue crash", sort: "updated" },
    asks: [
      octokit("get", "/search/issues", { query: { q: "is:issue crash", sort: "updated", order: "desc", ...pages } }),
    ],
  },
  {
    action: "get-issue",
    input: { repository, number: 7 },
    asks: [octokit("get", "/repos/{owner}/{repo}/issues/{issue_number}", { path: { ...repo, issue_number: 7 } })],
  },
  {
    action: "list-issue-comments",
    input: { repository, number: 7, since },
    asks: [
      octokit("get", "/repos/{owner}/{repo}/issues/{issue_number}/comments", {
        path: { ...repo, issue_number: 7 },
        query: { since, ...pages },
      }),
    ],
  },
  {
    action: "create-issue",
    input: { repository, title: "It breaks", body: "So.", labels: ["bug"], assignees: ["octocat"], milestone: 2 },
    asks: [
      octokit("post", "/repos/{owner}/{repo}/issues", {
        path: repo,
        body: { title: "It breaks", body: "So.", labels: ["bug"], assignees: ["octocat"], milestone: 2 },
      }),
    ],
  },
  {
    action: "update-issue",
    input: { repository, number: 7, title: "New", state: "open", labels: [] },
    asks: [
      octokit("patch", "/repos/{owner}/{repo}/issues/{issue_number}", {
        path: { ...repo, issue_number: 7 },
        body: { title: "New", state: "open", labels: [] },
      }),
    ],
  },
  {
    action: "close-issue",
    input: { repository, number: 7, reason: "not_planned" },
    asks: [
      octokit("patch", "/repos/{owner}/{repo}/issues/{issue_number}", {
        path: { ...repo, issue_number: 7 },
        body: { state: "closed", state_reason: "not_planned" },
      }),
    ],
  },
  {
    action: "comment-on-issue",
    input: { repository, number: 7, body: "Seen." },
    asks: [
      octokit("post", "/repos/{owner}/{repo}/issues/{issue_number}/comments", {
        path: { ...repo, issue_number: 7 },
        body: { body: "Seen." },
      }),
    ],
  },
  {
    action: "add-labels",
    input: { repository, number: 7, labels: ["bug"] },
    asks: [
      octokit("post", "/repos/{owner}/{repo}/issues/{issue_number}/labels", {
        path: { ...repo, issue_number: 7 },
        body: { labels: ["bug"] },
      }),
    ],
  },
  {
    action: "list-pull-requests",
    input: { repository, head: "octocat:fix", base: "main", sort: "popularity" },
    asks: [
      octokit("get", "/repos/{owner}/{repo}/pulls", {
        path: repo,
        query: { state: "open", head: "octocat:fix", base: "main", sort: "popularity", direction: "desc", ...pages },
      }),
    ],
  },
  {
    action: "get-pull-request",
    input: { repository, number: 8 },
    asks: [octokit("get", "/repos/{owner}/{repo}/pulls/{pull_number}", { path: { ...repo, pull_number: 8 } })],
  },
  {
    action: "list-pull-request-files",
    input: { repository, number: 8, page: 2 },
    asks: [
      octokit("get", "/repos/{owner}/{repo}/pulls/{pull_number}/files", {
        path: { ...repo, pull_number: 8 },
        query: { per_page: 30, page: 2 },
      }),
    ],
  },
  {
    action: "list-pull-request-commits",
    input: { repository, number: 8 },
    asks: [
      octokit("get", "/repos/{owner}/{repo}/pulls/{pull_number}/commits", {
        path: { ...repo, pull_number: 8 },
        query: pages,
      }),
    ],
  },
  {
    action: "list-pull-request-reviews",
    input: { repository, number: 8 },
    asks: [
      octokit("get", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews", {
        path: { ...repo, pull_number: 8 },
        query: pages,
      }),
    ],
  },
  {
    action: "list-pull-request-review-comments",
    input: { repository, number: 8 },
    asks: [
      octokit("get", "/repos/{owner}/{repo}/pulls/{pull_number}/comments", {
        path: { ...repo, pull_number: 8 },
        query: pages,
      }),
    ],
  },
  {
    action: "create-pull-request",
    input: { repository, title: "Fix", head: "octocat:fix", base: "main", body: "Why.", draft: true },
    asks: [
      octokit("post", "/repos/{owner}/{repo}/pulls", {
        path: repo,
        body: { title: "Fix", head: "octocat:fix", base: "main", body: "Why.", draft: true },
      }),
    ],
  },
  {
    action: "update-pull-request",
    input: { repository, number: 8, title: "Fix it", state: "closed", base: "next" },
    asks: [
      octokit("patch", "/repos/{owner}/{repo}/pulls/{pull_number}", {
        path: { ...repo, pull_number: 8 },
        body: { title: "Fix it", state: "closed", base: "next" },
      }),
    ],
  },
  {
    action: "merge-pull-request",
    input: { repository, number: 8, method: "squash", sha, commit_title: "One", commit_message: "Two" },
    asks: [
      octokit("put", "/repos/{owner}/{repo}/pulls/{pull_number}/merge", {
        path: { ...repo, pull_number: 8 },
        body: { merge_method: "squash", sha, commit_title: "One", commit_message: "Two" },
      }),
    ],
  },
  {
    action: "review-pull-request",
    input: {
      repository,
      number: 8,
      event: "REQUEST_CHANGES",
      body: "Not yet.",
      comments: [{ path: "a.ts", line: 3, body: "Why?" }],
    },
    asks: [
      octokit("post", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews", {
        path: { ...repo, pull_number: 8 },
        body: {
          event: "REQUEST_CHANGES",
          body: "Not yet.",
          comments: [{ path: "a.ts", line: 3, side: "RIGHT", body: "Why?" }],
        },
      }),
    ],
  },
  {
    action: "request-reviewers",
    input: { repository, number: 8, reviewers: ["octocat"] },
    asks: [
      octokit("post", "/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers", {
        path: { ...repo, pull_number: 8 },
        body: { reviewers: ["octocat"] },
      }),
    ],
  },
  {
    action: "list-releases",
    input: { repository },
    asks: [octokit("get", "/repos/{owner}/{repo}/releases", { path: repo, query: pages })],
  },
  {
    action: "get-release",
    input: { repository },
    asks: [octokit("get", "/repos/{owner}/{repo}/releases/latest", { path: repo })],
  },
  {
    action: "get-release",
    input: { repository, tag: "v1/beta" },
    asks: [octokit("get", "/repos/{owner}/{repo}/releases/tags/{tag}", { path: { ...repo, tag: "v1/beta" } })],
  },
  {
    action: "create-release",
    input: { repository, tag_name: "v2", target_commitish: "main", name: "Two", body: "New.", prerelease: true },
    asks: [
      octokit("post", "/repos/{owner}/{repo}/releases", {
        path: repo,
        body: {
          tag_name: "v2",
          target_commitish: "main",
          name: "Two",
          body: "New.",
          draft: false,
          prerelease: true,
          generate_release_notes: false,
        },
      }),
    ],
  },
  {
    action: "list-workflows",
    input: { repository },
    asks: [octokit("get", "/repos/{owner}/{repo}/actions/workflows", { path: repo, query: pages })],
  },
  {
    action: "list-workflow-runs",
    input: { repository, branch: "main", event: "push", status: "failure" },
    asks: [
      octokit("get", "/repos/{owner}/{repo}/actions/runs", {
        path: repo,
        query: { branch: "main", event: "push", status: "failure", ...pages },
      }),
    ],
  },
  {
    action: "list-workflow-runs",
    input: { repository, workflow: "ci.yml" },
    asks: [
      octokit("get", "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs", {
        path: { ...repo, workflow_id: "ci.yml" },
        query: pages,
      }),
    ],
  },
  {
    action: "get-workflow-run",
    input: { repository, run_id: 30 },
    asks: [octokit("get", "/repos/{owner}/{repo}/actions/runs/{run_id}", { path: { ...repo, run_id: 30 } })],
  },
  {
    action: "list-workflow-jobs",
    input: { repository, run_id: 30 },
    asks: [
      octokit("get", "/repos/{owner}/{repo}/actions/runs/{run_id}/jobs", {
        path: { ...repo, run_id: 30 },
        query: pages,
      }),
    ],
  },
  {
    action: "get-job-log",
    input: { repository, job_id: 31 },
    asks: [octokit("get", "/repos/{owner}/{repo}/actions/jobs/{job_id}/logs", { path: { ...repo, job_id: 31 } })],
  },
  {
    action: "start-workflow",
    input: { repository, workflow: "ci.yml", ref: "main", inputs: { level: "debug" } },
    asks: [
      octokit("post", "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches", {
        path: { ...repo, workflow_id: "ci.yml" },
        body: { ref: "main", inputs: { level: "debug" } },
      }),
    ],
  },
  {
    action: "rerun-workflow-run",
    input: { repository, run_id: 30 },
    asks: [octokit("post", "/repos/{owner}/{repo}/actions/runs/{run_id}/rerun", { path: { ...repo, run_id: 30 } })],
  },
  {
    action: "rerun-workflow-run",
    input: { repository, run_id: 30, failed_only: true },
    asks: [
      octokit("post", "/repos/{owner}/{repo}/actions/runs/{run_id}/rerun-failed-jobs", {
        path: { ...repo, run_id: 30 },
      }),
    ],
  },
  {
    action: "cancel-workflow-run",
    input: { repository, run_id: 30 },
    asks: [octokit("post", "/repos/{owner}/{repo}/actions/runs/{run_id}/cancel", { path: { ...repo, run_id: 30 } })],
  },
];

let recorder: Recorder;
beforeAll(async () => {
  recorder = await startRecorder();
});
afterAll(() => recorder.stop());

it.each(rows)("$action asks for what the official client asks for", async (row) => {
  expect(await askedBy(github, recorder, row)).toEqual(row.asks);
  for (const { headers } of recorder.arrived) {
    expect(headers["accept"]).toMatch(/^application\/vnd\.github(\.text-match)?\+json$/);
    expect(headers["x-github-api-version"]).toBe("2022-11-28");
  }
});

it("compares every action", () => {
  expect(new Set(rows.map((row) => row.action))).toEqual(new Set(github.actions.map((action) => action.name)));
});
