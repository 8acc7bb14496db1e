// The Redis that figures are taken on.
import { spawn } from "node:child_process";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../server-process.mjs";

const PATIENCE_MS = 30_000;

/**
 * The Redis at REDIS_URL, else one of its own that keeps nothing on disk.
 *
 * @param {string} folder
 */
export async function startRedis(folder) {
  if (process.env.REDIS_URL) return { url: process.env.REDIS_URL, stop: () => Promise.resolve() };
  const port = await freePort();
  const settings = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"];
  const child = spawn("redis-server", settings, { stdio: "ignore" });
  /** @type {Error | undefined} */
  let failed;
  child.once("error", (error) => (failed = error));
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await isOpen(port))) {
    if (failed || Date.now() > deadline) throw new Error("This figure needs redis-server on PATH, or REDIS_URL.");
    await sleep(25);
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: () =>
      new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
        child.once("exit", resolve);
        child.kill("SIGKILL");
      }),
  };
}

/** @param {number} port */
function isOpen(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
