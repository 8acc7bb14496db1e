import { z } from "zod";
import { action, path } from "../../app.js";
import { call, inRepository, pageQuery, paging, ref, repository } from "./call.js";

export const releases = [
  action({
    name: "list-releases",
    title: "List releases",
    description: "Releases of a repository, newest first, with their notes and files. API links are left out.",
    effect: "read",
    input: z.strictObject({ repository, ...paging }),
    run: ({ repository, ...page }, api) =>
      call(api, { path: inRepository(repository, "/releases"), query: pageQuery(page) }),
  }),
  action({
    name: "get-release",
    title: "Get a release",
    description: "The latest release of a repository, or the one of a tag. API links are left out.",
    effect: "read",
    input: z.strictObject({ repository, tag: ref.optional().describe("leave out for the latest") }),
    run: ({ repository, tag }, api) =>
      call(api, {
        path: inRepository(repository, tag === undefined ? "/releases/latest" : path`/releases/tags/${tag}`),
      }),
  }),
  action({
    name: "create-release",
    title: "Create a release",
    description: "Publishes a release at a tag, which is made where it does not exist; or keeps it as a draft.",
    effect: "write",
    input: z.strictObject({
      repository,
      tag_name: ref,
      target_commitish: ref.optional().describe("where a new tag is put; leave out for the default branch"),
      name: z.string().max(256).optional(),
      body: z.string().max(125_000).optional().describe("Markdown"),
      draft: z.boolean().default(false),
      prerelease: z.boolean().default(false),
      generate_release_notes: z.boolean().default(false).describe("let GitHub write name and notes where not given"),
    }),
    run: ({ repository, ...body }, api) =>
      call(api, { method: "POST", path: inRepository(repository, "/releases"), body }),
  }),
];
