import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { copyFile, mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { CHECKOUT } from "./program.js";

const run = promisify(execFile);

interface Locked {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly optional?: boolean }>>;
}

/**
 * The `node_modules` of a folder of `scripts/` that has a lockfile of its own: installed with `npm ci`, without install
 * scripts, where it is not there or not what the lockfile says. Several workers may ask at once.
 */
export async function installedFolder(name: string): Promise<string> {
  const folder = join(CHECKOUT, "scripts", name);
  const modules = join(folder, "node_modules");
  if (await isUpToDate(folder)) return modules;
  // Installed aside and moved in whole, so that nobody finds half of it.
  const draft = join(CHECKOUT, ".test-tools", randomUUID());
  await mkdir(draft, { recursive: true });
  try {
    for (const file of ["package.json", "package-lock.json"]) await copyFile(join(folder, file), join(draft, file));
    await run("npm", ["ci", "--ignore-scripts"], { cwd: draft, maxBuffer: 16 * 1024 * 1024 }).catch(
      (cause: unknown) => {
        const said = (cause as { stderr?: string }).stderr?.trim().split("\n").slice(-5).join("\n");
        throw new Error(
          `This test needs the packages of scripts/${name}: run npm ci --ignore-scripts there with a registry in reach. npm said: ${said}`,
          { cause },
        );
      },
    );
    if (!(await isUpToDate(folder))) await moveIn(draft, modules);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  if (!(await isUpToDate(folder))) throw new Error(`scripts/${name}/node_modules is not what its lockfile says.`);
  return modules;
}

async function moveIn(draft: string, modules: string): Promise<void> {
  await rename(modules, join(draft, "replaced")).catch(() => undefined);
  // Another worker may have moved its own in meanwhile; it is as good.
  await rename(join(draft, "node_modules"), modules).catch(() => undefined);
}

/** Whether npm's record of what it installed, which it writes last, has every package at its version. */
async function isUpToDate(folder: string): Promise<boolean> {
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

async function packagesIn(lockfile: string): Promise<Locked["packages"]> {
  return (JSON.parse(await readFile(lockfile, "utf8")) as Locked).packages;
}
