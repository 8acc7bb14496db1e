import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Links } from "./links.js";

/** Links for a client on this machine: the artifact is written to a folder and named by its file URL. */
export function createLocalLinks(folder: string): Links {
  return {
    async download(_workspace, artifact, content) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const path = join(folder, `${artifact.id}-${artifact.name}`);
      await writeFile(path, content, { mode: 0o600 });
      return { url: pathToFileURL(path).href };
    },
  };
}
