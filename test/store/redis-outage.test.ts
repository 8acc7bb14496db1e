import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Store } from "../../src/store/port.js";
import { openRedisStore } from "../../src/store/redis.js";
import { type PrivateRedis, startRedis } from "../support/redis.js";

const UNAVAILABLE = { code: "STORE_UNAVAILABLE" };

describe("a Redis that is away at the start", () => {
  it("is given up in time, with the setting's name and without the password", async () => {
    const started = performance.now();
    const opening = openRedisStore({ url: "redis://me:hunter2secret@127.0.0.1:1", openMs: 600 });
    const error: unknown = await opening.catch((thrown: unknown) => thrown);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(error).toMatchObject(UNAVAILABLE);
    expect(String(error)).toMatch(/CLANKER_STORE .*127\.0\.0\.1:1 .*ECONNREFUSED/);
    expect(String(error)).not.toContain("hunter2");
  });

  it("is given up in time when something takes the connection and says nothing", async () => {
    const mute = createServer((socket) => socket.resume()).listen(0, "127.0.0.1");
    await new Promise((resolve) => mute.once("listening", resolve));
    const address = mute.address();
    const port = typeof address === "object" ? address?.port : 0;
    const started = performance.now();
    await expect(openRedisStore({ url: `redis://127.0.0.1:${port}`, openMs: 500 })).rejects.toMatchObject(UNAVAILABLE);
    expect(performance.now() - started).toBeLessThan(2000);
    await new Promise((resolve) => mute.close(resolve));
  });

  it("is refused at once when the address is none", async () => {
    const error: unknown = await openRedisStore({ url: "redis://me:hunter2secret@:x/y" }).catch((e: unknown) => e);
    expect(error).toMatchObject(UNAVAILABLE);
    expect(JSON.stringify([String(error), (error as Error).cause])).not.toContain("hunter2");
  });
});

describe("a Redis in trouble", () => {
  let redis: PrivateRedis;
  let store: Store;
  beforeAll(async () => {
    redis = await startRedis();
    store = await openRedisStore({ url: redis.url, prefix: `test:${randomUUID()}:` });
  });
  afterAll(async () => {
    await store.close();
    await redis.stop();
  });

  const refused = async (): Promise<void> => {
    const documents = store.documents("d");
    const calls = [
      () => store.ping(),
      () => store.get("c", "a"),
      () => store.commit([{ kind: "insert", collection: "c", id: "b", value: 1 }]),
      () => store.page("c", { direction: "ascending", limit: 1 }),
      () => store.increment("n"),
      () => store.publish("news", 1),
      () => store.subscribe("news", () => undefined),
      () => documents.get("a"),
      () => documents.get(["a", "b"]),
      () => documents.set("a", 1),
      () => documents.delete("a"),
      () => documents.has("a"),
      () => documents.clear(),
    ];
    const started = performance.now();
    await Promise.all(calls.map((call) => expect(call()).rejects.toMatchObject(UNAVAILABLE)));
    expect(performance.now() - started).toBeLessThan(3000);
  };

  it("that refuses the password is given up at once, without showing it", async () => {
    const url = redis.url.replace("//", "//me:hunter2secret@");
    const started = performance.now();
    const error: unknown = await openRedisStore({ url }).catch((thrown: unknown) => thrown);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(error).toMatchObject(UNAVAILABLE);
    expect(String(error)).toContain("WRONGPASS");
    expect(String(error)).not.toContain("hunter2");
  });

  it("that goes away refuses at once, and works again by itself, subscriptions too", async () => {
    const heard: unknown[] = [];
    const end = await store.subscribe("news", (message) => heard.push(message));
    const ended: unknown[] = [];
    const early = await store.subscribe("old", (message) => ended.push(message));
    await store.commit([{ kind: "insert", collection: "c", id: "a", value: 1 }]);
    await redis.kill();
    await refused();
    await early();
    await redis.restart();
    await vi.waitFor(() => store.ping(), { timeout: 5000, interval: 50 });
    await vi.waitFor(
      async () => {
        await store.publish("news", "back");
        expect(heard).toContain("back");
      },
      { timeout: 5000, interval: 100 },
    );
    expect(await store.get("c", "a")).toBeUndefined();
    expect(await store.commit([{ kind: "insert", collection: "c", id: "a", value: 2, order: "1" }])).toBe(true);
    expect((await store.page("c", { direction: "ascending", limit: 1 })).rows).toHaveLength(1);
    await store.documents("d").set("a", 1);
    expect(await store.documents("d").get("a")).toBe(1);
    await store.publish("old", 1);
    await end();
    expect(ended).toEqual([]);
  });

  it("that hangs refuses after two seconds, then at once, and works again when it goes on", async () => {
    redis.suspend();
    try {
      await refused();
      const times: number[] = [];
      for (let again = 0; again < 3; again += 1) {
        const started = performance.now();
        await expect(store.ping()).rejects.toMatchObject(UNAVAILABLE);
        times.push(performance.now() - started);
      }
      // What waits does so every time; a busy machine does not.
      expect(Math.min(...times)).toBeLessThan(100);
    } finally {
      redis.resume();
    }
    await vi.waitFor(() => store.ping(), { timeout: 5000, interval: 50 });
    expect(await store.increment("after")).toBe(1);
  });
});
