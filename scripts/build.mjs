// Keeps dist/ in step with the sources: builds when they differ from what dist/ was built from.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { takeLock } from "./lock.mjs";

const FOLDERS = ["src", "tools"];
const FILES = ["package.json", "package-lock.json", "tsconfig.json", "scripts/compile.mjs"];
/** The file in a built folder that holds the fingerprint of its sources. */
export const STAMP = "built-from";

/**
 * The files a build is made from, by their path from `root`.
 *
 * @param {string} root
 * @returns {Map<string, Buffer>}
 */
export function readSources(root) {
  const compiled = FOLDERS.flatMap((folder) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder), { recursive: true }).map((name) => join(folder, String(name)))
      : [],
  ).filter((name) => name.endsWith(".ts"));
  const present = FILES.filter((name) => existsSync(join(root, name)));
  return new Map([...compiled, ...present].sort().map((name) => [name, readFileSync(join(root, name))]));
}

/**
 * A text that differs when a source was changed, added, renamed or deleted.
 *
 * @param {Map<string, Buffer>} sources
 */
export function fingerprint(sources) {
  const hash = createHash("sha256");
  for (const [name, content] of sources) hash.update(`${name}\0${content.length}\0`).update(content);
  return hash.digest("hex");
}

/**
 * Builds `dist` if it is not what the sources make. Any number of processes may ask at once: one builds, the
 * others wait for it. Everything it has to say goes to stderr; false when the build failed.
 *
 * @param {string} root
 * @returns {Promise<boolean>}
 */
export async function ensureBuilt(root) {
  while (!isBuilt(root)) {
    const release = takeLock(join(root, "dist.lock"));
    if (!release) {
      await sleep(50);
      continue;
    }
    try {
      return isBuilt(root) || (await build(root));
    } finally {
      release();
    }
  }
  return true;
}

/** @param {string} root */
function isBuilt(root) {
  try {
    return readFileSync(join(root, "dist", STAMP), "utf8") === fingerprint(readSources(root));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return false;
    throw error;
  }
}

/** @param {string} root */
async function build(root) {
  removeLeftovers(root);
  const made = join(root, `dist.${process.pid}`);
  const compiler = spawn(process.execPath, [fileURLToPath(new URL("compile.mjs", import.meta.url)), root, made], {
    // stdout belongs to the protocol of whatever is started next.
    stdio: ["ignore", 2, 2],
  });
  const [code] = await once(compiler, "exit");
  if (code !== 0) {
    rmSync(made, { recursive: true, force: true });
    process.stderr.write("The server could not be built from its sources; the lines above say why.\n");
    return false;
  }
  putInPlace(made, join(root, "dist"));
  return true;
}

/**
 * Folders cannot be exchanged in one step; between the two renames `dist` is missing, which counts as not built.
 *
 * @param {string} made
 * @param {string} place
 */
function putInPlace(made, place) {
  const old = `${made}.old`;
  if (existsSync(place)) renameSync(place, old);
  renameSync(made, place);
  rmSync(old, { recursive: true, force: true });
}

/**
 * What a build that was killed left behind; only for the holder of the lock.
 *
 * @param {string} root
 */
function removeLeftovers(root) {
  for (const name of readdirSync(root)) {
    if (/^dist\.\d+(\.old)?$/.test(name)) rmSync(join(root, name), { recursive: true, force: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  if (!(await ensureBuilt(fileURLToPath(new URL("..", import.meta.url))))) process.exitCode = 1;
}
