import type { DirectoryResource, Skill } from "@modelcontextprotocol/server/ext/skills";
import { isUtf8 } from "node:buffer";
import { quote } from "../../core/errors.js";
import type { Log } from "../../core/log.js";

/** A skill with its files; the same object for as long as nothing of it changes. */
export interface SkillPack {
  readonly slug: string;
  /** Every file by its path from the skill's own folder, with forward slashes. */
  readonly files: readonly { readonly path: string; readonly content: Uint8Array }[];
}

/** A file of a skill as clients read it. */
export interface SkillFile {
  readonly mimeType: string;
  readonly content: Uint8Array;
}

/** A skill as the extension tells of it, everything by its address. */
export interface ServedSkill {
  readonly entry: Skill;
  readonly files: ReadonlyMap<string, SkillFile>;
  /** The direct children of each of its directories, sorted by address. */
  readonly directories: ReadonlyMap<string, readonly DirectoryResource[]>;
}

/** What is told of each pack, worked out once. */
export interface SkillCatalogue {
  /** Undefined for a pack that breaks the rules of the extension, which is logged once. */
  of(pack: SkillPack): Promise<ServedSkill | undefined>;
}

/** A catalogue that remembers a pack for as long as somebody holds it. */
export function createSkillCatalogue(log: Log): SkillCatalogue {
  const known = new WeakMap<SkillPack, Promise<ServedSkill | undefined>>();
  return {
    of(pack) {
      const served = known.get(pack) ?? serve(pack, log);
      known.set(pack, served);
      return served;
    },
  };
}

async function serve({ slug, files }: SkillPack, log: Log): Promise<ServedSkill | undefined> {
  const { DIRECTORY_MIME_TYPE, skillEntry } = await import("@modelcontextprotocol/server/ext/skills");
  const contents = new Map(files.map(({ path, content }) => [path, content]));
  let entry: Skill;
  try {
    entry = await skillEntry(slug, Object.fromEntries(contents));
  } catch (thrown) {
    const reason = (thrown instanceof Error ? thrown.message : String(thrown)).replaceAll(/\s+/g, " ");
    log.warn({ slug, reason }, `Skill ${quote(slug)} is left out of skills/list: ${reason}`);
    return undefined;
  }
  const root = entry.uri.slice(0, entry.uri.lastIndexOf("/"));
  const served = new Map<string, SkillFile>();
  for (const { uri } of entry.resources === "dynamic" ? [] : entry.resources) {
    const content = contents.get(
      uri
        .slice(root.length + 1)
        .split("/")
        .map(decodeURIComponent)
        .join("/"),
    );
    if (content) served.set(uri, { mimeType: mediaTypeOf(uri, content), content });
  }
  return { entry, files: served, directories: directoriesOf(root, served, DIRECTORY_MIME_TYPE) };
}

function directoriesOf(root: string, files: ReadonlyMap<string, SkillFile>, directoryType: string) {
  const directories = new Map<string, Map<string, DirectoryResource>>();
  for (const [uri, { mimeType, content }] of files) {
    let child: DirectoryResource = { uri, name: nameOf(uri), mimeType, size: content.byteLength };
    while (child.uri !== root) {
      const parent = child.uri.slice(0, child.uri.lastIndexOf("/"));
      const children = directories.get(parent) ?? new Map<string, DirectoryResource>();
      directories.set(parent, children.set(child.uri, child));
      child = { uri: parent, name: nameOf(parent), mimeType: directoryType };
    }
  }
  return new Map([...directories].map(([uri, children]) => [uri, [...children.values()].sort(byUri)]));
}

const nameOf = (uri: string): string => decodeURIComponent(uri.slice(uri.lastIndexOf("/") + 1));

/** The order of addresses in every list. */
export const byUri = (one: { readonly uri: string }, other: { readonly uri: string }): number =>
  one.uri < other.uri ? -1 : 1;

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  css: "text/css",
  csv: "text/csv",
  gif: "image/gif",
  htm: "text/html",
  html: "text/html",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript",
  json: "application/json",
  md: "text/markdown",
  mjs: "text/javascript",
  pdf: "application/pdf",
  png: "image/png",
  py: "text/x-python",
  sh: "application/x-sh",
  svg: "image/svg+xml",
  ts: "text/typescript",
  txt: "text/plain",
  webp: "image/webp",
  xml: "application/xml",
  yaml: "application/yaml",
  yml: "application/yaml",
};

function mediaTypeOf(uri: string, content: Uint8Array): string {
  const extension = /\.([a-z0-9]+)$/i.exec(uri)?.[1]?.toLowerCase() ?? "";
  const known = Object.hasOwn(MEDIA_TYPES, extension) ? MEDIA_TYPES[extension] : undefined;
  return known ?? (isUtf8(content) ? "text/plain" : "application/octet-stream");
}
