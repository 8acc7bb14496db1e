// How many requests a second, as a share of what bare node:http answers with the same bytes.
import { connect, mcpRequest, modernRequest, openSession, send } from "./mcp-client.mjs";
import { median, startBare, startOurs } from "./servers.mjs";

const AT_ONCE = 16;
const ROUNDS = 7;
const ROUND_MS = 1500;
const WARM_UP_MS = 2000;

/** @typedef {import("./mcp-client.mjs").Request} Request */
/** @typedef {import("undici").Pool} Pool */

/**
 * @param {string} what
 * @param {{ method: string, params?: object }} message
 * @param {number} target
 * @param {"2025-11-25" | "2026-07-28"} revision
 * @returns {Promise<import("./main.mjs").Figure[]>}
 */
export async function rateOf(what, message, target, revision = "2025-11-25") {
  const ours = await startOurs();
  const ourPool = connect(ours.url, AT_ONCE);
  const session = await openSession(ourPool);
  const requestOf = (/** @type {number} */ id) =>
    revision === "2026-07-28"
      ? modernRequest({ id, ...message })
      : mcpRequest({ jsonrpc: "2.0", id, ...message }, session);
  // Ids of equal length, none in use twice at once: every answer has the same number of bytes.
  const requests = Array.from({ length: AT_ONCE }, (_, index) => requestOf(10 + index));
  const [first = requestOf(10)] = requests;
  const { statusCode, headers, bytes } = await send(ourPool, first);
  const { result } = JSON.parse(bytes.toString());
  if (!result || result.isError) throw new Error(`${what} is refused: ${bytes.toString()}`);
  const bare = await startBare({
    status: statusCode,
    type: String(headers["content-type"]),
    body: bytes.toString("base64"),
  });
  const barePool = connect(bare.url, AT_ONCE);
  try {
    await rate(barePool, requests, bytes.length, WARM_UP_MS);
    await rate(ourPool, requests, bytes.length, WARM_UP_MS);
    const rounds = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const [ofBare, ofOurs] = [
        await rate(barePool, requests, bytes.length, ROUND_MS),
        await rate(ourPool, requests, bytes.length, ROUND_MS),
      ];
      rounds.push({ ofBare, ofOurs, share: ofOurs / ofBare });
    }
    const share = median(rounds.map((round) => round.share));
    const [perSecond, barePerSecond] = [
      median(rounds.map((round) => round.ofOurs)),
      median(rounds.map((round) => round.ofBare)),
    ];
    return [
      {
        what: `${what}, share of bare node:http`,
        measured: `${share.toFixed(3)} (${perSecond.toFixed(0)} of ${barePerSecond.toFixed(0)} a second)`,
        target: `at least ${target.toFixed(2)}`,
        ok: share >= target,
      },
    ];
  } finally {
    await Promise.all([ourPool.destroy(), barePool.destroy()]);
    await Promise.all([ours.stop(), bare.stop()]);
  }
}

/**
 * Answers a second, with one request under way for each of `requests`.
 *
 * @param {Pool} pool
 * @param {Request[]} requests
 * @param {number} length
 * @param {number} forMs
 */
async function rate(pool, requests, length, forMs) {
  const started = performance.now();
  let answered = 0;
  await Promise.all(
    requests.map(async (request) => {
      while (performance.now() - started < forMs) {
        const { bytes } = await send(pool, request);
        if (bytes.length !== length) throw new Error(`Another answer than before: ${bytes.toString()}`);
        answered += 1;
      }
    }),
  );
  return (answered * 1000) / (performance.now() - started);
}
