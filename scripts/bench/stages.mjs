// What scopes, limits, audit and every other stage cost a call of read-memory in CPU time, against the same call with
// them off; both servers in one run, by turns.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startServer } from "../server-process.mjs";
import { connect, KEY, mcpRequest, openSession, send } from "./mcp-client.mjs";
import { startRedis } from "./redis.mjs";
import { answersInitialize, median } from "./servers.mjs";

const CHILD = fileURLToPath(new URL("stages-child.mjs", import.meta.url));
const AT_ONCE = 8;
const ROUNDS = 15;
const CALLS = 1500;
const WARM_UPS = 3;
const TARGET = 0.2;
const MESSAGE = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "read-memory", arguments: {} } };

/** @returns {Promise<import("./main.mjs").Figure[]>} */
export async function costOfStages() {
  const folder = mkdtempSync(join(tmpdir(), "clanker-bench-"));
  const redis = await startRedis(folder);
  try {
    return [await costOn("memory", "memory:"), await costOn("Redis", redis.url)];
  } finally {
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} name
 * @param {string} store
 * @returns {Promise<import("./main.mjs").Figure>}
 */
async function costOn(name, store) {
  const on = await start(store, "on");
  const off = await start(store, "off");
  try {
    for (let round = 0; round < WARM_UPS; round += 1) {
      await on.call();
      await off.call();
    }
    const rounds = [];
    for (let round = 0; round < ROUNDS; round += 1) rounds.push({ on: await on.call(), off: await off.call() });
    const [withAll, without] = [median(rounds.map((one) => one.on)), median(rounds.map((one) => one.off))];
    const more = median(rounds.map((one) => one.on / one.off)) - 1;
    return {
      what: `CPU time of a read-memory call with all stages on, over that with them off (${name})`,
      measured: `${(more * 100).toFixed(1)} % more (${withAll.toFixed(0)} and ${without.toFixed(0)} µs)`,
      target: `at most ${TARGET * 100} %`,
      ok: more <= TARGET,
    };
  } finally {
    await Promise.all([on.stop(), off.stop()]);
  }
}

/**
 * @param {string} store
 * @param {"on" | "off"} stages
 */
async function start(store, stages) {
  const { url, child, stop } = await startServer(process.execPath, [CHILD], {
    environment: {
      STAGES: stages,
      CLANKER_STORE: store,
      CLANKER_OWNER_KEY: KEY,
      CLANKER_MASTER_KEY: Buffer.alloc(32, 7).toString("base64"),
      // Far away, and counted all the same.
      CLANKER_RATE_LIMIT: "1000000",
      CLANKER_MCP_RATE_LIMIT: "1000000",
      CLANKER_FAILED_KEY_LIMIT: "30",
    },
    ready: answersInitialize,
    ipc: true,
  });
  const pool = connect(url, AT_ONCE);
  const session = await openSession(pool);
  const cpu = async () => {
    child.send("use");
    const [use] = await once(child, "message");
    return /** @type {{ cpu: number }} */ (use).cpu;
  };
  return {
    /** Microseconds of a call. */
    async call() {
      const before = await cpu();
      let left = CALLS;
      await Promise.all(
        Array.from({ length: AT_ONCE }, async (_, index) => {
          while (left-- > 0) await send(pool, mcpRequest({ ...MESSAGE, id: index }, session));
        }),
      );
      return ((await cpu()) - before) / CALLS;
    },
    async stop() {
      await pool.destroy();
      await stop();
    },
  };
}
