// What a step of a workflow costs of our own time: twenty trivial steps one after the other, on the file store (less
// what the disk takes to keep a page for good, which each step waits for) and on Redis. And what two hundred runs at
// once leave behind.
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { KEY } from "./mcp-client.mjs";
import { startRedis } from "./redis.mjs";
import { median, startOursWatched } from "./servers.mjs";

const STEPS = 20;
const RUNS = 40;
const WARM_UP = 10;
const TARGETS_MS = { file: 3, redis: 5 };
const AT_ONCE = 200;
const ROUNDS = 3;
const TARGET_GROWTH_MB = 8;
const PATIENCE_MS = 120_000;

const WORKFLOW = [
  "id: twenty",
  "title: Twenty trivial steps",
  "steps:",
  ...Array.from({ length: STEPS }, (_, at) => {
    const after = at === 0 ? "" : `, after: [s${at - 1}]`;
    return `  - { id: s${at}, operation: list-skill-categories${after} }`;
  }),
].join("\n");

/** @returns {Promise<import("./main.mjs").Figure[]>} */
export async function workflowSteps() {
  const folder = mkdtempSync(join(tmpdir(), "clanker-bench-"));
  writeFileSync(join(folder, "twenty.yaml"), WORKFLOW);
  const redis = await startRedis(folder);
  try {
    const file = `file:${join(folder, "store.db")}`;
    return [
      await costOfStep("file", folder, file),
      await costOfStep("redis", folder, redis.url),
      await manyAtOnce(folder, `file:${join(folder, "many.db")}`),
    ];
  } finally {
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {keyof typeof TARGETS_MS} kind
 * @param {string} folder
 * @param {string} store
 * @returns {Promise<import("./main.mjs").Figure>}
 */
async function costOfStep(kind, folder, store) {
  const { url, stop } = await start(folder, store);
  try {
    const perStep = [];
    const disk = [];
    for (let run = 0; run < RUNS; run += 1) {
      if (kind === "file") disk.push(...syncs(folder));
      const { runId } = await post(url, "workflows/twenty/launch");
      const { started_at: began, finished_at: ended } = await finished(url, runId);
      if (run >= WARM_UP) perStep.push((Date.parse(ended) - Date.parse(began)) / STEPS);
    }
    const sync = disk.length > 0 ? median(disk) : 0;
    const whole = median(perStep);
    const ms = Math.max(0, whole - sync);
    const beside = kind === "file" ? ` (${whole.toFixed(2)} ms with the disk's own ${sync.toFixed(2)} ms)` : "";
    return {
      what: `a trivial step of a workflow on ${kind}, of ${RUNS - WARM_UP} runs of ${STEPS}`,
      measured: `${ms.toFixed(2)} ms${beside}`,
      target: `at most ${TARGETS_MS[kind]} ms`,
      ok: ms <= TARGETS_MS[kind],
    };
  } finally {
    await stop();
  }
}

/**
 * Milliseconds that the disk takes to keep a page, several times.
 *
 * @param {string} folder
 */
function syncs(folder) {
  const path = join(folder, "page");
  const file = openSync(path, "w");
  // About as much as SQLite keeps of one step: the pages of a record, of what it gave and of their indexes.
  const page = Buffer.alloc(6 * 4096, 1);
  const times = Array.from({ length: 10 }, () => {
    const began = performance.now();
    writeSync(file, page);
    fdatasyncSync(file);
    return performance.now() - began;
  });
  closeSync(file);
  rmSync(path);
  return times;
}

/**
 * @param {string} folder
 * @param {string} store
 * @returns {Promise<import("./main.mjs").Figure>}
 */
async function manyAtOnce(folder, store) {
  const { url, use, stop } = await start(folder, store);
  try {
    const seconds = [];
    const heaps = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const began = performance.now();
      const started = await Promise.all(Array.from({ length: AT_ONCE }, () => post(url, "workflows/twenty/launch")));
      for (const { runId } of started) await finished(url, runId);
      seconds.push((performance.now() - began) / 1000);
      heaps.push((await use()).heap / 1024 / 1024);
    }
    // The first round loads what is loaded once.
    const growth = (heaps.at(-1) ?? Number.NaN) - (heaps[0] ?? Number.NaN);
    return {
      what: `${AT_ONCE} runs of ${STEPS} steps at once on file, heap after ${ROUNDS} rounds`,
      measured: `${growth.toFixed(1)} MB more than after the first (all done in ${median(seconds).toFixed(1)} s)`,
      target: `at most ${TARGET_GROWTH_MB} MB`,
      ok: growth <= TARGET_GROWTH_MB,
    };
  } finally {
    await stop();
  }
}

/**
 * @param {string} folder
 * @param {string} store
 */
function start(folder, store) {
  return startOursWatched({
    CLANKER_STORE: store,
    CLANKER_WORKFLOWS_PATH: folder,
    CLANKER_MASTER_KEY: Buffer.alloc(32, 1).toString("base64"),
    CLANKER_RATE_LIMIT: "0",
  });
}

/**
 * @param {string} url
 * @param {string} path
 */
async function post(url, path) {
  const headers = { "x-api-key": KEY, "content-type": "application/json" };
  return answerOf(await fetch(`${url}/api/v1/${path}`, { method: "POST", headers, body: "{}" }));
}

/**
 * The run once it is over; throws unless it is completed.
 *
 * @param {string} url
 * @param {string} runId
 */
async function finished(url, runId) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await fetch(`${url}/api/v1/workflows/runs/${runId}`, { headers: { "x-api-key": KEY } });
    const run = await answerOf(answer);
    if (run.status === "completed") return run;
    if (run.status === "failed" || Date.now() > deadline) throw new Error(`${runId}: ${JSON.stringify(run.error)}`);
    // Asking costs the server time that would count as the run's.
    await sleep(100);
  }
}

/** @param {Response} response */
async function answerOf(response) {
  const text = await response.text();
  if (!response.ok) throw new Error(`The server answered ${response.status}: ${text}`);
  return JSON.parse(text);
}
