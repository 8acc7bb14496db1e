import { z } from "zod";
import { textIn } from "../core/decoding.js";
import { AppError, quote } from "../core/errors.js";
import { visible } from "../core/visible.js";
import { type Api, path } from "./app.js";
import { answered } from "./apps/answered.js";

/** Which part of a repository is wanted. */
export interface RepositoryChoice {
  /** `owner/name`. */
  readonly repository: string;
  /** A branch, tag or commit; the default branch where left out. */
  readonly ref?: string | undefined;
  /** A folder or file; everything where left out. */
  readonly path?: string | undefined;
}

/** Most files, bytes and bytes of one file that are given. */
export const REPOSITORY_LIMITS = { files: 60, bytes: 128 * 1024, fileBytes: 32 * 1024 } as const;

/** Names of files left out that are told, and how many characters all of them take at most. */
const NAMES_TOLD = 200;
const NAMES_LENGTH = 10_000;
const AT_ONCE = 4;

const HEADERS = { accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28" };

const aRepository = z.object({ default_branch: z.string() });
const aTree = z.object({
  truncated: z.boolean().default(false),
  tree: z.array(
    z.object({
      path: z.string(),
      mode: z.string(),
      type: z.string(),
      sha: z.string(),
      size: z.number().optional(),
    }),
  ),
});
const aBlob = z.object({ content: z.string(), encoding: z.string() });

type Entry = z.output<typeof aTree>["tree"][number];

const BINARY =
  /\.(7z|a|avif|bin|bmp|bz2|class|dll|dmg|docx?|dylib|eot|exe|flac|gif|gz|heic|ico|jar|jpe?g|lockb|mov|mp[34]|o|odt|ogg|otf|pack|parquet|pdf|png|pptx?|psd|pyc|so|sqlite3?|tar|tgz|tiff?|ttf|wasm|wav|webm|webp|woff2?|xlsx?|xz|zip|zst)$/i;
const GENERATED =
  /(^|\/)(node_modules|vendor|dist|build|target|\.venv|__pycache__)\/|(^|\/)([\w.-]*-lock\.(json|yaml)|[\w.-]*\.lock|go\.sum)$|\.min\.(js|css)$|\.map$/i;

/** Why a file is not given. */
type Reason = "binary" | "generated" | "too large for one file" | "beyond the limits";

/**
 * The text files of a repository within {@link REPOSITORY_LIMITS}, the most telling first, and what was left out. Throws
 * `NOT_FOUND` where there is no such repository, ref or path, and whatever the API throws.
 */
export async function repositoryText(api: Api, choice: RepositoryChoice): Promise<string> {
  const ref =
    choice.ref ?? answered(aRepository, await api.json({ path: inside(choice), headers: HEADERS })).default_branch;
  const { entries, truncated } = await filesOf(api, choice, ref);
  const left = new Map<Reason, string[]>();
  const leave = (file: Entry, reason: Reason) => {
    const name = nameOf(file);
    const others = left.get(reason);
    if (others) others.push(name);
    else left.set(reason, [name]);
  };
  const wanted = chosen(entries, leave);
  const given: string[] = [];
  let bytes = 0;
  for (let at = 0; at < wanted.length; at += AT_ONCE) {
    const files = wanted.slice(at, at + AT_ONCE);
    const texts = await Promise.all(files.map((file) => textOf(api, choice, file)));
    files.forEach((file, index) => {
      const text = texts[index];
      if (text === undefined) return leave(file, "binary");
      // Hidden characters take more once they are shown.
      const shown = visible(text);
      const size = Buffer.byteLength(shown) + Buffer.byteLength(nameOf(file));
      if (Buffer.byteLength(shown) > REPOSITORY_LIMITS.fileBytes) return leave(file, "too large for one file");
      if (bytes + size > REPOSITORY_LIMITS.bytes) return leave(file, "beyond the limits");
      bytes += size;
      given.push(`=== ${nameOf(file)} ===\n${shown}`);
    });
  }
  return [summary(choice, ref, given.length, entries.length, left, truncated), ...given].join("\n\n");
}

function inside({ repository }: RepositoryChoice, rest = ""): string {
  const [owner = "", name = ""] = repository.split("/");
  return path`/repos/${owner}/${name}` + rest;
}

async function treeOf(api: Api, choice: RepositoryChoice, tree: string, recursive: boolean) {
  const query = recursive ? { recursive: 1 } : {};
  const answer = await api.json({ path: inside(choice, path`/git/trees/${tree}`), query, headers: HEADERS });
  return answered(aTree, answer);
}

/** Every file below the path; of a repository that is too large for one answer, those that GitHub tells. */
async function filesOf(api: Api, choice: RepositoryChoice, ref: string) {
  const parts = (choice.path ?? "").split("/").filter((part) => part !== "");
  let tree = ref;
  for (const [at, part] of parts.entries()) {
    const found = (await treeOf(api, choice, tree, false)).tree.find((entry) => entry.path === part);
    const isLast = at === parts.length - 1;
    if (found && isLast && isFile(found)) return { entries: [{ ...found, path: parts.join("/") }], truncated: false };
    if (found?.type !== "tree") throw noSuchPath(choice);
    tree = found.sha;
  }
  const { tree: all, truncated } = await treeOf(api, choice, tree, true).catch(async (thrown: unknown) => {
    if (!(thrown instanceof AppError && thrown.code === "PAYLOAD_TOO_LARGE")) throw thrown;
    return { ...(await treeOf(api, choice, tree, false)), truncated: true };
  });
  const prefix = parts.map((part) => `${part}/`).join("");
  return { entries: all.filter(isFile).map((entry) => ({ ...entry, path: prefix + entry.path })), truncated };
}

/** Links lead elsewhere, and what another repository holds is not this one's. */
function isFile({ type, mode }: Entry): boolean {
  return type === "blob" && mode !== "120000";
}

/** A path as it is told: on one line. */
function nameOf({ path }: Entry): string {
  return visible(path).replaceAll(/[\n\t]/g, "?");
}

function noSuchPath({ path = "", repository }: RepositoryChoice): AppError {
  return new AppError(
    "NOT_FOUND",
    `There is no ${quote(path)} in ${repository}; get-source-content shows what there is.`,
  );
}

function chosen(entries: readonly Entry[], leave: (file: Entry, reason: Reason) => void): Entry[] {
  const files: Entry[] = [];
  let bytes = 0;
  for (const file of [...entries].sort(tellingFirst)) {
    const size = file.size ?? 0;
    const whole = size + Buffer.byteLength(nameOf(file));
    if (BINARY.test(file.path)) leave(file, "binary");
    else if (GENERATED.test(file.path)) leave(file, "generated");
    else if (size > REPOSITORY_LIMITS.fileBytes) leave(file, "too large for one file");
    else if (files.length === REPOSITORY_LIMITS.files || bytes + whole > REPOSITORY_LIMITS.bytes) {
      leave(file, "beyond the limits");
    } else {
      files.push(file);
      bytes += whole;
    }
  }
  return files;
}

/** What explains the rest comes first, then what lies near the root. */
function tellingFirst(one: Entry, other: Entry): number {
  return rank(one) - rank(other) || (one.path < other.path ? -1 : 1);
}

function rank({ path }: Entry): number {
  const depth = path.split("/").length;
  return /(^|\/)(readme|contributing|agents|claude)(\.\w+)?$/i.test(path) ? depth : depth + 100;
}

async function textOf(api: Api, choice: RepositoryChoice, { sha }: Entry): Promise<string | undefined> {
  const blob = answered(aBlob, await api.json({ path: inside(choice, path`/git/blobs/${sha}`), headers: HEADERS }));
  return textIn(Buffer.from(blob.content, blob.encoding === "base64" ? "base64" : "utf8"));
}

function summary(
  choice: RepositoryChoice,
  ref: string,
  given: number,
  all: number,
  left: ReadonlyMap<Reason, readonly string[]>,
  truncated: boolean,
): string {
  const { files, bytes, fileBytes } = REPOSITORY_LIMITS;
  const below = choice.path === undefined ? "" : `, below ${choice.path}`;
  const names = [...left.values()].flat();
  const told = fitting(names.slice(0, NAMES_TOLD));
  const lines = [
    `Repository ${choice.repository} at ${ref}${below}: ${given} of ${all} files, at most ${files} files, ${bytes} bytes in all and ${fileBytes} bytes a file.`,
    ...(truncated ? ["GitHub listed a part of it only, because it is so large; name a path to see more."] : []),
    ...[...left].map(([reason, paths]) => `Left out as ${reason}: ${paths.length}.`),
    ...(names.length > 0
      ? [`Names left out: ${told.join(", ")}${names.length > told.length ? ", and more" : ""}.`]
      : []),
  ];
  return lines.join("\n");
}

/** As many of the names as are told. */
function fitting(names: readonly string[]): string[] {
  let left = NAMES_LENGTH;
  return names.filter((name) => (left -= name.length) >= 0);
}
