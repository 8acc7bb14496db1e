// What this server adds to a read from Clerk: `get_user` over Streamable HTTP beside the same call of the bare SDK,
// both against one local counterpart, one after the other. And what the search surface costs a model.
import { createClerkClient } from "@clerk/backend";
import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { root } from "../built.mjs";
import { startServer } from "../server-process.mjs";
import { connect, INITIALIZE, KEY, mcpRequest, openSession, send } from "./mcp-client.mjs";
import { median, startBare } from "./servers.mjs";

const CALLS = 500;
const WARM_UP = 100;
const TARGET_MS = 1.5;
const TARGET_TOKENS = 1500;
const USER = { object: "user", id: "user_1", first_name: "Ada", email_addresses: [], phone_numbers: [] };

/** @returns {Promise<import("./main.mjs").Figure[]>} */
export async function clerkRead() {
  const body = Buffer.from(JSON.stringify(USER)).toString("base64");
  const counterpart = await startBare({ status: 200, type: "application/json", body });
  const ours = await startWithClerk(counterpart.url);
  const pool = connect(ours.url, 1);
  try {
    const session = await openSession(pool);
    const params = { name: "get_user", arguments: { user_id: "user_1" } };
    const request = mcpRequest({ jsonrpc: "2.0", id: 2, method: "tools/call", params }, session);
    const answer = JSON.parse((await send(pool, request)).bytes.toString());
    if (answer.result?.structuredContent?.id !== USER.id) throw new Error(`Not the user: ${JSON.stringify(answer)}`);
    const sdk = createClerkClient({
      secretKey: "sk_test_bench",
      apiUrl: counterpart.url,
      telemetry: { disabled: true },
    });
    /** @type {{ ours: number[], bare: number[] }} */
    const times = { ours: [], bare: [] };
    for (let call = 0; call < CALLS; call += 1) {
      const bare = await timed(() => sdk.users.getUser("user_1"));
      const through = await timed(() => send(pool, request));
      if (call < WARM_UP) continue;
      times.bare.push(bare);
      times.ours.push(through);
    }
    const [through, bare] = [median(times.ours), median(times.bare)];
    return [
      {
        what: "overhead on a Clerk read, median",
        measured: `${(through - bare).toFixed(2)} ms (${through.toFixed(2)} ms beside ${bare.toFixed(2)} ms of the bare SDK)`,
        target: `at most ${TARGET_MS} ms`,
        ok: through - bare <= TARGET_MS,
      },
      await searchSurface(ours.url),
    ];
  } finally {
    await pool.destroy();
    await ours.stop();
    await counterpart.stop();
  }
}

/** @param {string} counterpart */
function startWithClerk(counterpart) {
  return startServer(process.execPath, [`${root}dist/src/main.js`, "serve"], {
    environment: { CLANKER_OWNER_KEY: KEY, CLERK_SECRET_KEY: "sk_test_bench", CLERK_API_URL: counterpart },
    async ready(url) {
      const pool = connect(url, 1);
      return send(pool, INITIALIZE)
        .then(() => true)
        .catch(() => false)
        .finally(() => pool.destroy());
    },
  });
}

/**
 * @param {string} url
 * @returns {Promise<import("./main.mjs").Figure>}
 */
async function searchSurface(url) {
  const pool = connect(url, 1);
  const path = "/mcp/?surface=search";
  try {
    const { headers } = await send(pool, { ...INITIALIZE, path });
    const session = String(headers["mcp-session-id"]);
    const list = await send(pool, { ...mcpRequest({ jsonrpc: "2.0", id: 2, method: "tools/list" }, session), path });
    /** @type {{ result: { tools: { name: string, description: string, inputSchema: unknown }[] } }} */
    const { result } = JSON.parse(list.bytes.toString());
    const shown = result.tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
    const tokens = encode(JSON.stringify(shown)).length;
    return {
      what: `tokens of surface=search, ${shown.length} tools`,
      measured: String(tokens),
      target: `at most ${TARGET_TOKENS}`,
      ok: tokens <= TARGET_TOKENS,
    };
  } finally {
    await pool.destroy();
  }
}

/** @param {() => Promise<unknown>} call */
async function timed(call) {
  const started = performance.now();
  await call();
  return performance.now() - started;
}
