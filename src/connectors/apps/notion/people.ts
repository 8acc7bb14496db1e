import { z } from "zod";
import { AppError } from "../../../core/errors.js";
import { action, path } from "../../app.js";
import { call, id, pageOf, paging } from "./call.js";

export const people = [
  action({
    name: "list-comments",
    title: "List comments",
    description: "Open comments on a page or a block, oldest first.",
    effect: "read",
    input: z.strictObject({ block_id: id.describe("a page's id too"), ...paging }),
    run: ({ block_id, ...page }, api) => call(api, { path: "/v1/comments", query: { block_id, ...pageOf(page) } }),
  }),
  action({
    name: "create-comment",
    title: "Comment",
    description: "Comments on a page or a block, or answers in a discussion that list-comments shows.",
    effect: "write",
    input: z.strictObject({
      page_id: id.optional(),
      block_id: id.optional(),
      discussion_id: id.optional(),
      markdown: z.string().min(1).max(10_000),
    }),
    async run({ page_id, block_id, discussion_id, markdown }, api) {
      const places = [
        page_id !== undefined && { parent: { type: "page_id", page_id } },
        block_id !== undefined && { parent: { type: "block_id", block_id } },
        discussion_id !== undefined && { discussion_id },
      ].filter((place) => place !== false);
      if (places.length !== 1) {
        throw new AppError("INVALID_INPUT", "Give one of page_id, block_id and discussion_id.");
      }
      return call(api, { method: "POST", path: "/v1/comments", body: { ...places[0], markdown } });
    },
  }),
  action({
    name: "list-users",
    title: "List people",
    description: "People and integrations of the Notion workspace, with the ids that properties of people take.",
    effect: "read",
    input: z.strictObject(paging),
    run: (page, api) => call(api, { path: "/v1/users", query: pageOf(page) }),
  }),
  action({
    name: "get-user",
    title: "Get a person",
    description: "Name and e-mail address behind a user id.",
    effect: "read",
    input: z.strictObject({ user_id: id }),
    run: ({ user_id }, api) => call(api, { path: path`/v1/users/${user_id}` }),
  }),
];
