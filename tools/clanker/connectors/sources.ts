import { z } from "zod";
import { pageInput } from "../../../src/core/page.js";
import { fencedFields, sourceView } from "../../../src/core/shapes/connector.js";
import { define } from "../../define.js";
import { app, APP_ERRORS, readingScope, search } from "./inputs.js";

const source = z.string().min(1).max(1024).describe("id of list-sources");

const fencedPageOf = <Row extends z.ZodType>(row: Row) => ({
  ...fencedFields(z.array(row)),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
});

/** What lies in the connected apps. */
export const sources = [
  define({
    tool: "list-sources",
    route: { method: "GET", path: "/api/v1/connectors/:app/sources" },
    toolset: "connectors",
    title: "List an app's sources",
    description: "Repositories, calendars, folders, databases or labels of a connected app.",
    effect: "read",
    scope: readingScope,
    input: z.strictObject({
      app,
      search,
      cursor: z.string().min(1).max(4096).optional().describe("next_cursor of the page before"),
      limit: pageInput.limit,
    }),
    output: z.object({
      ...fencedFields(z.array(sourceView)),
      has_more: z.boolean(),
      next_cursor: z.string().optional(),
    }),
    errors: [...APP_ERRORS, "INVALID_CURSOR"],
    run: (input, { services, caller, signal }) => services.connectors.sources(caller.workspace, input, signal),
  }),
  define({
    tool: "list-branches",
    route: { method: "GET", path: "/api/v1/connectors/:app/branches" },
    toolset: "connectors",
    title: "List a source's branches",
    description: "Branches of a repository of a connected app, by name.",
    effect: "read",
    scope: readingScope,
    input: z.strictObject({ app, source, ...pageInput }),
    output: z.object(fencedPageOf(z.object({ name: z.string(), commit: z.string().optional() }))),
    errors: APP_ERRORS,
    run: (input, { services, caller, signal }) => services.connectors.branches(caller.workspace, input, signal),
  }),
  define({
    tool: "get-source-content",
    route: { method: "GET", path: "/api/v1/connectors/:app/content" },
    toolset: "connectors",
    title: "Get a source's content",
    description: "A file's text, or a folder's entries, in a connected app. Text files up to 1 MiB.",
    effect: "read",
    scope: readingScope,
    input: z.strictObject({
      app,
      source,
      path: z.string().max(4096).optional().describe("below the source; leave out for its root"),
      ref: z.string().min(1).max(255).optional().describe("branch, tag or commit; leave out for the default"),
    }),
    output: z.object(
      fencedFields(
        z.object({
          kind: z.enum(["file", "folder"]),
          path: z.string(),
          mimeType: z.string().optional(),
          size: z.number().optional(),
          text: z.string().optional(),
          entries: z
            .array(z.object({ path: z.string(), kind: z.enum(["file", "folder"]), size: z.number().optional() }))
            .optional(),
          truncated: z.boolean().optional().describe("whether there are more entries"),
        }),
      ),
    ),
    errors: [...APP_ERRORS, "UNSUPPORTED_MEDIA_TYPE"],
    run: (input, { services, caller, signal }) => services.connectors.content(caller.workspace, input, signal),
  }),
  define({
    tool: "list-github-repos",
    route: { method: "GET", path: "/api/v1/connectors/github/repos" },
    toolset: "connectors",
    title: "List GitHub repositories",
    description: "Repositories that the connected GitHub account reaches, by name.",
    effect: "read",
    scope: "connector:github:read",
    input: z.strictObject({
      search,
      visibility: z.enum(["public", "private"]).optional().describe("leave out for both"),
      ...pageInput,
    }),
    output: z.object({
      ...fencedPageOf(sourceView),
      truncated: z.boolean().describe("whether there are more than were looked at; search for a part of the name"),
    }),
    errors: APP_ERRORS,
    run: (input, { services, caller, signal }) => services.connectors.repositories(caller.workspace, input, signal),
  }),
];
