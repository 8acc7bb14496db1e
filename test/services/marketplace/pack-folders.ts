import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import type { Log } from "../../../src/core/log.js";

/** A SKILL.md with good front matter, changed where a test says so; `undefined` takes a key away. */
export function skill(front: Record<string, unknown> = {}, instructions = "Do it well."): string {
  const all = { name: "sample", description: "A sample skill.", category: "research", ...front };
  return `---\n${stringify(all, { keepUndefined: false })}---\n\n${instructions}\n`;
}

/** A temporary folder of packs; keys are paths such as `sample/SKILL.md`. */
export async function packFolder(files: Record<string, string | Uint8Array> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "clanker-packs-"));
  const write = async (path: string, content: string | Uint8Array) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  };
  for (const [path, content] of Object.entries(files)) await write(path, content);
  return { folder, write, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** A log that keeps its warnings. */
export function warnings() {
  const lines: { fields: Record<string, unknown>; message: string }[] = [];
  const ignore = () => undefined;
  const log: Log = {
    debug: ignore,
    info: ignore,
    error: ignore,
    warn: (fields, message) => void lines.push({ fields: { ...fields }, message }),
  };
  return { log, lines };
}
