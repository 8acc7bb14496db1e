import { z } from "zod";
import { action, path } from "../../app.js";
import { call, id, pageOf, paging, properties, title } from "./call.js";

const aPage = z.strictObject({ page_id: id });
const markdown = z.string().max(500_000);
const values = z
  .record(z.string(), z.unknown())
  .optional()
  .describe('by name as Notion\'s API has them, such as {"Status": {"status": {"name": "Done"}}}');
const emoji = z.string().min(1).max(32);
const iconOf = (emoji: string | undefined) => (emoji === undefined ? undefined : { type: "emoji", emoji });

const parent = {
  parent_id: id,
  parent_kind: z.enum(["page", "data_source"]).default("page").describe("what parent_id is the id of"),
};
const parentOf = (input: { parent_id: string; parent_kind: "page" | "data_source" }) =>
  input.parent_kind === "page"
    ? { type: "page_id", page_id: input.parent_id }
    : { type: "data_source_id", data_source_id: input.parent_id };

export const pages = [
  action({
    name: "search",
    title: "Search",
    description:
      "Pages and data sources (tables) whose title has the words, of those that people gave this connection.",
    effect: "read",
    input: z.strictObject({
      query: z.string().max(500).optional().describe("words of the title; leave out for everything"),
      kind: z.enum(["page", "data_source"]).optional(),
      sort: z.enum(["newest", "oldest"]).optional().describe("by last change; leave out for the best match"),
      ...paging,
    }),
    run: ({ query, kind, sort, ...page }, api) =>
      call(api, {
        method: "POST",
        path: "/v1/search",
        body: {
          query,
          filter: kind && { property: "object", value: kind },
          sort: sort && { timestamp: "last_edited_time", direction: sort === "newest" ? "descending" : "ascending" },
          ...pageOf(page),
        },
      }),
  }),
  action({
    name: "get-page",
    title: "Get a page's properties",
    description: "Title, properties, place and dates of a page; its text is in get-page-content.",
    effect: "read",
    input: aPage,
    run: ({ page_id }, api) => call(api, { path: path`/v1/pages/${page_id}` }),
  }),
  action({
    name: "get-page-content",
    title: "Read a page",
    description:
      "The text of a page as Markdown. A page of many thousand blocks is cut: then truncated is true, and the ids in unknown_block_ids can be read like pages.",
    effect: "read",
    input: aPage.extend({ include_transcript: z.boolean().default(false).describe("with what was said in meetings") }),
    run: ({ page_id, include_transcript }, api) =>
      call(api, { path: path`/v1/pages/${page_id}/markdown`, query: { include_transcript } }),
  }),
  action({
    name: "create-page",
    title: "Create a page",
    description: "Makes a page below another one, or a row of a data source, with text in Markdown.",
    effect: "write",
    input: z.strictObject({
      ...parent,
      title: title.optional().describe("leave out to take the first heading of the text"),
      properties: values,
      markdown: markdown.optional(),
      icon: emoji.optional().describe("one emoji"),
    }),
    run: ({ parent_id, parent_kind, title, properties: given, markdown, icon }, api) =>
      call(api, {
        method: "POST",
        path: "/v1/pages",
        body: {
          parent: parentOf({ parent_id, parent_kind }),
          properties: properties(given, title),
          markdown,
          icon: iconOf(icon),
        },
      }),
  }),
  action({
    name: "update-page",
    title: "Change a page's properties",
    description: "Changes title, properties or icon of a page; what is not named stays, and so does the text.",
    effect: "write",
    input: aPage.extend({
      title: title.optional(),
      properties: values,
      icon: emoji.optional().describe("one emoji"),
    }),
    run: ({ page_id, title, properties: given, icon }, api) =>
      call(api, {
        method: "PATCH",
        path: path`/v1/pages/${page_id}`,
        body: { properties: properties(given, title), icon: iconOf(icon) },
      }),
  }),
  action({
    name: "append-to-page",
    title: "Append to a page",
    description: "Adds text in Markdown at the end of a page, or at its beginning.",
    effect: "write",
    input: aPage.extend({ markdown: markdown.min(1), position: z.enum(["start", "end"]).default("end") }),
    run: ({ page_id, markdown, position }, api) =>
      call(api, {
        method: "PATCH",
        path: path`/v1/pages/${page_id}/markdown`,
        body: { type: "insert_content", insert_content: { content: markdown, position: { type: position } } },
      }),
  }),
  action({
    name: "edit-page-content",
    title: "Change words of a page",
    description:
      "Replaces pieces of a page's text; each old piece must stand there once, as get-page-content shows it.",
    effect: "write",
    input: aPage.extend({
      edits: z
        .array(
          z.strictObject({
            old: markdown.min(1),
            new: markdown,
            everywhere: z.boolean().default(false).describe("replace it wherever it stands"),
          }),
        )
        .min(1)
        .max(50),
    }),
    run: ({ page_id, edits }, api) =>
      call(api, {
        method: "PATCH",
        path: path`/v1/pages/${page_id}/markdown`,
        body: {
          type: "update_content",
          update_content: {
            content_updates: edits.map((edit) => ({
              old_str: edit.old,
              new_str: edit.new,
              replace_all_matches: edit.everywhere,
            })),
          },
        },
      }),
  }),
  action({
    name: "replace-page-content",
    title: "Replace a page's text",
    description: "Puts new Markdown in the place of all that a page holds, pages below it only where that is allowed.",
    effect: "destroy",
    input: aPage.extend({
      markdown,
      delete_child_pages: z.boolean().default(false).describe("also if pages or databases in it are lost"),
    }),
    run: ({ page_id, markdown, delete_child_pages }, api) =>
      call(api, {
        method: "PATCH",
        path: path`/v1/pages/${page_id}/markdown`,
        body: {
          type: "replace_content",
          replace_content: { new_str: markdown, allow_deleting_content: delete_child_pages },
        },
      }),
  }),
  action({
    name: "move-page",
    title: "Move a page",
    description: "Puts a page below another page or into a data source.",
    effect: "write",
    input: aPage.extend(parent),
    run: ({ page_id, ...input }, api) =>
      call(api, { method: "POST", path: path`/v1/pages/${page_id}/move`, body: { parent: parentOf(input) } }),
  }),
  action({
    name: "archive-page",
    title: "Move a page to the trash",
    description: "Puts a page and all below it into the trash; restore-page brings them back.",
    effect: "destroy",
    input: aPage,
    run: ({ page_id }, api) =>
      call(api, { method: "PATCH", path: path`/v1/pages/${page_id}`, body: { in_trash: true } }),
  }),
  action({
    name: "restore-page",
    title: "Take a page out of the trash",
    description: "Brings back a page that lies in the trash.",
    effect: "write",
    input: aPage,
    run: ({ page_id }, api) =>
      call(api, { method: "PATCH", path: path`/v1/pages/${page_id}`, body: { in_trash: false } }),
  }),
];
