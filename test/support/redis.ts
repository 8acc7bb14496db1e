import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "redis";
import { inject } from "vitest";
import { programOf } from "./debian.js";
import { freePort } from "./listening.js";

declare module "vitest" {
  interface ProvidedContext {
    /** The test run's Redis, or why there is none. */
    redis: { readonly url: string } | { readonly missing: string };
  }
}

/** A Redis of a test's own, which it may kill and start again on the same port. */
export interface PrivateRedis {
  readonly url: string;
  /** Ends it and removes what it left. */
  stop(): Promise<void>;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Leaves its connections open and answers nothing, until `resume`. */
  suspend(): void;
  resume(): void;
}

/** The address of the Redis that the whole run shares; keep apart by prefix. Throws the sentence that says what to install. */
export function sharedRedis(): string {
  const redis = inject("redis");
  if ("missing" in redis) throw new Error(redis.missing);
  return redis.url;
}

/** Removes every key under a prefix, so that a Redis that others use too stays as it was. */
export async function removeKeys(url: string, prefix: string): Promise<void> {
  const client = createClient({ url });
  await client.connect();
  for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 })) {
    if (keys.length > 0) await client.unlink(keys);
  }
  client.destroy();
}

/** Starts a redis-server that keeps nothing on disk, on a free port; installs it where apt and root allow. */
export async function startRedis(): Promise<PrivateRedis> {
  const program = await redisServer();
  const folder = await mkdtemp(join(tmpdir(), "clanker-redis-"));
  const port = await freePort();
  let server = await launch(program, port, folder);
  const kill = async (): Promise<void> => {
    const { shell, pid } = server;
    if (shell.exitCode !== null) return;
    const gone = new Promise((resolve) => shell.once("close", resolve));
    process.kill(pid, "SIGKILL");
    shell.stdin?.end();
    await gone;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
    async restart() {
      await kill();
      server = await launch(program, port, folder);
    },
    suspend: () => process.kill(server.pid, "SIGSTOP"),
    resume: () => process.kill(server.pid, "SIGCONT"),
  };
}

/** Its shell ends with this process, and takes the server along: nothing is left running after a killed test run. */
const GUARDED = '"$0" "$@" >/dev/null & echo $!; cat >/dev/null; kill -9 $! 2>/dev/null; wait 2>/dev/null';

async function launch(
  program: string,
  port: number,
  folder: string,
): Promise<{ readonly shell: ChildProcess; readonly pid: number }> {
  const settings = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"];
  const shell = spawn("sh", ["-c", GUARDED, program, ...settings], { stdio: ["pipe", "pipe", "ignore"] });
  const pid = await new Promise<number>((resolve, reject) => {
    shell.once("error", reject);
    shell.stdout.once("data", (data: Buffer) => resolve(Number(data.toString())));
  });
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (await answers(port)) return { shell, pid };
    await sleep(25);
  }
  shell.stdin.end();
  throw new Error(`${program} does not start on port ${port}.`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    const done = (value: boolean): void => {
      socket.destroy();
      resolve(value);
    };
    socket.once("data", (data) => done(data.toString().startsWith("+PONG")));
    socket.once("error", () => done(false));
  });
}

const MISSING =
  "These tests need Redis: install redis-server (Debian: apt-get install redis-server; macOS: brew install redis) " +
  "or set REDIS_URL to one that may be written to.";

const redisServer = (): Promise<string> => programOf(["redis-server"], "redis-server", MISSING);
