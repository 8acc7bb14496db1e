import { z } from "zod";
import { action, path } from "../../app.js";
import { call, id, pageOf, paging } from "./call.js";

export const blocks = [
  action({
    name: "list-blocks",
    title: "List blocks",
    description: "The blocks right below a page or a block with their ids, for those who need more than the text.",
    effect: "read",
    input: z.strictObject({ block_id: id.describe("a page's id too"), ...paging }),
    run: ({ block_id, ...page }, api) =>
      call(api, { path: path`/v1/blocks/${block_id}/children`, query: pageOf(page) }),
  }),
  action({
    name: "delete-block",
    title: "Delete a block",
    description: "Moves one block, with all below it, to the trash.",
    effect: "destroy",
    input: z.strictObject({ block_id: id }),
    run: ({ block_id }, api) => call(api, { method: "DELETE", path: path`/v1/blocks/${block_id}` }),
  }),
];
