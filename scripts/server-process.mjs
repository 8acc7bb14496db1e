// A server in a process and a home of its own, for scripts that want one for a while.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const PATIENCE_MS = 30_000;

/**
 * A port nobody listens on at this moment.
 *
 * @returns {Promise<number>}
 */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}

/**
 * Starts `command` with an empty home, the memory store and a key, and waits until it answers on /healthz.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ environment?: Record<string, string>, ipc?: boolean, ready?: (url: string) => Promise<boolean> }} [options]
 */
export async function startServer(command, args, { environment = {}, ipc = false, ready = isHealthy } = {}) {
  const home = mkdtempSync(join(tmpdir(), "clanker-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const startedAt = performance.now();
  const child = spawn(command, args, {
    env: {
      PATH: process.env.PATH,
      HOST: "127.0.0.1",
      PORT: String(port),
      CLANKER_HOME: home,
      CLANKER_STORE: "memory:",
      CLANKER_LOG_LEVEL: "error",
      // Scripts send more than clients do.
      CLANKER_RATE_LIMIT: "0",
      CLANKER_MCP_RATE_LIMIT: "0",
      CLANKER_FAILED_KEY_LIMIT: "0",
      ...environment,
    },
    stdio: ["ignore", "ignore", "pipe", ...(ipc ? /** @type {const} */ (["ipc"]) : [])],
  });
  let said = "";
  child.stderr?.on("data", (chunk) => (said += String(chunk)));
  const ended = once(child, "exit");
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    const overdue = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    const [code] = await ended;
    clearTimeout(overdue);
    rmSync(home, { recursive: true, force: true });
    return /** @type {number | null} */ (code);
  };
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await ready(url))) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`The server did not start.\n${said}`);
    }
    await sleep(5);
  }
  return { url, child, stop, said: () => said, startedInMs: performance.now() - startedAt };
}

/**
 * Whether the server at `url` answers.
 *
 * @param {string} url
 * @returns {Promise<boolean>}
 */
export function isHealthy(url) {
  return fetch(`${url}/healthz`).then(
    async (answer) => (await answer.text(), answer.ok),
    () => false,
  );
}
