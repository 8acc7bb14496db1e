import { z } from "zod";
import { action, path } from "../../app.js";
import { call, inRepository, login, number, pageQuery, paging, ref, repository, sha } from "./call.js";

const text = z.string().max(65_536);
const aPull = z.strictObject({ repository, number });
const pagesOf = aPull.extend(paging);

const pull = (input: { repository: string; number: number }, rest = "") =>
  inRepository(input.repository, path`/pulls/${input.number}` + rest);

/** An action that gives a list that belongs to one pull request. */
const listOf = (what: "files" | "reviews" | "comments" | "commits", title: string, description: string) =>
  action({
    name: `list-pull-request-${what === "comments" ? "review-comments" : what}`,
    title,
    description: `${description} API links are left out.`,
    effect: "read",
    input: pagesOf,
    run: (input, api) => call(api, { path: pull(input, `/${what}`), query: pageQuery(input) }),
  });

export const pullRequests = [
  action({
    name: "list-pull-requests",
    title: "List pull requests",
    description:
      "Pull requests of a repository, newest first; search-issues finds them by words or people. API links are left out.",
    effect: "read",
    input: z.strictObject({
      repository,
      state: z.enum(["open", "closed", "all"]).default("open"),
      head: z.string().max(300).optional().describe("owner:branch they come from"),
      base: ref.optional().describe("branch they go to"),
      sort: z.enum(["created", "updated", "popularity", "long-running"]).default("created"),
      direction: z.enum(["asc", "desc"]).default("desc"),
      ...paging,
    }),
    run: ({ repository, limit, page, ...rest }, api) =>
      call(api, { path: inRepository(repository, "/pulls"), query: { ...rest, ...pageQuery({ limit, page }) } }),
  }),
  action({
    name: "get-pull-request",
    title: "Get a pull request",
    description:
      "One pull request: text, branches, whether it can be merged, how much it changes. API links are left out.",
    effect: "read",
    input: aPull,
    run: (input, api) => call(api, { path: pull(input) }),
  }),
  listOf("files", "List changed files", "The files that a pull request changes, each with its patch."),
  listOf("commits", "List the commits of a pull request", "The commits that a pull request would bring in."),
  listOf(
    "reviews",
    "List reviews",
    "Who approved a pull request, asked for changes or commented, and what they wrote.",
  ),
  listOf("comments", "List review comments", "Remarks on single lines of a pull request's changes."),
  action({
    name: "create-pull-request",
    title: "Create a pull request",
    description: "Asks for a branch to be merged into another; people who watch the repository are notified.",
    effect: "write",
    input: z.strictObject({
      repository,
      title: z.string().min(1).max(256),
      head: z.string().min(1).max(300).describe("branch with the changes; owner:branch from a fork"),
      base: ref.describe("branch to merge into"),
      body: text.optional().describe("Markdown"),
      draft: z.boolean().default(false),
    }),
    run: ({ repository, ...body }, api) =>
      call(api, { method: "POST", path: inRepository(repository, "/pulls"), body }),
  }),
  action({
    name: "update-pull-request",
    title: "Change a pull request",
    description: "Changes the title, text or target branch of a pull request, closes it or opens it again.",
    effect: "write",
    input: aPull.extend({
      title: z.string().min(1).max(256).optional(),
      body: text.optional().describe("Markdown"),
      state: z.enum(["open", "closed"]).optional(),
      base: ref.optional().describe("branch to merge into"),
    }),
    run: ({ repository, number, ...body }, api) =>
      call(api, { method: "PATCH", path: pull({ repository, number }), body }),
  }),
  action({
    name: "merge-pull-request",
    title: "Merge a pull request",
    description: "Merges a pull request into its target branch; the sha guards against commits that came in since.",
    effect: "write",
    input: aPull.extend({
      method: z.enum(["merge", "squash", "rebase"]).default("merge"),
      sha: sha.optional().describe("only if head still stands at this commit"),
      commit_title: z.string().max(256).optional(),
      commit_message: text.optional(),
    }),
    run: ({ repository, number, method, ...rest }, api) =>
      call(api, {
        method: "PUT",
        path: pull({ repository, number }, "/merge"),
        body: { merge_method: method, ...rest },
      }),
  }),
  action({
    name: "review-pull-request",
    title: "Review a pull request",
    description: "Approves, asks for changes or comments, with remarks on single lines where given.",
    effect: "write",
    input: aPull.extend({
      event: z.enum(["APPROVE", "REQUEST_CHANGES", "COMMENT"]).default("COMMENT"),
      body: text.optional().describe("Markdown; needed unless you approve"),
      comments: z
        .array(
          z.strictObject({
            path: z.string().min(1).max(1024),
            line: z.int().min(1).describe("line of the file"),
            side: z.enum(["LEFT", "RIGHT"]).default("RIGHT").describe("LEFT is the file before the change"),
            body: text.min(1),
          }),
        )
        .max(50)
        .optional(),
    }),
    run: ({ repository, number, ...body }, api) =>
      call(api, { method: "POST", path: pull({ repository, number }, "/reviews"), body }),
  }),
  action({
    name: "request-reviewers",
    title: "Ask for a review",
    description: "Asks people to review a pull request; they are notified.",
    effect: "write",
    input: aPull.extend({ reviewers: z.array(login).min(1).max(15) }),
    run: ({ repository, number, reviewers }, api) =>
      call(api, { method: "POST", path: pull({ repository, number }, "/requested_reviewers"), body: { reviewers } }),
  }),
];
