// What an idle session without an open stream costs in heap.
import { once } from "node:events";
import { connect, openSession } from "./mcp-client.mjs";
import { startOursWithHeap } from "./servers.mjs";

const WARM_UP = 50;
const SESSIONS = 1000;
const AT_ONCE = 8;
const TARGET_KB = 35;

/** @returns {Promise<import("./main.mjs").Figure[]>} */
export async function heapOfSessions() {
  const { url, child, stop } = await startOursWithHeap();
  const pool = connect(url, AT_ONCE);
  const heap = async () => {
    child.send("heap");
    const [bytes] = await once(child, "message");
    return Number(bytes);
  };
  try {
    await open(pool, WARM_UP);
    const before = await heap();
    await open(pool, SESSIONS);
    const kilobytes = ((await heap()) - before) / SESSIONS / 1024;
    return [
      {
        what: `heap of an idle session, over ${SESSIONS}`,
        measured: `${kilobytes.toFixed(1)} KB`,
        target: `at most ${TARGET_KB} KB`,
        ok: kilobytes <= TARGET_KB,
      },
    ];
  } finally {
    await pool.destroy();
    await stop();
  }
}

/**
 * @param {import("undici").Pool} pool
 * @param {number} sessions
 */
async function open(pool, sessions) {
  let left = sessions;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (left-- > 0) await openSession(pool);
    }),
  );
}
