import { z } from "zod";
import { type Api, action, path } from "../../app.js";
import { answered } from "../answered.js";
import { moment } from "../inputs.js";
import { call, inRepository, login, pageQuery, paging, ref, repository, sha } from "./call.js";

const branch = ref.describe("without refs/heads/");

export const repositories = [
  action({
    name: "list-repositories",
    title: "List my repositories",
    description: "Repositories that the connected account owns or works on, private ones too. API links are left out.",
    effect: "read",
    input: z.strictObject({
      visibility: z.enum(["all", "public", "private"]).default("all"),
      sort: z.enum(["created", "updated", "pushed", "full_name"]).default("pushed"),
      ...paging,
    }),
    run: ({ visibility, sort, ...page }, api) =>
      call(api, { path: "/user/repos", query: { visibility, sort, ...pageQuery(page) } }),
  }),
  action({
    name: "search-repositories",
    title: "Search repositories",
    description:
      "Repositories of all of GitHub in its search language, such as: tetris language:rust stars:>100. API links are left out.",
    effect: "read",
    input: z.strictObject({
      query: z.string().min(1).max(256),
      sort: z.enum(["stars", "forks", "updated"]).optional().describe("leave out for the best match"),
      order: z.enum(["asc", "desc"]).default("desc"),
      ...paging,
    }),
    run: ({ query, sort, order, ...page }, api) =>
      call(api, { path: "/search/repositories", query: { q: query, sort, order, ...pageQuery(page) } }),
  }),
  action({
    name: "get-repository",
    title: "Get a repository",
    description:
      "One repository: description, default branch, visibility, counts, what the account may do there. API links are left out.",
    effect: "read",
    input: z.strictObject({ repository }),
    run: (input, api) => call(api, { path: inRepository(input.repository) }),
  }),
  action({
    name: "create-repository",
    title: "Create a repository",
    description: "Makes a repository in the account, or in an organisation; private unless said otherwise.",
    effect: "write",
    input: z.strictObject({
      name: z.string().regex(/^\.?[A-Za-z0-9_-][A-Za-z0-9._-]{0,98}$/),
      organization: login.optional().describe("leave out for the account's own"),
      description: z.string().max(350).optional(),
      private: z.boolean().default(true),
      auto_init: z.boolean().default(false).describe("begin with a README"),
    }),
    run: ({ organization, ...body }, api) =>
      call(api, {
        method: "POST",
        path: organization === undefined ? "/user/repos" : path`/orgs/${organization}/repos`,
        body,
      }),
  }),
  action({
    name: "list-branches",
    title: "List branches",
    description: "Branches of a repository, each with its newest commit. API links are left out.",
    effect: "read",
    input: z.strictObject({ repository, ...paging }),
    run: ({ repository, ...page }, api) =>
      call(api, { path: inRepository(repository, "/branches"), query: pageQuery(page) }),
  }),
  action({
    name: "create-branch",
    title: "Create a branch",
    description: "Makes a branch that begins where another branch, a tag or a commit stands.",
    effect: "write",
    input: z.strictObject({
      repository,
      branch,
      from: ref.default("HEAD").describe("branch, tag or commit; HEAD is the default branch"),
    }),
    async run({ repository, branch, from }, api) {
      const body = { ref: `refs/heads/${branch}`, sha: await commitOf(repository, from, api) };
      return call(api, { method: "POST", path: inRepository(repository, "/git/refs"), body });
    },
  }),
  action({
    name: "delete-branch",
    title: "Delete a branch",
    description: "Removes a branch; commits that only it holds are lost to everyone who has no copy.",
    effect: "destroy",
    input: z.strictObject({ repository, branch }),
    async run({ repository, branch }, api) {
      await call(api, { method: "DELETE", path: inRepository(repository, path`/git/refs/${`heads/${branch}`}`) });
      return { branch, deleted: true };
    },
  }),
  action({
    name: "list-commits",
    title: "List commits",
    description:
      "Commits of a branch, newest first; of one file, one author or a span of time where given. API links are left out.",
    effect: "read",
    input: z.strictObject({
      repository,
      ref: ref.optional().describe("branch, tag or commit to begin at; leave out for the default branch"),
      path: z.string().max(1024).optional().describe("only commits that touch this file or folder"),
      author: z.string().max(254).optional().describe("login or e-mail address"),
      since: moment.optional(),
      until: moment.optional(),
      ...paging,
    }),
    run: ({ repository, ref, limit, page, ...rest }, api) =>
      call(api, {
        path: inRepository(repository, "/commits"),
        query: { sha: ref, ...rest, ...pageQuery({ limit, page }) },
      }),
  }),
  action({
    name: "get-commit",
    title: "Get a commit",
    description: "One commit with its message, its files and what changed in them. API links are left out.",
    effect: "read",
    input: z.strictObject({ repository, ref: ref.describe("commit, branch or tag"), ...paging }),
    run: ({ repository, ref, ...page }, api) =>
      call(api, { path: inRepository(repository, path`/commits/${ref}`), query: pageQuery(page) }),
  }),
  action({
    name: "compare-commits",
    title: "Compare two commits",
    description:
      "What head has that base has not: the commits between them and the changed files. API links are left out.",
    effect: "read",
    input: z.strictObject({
      repository,
      base: ref.describe("branch, tag or commit"),
      head: ref.describe("branch, tag or commit"),
      ...paging,
    }),
    run: ({ repository, base, head, ...page }, api) =>
      call(api, { path: inRepository(repository, path`/compare/${`${base}...${head}`}`), query: pageQuery(page) }),
  }),
];

async function commitOf(repository: string, from: string, api: Api): Promise<string> {
  if (sha.safeParse(from).success) return from;
  const answer = await call(api, { path: inRepository(repository, path`/commits/${from}`), query: { per_page: 1 } });
  return answered(z.object({ sha }), answer).sha;
}
