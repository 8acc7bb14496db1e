// Everything that must hold before a change goes in, short of the tests: node scripts/check.mjs
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";

const CHECKS = [
  { name: "types", run: ["node_modules/typescript/bin/tsc", "-p", "."] },
  { name: "types of the pages", run: ["node_modules/typescript/bin/tsc", "-p", "src/faces/web"] },
  { name: "lint", run: ["node_modules/eslint/bin/eslint.js", ".", "--max-warnings", "0"] },
  { name: "format", run: ["node_modules/prettier/bin/prettier.cjs", "--check", "."] },
  { name: "imports", run: ["scripts/imports.mjs"] },
  { name: "dead code", run: ["node_modules/knip/bin/knip.js", "--no-progress"] },
  { name: "generated files", run: ["scripts/generate.mjs", "--check"] },
];

/**
 * Runs one check and prints all it said once it is through; false when it found something.
 *
 * @param {(typeof CHECKS)[number]} check
 * @returns {Promise<boolean>}
 */
async function pass({ name, run }) {
  const started = performance.now();
  const program = spawn(process.execPath, run, { stdio: ["ignore", "pipe", "pipe"] });
  /** @type {Buffer[]} */
  const said = [];
  program.stdout.on("data", (chunk) => said.push(chunk));
  program.stderr.on("data", (chunk) => said.push(chunk));
  const code = await new Promise((resolve) => program.on("close", resolve));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${code === 0 ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  if (code !== 0) console.log(`${Buffer.concat(said).toString().trim()}\n`);
  return code === 0;
}

const waiting = [...CHECKS];
let failed = 0;
await Promise.all(
  Array.from({ length: Math.max(2, Math.min(availableParallelism(), 4)) }, async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) if (!(await pass(next))) failed += 1;
  }),
);
console.log(`${CHECKS.length - failed} of ${CHECKS.length} checks passed.`);
process.exitCode = failed > 0 ? 1 : 0;
