import { readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { quote } from "../../core/errors.js";
import type { Log } from "../../core/log.js";
import { whyUnreadable } from "../unreadable.js";
import { BrokenPack } from "./front-matter.js";
import { type Pack, readPack } from "./pack.js";

/** Where packs come from: each sub-folder of each folder, earlier folders first. */
export interface PackSources {
  readonly folders: readonly string[];
  readonly log: Log;
}

/**
 * The packs of all folders. A broken pack, a folder that cannot be read and a slug that an earlier folder has
 * already are left out with one warning each; nothing of it throws.
 */
export async function loadPacks({ folders, log }: PackSources): Promise<Pack[]> {
  const packs = new Map<string, Pack>();
  for (const [folder, slugs] of await listFolders(folders, log)) {
    for (const slug of slugs) {
      const pack = await readPack(join(folder, slug), slug).catch((thrown: unknown) => reasonOf(thrown));
      const reason = typeof pack === "string" ? pack : "an earlier folder has a pack of that name";
      if (typeof pack !== "string" && !packs.has(slug)) packs.set(slug, pack);
      else log.warn({ slug, folder, reason }, `Skill pack ${quote(slug)} left out: ${reason}`);
    }
  }
  return [...packs.values()];
}

/** The names of every folder's sub-folders, sorted; a folder that is given twice is there once. */
async function listFolders(folders: readonly string[], log: Log): Promise<Map<string, string[]>> {
  const listed = new Map<string, string[]>();
  for (const folder of folders) {
    try {
      const real = await realpath(folder);
      const entries = await readdir(real, { withFileTypes: true });
      const candidates = entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink());
      listed.set(
        real,
        candidates
          .map(({ name }) => name)
          .filter(isVisible)
          .sort(),
      );
    } catch (thrown) {
      const reason = reasonOf(thrown);
      log.warn({ folder, reason }, `Folder of skills ${quote(folder)} left out: ${reason}`);
    }
  }
  return listed;
}

function isVisible(name: string): boolean {
  return !name.startsWith(".");
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof BrokenPack) return thrown.message.replaceAll(/\s+/g, " ");
  return whyUnreadable(thrown);
}
