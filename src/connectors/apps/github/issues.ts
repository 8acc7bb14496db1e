import { z } from "zod";
import { action, path } from "../../app.js";
import { moment } from "../inputs.js";
import { call, inRepository, login, number, pageQuery, paging, repository } from "./call.js";

const labels = z.array(z.string().min(1).max(50)).max(100);
const assignees = z.array(login).max(10);
const text = z.string().max(65_536);
const title = z.string().min(1).max(256);
const anIssue = z.strictObject({ repository, number });

export const issues = [
  action({
    name: "list-issues",
    title: "List issues",
    description:
      "Issues of one repository, newest first. GitHub counts pull requests among them: those have pull_request. API links are left out.",
    effect: "read",
    input: z.strictObject({
      repository,
      state: z.enum(["open", "closed", "all"]).default("open"),
      labels: labels.optional().describe("only issues that have all of these"),
      assignee: z.string().max(100).optional().describe("a login, none, or * for anyone"),
      creator: login.optional(),
      since: moment.optional().describe("updated at or after this time"),
      sort: z.enum(["created", "updated", "comments"]).default("created"),
      direction: z.enum(["asc", "desc"]).default("desc"),
      ...paging,
    }),
    run: ({ repository, labels, limit, page, ...rest }, api) =>
      call(api, {
        path: inRepository(repository, "/issues"),
        query: { ...rest, labels: labels?.join(","), ...pageQuery({ limit, page }) },
      }),
  }),
  action({
    name: "search-issues",
    title: "Search issues and pull requests",
    description:
      "Issues and pull requests of all repositories in GitHub's search language, such as: repo:octocat/hello is:open is:issue label:bug crash. API links are left out.",
    effect: "read",
    input: z.strictObject({
      query: z.string().min(1).max(256).describe("words and qualifiers; say is:issue or is:pr"),
      sort: z.enum(["comments", "reactions", "created", "updated"]).optional().describe("leave out for the best match"),
      order: z.enum(["asc", "desc"]).default("desc"),
      ...paging,
    }),
    run: ({ query, sort, order, ...page }, api) =>
      call(api, { path: "/search/issues", query: { q: query, sort, order, ...pageQuery(page) } }),
  }),
  action({
    name: "get-issue",
    title: "Get an issue",
    description:
      "One issue with its text, labels, people and state; its comments are in list-issue-comments. API links are left out.",
    effect: "read",
    input: anIssue,
    run: (input, api) => call(api, { path: inRepository(input.repository, path`/issues/${input.number}`) }),
  }),
  action({
    name: "list-issue-comments",
    title: "List the comments of an issue",
    description: "What was said under an issue or a pull request, oldest first. API links are left out.",
    effect: "read",
    input: anIssue.extend({ since: moment.optional(), ...paging }),
    run: ({ repository, number, since, ...page }, api) =>
      call(api, {
        path: inRepository(repository, path`/issues/${number}/comments`),
        query: { since, ...pageQuery(page) },
      }),
  }),
  action({
    name: "create-issue",
    title: "Create an issue",
    description: "Opens an issue; people who watch the repository are notified.",
    effect: "write",
    input: z.strictObject({
      repository,
      title,
      body: text.optional().describe("Markdown"),
      labels: labels.optional(),
      assignees: assignees.optional(),
      milestone: z.int().min(1).optional().describe("a milestone's number"),
    }),
    run: ({ repository, ...body }, api) =>
      call(api, { method: "POST", path: inRepository(repository, "/issues"), body }),
  }),
  action({
    name: "update-issue",
    title: "Change an issue",
    description:
      "Changes what is given of an issue and leaves the rest; labels and assignees replace those it has. Reopens with state open.",
    effect: "write",
    input: anIssue.extend({
      title: title.optional(),
      body: text.optional().describe("Markdown"),
      state: z.enum(["open", "closed"]).optional(),
      labels: labels.optional(),
      assignees: assignees.optional(),
      milestone: z.int().min(1).optional().describe("a milestone's number"),
    }),
    run: ({ repository, number, ...body }, api) =>
      call(api, { method: "PATCH", path: inRepository(repository, path`/issues/${number}`), body }),
  }),
  action({
    name: "close-issue",
    title: "Close an issue",
    description: "Closes an issue as done, as not planned, or as a duplicate.",
    effect: "write",
    input: anIssue.extend({ reason: z.enum(["completed", "not_planned", "duplicate"]).default("completed") }),
    run: ({ repository, number, reason }, api) =>
      call(api, {
        method: "PATCH",
        path: inRepository(repository, path`/issues/${number}`),
        body: { state: "closed", state_reason: reason },
      }),
  }),
  action({
    name: "comment-on-issue",
    title: "Comment on an issue or pull request",
    description: "Adds a comment to the conversation of an issue or a pull request.",
    effect: "write",
    input: anIssue.extend({ body: text.min(1).describe("Markdown") }),
    run: ({ repository, number, body }, api) =>
      call(api, { method: "POST", path: inRepository(repository, path`/issues/${number}/comments`), body: { body } }),
  }),
  action({
    name: "add-labels",
    title: "Add labels",
    description: "Adds labels to an issue or a pull request and keeps those it has; a label that is new is created.",
    effect: "write",
    input: anIssue.extend({ labels: labels.min(1) }),
    run: ({ repository, number, labels }, api) =>
      call(api, { method: "POST", path: inRepository(repository, path`/issues/${number}/labels`), body: { labels } }),
  }),
];
