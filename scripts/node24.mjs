// Node 24 for the programs that need it, from npm.
import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { installedFolder } from "./npm-folder.mjs";

const run = promisify(execFile);

/**
 * A `node` of version 24 or later, and the packages of `scripts/node24` that want it. The package `node` fetches its
 * binary in an install script; here the binary's own package is taken, so that no script has to run.
 *
 * @returns {Promise<{ readonly program: string, readonly modules: string }>}
 */
export async function node24() {
  const modules = await installedFolder("node24");
  if (Number.parseInt(process.versions.node) >= 24) return { program: process.execPath, modules };
  const platform = process.platform === "win32" ? "win" : process.platform;
  const binary = platform === "win" ? "node.exe" : "node";
  const program = join(modules, `node-${platform}-${process.arch}`, "bin", binary);
  await access(program).catch((cause) => {
    throw new Error(`npm has no Node 24 for ${platform} ${process.arch}: run this with Node 24 or later.`, { cause });
  });
  const { stdout } = await run(program, ["--version"]);
  if (!stdout.startsWith("v24.")) throw new Error(`${program} should be Node 24 and says ${stdout.trim()}.`);
  return { program, modules };
}
