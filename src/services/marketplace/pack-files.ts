import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { BrokenPack } from "./front-matter.js";

const MAX_FILE_BYTES = 1024 * 1024;
const MAX_PACK_BYTES = 5 * MAX_FILE_BYTES;
const MAX_FILES = 200;
const MAX_DEPTH = 16;

/** A file of a pack: its path from the pack's folder with forward slashes, and its bytes. */
export interface PackFile {
  readonly path: string;
  readonly content: Buffer;
}

/**
 * Every file of a pack's folder in the order of their paths, hidden ones left out. Throws `BrokenPack` past
 * 1 MiB a file, 5 MiB a pack or 200 files, and for whatever is no plain file inside the folder.
 */
export async function readPackFiles(folder: string): Promise<PackFile[]> {
  const root = await realpath(folder);
  const paths: string[] = [];
  await collect(root, "", paths);
  const files: PackFile[] = [];
  let total = 0;
  for (const path of paths.sort()) {
    const content = await readInside(root, path);
    total += content.byteLength;
    if (total > MAX_PACK_BYTES) throw new BrokenPack("the pack is larger than 5 MiB");
    files.push({ path, content });
  }
  return files;
}

async function collect(root: string, under: string, paths: string[]): Promise<void> {
  if (under.split("/").length > MAX_DEPTH) throw new BrokenPack(`folders are nested deeper than ${MAX_DEPTH}`);
  for (const entry of await readdir(join(root, under), { withFileTypes: true })) {
    if (entry.name.startsWith(".")) continue;
    const path = under === "" ? entry.name : `${under}/${entry.name}`;
    if (entry.isDirectory()) await collect(root, path, paths);
    else paths.push(path);
    if (paths.length > MAX_FILES) throw new BrokenPack(`the pack has more than ${MAX_FILES} files`);
  }
}

async function readInside(root: string, path: string): Promise<Buffer> {
  const real = await realpath(join(root, path)).catch((cause: unknown) => {
    throw new BrokenPack(`${path} cannot be read, or links to nothing`, { cause });
  });
  if (!real.startsWith(root + sep)) throw new BrokenPack(`${path} leads out of the pack's folder`);
  const found = await stat(real);
  // A FIFO or a device would be read for ever, a linked folder could lead in a circle.
  if (!found.isFile()) throw new BrokenPack(`${path} is no plain file`);
  if (found.size > MAX_FILE_BYTES) throw new BrokenPack(`${path} is larger than 1 MiB`);
  return readFile(real);
}

/** The file's text; throws `BrokenPack` where it is not UTF-8. A byte order mark is dropped. */
export function textOf(file: PackFile): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(file.content);
  } catch (cause) {
    throw new BrokenPack(`${file.path} is not UTF-8`, { cause });
  }
}
