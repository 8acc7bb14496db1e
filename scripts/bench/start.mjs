// From the start of the process to the first answered `initialize`, next to a bare node:http server.
import { median, startBare, startOurs } from "./servers.mjs";

const STARTS = 7;
const TARGET_S = 0.8;

/** @returns {Promise<import("./main.mjs").Figure[]>} */
export async function startUp() {
  /** @type {{ ours: number[], bare: number[] }} */
  const seconds = { ours: [], bare: [] };
  const answer = { status: 200, type: "application/json", body: "e30=" };
  for (let start = 0; start < STARTS; start += 1) {
    seconds.bare.push(await timed(() => startBare(answer)));
    seconds.ours.push(await timed(() => startOurs({ CLANKER_MCP_RATE_LIMIT: "600" })));
  }
  const [ours, bare] = [median(seconds.ours), median(seconds.bare)];
  return [
    {
      what: "start to the first initialize",
      measured: `${ours.toFixed(2)} s (bare node:http ${bare.toFixed(2)} s)`,
      target: `at most ${TARGET_S} s`,
      ok: ours <= TARGET_S,
    },
  ];
}

/** @param {() => ReturnType<typeof startOurs>} start */
async function timed(start) {
  const { startedInMs, stop } = await start();
  await stop();
  return startedInMs / 1000;
}
