// Folders of scripts/ with a lockfile of their own: programs that the project needs and that are no dependency of it.
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { copyFile, mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));

/** @typedef {Readonly<Record<string, { readonly version?: string, readonly optional?: boolean }>>} Packages */

/**
 * The `node_modules` of a folder of `scripts/` that has a lockfile of its own: installed with `npm ci`, without install
 * scripts, where it is not there or not what the lockfile says. Several processes may ask at once.
 *
 * @param {string} name
 * @returns {Promise<string>}
 */
export async function installedFolder(name) {
  const folder = join(root, "scripts", name);
  const modules = join(folder, "node_modules");
  if (await isUpToDate(folder)) return modules;
  // Installed aside and moved in whole, so that nobody finds half of it.
  const draft = join(root, ".test-tools", randomUUID());
  await mkdir(draft, { recursive: true });
  try {
    for (const file of ["package.json", "package-lock.json"]) await copyFile(join(folder, file), join(draft, file));
    await run("npm", ["ci", "--ignore-scripts"], { cwd: draft, maxBuffer: 16 * 1024 * 1024 }).catch((cause) => {
      const said = String(cause.stderr).trim().split("\n").slice(-5).join("\n");
      throw new Error(
        `This needs the packages of scripts/${name}: run npm ci --ignore-scripts there with a registry in reach. npm said: ${said}`,
        { cause },
      );
    });
    if (!(await isUpToDate(folder))) await moveIn(draft, modules);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  if (!(await isUpToDate(folder))) throw new Error(`scripts/${name}/node_modules is not what its lockfile says.`);
  return modules;
}

/**
 * @param {string} draft
 * @param {string} modules
 */
async function moveIn(draft, modules) {
  await rename(modules, join(draft, "replaced")).catch(() => undefined);
  // Another process may have moved its own in meanwhile; it is as good.
  await rename(join(draft, "node_modules"), modules).catch(() => undefined);
}

/**
 * Whether npm's record of what it installed, which it writes last, has every package at its version.
 *
 * @param {string} folder
 */
async function isUpToDate(folder) {
  const [wanted, there] = await Promise.all([
    packagesIn(join(folder, "package-lock.json")),
    packagesIn(join(folder, "node_modules", ".package-lock.json")).catch(() => undefined),
  ]);
  if (!there) return false;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === "" || there[path]?.version === version || (optional && there[path] === undefined),
  );
}

/**
 * @param {string} lockfile
 * @returns {Promise<Packages>}
 */
async function packagesIn(lockfile) {
  return JSON.parse(await readFile(lockfile, "utf8")).packages;
}
