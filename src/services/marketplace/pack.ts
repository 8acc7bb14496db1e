import { createHash } from "node:crypto";
import { posix } from "node:path";
import type { Category } from "../../core/shapes/skill.js";
import { BrokenPack, type FrontMatter, parseSkill } from "./front-matter.js";
import { type PackFile, readPackFiles, textOf } from "./pack-files.js";
import type { Parameter } from "./parameters.js";
import { takesParameters } from "./render-template.js";

/** A skill of the marketplace, read once and never changed. */
export interface Pack {
  /** The folder's name: what callers name the skill by. */
  readonly slug: string;
  readonly name: string;
  /** What people see. */
  readonly title: string;
  readonly description: string;
  readonly category: Category;
  readonly version: string;
  readonly license: string;
  /** The https URL of its repository. */
  readonly source?: string;
  readonly parameters: readonly Parameter[];
  /** Environment variables that a run needs a secret bound to. */
  readonly secrets: readonly string[];
  /** Origins that a run on the server may send requests to. */
  readonly http: readonly string[];
  /** Whether a run is given the workspace memory as context. */
  readonly memory: boolean;
  /** A file that is rendered from the answer of a run. */
  readonly artifact?: { readonly template: string; readonly name: string; readonly mimeType: string };
  /** The Markdown after the front matter. */
  readonly instructions: string;
  /** Every file of its folder, SKILL.md among them. */
  readonly files: readonly PackFile[];
  /** SHA-256 in hex over all files, their paths included. */
  readonly digest: string;
}

const SLUG = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** Reads the pack in a folder; throws `BrokenPack` with the reason where it is none. */
export async function readPack(folder: string, slug: string): Promise<Pack> {
  if (!SLUG.test(slug)) {
    throw new BrokenPack("its folder's name must be 1 to 64 lower-case letters, digits and hyphens");
  }
  const files = await readPackFiles(folder);
  const skill = files.find((file) => file.path === "SKILL.md");
  if (!skill) throw new BrokenPack("it has no SKILL.md");
  const { front, instructions } = parseSkill(textOf(skill));
  const { artifact, source, title, ...rest } = front;
  return {
    ...rest,
    slug,
    title: title ?? titleOf(front.name),
    ...(source !== undefined && { source }),
    ...(artifact && { artifact: artifactOf(artifact, files) }),
    instructions,
    files,
    digest: digestOf(files),
  };
}

function titleOf(name: string): string {
  return name
    .split(/[-\s]+/)
    .filter(Boolean)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(" ");
}

function artifactOf(declared: NonNullable<FrontMatter["artifact"]>, files: readonly PackFile[]) {
  const path = posix.normalize(declared.template);
  if (path.startsWith("../") || posix.isAbsolute(path)) {
    throw new BrokenPack("artifact.template leads out of the pack's folder");
  }
  const file = files.find((candidate) => candidate.path === path);
  if (!file) throw new BrokenPack("artifact.template names no file of the pack");
  const template = textOf(file);
  if (!takesParameters(template)) throw new BrokenPack(`${path} must have /*{{PARAMETERS}}*/ {} exactly once`);
  return { template, name: declared.name, mimeType: declared.mime_type };
}

function digestOf(files: readonly PackFile[]): string {
  const hash = createHash("sha256");
  for (const { path, content } of files) hash.update(`${path}\0${content.byteLength}\0`).update(content);
  return hash.digest("hex");
}
