// The two servers that figures compare, each a process of its own.
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "../built.mjs";
import { startServer } from "../server-process.mjs";
import { connect, INITIALIZE, KEY, send } from "./mcp-client.mjs";

const BARE = fileURLToPath(new URL("bare-server.mjs", import.meta.url));
const HEAP_CHILD = fileURLToPath(new URL("heap-child.mjs", import.meta.url));

/** @typedef {{ status: number, type: string, body: string }} Answer What a bare server answers, the body in base64. */

/**
 * This server, up as soon as it answered an `initialize`.
 *
 * @param {Record<string, string>} [settings]
 */
export function startOurs(settings = {}) {
  return startServer(process.execPath, [`${root}dist/src/main.js`, "serve"], {
    environment: { CLANKER_OWNER_KEY: KEY, ...settings },
    ready: answersInitialize,
  });
}

/**
 * This server in a process that tells what it uses when asked.
 *
 * @param {Record<string, string>} [settings]
 */
export async function startOursWatched(settings = {}) {
  const server = await startServer(process.execPath, ["--expose-gc", HEAP_CHILD, "serve"], {
    environment: { CLANKER_OWNER_KEY: KEY, ...settings },
    ready: answersInitialize,
    ipc: true,
  });
  return {
    ...server,
    /** Memory in bytes after a collection, CPU time so far in microseconds, open handles. */
    async use() {
      server.child.send("use");
      const [use] = await once(server.child, "message");
      return /** @type {{ heap: number, rss: number, cpu: number, handles: number }} */ (use);
    },
  };
}

/**
 * `node:http` alone, giving the same answer to every request.
 *
 * @param {Answer} answer
 */
export async function startBare(answer) {
  // In a file: the tool list is longer than an environment variable may be.
  const folder = mkdtempSync(join(tmpdir(), "clanker-bare-"));
  const file = join(folder, "answer.json");
  writeFileSync(file, JSON.stringify(answer));
  try {
    return await startServer(process.execPath, [BARE], { environment: { ANSWER: file }, ready: answersInitialize });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Whether a server opens a session.
 *
 * @param {string} url
 */
export async function answersInitialize(url) {
  const pool = connect(url, 1);
  try {
    await send(pool, INITIALIZE);
    return true;
  } catch {
    return false;
  } finally {
    await pool.destroy();
  }
}

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
