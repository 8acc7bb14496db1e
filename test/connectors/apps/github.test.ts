import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Api } from "../../../src/connectors/app.js";
import { github } from "../../../src/connectors/apps/github.js";
import { startEmulator } from "../../support/emulate.js";
import type { Listening } from "../../support/listening.js";
import { act, apiAt, each, refusal } from "./acting.js";

let emulator: Listening;
let api: Api;
const repository = "octocat/hello";
const run = (name: string, input: object = {}) => act(github, name, { repository, ...input }, api);

beforeAll(async () => {
  emulator = await startEmulator("github", {
    users: [{ login: "octocat" }, { login: "hubot" }],
    repos: [
      { owner: "octocat", name: "hello", auto_init: true },
      { owner: "octocat", name: "secret", private: true, auto_init: true },
    ],
  });
  api = apiAt(github, emulator.url);
});
afterAll(() => emulator.stop());

it("knows whose account it is", async () => {
  expect(await github.account(api)).toBe("octocat");
});

describe("repositories", () => {
  it("are listed, searched, read and made", async () => {
    const mine = await act(github, "list-repositories", { visibility: "private" }, api);
    expect(each(mine, "full_name")).toContain("octocat/secret");
    const found = await act(github, "search-repositories", { query: "hello" }, api);
    expect(found.items[0]).toMatchObject({ full_name: repository });
    expect(await run("get-repository")).toMatchObject({ full_name: repository, default_branch: "main" });
    const made = await act(github, "create-repository", { name: "made", auto_init: true }, api);
    expect(made).toMatchObject({ full_name: "octocat/made", private: true });
  });

  it("are the sources, with a search of their names", async () => {
    const { data } = await github.sources({ search: "SECR" }, api);
    expect(data).toEqual([
      {
        id: "octocat/secret",
        name: "octocat/secret",
        kind: "repository",
        url: `${emulator.url.replace("127.0.0.1", "localhost")}/octocat/secret`,
        private: true,
      },
    ]);
  });

  it("that are not there or not for this account are NOT_FOUND", async () => {
    expect((await refusal(act(github, "get-repository", { repository: "octocat/none" }, api))).code).toBe("NOT_FOUND");
    expect((await refusal(github.content({ source: "octocat/none" }, api))).code).toBe("NOT_FOUND");
  });
});

describe("branches and files", () => {
  it("live from the first commit to the pull request that is merged", async () => {
    await run("create-branch", { branch: "fix/one" });
    const text = "Grüße\n";
    const path = "docs/ä b.md";
    await run("write-file", { path, text, message: "say hello", branch: "fix/one" });
    const written = await run("get-contents", { path, ref: "fix/one" });
    expect(written).toMatchObject({ kind: "file", path, text, size: 8 });
    const again = { path, text: "Again", message: "say it again", branch: "fix/one" };
    expect((await refusal(run("write-file", again))).code).toBe("INVALID_INPUT");
    await run("write-file", { ...again, sha: written.sha });

    expect(await run("list-files", { ref: "fix/one", folder: "docs/" })).toEqual({
      files: [{ path, size: 5 }],
      truncated: false,
    });
    const commits = await run("list-commits", { ref: "fix/one" });
    expect(commits.map((row: { commit: { message: string } }) => row.commit.message)).toEqual([
      "say it again",
      "say hello",
      "Initial commit",
    ]);
    expect(await run("get-commit", { ref: "fix/one" })).toMatchObject({ sha: commits[0].sha });
    const compared = await run("compare-commits", { base: "main", head: "fix/one" });
    expect(compared).toMatchObject({ ahead_by: 2, behind_by: 0 });
    expect(each(compared.files, "filename")).toEqual([path]);

    const { number } = await run("create-pull-request", { title: "Fix", head: "fix/one", base: "main", body: "Why." });
    expect(await run("get-pull-request", { number })).toMatchObject({ title: "Fix", base: { repo: repository } });
    expect(each(await run("list-pull-requests"), "number")).toEqual([number]);
    // The stand-in counts commits and files of a pull request in its own way; that they come is what matters here.
    expect((await run("list-pull-request-commits", { number })).length).toBeGreaterThan(0);
    expect(await run("list-pull-request-files", { number })).toBeInstanceOf(Array);
    await run("review-pull-request", { number, body: "Seen." });
    expect(await run("list-pull-request-reviews", { number })).toMatchObject([{ body: "Seen.", state: "COMMENTED" }]);
    expect(await run("list-pull-request-review-comments", { number })).toEqual([]);
    const asked = await run("request-reviewers", { number, reviewers: ["hubot"] });
    expect(asked.requested_reviewers).toMatchObject([{ login: "hubot" }]);
    expect(await run("update-pull-request", { number, title: "Fix it" })).toMatchObject({ title: "Fix it" });
    expect(await run("merge-pull-request", { number, method: "squash" })).toMatchObject({ merged: true });

    expect(await run("delete-branch", { branch: "fix/one" })).toEqual({ branch: "fix/one", deleted: true });
    expect(each(await run("list-branches"), "name")).toEqual(["main"]);
    const kept = await run("get-contents", { path });
    expect(kept).toMatchObject({ text: "Again" });
    await run("delete-file", { path, sha: kept.sha, message: "gone" });
    expect((await refusal(run("get-contents", { path }))).code).toBe("NOT_FOUND");
  });

  it("are what the source holds", async () => {
    const [main] = (await github.branches?.(repository, api)) ?? [];
    expect(main).toEqual({ name: "main", commit: expect.stringMatching(/^[0-9a-f]{40}$/) });
    const root = await github.content({ source: repository }, api);
    expect(root).toMatchObject({ kind: "folder", path: "", truncated: false });
    expect(root.kind === "folder" && root.entries).toContainEqual({ path: "README.md", kind: "file", size: 8 });
    expect(await github.content({ source: repository, path: "/README.md", ref: "main" }, api)).toEqual({
      kind: "file",
      path: "README.md",
      mimeType: "text/markdown",
      size: 8,
      text: "# hello\n",
    });
  });

  it("are searched by their text", async () => {
    const found = await act(github, "search-code", { query: "hello" }, api);
    expect(found.items[0]).toMatchObject({ path: "README.md", repository });
  });
});

