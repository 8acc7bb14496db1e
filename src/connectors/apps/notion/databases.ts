import { z } from "zod";
import { action, path } from "../../app.js";
import { call, id, pageOf, paging, plain, title } from "./call.js";

const json = z.record(z.string(), z.unknown());

export const databases = [
  action({
    name: "get-database",
    title: "Get a database",
    description: "A database with its data sources, which are the tables that hold the rows.",
    effect: "read",
    input: z.strictObject({ database_id: id }),
    run: ({ database_id }, api) => call(api, { path: path`/v1/databases/${database_id}` }),
  }),
  action({
    name: "get-data-source",
    title: "Get a data source",
    description: "A table's properties with their types and options: look here before you query it or add rows.",
    effect: "read",
    input: z.strictObject({ data_source_id: id }),
    run: ({ data_source_id }, api) => call(api, { path: path`/v1/data_sources/${data_source_id}` }),
  }),
  action({
    name: "query-data-source",
    title: "Query a data source",
    description: "Rows of a table that fit a filter, in the order that is asked for.",
    effect: "read",
    input: z.strictObject({
      data_source_id: id,
      filter: json
        .optional()
        .describe('as Notion\'s API has it, such as {"property": "Done", "checkbox": {"equals": false}}'),
      sorts: z
        .array(
          z.strictObject({
            property: z.string().min(1).max(200),
            direction: z.enum(["ascending", "descending"]).default("ascending"),
          }),
        )
        .max(10)
        .optional(),
      ...paging,
    }),
    run: ({ data_source_id, filter, sorts, ...page }, api) =>
      call(api, {
        method: "POST",
        path: path`/v1/data_sources/${data_source_id}/query`,
        body: { filter, sorts, ...pageOf(page) },
      }),
  }),
  action({
    name: "create-database",
    title: "Create a database",
    description: "Makes a database with one table below a page.",
    effect: "write",
    input: z.strictObject({
      page_id: id.describe("where it is put"),
      title,
      properties: json.describe(
        'columns by name as Notion\'s API has them, such as {"Name": {"title": {}}, "Due": {"date": {}}}; one is the title',
      ),
    }),
    run: ({ page_id, title, properties }, api) =>
      call(api, {
        method: "POST",
        path: "/v1/databases",
        body: {
          parent: { type: "page_id", page_id },
          title: plain(title),
          initial_data_source: { properties },
        },
      }),
  }),
];
