import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import type { Limiter, Store } from "../../src/store/port.js";
import { openRedisStore } from "../../src/store/redis.js";
import { removeKeys, sharedRedis, startRedis } from "../support/redis.js";
import { fileStores, memoryStore } from "../support/services.js";

const run = `test:${randomUUID()}:`;
afterAll(() => removeKeys(sharedRedis(), run));

async function redisStores(count: number, url = sharedRedis()): Promise<Store[]> {
  const prefix = `${run}${randomUUID()}:`;
  const stores = await Promise.all(Array.from({ length: count }, () => openRedisStore({ url, prefix })));
  onTestFinished(async () => void (await Promise.all(stores.map((store) => store.close()))));
  return stores;
}

const times = async (count: number, limiter: Limiter, key: string) => {
  const tallies = [];
  for (let at = 0; at < count; at += 1) tallies.push(await limiter.count(key));
  return tallies;
};

describe.each<[string, () => Promise<Store | undefined>]>([
  ["memory", async () => memoryStore()],
  ["file", async () => (await fileStores(1)).stores[0]],
  ["redis", async () => (await redisStores(1))[0]],
])("the limiter of a %s store", (_kind, open) => {
  it("lets so many pass, then none until the window ends, each key and each name for itself", async () => {
    const store = await open();
    if (!store) throw new Error("no store was opened");
    const limiter = store.limiter({ name: "doors", limit: 3, seconds: 1 });
    const tallies = await times(5, limiter, "ada");
    expect(tallies.map(({ remaining, isOver }) => [remaining, isOver])).toEqual([
      [2, false],
      [1, false],
      [0, false],
      [0, true],
      [0, true],
    ]);
    for (const { limit, resetMs } of tallies) {
      expect(limit).toBe(3);
      expect(resetMs).toBeGreaterThan(0);
      expect(resetMs).toBeLessThanOrEqual(1000);
    }
    expect(await limiter.count("bob")).toMatchObject({ remaining: 2, isOver: false });
    const others = store.limiter({ name: "windows", limit: 3, seconds: 1 });
    expect(await others.count("ada")).toMatchObject({ remaining: 2, isOver: false });
    await sleep(1100);
    expect(await limiter.count("ada")).toMatchObject({ remaining: 2, isOver: false });
  });

  it("lets no more pass when all come at once", async () => {
    const store = await open();
    const limiter = store?.limiter({ name: "at-once", limit: 10, seconds: 60 });
    const tallies = await Promise.all(Array.from({ length: 50 }, async () => limiter?.count("x")));
    expect(tallies.filter((tally) => tally?.isOver === false)).toHaveLength(10);
  });
});

it("processes of one Redis count together", async () => {
  const limiters = (await redisStores(2)).map((store) => store.limiter({ name: "doors", limit: 10, seconds: 60 }));
  const tallies = await Promise.all(Array.from({ length: 40 }, async (_, at) => limiters[at % 2]?.count("ada")));
  expect(tallies.filter((tally) => tally?.isOver === false)).toHaveLength(10);
});

it("while Redis is away a process counts for itself, and refuses and fails nobody else", async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const [store] = await redisStores(1, redis.url);
  const limiter = store?.limiter({ name: "doors", limit: 2, seconds: 60 });
  expect(await limiter?.count("ada")).toMatchObject({ remaining: 1, isOver: false });
  await redis.kill();
  const tallies = [await limiter?.count("ada"), await limiter?.count("ada"), await limiter?.count("ada")];
  expect(tallies.map((tally) => tally?.isOver)).toEqual([false, false, true]);
  await redis.restart();
});
