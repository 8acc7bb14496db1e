// What the guard and the look for the second era cost a call of 2025-11-25, as a share of the CPU time of the whole call.
import { root } from "../built.mjs";
import { connect, mcpRequest, openSession, send } from "./mcp-client.mjs";
import { median, startOursWatched } from "./servers.mjs";

const AT_ONCE = 8;
const ROUNDS = 7;
const CALLS = 2000;
const LOOKS = 200_000;
const TARGET = 0.1;

/** @returns {Promise<import("./main.mjs").Figure[]>} */
export async function costOfGuard() {
  const { createGuard } = await import(`${root}dist/src/faces/guard.js`);
  const { mayBeModern } = await import(`${root}dist/src/faces/mcp/era.js`);
  const { url, use, stop } = await startOursWatched();
  const pool = connect(url, AT_ONCE);
  try {
    const session = await openSession(pool);
    const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "read-memory", arguments: {} } };
    const { headers, path: target, method } = mcpRequest(message, session);
    const all = { host: new URL(url).host, connection: "keep-alive", ...headers };
    const head = { method, url: target, rawHeaders: Object.entries(all).flat() };
    const guard = createGuard({ publicUrl: "https://clanker.example.com", allowedHosts: ["other.example.com"] });
    /** @type {(times: number) => number} Microseconds of one look. */
    const look = (times) => {
      const before = process.cpuUsage();
      for (let done = 0; done < times; done += 1) {
        guard(head);
        mayBeModern(message, all);
      }
      const { user, system } = process.cpuUsage(before);
      return (user + system) / times;
    };
    const call = async () => {
      const before = (await use()).cpu;
      let left = CALLS;
      await Promise.all(
        Array.from({ length: AT_ONCE }, async (_, index) => {
          while (left-- > 0) await send(pool, mcpRequest({ ...message, id: index }, session));
        }),
      );
      return ((await use()).cpu - before) / CALLS;
    };
    look(LOOKS);
    await call();
    const shares = [];
    for (let round = 0; round < ROUNDS; round += 1) shares.push(look(LOOKS) / (await call()));
    const share = median(shares);
    return [
      {
        what: "guard and second era, share of a 2025-11-25 call's CPU time",
        measured: `${(share * 100).toFixed(2)} %`,
        target: `at most ${TARGET * 100} %`,
        ok: share <= TARGET,
      },
    ];
  } finally {
    await pool.destroy();
    await stop();
  }
}
