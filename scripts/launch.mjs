#!/usr/bin/env node
// Starts the program. In a checkout it first builds what changed; an installed package comes built.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

requireNode(20, 19);
if (process.env.npm_lifecycle_event !== undefined) endWithNpm();
if (existsSync(`${root}src`)) {
  const { ensureBuilt } = await import("./build.mjs");
  if (!(await ensureBuilt(root))) process.exit(1);
}
await import(new URL("../dist/src/main.js", import.meta.url).href).catch(explainMissingPackage);

/**
 * @param {number} major
 * @param {number} minor
 */
function requireNode(major, minor) {
  const [has = 0, hasMinor = 0] = process.versions.node.split(".").map(Number);
  if (has > major || (has === major && hasMinor >= minor)) return;
  process.stderr.write(`clanker-mcp needs Node.js ${major}.${minor} or newer; this is ${process.versions.node}.\n`);
  process.exit(1);
}

/** A signal to npm ends the shell that npm put between; this process hears of it only by getting another parent. */
function endWithNpm() {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, "SIGTERM");
  }, 250);
  watch.unref();
}

/** @param {NodeJS.ErrnoException} error */
function explainMissingPackage(error) {
  const missing = error.code === "ERR_MODULE_NOT_FOUND" && /^Cannot find package '([^']+)'/.exec(error.message)?.[1];
  if (!missing) throw error;
  process.stderr.write(`The package ${missing} is not installed: run \`npm ci\` in ${root}.\n`);
  process.exit(1);
}
