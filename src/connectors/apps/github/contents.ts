import { z } from "zod";
import { AppError, quote } from "../../../core/errors.js";
import { action, type Api, path } from "../../app.js";
import { answered } from "../answered.js";
import { fileText, requireTextSize, TEXT_LIMIT } from "../text.js";
import { call, HEADERS, inRepository, pageQuery, paging, ref, repository, sha, withoutLinks } from "./call.js";

const filePath = z.string().min(1).max(1024).describe("from the repository's root, such as src/main.ts");
const branch = ref.optional().describe("leave out for the default branch");
const message = z.string().min(1).max(10_000).describe("the commit's message");

const anEntry = z.object({ path: z.string(), type: z.string(), size: z.number(), sha: z.string() });
const aFile = anEntry.extend({ encoding: z.string().optional(), content: z.string().optional() });
const aTree = z.object({
  truncated: z.boolean().default(false),
  tree: z.array(z.object({ path: z.string(), type: z.string(), size: z.number().optional() })),
});

/** GitHub lists this many entries of a folder and leaves out the others in silence. */
const FOLDER_LIMIT = 1000;
/** Most files that `list-files` gives. */
const TREE_LIMIT = 5000;
const ANSWER_LIMIT = 16 * 1024 * 1024;

/** A file with its text, or the entries of a folder, the repository's root where the path is empty. */
export async function readContents(input: { repository: string; path: string; ref?: string | undefined }, api: Api) {
  const answer = await api.json({
    path: contentsPath(input.repository, input.path),
    query: { ref: input.ref },
    headers: HEADERS,
    maxBytes: ANSWER_LIMIT,
  });
  if (Array.isArray(answer)) {
    const entries = answered(z.array(anEntry), answer);
    return { kind: "folder" as const, path: input.path, entries, truncated: entries.length >= FOLDER_LIMIT };
  }
  const { type, encoding, content = "", path, size, sha } = answered(aFile, answer);
  if (type !== "file") {
    throw new AppError("UNSUPPORTED_MEDIA_TYPE", `${quote(path)} is a ${type}, which has no text of its own.`);
  }
  // GitHub itself leaves out the text of a file above its own limit.
  requireTextSize(path, encoding === "none" ? Math.max(size, TEXT_LIMIT + 1) : size);
  return { kind: "file" as const, path, size, sha, text: fileText(path, Buffer.from(content, "base64")) };
}

function contentsPath(repository: string, file: string): string {
  const parts = file.split("/").filter((part) => part !== "");
  return inRepository(repository, `/contents/${parts.map((part) => path`${part}`).join("/")}`);
}

export const contents = [
  action({
    name: "get-contents",
    title: "Read a file or folder",
    description: "A text file up to 1 MiB with its sha, or the entries of a folder (1,000 at most).",
    effect: "read",
    input: z.strictObject({
      repository,
      path: z.string().max(1024).default("").describe("leave out for the root"),
      ref: ref.optional().describe("branch, tag or commit; leave out for the default branch"),
    }),
    run: readContents,
  }),
  action({
    name: "list-files",
    title: "List all files",
    description: `Paths and sizes of all files of a repository or of one folder, folders within included; ${TREE_LIMIT} at most.`,
    effect: "read",
    input: z.strictObject({
      repository,
      ref: ref.default("HEAD").describe("branch, tag or commit; HEAD is the default branch"),
      folder: z.string().max(1024).default("").describe("only what lies below it"),
    }),
    async run({ repository, ref, folder }, api) {
      const answer = await api.json({
        path: inRepository(repository, path`/git/trees/${ref}`),
        query: { recursive: "1" },
        headers: HEADERS,
        maxBytes: ANSWER_LIMIT,
      });
      const { tree, truncated } = answered(aTree, answer);
      const below = folder === "" ? "" : `${folder.replace(/\/+$/, "")}/`;
      const files = tree.filter((entry) => entry.type === "blob" && entry.path.startsWith(below));
      return {
        files: files.slice(0, TREE_LIMIT).map(({ path, size }) => ({ path, size })),
        truncated: truncated || files.length > TREE_LIMIT,
      };
    },
  }),
  action({
    name: "search-code",
    title: "Search code",
    description:
      "Files whose text has the words, with the lines around them, such as: openSocket repo:octocat/hello language:go. API links are left out.",
    effect: "read",
    input: z.strictObject({ query: z.string().min(1).max(256), ...paging }),
    run: async ({ query, ...page }, api) =>
      withoutLinks(
        await api.json({
          path: "/search/code",
          query: { q: query, ...pageQuery(page) },
          headers: { ...HEADERS, accept: "application/vnd.github.text-match+json" },
        }),
      ),
  }),
  action({
    name: "write-file",
    title: "Create or replace a file",
    description:
      "Commits one text file. To replace a file give the sha that get-contents shows; without it only a new file is made. Workflow files are not allowed.",
    effect: "write",
    input: z.strictObject({
      repository,
      path: filePath,
      text: z.string().max(1024 * 1024),
      message,
      branch,
      sha: sha.optional().describe("the file's present sha; leave out for a new file"),
    }),
    run: ({ repository, path, text, ...rest }, api) =>
      call(api, {
        method: "PUT",
        path: contentsPath(repository, path),
        body: { ...rest, content: Buffer.from(text, "utf8").toString("base64") },
      }),
  }),
  action({
    name: "delete-file",
    title: "Delete a file",
    description: "Commits the removal of one file; earlier commits keep it.",
    effect: "destroy",
    input: z.strictObject({ repository, path: filePath, message, branch, sha: sha.describe("the file's present sha") }),
    run: ({ repository, path, ...body }, api) =>
      call(api, { method: "DELETE", path: contentsPath(repository, path), body }),
  }),
];
