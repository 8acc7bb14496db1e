import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createLocalQueue } from "../../src/queue/local.js";
import { createMemoryStore } from "../../src/store/memory.js";
import { openRedisStore } from "../../src/store/redis.js";
import { startRedis } from "../support/redis.js";
import { because, LEASE_MS, recordingLog, recordingWorker, until, untilStopped } from "./bench.js";

describe("a lease", () => {
  it("that another process took over stops the job here", async () => {
    const store = createMemoryStore();
    const { log } = recordingLog();
    const first = createLocalQueue({ store, log, leaseMs: LEASE_MS });
    const slow = recordingWorker(untilStopped);
    await first.start(slow.worker);
    await first.enqueue("exec_1");
    await until("it runs", () => slow.runs.length === 1);

    const ahead = createLocalQueue({ store, log, leaseMs: LEASE_MS, now: () => Date.now() + LEASE_MS * 2 });
    const other = recordingWorker();
    await ahead.start(other.worker);
    await until("the other ran it", () => other.finished.length === 1);
    await until("it was stopped here", () => slow.runs[0]?.signal.aborted === true);
    expect(slow.runs.map(because)).toEqual(["lease lost"]);
    expect(other.runs).toMatchObject([{ id: "exec_1", attempt: 2 }]);
    await Promise.all([first.close(), ahead.close()]);
  });
});

describe("a store that goes away", () => {
  it("stops jobs whose lease ends meanwhile, and is used again when it is back", async () => {
    const redis = await startRedis();
    const { log, lines } = recordingLog();
    const store = await openRedisStore({ url: redis.url });
    const queue = createLocalQueue({ store, log, leaseMs: LEASE_MS });
    const { worker, runs, finished } = recordingWorker((run) =>
      run.id === "exec_long" ? untilStopped(run) : Promise.resolve(),
    );
    await queue.start(worker);
    await queue.enqueue("exec_long");
    await until("it runs", () => runs.length === 1);
    await redis.kill();
    await until("the job is stopped", () => runs[0]?.signal.aborted === true);
    expect(runs.map(because)).toEqual(["lease lost"]);
    await expect(queue.enqueue("exec_2")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(lines.some(({ level }) => level === "warn")).toBe(true);
    expect(lines.filter(({ level }) => level === "error")).toEqual([]);

    await redis.restart();
    while (!finished.includes("exec_3")) {
      await queue.enqueue("exec_3").catch(() => undefined);
      await sleep(100);
    }
    await queue.close();
    await store.close();
    await redis.stop();
  });
});
