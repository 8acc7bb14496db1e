import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openFileStore } from "../../src/store/file.js";
import type { Store } from "../../src/store/port.js";
import { openRedisStore } from "../../src/store/redis.js";
import { removeKeys, sharedRedis } from "../support/redis.js";
import { startStoreProcess, type StoreProcess } from "../support/store-process.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "clanker-processes-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(["file", "redis"] as const)("two processes on one %s store", { timeout: 60_000 }, (kind) => {
  let address = "";
  let prefix = "";
  let store: Store;
  let pair: readonly [StoreProcess, StoreProcess];

  beforeEach(async () => {
    prefix = `test:${randomUUID()}:`;
    address = kind === "file" ? `file:${join(folder, `${randomUUID()}.db`)}` : sharedRedis();
    // Both open a store that is not there yet, at the same moment.
    pair = await Promise.all([startStoreProcess(address, prefix), startStoreProcess(address, prefix)]);
    store =
      kind === "file"
        ? await openFileStore({ path: address.slice(5) })
        : await openRedisStore({ url: address, prefix });
  });
  afterEach(async () => {
    await Promise.all(pair.map((each) => each.kill()));
    await store.close();
    if (kind === "redis") await removeKeys(address, prefix);
  });

  it("lose none of 1,000 updates of one record", async () => {
    await store.commit([{ kind: "insert", collection: "race", id: "list", value: [] }]);
    await Promise.all(pair.map((each, n) => each.ask({ task: "append", label: `${n}-`, times: 500 })));
    const list = await store.get<string[]>("race", "list");
    expect(new Set(list?.value).size).toBe(1000);
    expect(list?.version).toBe(1001);
  });

  it("take each of 200 records once", async () => {
    const ids = Array.from({ length: 200 }, (_, n) => `r${n}`);
    await store.commit(ids.map((id) => ({ kind: "insert", collection: "takes", id, value: id })));
    const taken = await Promise.all(pair.map((each) => each.ask({ task: "take", ids })));
    expect((taken as string[][]).flat().toSorted()).toEqual(ids.toSorted());
  });

  it("never get one number twice of 2,000", async () => {
    const numbers = await Promise.all(pair.map((each) => each.ask({ task: "increment", times: 1000 })));
    expect((numbers as number[][]).flat().toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 2000 }, (_, n) => n + 1),
    );
  });

  it("hear within a second, once, what the other publishes", async () => {
    const [one, two] = pair;
    for (const each of pair) await each.ask({ task: "listen", channel: "news" });
    await one.ask({ task: "publish", channel: "news" });
    await two.ask({ task: "publish", channel: "news" });
    await sleep(1100);
    for (const each of pair) {
      const heard = (await each.ask({ task: "heard" })) as [{ from: number; at: number }, number][];
      expect(heard.map(([message]) => message.from).toSorted()).toEqual([one.child.pid, two.child.pid].toSorted());
      for (const [message, at] of heard) expect(at - message.at).toBeLessThan(1000);
    }
  });
});

describe("a process killed while it writes to a file store", () => {
  it("loses nothing that it had acknowledged", async () => {
    const path = join(folder, `${randomUUID()}.db`);
    const acknowledged: string[] = [];
    for (const label of ["a", "b", "c", "d", "e"]) {
      const writer = await startStoreProcess(`file:${path}`);
      const lines = createInterface({ input: writer.child.stdout ?? process.stdin });
      const before = acknowledged.length;
      lines.on("line", (line) => acknowledged.push(line));
      const reading = new Promise((resolve) => lines.once("close", resolve));
      writer.ask({ task: "write", label }).catch(() => undefined);
      while (acknowledged.length === before) await sleep(5);
      await sleep(Math.random() * 150);
      await writer.kill();
      await reading;

      const store = await openFileStore({ path });
      for (const id of acknowledged) {
        expect((await store.get("written", id))?.value).toBe("x".repeat(1000));
        expect(await store.documents("written").get(id)).toBe(id);
      }
      expect(await store.counter("written")).toBeGreaterThanOrEqual(acknowledged.length);
      const last = acknowledged.at(-1) ?? "";
      const page = await store.page("written", { direction: "descending", limit: 2, tags: ["t"], after: `${last}~` });
      expect(page.rows.map((row) => row.id)).toContain(last);
      await store.close();
    }
    expect(acknowledged.length).toBeGreaterThan(5);
  });
});