it("takes an issue from its opening to its end", async () => {
  const { number } = await run("create-issue", { title: "It breaks", body: "So.", labels: ["bug"] });
  expect(await run("get-issue", { number })).toMatchObject({ title: "It breaks", state: "open" });
  expect(each(await run("list-issues", { labels: ["bug"] }), "number")).toEqual([number]);
  await run("comment-on-issue", { number, body: "Seen." });
  expect(await run("list-issue-comments", { number })).toMatchObject([{ body: "Seen.", user: { login: "octocat" } }]);
  expect(await run("update-issue", { number, title: "It broke" })).toMatchObject({ title: "It broke", body: "So." });
  const labels = await run("add-labels", { number, labels: ["later"] });
  expect(each(labels, "name")).toEqual(["bug", "later"]);
  const closed = await run("close-issue", { number, reason: "not_planned" });
  expect(closed).toMatchObject({ state: "closed", state_reason: "not_planned" });
  expect(await run("list-issues", { labels: ["bug"] })).toEqual([]);
  const found = await act(github, "search-issues", { query: "broke" }, api);
  expect(each(found.items, "number")).toEqual([number]);
});

it("publishes a release and finds it", async () => {
  await run("create-release", { tag_name: "v1", name: "One", body: "New." });
  expect(await run("list-releases")).toMatchObject([{ tag_name: "v1", body: "New." }]);
  expect(await run("get-release")).toMatchObject({ name: "One" });
  expect(await run("get-release", { tag: "v1" })).toMatchObject({ name: "One" });
});

it("says of workflows and runs what the repository has", async () => {
  expect(await run("list-workflows")).toEqual({ total_count: 0, workflows: [] });
  expect(await run("list-workflow-runs")).toEqual({ total_count: 0, workflow_runs: [] });
  for (const [name, input] of [
    ["get-workflow-run", { run_id: 1 }],
    ["list-workflow-jobs", { run_id: 1 }],
    ["get-job-log", { job_id: 1 }],
    ["rerun-workflow-run", { run_id: 1 }],
    ["cancel-workflow-run", { run_id: 1 }],
    ["start-workflow", { workflow: "ci.yml", ref: "main" }],
  ] as const) {
    expect((await refusal(run(name, input))).code, name).toBe("NOT_FOUND");
  }
});

it("leaves addresses of further calls out of what it answers", async () => {
  const answers = JSON.stringify([await run("get-repository"), await run("list-commits")]);
  expect(answers).toContain("html_url");
  expect(answers).not.toMatch(/"(url|node_id|_links|[a-z]+_url)":(?<!"html_url":)/);
});
