// The official MCP conformance suite against the built server with its fixtures: node scripts/conformance.mjs
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { startKeyedProxy } from "./conformance/keyed-proxy.mjs";
import { node24 } from "./node24.mjs";
import { installedFolder } from "./npm-folder.mjs";
import { startServer } from "./server-process.mjs";

const RUN_MS = 60_000;

/**
 * Without a revision every scenario of the active suite counts, with one those that its requirements name.
 *
 * @typedef {{ promise: string, release: "conformance-0.1" | "conformance-0.2", revision?: string }} Run
 * @typedef {{ id: string, status: string, errorMessage?: string }} Check
 */

/** @type {Run[]} */
const RUNS = [
  { promise: "P18", release: "conformance-0.1" },
  { promise: "P18", release: "conformance-0.2", revision: "2025-11-25" },
  { promise: "P19", release: "conformance-0.2", revision: "2026-07-28" },
];

const [{ program }, modules] = await Promise.all([node24(), installedFolder("conformance")]);
const key = randomBytes(24).toString("hex");
const launch = fileURLToPath(new URL("launch.mjs", import.meta.url));
const environment = { CLANKER_FIXTURES: "1", CLANKER_OWNER_KEY: key };
const server = await startServer(process.execPath, [launch, "serve"], { environment });
const results = mkdtempSync(join(tmpdir(), "clanker-conformance-"));
/** @type {import("node:child_process").ChildProcess | undefined} */
let suite;
process.once("exit", () => [suite, server.child].forEach((child) => child?.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

let failures = 0;
try {
  const proxy = await startKeyedProxy(server.url, key);
  try {
    for (const run of RUNS) failures += await conform(run, `${proxy.url}/mcp`);
  } finally {
    await proxy.stop();
  }
} finally {
  const code = await server.stop();
  if (code !== 0) failures += 1;
  if (failures > 0) console.log(`The server ended with ${code}. ${server.said()}`);
}
if (failures === 0) rmSync(results, { recursive: true });
console.log(failures === 0 ? "Conformance holds." : `Conformance does not hold; what was checked is in ${results}.`);
process.exitCode = failures === 0 ? 0 : 1;

/**
 * Runs one suite, prints a line for each scenario, and answers how many failed that count.
 *
 * @param {Run} run
 * @param {string} url
 * @returns {Promise<number>}
 */
async function conform({ promise, release, revision }, url) {
  const installed = join(modules, release);
  const { name, version } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  console.log(
    `${promise}: ${name} ${version}, ${revision === undefined ? "active suite" : `requirements ${revision}`}`,
  );
  const folder = join(results, `${version}-${revision ?? "active"}`);
  mkdirSync(folder);
  const chosen = revision === undefined ? ["--suite", "active"] : ["--requirements", revision];
  const { code, said } = await runToEnd([
    join(installed, "dist", "index.js"),
    "server",
    "--url",
    url,
    "-o",
    folder,
    ...chosen,
  ]);
  const outcomes = readdirSync(folder).map((of) => outcomeOf(folder, of));
  const required = revision === undefined ? outcomes.map(({ scenario }) => scenario) : requiredBy(installed, revision);
  const missing = required.filter((scenario) => !outcomes.some((outcome) => outcome.scenario === scenario));
  let failed = missing.length;
  for (const { scenario, checks } of outcomes) {
    const passed = checks.some(({ status }) => status === "SUCCESS") && !checks.some(isFailure);
    const counts = required.includes(scenario);
    if (counts && !passed) failed += 1;
    const verdict = passed ? "passed" : counts ? "FAILED" : "failed";
    console.log(`  ${verdict} ${scenario}${counts ? "" : " (does not count)"}`);
    for (const check of counts ? checks.filter(isRemark) : [])
      console.log(`    ${check.status} ${check.id}: ${remark(check)}`);
  }
  for (const scenario of missing) console.log(`  FAILED ${scenario}: it did not run`);
  console.log(`  ${required.length - failed} of ${required.length} required scenarios passed.`);
  const agrees = code === (failed > 0 ? 1 : 0) && required.length > 0;
  if (!agrees) console.log(`  The suite itself ended with ${code}:\n${said.slice(-4000)}`);
  return agrees ? failed : failed + 1;
}

/** @param {string[]} args */
async function runToEnd(args) {
  const child = spawn(program, args, { cwd: results, stdio: ["ignore", "pipe", "pipe"] });
  suite = child;
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += String(chunk)));
  const overdue = setTimeout(() => child.kill("SIGKILL"), RUN_MS);
  const [code] = await once(child, "close");
  clearTimeout(overdue);
  return { code: /** @type {number | null} */ (code), said };
}

/**
 * @param {string} folder
 * @param {string} of The scenario's own folder, which is named after it and the time.
 */
function outcomeOf(folder, of) {
  const file = join(folder, of, "checks.json");
  /** @type {Check[]} */
  const checks = existsSync(file)
    ? JSON.parse(readFileSync(file, "utf8"))
    : [{ id: "end", status: "FAILURE", errorMessage: "the scenario broke off" }];
  return { scenario: of.replace(/^server-|-\d{4}-\d{2}-\d{2}T.*$/g, ""), checks };
}

/**
 * @param {string} installed
 * @param {string} revision
 * @returns {string[]}
 */
function requiredBy(installed, revision) {
  return parse(readFileSync(join(installed, "requirements", `${revision}.yaml`), "utf8")).server;
}

/** @param {Check} check */
function isFailure({ status }) {
  return status === "FAILURE";
}

/** @param {Check} check */
function isRemark({ status }) {
  return status === "FAILURE" || status === "WARNING";
}

/** @param {Check} check */
function remark({ errorMessage }) {
  return errorMessage?.split("\n")[0]?.slice(0, 300) ?? "it does not say why";
}
