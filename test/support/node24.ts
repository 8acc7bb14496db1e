import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { installedFolder } from "./npm-folder.js";

const run = promisify(execFile);

/** What `scripts/node24` holds. */
export interface Node24 {
  /** A `node` of version 24 or later. */
  readonly program: string;
  /** The packages that want it. */
  readonly modules: string;
}

/**
 * Node 24 for the programs that need it, from npm. The package `node` fetches its binary in an install script;
 * here the binary's own package is taken, so that no script has to run.
 */
export async function node24(): Promise<Node24> {
  const modules = await installedFolder("node24");
  if (Number.parseInt(process.versions.node) >= 24) return { program: process.execPath, modules };
  const platform = process.platform === "win32" ? "win" : process.platform;
  const binary = platform === "win" ? "node.exe" : "node";
  const program = join(modules, `node-${platform}-${process.arch}`, "bin", binary);
  await access(program).catch((cause: unknown) => {
    throw new Error(
      `npm has no Node 24 for ${platform} ${process.arch}: run the tests themselves with Node 24 or later.`,
      { cause },
    );
  });
  const { stdout } = await run(program, ["--version"]);
  if (!stdout.startsWith("v24.")) throw new Error(`${program} should be Node 24 and says ${stdout.trim()}.`);
  return { program, modules };
}
