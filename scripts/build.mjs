// Keeps dist/ in step with the sources: builds when they differ from what dist/ was built from.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cpSync, existsSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { takeLock } from "./lock.mjs";

const FOLDERS = ["src", "tools"];
const FILES = ["package.json", "package-lock.json", "tsconfig.json", "scripts/compile.mjs"];
/** The pages: a bundler makes them, and what they run of the core is bundled with them. */
export const PAGES = join("src", "faces", "web");
const CORE = join("src", "core");
const PAGES_FILES = ["package-lock.json", "scripts/bundle.mjs"];
/** The file in a built folder that holds the fingerprint of its sources. */
export const STAMP = "built-from";

/**
 * The files that the server is made from, by their path from `root`.
 *
 * @param {string} root
 * @returns {Map<string, Buffer>}
 */
export function readSources(root) {
  const compiled = FOLDERS.flatMap((folder) => filesIn(root, folder)).filter(isCompiled);
  return readAll(root, [...compiled, ...FILES]);
}

/**
 * The files that the pages are made from, by their path from `root`; none in a checkout that has no pages.
 *
 * @param {string} root
 * @returns {Map<string, Buffer>}
 */
export function readPageSources(root) {
  const own = filesIn(root, PAGES).filter((name) => /\.(tsx?|css|html|svg|json)$/.test(name));
  if (own.length === 0) return new Map();
  const core = filesIn(root, CORE).filter((name) => name.endsWith(".ts"));
  return readAll(root, [...own, ...core, ...PAGES_FILES]);
}

/** @param {string} name */
function isCompiled(name) {
  return name.endsWith(".ts") && !name.startsWith(PAGES);
}

/**
 * @param {string} root
 * @param {string} folder
 */
function filesIn(root, folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true }).map((name) => join(folder, String(name)));
}

/**
 * @param {string} root
 * @param {string[]} names
 */
function readAll(root, names) {
  const present = names.filter((name) => existsSync(join(root, name))).sort();
  return new Map(present.map((name) => [name, readFileSync(join(root, name))]));
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
  return isMadeFrom(join(root, "dist"), readSources(root)) && hasPages(root);
}

/** @param {string} root */
function hasPages(root) {
  const sources = readPageSources(root);
  return sources.size === 0 || isMadeFrom(join(root, "dist", "web"), sources);
}

/**
 * @param {string} folder
 * @param {Map<string, Buffer>} sources
 */
function isMadeFrom(folder, sources) {
  try {
    return readFileSync(join(folder, STAMP), "utf8") === fingerprint(sources);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return false;
    throw error;
  }
}

/** @param {string} root */
async function build(root) {
  removeLeftovers(root);
  const made = join(root, `dist.${process.pid}`);
  const done = await Promise.all([run("compile.mjs", root, made), makePages(root, join(made, "web"))]);
  if (done.includes(false)) {
    rmSync(made, { recursive: true, force: true });
    process.stderr.write("The server could not be built from its sources; the lines above say why.\n");
    return false;
  }
  putInPlace(made, join(root, "dist"));
  return true;
}

/**
 * Pages whose sources did not change are taken over from the build before.
 *
 * @param {string} root
 * @param {string} folder
 */
async function makePages(root, folder) {
  if (readPageSources(root).size === 0) return true;
  if (!hasPages(root)) return run("bundle.mjs", root, folder);
  cpSync(join(root, "dist", "web"), folder, { recursive: true });
  return true;
}

/**
 * Whether a program of this folder ended well.
 *
 * @param {string} script
 * @param {string[]} args
 */
async function run(script, ...args) {
  const program = spawn(process.execPath, [fileURLToPath(new URL(script, import.meta.url)), ...args], {
    // stdout belongs to the protocol of whatever is started next.
    stdio: ["ignore", 2, 2],
  });
  const [code] = await once(program, "exit");
  return code === 0;
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
    // The compiler of a build that was killed may still be writing there.
    const patient = { recursive: true, force: true, maxRetries: 10, retryDelay: 100 };
    if (/^dist\.\d+(\.old)?$/.test(name)) rmSync(join(root, name), patient);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  if (!(await ensureBuilt(fileURLToPath(new URL("..", import.meta.url))))) process.exitCode = 1;
}
