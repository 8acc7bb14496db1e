import { z } from "zod";
import { type Api, type App, path } from "../../app.js";
import { answered } from "../answered.js";
import { idOfPath, namedPath, requireId } from "../named-path.js";
import { requireTextSize } from "../text.js";
import { call, id } from "./call.js";

const richText = z.array(z.object({ plain_text: z.string().default("") })).default([]);
const plainText = (text: z.output<typeof richText>) => text.map((piece) => piece.plain_text).join("");

const aDataSource = z.object({ id: z.string(), title: richText, url: z.string().optional() });
const aPage = z.object({
  id: z.string(),
  properties: z
    .record(z.string(), z.object({ type: z.string().optional(), title: richText.optional().catch([]) }))
    .default({}),
});
const listOf = <T extends z.ZodType>(row: T) =>
  z.object({ results: z.array(row), has_more: z.boolean().default(false), next_cursor: z.string().nullish() });

const self = z.object({
  name: z.string().nullish(),
  bot: z
    .object({
      workspace_name: z.string().nullish(),
      owner: z
        .object({
          user: z
            .object({ name: z.string().nullish(), person: z.object({ email: z.string().nullish() }).nullish() })
            .nullish(),
        })
        .nullish(),
    })
    .nullish(),
});

const PAGE = 100;

/** Who gave this server its access, or the workspace where no person did. */
export async function account(api: Api): Promise<string> {
  const { name, bot } = answered(self, await call(api, { path: "/v1/users/me" }));
  const person = bot?.owner?.user;
  return person?.person?.email ?? person?.name ?? bot?.workspace_name ?? name ?? "Notion";
}

/** The data sources that people gave this connection, last changed first. */
export const sources: App["sources"] = async ({ search, cursor }, api) => {
  const body = {
    query: search,
    filter: { property: "object", value: "data_source" },
    page_size: PAGE,
    start_cursor: cursor,
  };
  const answer = await call(api, { method: "POST", path: "/v1/search", body });
  const { results, next_cursor } = answered(listOf(aDataSource), answer);
  return {
    data: results.map(({ id, title, url }) => ({
      id,
      name: plainText(title),
      kind: "database",
      ...(url !== undefined && { url }),
    })),
    ...(typeof next_cursor === "string" && { nextCursor: next_cursor }),
  };
};

/** The pages of a data source, or the text of one of them. */
export const content: App["content"] = async ({ source, path: where = "" }, api) => {
  const dataSource = requireId(id, source, "data source");
  if (where === "") {
    const answer = await call(api, {
      method: "POST",
      path: path`/v1/data_sources/${dataSource}/query`,
      body: { page_size: PAGE },
    });
    const { results, has_more } = answered(listOf(aPage), answer);
    const entries = results.map((page) => ({ path: namedPath(page.id, titleOf(page)), kind: "file" as const }));
    return { kind: "folder", path: where, entries, truncated: has_more };
  }
  const page = requireId(id, idOfPath(where), "page");
  const { markdown } = answered(
    z.object({ markdown: z.string() }),
    await call(api, { path: path`/v1/pages/${page}/markdown` }),
  );
  const size = Buffer.byteLength(markdown);
  requireTextSize(where, size);
  return { kind: "file", path: where, mimeType: "text/markdown", size, text: markdown };
};

function titleOf(page: z.output<typeof aPage>): string {
  const title = Object.values(page.properties).find((property) => property.type === "title");
  return plainText(title?.title ?? []);
}
