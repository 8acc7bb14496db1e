// What idle sessions without an open stream cost in heap, and what is left of them when they are over.
import { setTimeout as sleep } from "node:timers/promises";
import { connect, openSession } from "./mcp-client.mjs";
import { startOursWatched } from "./servers.mjs";

const WARM_UP = 50;
const SESSIONS = 1000;
const AT_ONCE = 8;
const TARGET_KB = 35;
const IDLE_SECONDS = 20;
/** A share of what the sessions took: noise of the heap itself. */
const LEFT_KB = 1;

/** @returns {Promise<import("./main.mjs").Figure[]>} */
export async function heapOfSessions() {
  const { url, use, stop } = await startOursWatched({ CLANKER_SESSION_IDLE_SECONDS: String(IDLE_SECONDS) });
  const pool = connect(url, AT_ONCE);
  const perSession = (/** @type {number} */ bytes) => bytes / SESSIONS / 1024;
  try {
    await open(pool, SESSIONS);
    await reaped();
    await open(pool, WARM_UP);
    const before = (await use()).heap;
    await open(pool, SESSIONS);
    const taken = perSession((await use()).heap - before);
    await reaped();
    await open(pool, WARM_UP);
    const left = perSession((await use()).heap - before);
    return [
      {
        what: `heap of an idle session, over ${SESSIONS}`,
        measured: `${taken.toFixed(1)} KB`,
        target: `at most ${TARGET_KB} KB`,
        ok: taken <= TARGET_KB,
      },
      {
        what: `heap left by a session that was reaped, over ${SESSIONS}`,
        measured: `${left.toFixed(2)} KB`,
        target: `at most ${LEFT_KB} KB`,
        ok: left <= LEFT_KB,
      },
    ];
  } finally {
    await pool.destroy();
    await stop();
  }
}

const reaped = () => sleep((IDLE_SECONDS + 4) * 1000);

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
