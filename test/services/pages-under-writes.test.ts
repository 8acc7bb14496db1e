import { randomUUID } from "node:crypto";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import type { Store } from "../../src/store/port.js";
import { openRedisStore } from "../../src/store/redis.js";
import { removeKeys, sharedRedis } from "../support/redis.js";
import { fileStores, memoryStore, MINE, openServices } from "../support/services.js";

const prefix = `test:${randomUUID()}:`;
afterAll(() => removeKeys(sharedRedis(), prefix));

const numberOf = (id: string): number => Number(id.split("_")[1]);

/** Two views of one store: where several processes may share it, as two of them would. */
const STORES: [string, () => Promise<readonly [Store, Store]>][] = [
  [
    "memory",
    async () => {
      const store = memoryStore();
      return [store, store];
    },
  ],
  ["file", async () => (await fileStores(2)).stores as [Store, Store]],
  [
    "redis",
    async () => {
      const url = sharedRedis();
      const own = `${prefix}${randomUUID()}:`;
      const stores = await Promise.all([openRedisStore({ url, prefix: own }), openRedisStore({ url, prefix: own })]);
      onTestFinished(async () => void (await Promise.all(stores.map((store) => store.close()))));
      return stores;
    },
  ],
];

describe.each(STORES)("P53: lists over a %s store", (_kind, open) => {
  async function twoProcesses() {
    const [here, there] = await open();
    const { artifacts } = (await openServices({ store: here })).services;
    const others = (await openServices({ store: there })).services.artifacts;
    const write = async (by = artifacts, store = here) => {
      const file = { name: "a.txt", mimeType: "text/plain", content: Buffer.from("a") };
      const { artifact, changes } = await by.creation(MINE, 1, file);
      expect(await store.commit(changes)).toBe(true);
      return artifact.id;
    };
    return { artifacts, writeHere: () => write(), writeThere: () => write(others, there) };
  }

  it("show each row once, newest first, while two processes write and rows are removed", async () => {
    const { artifacts, writeHere, writeThere } = await twoProcesses();
    const there: string[] = [];
    for (let at = 0; at < 60; at += 1) there.push(await writeHere());
    const removed = new Set(there.filter((_, at) => at % 7 === 3));
    let walking = true;
    const writing = [writeHere, writeThere].map(async (write) => {
      const written: string[] = [];
      while (walking && written.length < 400) written.push(await write());
      return written;
    });
    const removing = (async () => {
      for (const id of removed) await artifacts.remove(MINE, id);
    })();
    const walked: string[] = [];
    for (let after: string | undefined, more = true; more;) {
      const page = await artifacts.page(MINE, { limit: 5, ...(after !== undefined && { after_id: after }) });
      walked.push(...page.data.map(({ id }) => id));
      after = page.last_id ?? undefined;
      more = page.has_more;
    }
    walking = false;
    const written = (await Promise.all(writing)).flat();
    await removing;
    expect(written.length).toBeGreaterThan(0);
    expect(walked.map(numberOf)).toEqual([...new Set(walked.map(numberOf))].sort((one, other) => other - one));
    const seen = new Set(walked);
    expect(there.filter((id) => !seen.has(id) && !removed.has(id))).toEqual([]);
  });

  it("are in the same order from both ends once nobody writes", async () => {
    const { artifacts, writeHere, writeThere } = await twoProcesses();
    await Promise.all(Array.from({ length: 30 }, (_, at) => (at % 2 === 0 ? writeHere() : writeThere())));
    const down: string[] = [];
    for (let after: string | undefined, more = true; more;) {
      const page = await artifacts.page(MINE, { limit: 7, ...(after !== undefined && { after_id: after }) });
      down.push(...page.data.map(({ id }) => id));
      [after, more] = [page.last_id ?? undefined, page.has_more];
    }
    const up: string[] = [];
    for (let before = down.at(-1), more = true; more;) {
      const page = await artifacts.page(MINE, { limit: 7, ...(before !== undefined && { before_id: before }) });
      up.unshift(...page.data.map(({ id }) => id));
      [before, more] = [page.first_id ?? undefined, page.has_more];
    }
    expect(down).toHaveLength(30);
    expect(up).toEqual(down.slice(0, -1));
  });
});
