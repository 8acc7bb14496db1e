import { Client } from "@notionhq/client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { notion } from "../../../src/connectors/apps/notion.js";
import { type Recorder, startRecorder } from "../../support/clerk-recorder.js";
import { TOKEN } from "./acting.js";
import { askedBy, askedByClient } from "./requests.js";

const page_id = "897e5a76-ae52-4b48-9fdf-e71f5945d1af";
const block_id = "0c940186ab704351bb342d16f0635d49";
const data_source_id = "248104cd477e80afbc30000bd28de8f9";
const start_cursor = "248104cd-477e-80af-bc30-000bd28de8f9";

/** An action, its arguments and the same with Notion's own client. */
interface Row {
  readonly action: string;
  readonly input: object;
  readonly client: (notion: Client) => Promise<unknown>;
}

const rows: Row[] = [
  {
    action: "search",
    input: { query: "road map", kind: "data_source", sort: "newest", limit: 5, cursor: start_cursor },
    client: (notion) =>
      notion.search({
        query: "road map",
        filter: { property: "object", value: "data_source" },
        sort: { timestamp: "last_edited_time", direction: "descending" },
        page_size: 5,
        start_cursor,
      }),
  },
  { action: "search", input: {}, client: (notion) => notion.search({ page_size: 20 }) },
  { action: "get-page", input: { page_id }, client: (notion) => notion.pages.retrieve({ page_id }) },
  {
    action: "get-page-content",
    input: { page_id },
    client: (notion) => notion.pages.retrieveMarkdown({ page_id, include_transcript: false }),
  },
  {
    action: "create-page",
    input: { parent_id: page_id, title: "Plan", markdown: "# One\n\nTwo", icon: "🗺️" },
    client: (notion) =>
      notion.pages.create({
        parent: { type: "page_id", page_id },
        properties: { title: { title: [{ type: "text", text: { content: "Plan" } }] } },
        markdown: "# One\n\nTwo",
        icon: { type: "emoji", emoji: "🗺️" },
      }),
  },
  {
    action: "create-page",
    input: {
      parent_id: data_source_id,
      parent_kind: "data_source",
      title: "Row",
      properties: { Done: { checkbox: true } },
    },
    client: (notion) =>
      notion.pages.create({
        parent: { type: "data_source_id", data_source_id },
        properties: { Done: { checkbox: true }, title: { title: [{ type: "text", text: { content: "Row" } }] } },
      }),
  },
  {
    action: "update-page",
    input: { page_id, properties: { Status: { status: { name: "Done" } } } },
    client: (notion) => notion.pages.update({ page_id, properties: { Status: { status: { name: "Done" } } } }),
  },
  {
    action: "append-to-page",
    input: { page_id, markdown: "- more" },
    client: (notion) =>
      notion.pages.updateMarkdown({
        page_id,
        type: "insert_content",
        insert_content: { content: "- more", position: { type: "end" } },
      }),
  },
  {
    action: "edit-page-content",
    input: { page_id, edits: [{ old: "teh", new: "the", everywhere: true }] },
    client: (notion) =>
      notion.pages.updateMarkdown({
        page_id,
        type: "update_content",
        update_content: { content_updates: [{ old_str: "teh", new_str: "the", replace_all_matches: true }] },
      }),
  },
  {
    action: "replace-page-content",
    input: { page_id, markdown: "New" },
    client: (notion) =>
      notion.pages.updateMarkdown({
        page_id,
        type: "replace_content",
        replace_content: { new_str: "New", allow_deleting_content: false },
      }),
  },
  {
    action: "move-page",
    input: { page_id, parent_id: data_source_id, parent_kind: "data_source" },
    client: (notion) => notion.pages.move({ page_id, parent: { type: "data_source_id", data_source_id } }),
  },
  {
    action: "archive-page",
    input: { page_id },
    client: (notion) => notion.pages.update({ page_id, in_trash: true }),
  },
  {
    action: "restore-page",
    input: { page_id },
    client: (notion) => notion.pages.update({ page_id, in_trash: false }),
  },
  {
    action: "get-database",
    input: { database_id: page_id },
    client: (notion) => notion.databases.retrieve({ database_id: page_id }),
  },
  {
    action: "get-data-source",
    input: { data_source_id },
    client: (notion) => notion.dataSources.retrieve({ data_source_id }),
  },
  {
    action: "query-data-source",
    input: {
      data_source_id,
      filter: { property: "Done", checkbox: { equals: false } },
      sorts: [{ property: "Due", direction: "descending" }, { property: "Name" }],
      limit: 50,
    },
    client: (notion) =>
      notion.dataSources.query({
        data_source_id,
        filter: { property: "Done", checkbox: { equals: false } },
        sorts: [
          { property: "Due", direction: "descending" },
          { property: "Name", direction: "ascending" },
        ],
        page_size: 50,
      }),
  },
  {
    action: "create-database",
    input: { page_id, title: "Tasks", properties: { Name: { title: {} }, Due: { date: {} } } },
    client: (notion) =>
      notion.databases.create({
        parent: { type: "page_id", page_id },
        title: [{ type: "text", text: { content: "Tasks" } }],
        initial_data_source: { properties: { Name: { title: {} }, Due: { date: {} } } },
      }),
  },
  {
    action: "list-blocks",
    input: { block_id, cursor: start_cursor },
    client: (notion) => notion.blocks.children.list({ block_id, page_size: 20, start_cursor }),
  },
  { action: "delete-block", input: { block_id }, client: (notion) => notion.blocks.delete({ block_id }) },
  {
    action: "list-comments",
    input: { block_id },
    client: (notion) => notion.comments.list({ block_id, page_size: 20 }),
  },
  {
    action: "create-comment",
    input: { page_id, markdown: "**Seen.**" },
    client: (notion) => notion.comments.create({ parent: { type: "page_id", page_id }, markdown: "**Seen.**" }),
  },
  {
    action: "create-comment",
    input: { block_id, markdown: "Here." },
    client: (notion) => notion.comments.create({ parent: { type: "block_id", block_id }, markdown: "Here." }),
  },
  {
    action: "create-comment",
    input: { discussion_id: block_id, markdown: "Yes." },
    client: (notion) => notion.comments.create({ discussion_id: block_id, markdown: "Yes." }),
  },
  { action: "list-users", input: { limit: 1 }, client: (notion) => notion.users.list({ page_size: 1 }) },
  { action: "get-user", input: { user_id: page_id }, client: (notion) => notion.users.retrieve({ user_id: page_id }) },
];

let recorder: Recorder;
let client: Client;
beforeAll(async () => {
  recorder = await startRecorder();
  client = new Client({ auth: TOKEN, baseUrl: recorder.url, retry: false });
});
afterAll(() => recorder.stop());

/** The headers that decide who asks for what, as they last arrived. */
function headers() {
  const { authorization, "content-type": type, "notion-version": version } = recorder.arrived[0]?.headers ?? {};
  return { authorization, type, version };
}

it.each(rows)("$action asks for what Notion's own client asks for", async ({ action, input, client: calls }) => {
  const theirs = await askedByClient(recorder, () => calls(client));
  const theirHeaders = headers();
  expect(await askedBy(notion, recorder, { action, input })).toEqual(theirs);
  expect(headers()).toEqual(theirHeaders);
  expect(theirs).toHaveLength(1);
});

it("compares every action", () => {
  expect(new Set(rows.map((row) => row.action))).toEqual(new Set(notion.actions.map((action) => action.name)));
});
