import { z } from "zod";
import { AppError, quote } from "../../../core/errors.js";
import type { Api, App, Source } from "../../app.js";
import { answered } from "../answered.js";
import { requireId } from "../named-path.js";
import { textType } from "../text.js";
import { readContents } from "./contents.js";
import { HEADERS, inRepository, repository } from "./call.js";

const PAGE = 100;
/** Pages that one call of ours reads at most, where it looks for a name or for all branches. */
const PAGES = 10;

const aRepository = z.object({
  full_name: z.string(),
  html_url: z.string().optional(),
  private: z.boolean().optional(),
});
const aBranch = z.object({ name: z.string(), commit: z.object({ sha: z.string() }).optional() });

/** The login of whose token it is. */
export async function account(api: Api): Promise<string> {
  return answered(z.object({ login: z.string() }), await api.json({ path: "/user", headers: HEADERS })).login;
}

/** Repositories that the account reaches, last pushed first; the search is for a part of the name. */
export const sources: App["sources"] = async ({ search, cursor }, api) => {
  const wanted = search?.toLowerCase() ?? "";
  const first = pageOf(cursor);
  const data: Source[] = [];
  for (let page = first; page < first + PAGES; page++) {
    const query = { sort: "pushed", per_page: PAGE, page };
    const rows = answered(z.array(aRepository), await api.json({ path: "/user/repos", query, headers: HEADERS }));
    data.push(...rows.filter((row) => row.full_name.toLowerCase().includes(wanted)).map(asSource));
    if (rows.length < PAGE) return { data };
    if (data.length >= PAGE) return { data, nextCursor: `${page + 1}` };
  }
  return { data, nextCursor: `${first + PAGES}` };
};

function pageOf(cursor: string | undefined): number {
  if (cursor === undefined) return 1;
  if (/^[1-9]\d{0,5}$/.test(cursor)) return Number(cursor);
  throw new AppError("INVALID_CURSOR", `${quote(cursor)} is no cursor of this list; use the one the page before gave.`);
}

function asSource(row: z.output<typeof aRepository>): Source {
  return {
    id: row.full_name,
    name: row.full_name,
    kind: "repository",
    ...(row.html_url !== undefined && { url: row.html_url }),
    ...(row.private !== undefined && { private: row.private }),
  };
}

/** The first 1,000 branches of a repository. */
export const branches: NonNullable<App["branches"]> = async (source, api) => {
  const path = inRepository(requireId(repository, source, "repository"), "/branches");
  const found: { name: string; commit?: string }[] = [];
  for (let page = 1; page <= PAGES; page++) {
    const query = { per_page: PAGE, page };
    const rows = answered(z.array(aBranch), await api.json({ path, query, headers: HEADERS }));
    found.push(...rows.map(({ name, commit }) => ({ name, ...(commit && { commit: commit.sha }) })));
    if (rows.length < PAGE) break;
  }
  return found;
};

/** A file's text, or a folder's entries, at a branch, tag or commit; the default branch if none is named. */
export const content: App["content"] = async ({ source, path = "", ref }, api) => {
  const found = await readContents({ repository: requireId(repository, source, "repository"), path, ref }, api);
  if (found.kind === "folder") return { ...found, entries: found.entries.map(asEntry) };
  return { kind: "file", path: found.path, mimeType: textType(found.path), size: found.size, text: found.text };
};

function asEntry({ path, type, size }: { path: string; type: string; size: number }) {
  return type === "dir" ? { path, kind: "folder" as const } : { path, kind: "file" as const, size };
}
