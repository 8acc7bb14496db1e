import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { createBullQueue } from "../../src/queue/bullmq.js";
import type { Queue } from "../../src/queue/port.js";
import { type PrivateRedis, sharedRedis, startRedis } from "../support/redis.js";
import { because, LEASE_MS, recordingLog, recordingWorker, type SharedPlace, until, untilStopped } from "./bench.js";
import { killedProcessSuite, queueSuite } from "./suite.js";

async function openPlace(): Promise<SharedPlace> {
  const url = sharedRedis();
  const prefix = `test-${randomUUID()}`;
  const { log } = recordingLog();
  return {
    queue: (options) => createBullQueue({ url, prefix, log, ...options }),
    order: { kind: "bull", url, prefix, leaseMs: LEASE_MS },
    clean: async () => undefined,
  };
}

describe("the queue in Redis", () => {
  queueSuite(openPlace);
  killedProcessSuite(openPlace);
});

describe("a Redis that goes away", () => {
  const queues: Queue[] = [];
  let redis: PrivateRedis | undefined;

  afterEach(async () => {
    await Promise.all(queues.splice(0).map((queue) => queue.close()));
    await redis?.stop();
  });

  async function opened() {
    redis = await startRedis();
    const { log, lines } = recordingLog();
    const url = redis.url;
    const open = () => {
      const queue = createBullQueue({ url, log, leaseMs: LEASE_MS, closeMs: 500 });
      queues.push(queue);
      return queue;
    };
    return { redis, open, lines };
  }

  async function enqueueFails(queue: Queue): Promise<void> {
    const started = Date.now();
    await expect(queue.enqueue("exec_away")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(Date.now() - started).toBeLessThan(3000);
  }

  it("is told by enqueue in time, and workers go on by themselves when it is back", async () => {
    const { redis, open, lines } = await opened();
    const { worker, runs } = recordingWorker((run) => (run.id === "exec_1" ? untilStopped(run) : Promise.resolve()));
    const queue = open();
    await queue.start(worker);
    await queue.enqueue("exec_1");
    await until("it runs", () => runs.length === 1);
    await redis.kill();
    await enqueueFails(queue);
    await until("the job is stopped when its lease ends", () => runs[0]?.signal.aborted === true);
    expect(runs.map(because)).toEqual(["lease lost"]);
    await sleep(1000);
    await redis.restart();
    while (!runs.some(({ id }) => id === "exec_2")) {
      await queue.enqueue("exec_2").catch(() => undefined);
      await sleep(100);
    }
    expect(lines.filter(({ level }) => level === "error")).toEqual([]);
    expect(lines.filter(({ level }) => level === "warn").length).toBeLessThan(20);
  });

  it("is told by enqueue in time where it only stopped to answer", async () => {
    const { redis, open } = await opened();
    const queue = open();
    await queue.enqueue("exec_1");
    redis.suspend();
    await enqueueFails(queue);
    redis.resume();
    await queue.enqueue("exec_2");
  });

  it("is told by enqueue in time where it was never there", async () => {
    const { redis, open } = await opened();
    await redis.kill();
    await enqueueFails(open());
  });

  it("does not keep the queue from closing", async () => {
    const { redis, open } = await opened();
    const { worker, runs } = recordingWorker(untilStopped);
    const queue = open();
    await queue.start(worker);
    await queue.enqueue("exec_1");
    await until("it runs", () => runs.length === 1);
    await redis.kill();
    const started = Date.now();
    await queue.close();
    expect(Date.now() - started).toBeLessThan(4000);
    await sleep(3000);
  });

  it("that was never there does not keep a started queue from closing", async () => {
    const { redis, open } = await opened();
    await redis.kill();
    const queue = open();
    await queue.start(recordingWorker().worker);
    await sleep(300);
    const started = Date.now();
    await queue.close();
    expect(Date.now() - started).toBeLessThan(4000);
    await sleep(3000);
  });
});
