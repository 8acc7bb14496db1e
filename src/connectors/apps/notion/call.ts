import { z } from "zod";
import type { Api, ApiCall } from "../../app.js";

/** The version of Notion's API that its official client speaks unless told otherwise. */
const HEADERS = { "notion-version": "2025-09-03" };

/** A call of Notion's API. */
export function call(api: Api, request: ApiCall): Promise<unknown> {
  return api.json({ ...request, headers: HEADERS });
}

/** A UUID, its dashes there or not. */
export const id = z.string().regex(/^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$/);

/** The paging arguments of Notion's lists. */
export const paging = {
  limit: z.int().min(1).max(100).default(20),
  cursor: z.string().min(1).max(200).optional().describe("next_cursor of the page before"),
};

/** {@link paging} as Notion has it. */
export const pageOf = (input: { limit: number; cursor?: string | undefined }) => ({
  page_size: input.limit,
  start_cursor: input.cursor,
});

export const title = z.string().min(1).max(2000);

/** Text without any style. */
export const plain = (content: string) => [{ type: "text", text: { content } }];

/** Properties of a page; the title has the id `title` whatever people call it. */
export function properties(given: Readonly<Record<string, unknown>> | undefined, title: string | undefined) {
  if (title === undefined) return given;
  return { ...given, title: { title: plain(title) } };
}
