// The program's own modules, for scripts: built from the sources as they are now.
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "./build.mjs";

export const root = fileURLToPath(new URL("..", import.meta.url));

if (!(await ensureBuilt(root))) process.exit(1);

/**
 * A module by its source's name, such as `src/config.ts`; the caller gives it its type.
 *
 * @param {string} source
 * @returns {Promise<any>}
 */
export function importBuilt(source) {
  return import(new URL(`../dist/${source.replace(/\.ts$/, ".js")}`, import.meta.url).href);
}
