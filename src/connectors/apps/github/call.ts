import { z } from "zod";
import { type Api, type ApiCall, path } from "../../app.js";

/** A repository argument, as GitHub writes it. */
export const repository = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}\/\.?[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/)
  .describe("owner/name, such as octocat/hello-world");

/** The number of an issue or pull request. */
export const number = z.int().min(1);

/** A login of a person or an organisation. */
export const login = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/);

/** A branch, tag or commit; git's own rules leave out blanks and control characters. */
export const ref = z.string().regex(/^[^\s~^:?*[\\]{1,255}$/);

/** A commit's or blob's hash. */
export const sha = z.string().regex(/^[0-9a-f]{40,64}$/);

/** The paging arguments of GitHub's lists. */
export const paging = {
  limit: z.int().min(1).max(100).default(30),
  page: z.int().min(1).max(1000).default(1).describe("1 is the first; ask for the next while a page is full"),
};

/** {@link paging} as GitHub's query has it. */
export const pageQuery = (input: { limit: number; page: number }) => ({ per_page: input.limit, page: input.page });

/** A path inside a repository, each part of both encoded. */
export function inRepository(repository: string, rest = ""): string {
  const [owner = "", name = ""] = repository.split("/");
  return path`/repos/${owner}/${name}` + rest;
}

/** A call of GitHub's REST API of the version that its official clients speak, its answer without {@link withoutLinks links}. */
export async function call(api: Api, request: ApiCall): Promise<unknown> {
  return withoutLinks(await api.json({ ...request, headers: HEADERS }));
}

export const HEADERS = { accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28" };

/** Most of a GitHub answer is addresses of further calls: a list of 30 pull requests has 500 KB, without them 60 KB. */
export function withoutLinks(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(withoutLinks);
  if (!isObject(answer)) return answer;
  return Object.fromEntries(
    Object.entries(answer)
      .filter(([name]) => !isLink(name))
      .map(([name, value]) => [name, shortened(name, value)]),
  );
}

function isLink(name: string): boolean {
  return name === "url" || name === "_links" || name === "node_id" || (name.endsWith("_url") && name !== "html_url");
}

/** Of repositories inside of what was asked for the name is enough, of signatures whether they are good. */
function shortened(name: string, value: unknown): unknown {
  if (!isObject(value)) return withoutLinks(value);
  if (["repo", "repository", "head_repository"].includes(name) && "full_name" in value) return value["full_name"];
  if (name === "verification") return { verified: value["verified"], reason: value["reason"] };
  return withoutLinks(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
