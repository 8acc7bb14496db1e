// P64: what is left of clients that connect, call and drop, three times 20 seconds of them.
import { setTimeout as sleep } from "node:timers/promises";
import { connect, KEY, mcpRequest, modernRequest, openSession, send } from "./mcp-client.mjs";
import { startOursWatched } from "./servers.mjs";

const ROUNDS = 3;
const ROUND_MS = 20_000;
const AT_ONCE = 8;
/** Resident memory may still move by so much from the first round to the last: the heap's own breathing. */
const TARGET_SHARE = 0.1;

const CALL = { method: "tools/call", params: { name: "read-memory", arguments: {} } };

/** @returns {Promise<import("./main.mjs").Figure[]>} */
export async function churn() {
  const settings = { CLANKER_SESSION_IDLE_SECONDS: "1", CLANKER_MAX_SESSIONS: "100000" };
  const { url, use, stop } = await startOursWatched(settings);
  try {
    const seen = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await Promise.all(Array.from({ length: AT_ONCE }, () => comeAndGo(url, performance.now() + ROUND_MS)));
      await sleep(6000); // idle sessions are over by now, and what is collected is collected
      seen.push(await use());
    }
    const [first, last] = [seen[0], seen.at(-1)];
    if (!first || !last) throw new Error("nothing was measured");
    const grown = last.rss / first.rss - 1;
    return [
      {
        what: "resident memory after a minute of churn, against after 20 s",
        measured: `${(grown * 100).toFixed(1)} % more (${(last.rss / 2 ** 20).toFixed(0)} MB)`,
        target: `at most ${TARGET_SHARE * 100} % more`,
        ok: grown <= TARGET_SHARE,
      },
      {
        what: "handles after a minute of churn, against after 20 s",
        measured: `${last.handles - first.handles} more`,
        target: "none more",
        ok: last.handles <= first.handles,
      },
    ];
  } finally {
    await stop();
  }
}

/**
 * Opens sessions and calls in them, ends one in three, calls without any, and opens streams that it drops.
 *
 * @param {string} url
 * @param {number} until
 */
async function comeAndGo(url, until) {
  for (let turn = 0; performance.now() < until; turn += 1) {
    const pool = connect(url, 1);
    const session = await openSession(pool);
    await send(pool, mcpRequest({ jsonrpc: "2.0", id: 2, ...CALL }, session));
    await send(pool, modernRequest({ id: 3, ...CALL }));
    const headers = { "x-api-key": KEY, accept: "text/event-stream" };
    if (turn % 3 === 0) {
      const { body } = await pool.request({
        path: "/mcp",
        method: "DELETE",
        headers: { ...headers, "mcp-session-id": session },
      });
      await body.dump();
    }
    for (const [path, more] of /** @type {const} */ ([
      ["/mcp", { "mcp-session-id": session }],
      ["/mcp/sse", {}],
    ])) {
      const dropped = connect(url, 1);
      const { body } = await dropped.request({ path, method: "GET", headers: { ...headers, ...more } });
      body.on("error", () => undefined);
      await dropped.destroy();
    }
    await pool.destroy();
  }
}
