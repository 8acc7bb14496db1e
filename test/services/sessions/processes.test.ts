import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { AppError } from "../../../src/core/errors.js";
import type { SessionMessage, SessionShelf } from "../../../src/core/session-shelf.js";
import type { Store } from "../../../src/store/port.js";
import { openRedisStore } from "../../../src/store/redis.js";
import { compiledRoot } from "../../support/compiled.js";
import { startRedis } from "../../support/redis.js";
import { hear, HOSTILE, KINDS, openShelves, openStores, recordingLog, recordOf, shelfOver, until } from "./bench.js";

const away = () => Promise.reject(new AppError("STORE_UNAVAILABLE", "away"));
const MESSAGES: readonly SessionMessage[] = [
  { kind: "deliver", session: "s", message: { id: 1, ünï: ["\u{1F600}", null, 0.5] }, caller: { key: 1 } },
  { kind: "cancel", session: "s", request: "r" },
  { kind: "cancel", session: "s", request: 7 },
  { kind: "subscriptions", session: "s", uris: ["a://b"] },
  { kind: "sent", session: "s" },
  { kind: "ended", session: "s" },
];

/** Starts a process that listens on a store's address; it ends with the test. */
async function startListening(address: string, prefix: string) {
  const program = fileURLToPath(new URL("shelf-process.mjs", import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [program, await compiledRoot(), address, prefix], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const heard: SessionMessage[] = [];
  child.on("message", (told: { heard?: SessionMessage }) => void (told.heard && heard.push(told.heard)));
  const [{ name }] = (await once(child, "message")) as [{ name: string }];
  return { child, name, heard };
}

describe.each(KINDS)("processes of a %s store", (kind) => {
  it("have names of their own", async () => {
    const names = (await openShelves(kind)).shelves.map((shelf) => shelf.process);
    expect(new Set(names).size).toBe(3);
    for (const name of names) expect(name).toMatch(/^[0-9A-Za-z]{6,22}$/);
  });

  it("hear what is sent to them alone, in order, until they stop", async () => {
    const { shelves } = await openShelves(kind);
    const [one, two] = shelves;
    const [first, second, stranger] = await Promise.all(shelves.map(hear));
    for (const message of MESSAGES) await one.send(two.process, message);
    await one.send(one.process, { kind: "sent", session: "own" });
    await until("all messages came", () => second?.heard.length === MESSAGES.length && first?.heard.length === 1);
    expect(second?.heard).toEqual(MESSAGES);
    expect(first?.heard).toEqual([{ kind: "sent", session: "own" }]);
    await second?.stop();
    await second?.stop();
    await one.send(two.process, { kind: "sent", session: "late" });
    await sleep(250);
    expect(second?.heard).toHaveLength(MESSAGES.length);
    expect(stranger?.heard).toEqual([]);
  });

  it("hear all of them what is told to every one, and every listener of theirs", async () => {
    const { shelves } = await openShelves(kind);
    const ears = await Promise.all([...shelves, shelves[0]].map(hear));
    for (const message of MESSAGES) await shelves[0].broadcast(message);
    for (const { heard } of ears) {
      await until("all messages came", () => heard.length === MESSAGES.length);
      expect(heard).toEqual(MESSAGES);
    }
  });

  it("are alive as long as somebody there listens, and known to be gone at once when they leave", async () => {
    const { shelves } = await openShelves(kind);
    const [one, two, three] = shelves;
    expect(await one.isAlive(one.process)).toBe(true);
    expect(await one.isAlive(two.process)).toBe(false);
    const [first, again] = [await hear(two), await hear(two)];
    expect(await three.isAlive(two.process)).toBe(true);
    await first.stop();
    await sleep(600);
    expect(await three.isAlive(two.process)).toBe(true);
    await again.stop();
    await sleep(600);
    expect(await three.isAlive(two.process)).toBe(false);
    const last = await hear(two);
    await sleep(600);
    expect(await one.isAlive(two.process)).toBe(true);
    await two.close();
    await two.close();
    await sleep(600);
    expect([await one.isAlive(two.process), await two.isAlive(two.process)]).toEqual([false, true]);
    await one.send(two.process, { kind: "sent", session: "s" });
    await one.broadcast({ kind: "sent", session: "s" });
    await expect(two.listen(() => undefined)).rejects.toMatchObject({ code: "SHUTTING_DOWN" });
    await sleep(250);
    expect(last.heard).toEqual([]);
    expect(await three.isAlive(two.process)).toBe(false);
  });

  it("are asked after under names that clients made up, which leads nowhere", async () => {
    const { stores } = await openStores(kind);
    const asked: string[] = [];
    const shelf = shelfOver({
      ...stores[0],
      get: (collection, id) => (asked.push(id), stores[0].get(collection, id)),
      publish: (channel, message) => (asked.push(channel), stores[0].publish(channel, message)),
    });
    const names = [...HOSTILE, shelf.processOf("x.y.z"), `${shelf.process}\n`, "a".repeat(23), "short"];
    for (const name of names.filter((each) => each !== "constructor")) {
      expect(await shelf.isAlive(name)).toBe(false);
      await shelf.send(name, { kind: "sent", session: "s" });
    }
    expect(asked).toEqual([]);
    expect(await shelf.isAlive("0123456789")).toBe(false);
  });

  it("are asked after at most twice a second", async () => {
    const { stores } = await openStores(kind, 2);
    let asked = 0;
    const get: Store["get"] = (...args) => ((asked += 1), stores[0].get(...args));
    const shelf = shelfOver({ ...stores[0], get });
    const other = shelfOver(stores[1]);
    await other.listen(() => undefined);
    const end = performance.now() + 1000;
    while (performance.now() < end) {
      const answers = Array.from({ length: 20 }, () => shelf.isAlive(other.process));
      expect(await Promise.all(answers)).not.toContain(false);
      await sleep(5);
    }
    expect(asked).toBeLessThanOrEqual(3);
  });

  it("are not taken for dead, and throw nothing, while the store is away", async () => {
    const { stores } = await openStores(kind);
    const { log, lines } = recordingLog();
    const shelf = shelfOver({ ...stores[0], get: away, commit: away, publish: away }, { log });
    for (let n = 0; n < 5; n += 1) {
      expect(await shelf.isAlive(`someone${n}`)).toBe(true);
      await shelf.send("someone1", { kind: "sent", session: "s" });
      await shelf.broadcast({ kind: "sent", session: "s" });
    }
    expect(lines).toHaveLength(1);
    await expect(shelf.listen(() => undefined)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await shelf.close();
  });

  it("leave no subscription behind where they cannot show that they are there, or leave meanwhile", async () => {
    const { stores } = await openStores(kind);
    let open = 0;
    let broken = true;
    const counting: Store = {
      ...stores[0],
      commit: (changes) => (broken ? away() : stores[0].commit(changes)),
      async subscribe(channel, listener) {
        const end = await stores[0].subscribe(channel, listener);
        open += 1;
        let ended = false;
        return async () => {
          if (!ended) open -= 1;
          ended = true;
          await end();
        };
      },
    };
    const shelf = shelfOver(counting);
    await expect(shelf.listen(() => undefined)).rejects.toThrow("away");
    expect(open).toBe(0);
    broken = false;
    const stop = await shelf.listen(() => undefined);
    expect(open).toBe(2);
    const leaving = [shelf.listen(() => undefined).catch((error: unknown) => error), shelf.close()];
    expect((await Promise.all(leaving))[0]).toMatchObject({ code: "SHUTTING_DOWN" });
    await stop();
    expect(open).toBe(0);
    expect(await stores[0].get("session-processes", shelf.process)).toBeUndefined();
  });
});

describe.each(["file", "redis"] as const)("a process of a %s store", { timeout: 60_000 }, (kind) => {
  it("is found alive while it runs, and dead within 5 s of being killed; its sessions are still there", async () => {
    const { stores, address, prefix } = await openStores(kind);
    const shelf = shelfOver(stores[0]);
    const { child, name, heard } = await startListening(address, prefix);
    const id = randomUUID();
    await shelf.put(id, recordOf({ holder: name }));
    await shelf.send(name, { kind: "sent", session: id });
    await until("it hears", () => heard.length === 1, 10_000);
    const end = performance.now() + 6000;
    while (performance.now() < end) {
      expect(await shelf.isAlive(name)).toBe(true);
      await sleep(100);
    }
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    const killed = performance.now();
    await until("it is missed", async () => !(await shelf.isAlive(name)), 10_000);
    expect(performance.now() - killed).toBeLessThan(5500);
    expect(await shelf.find(id)).toEqual(recordOf({ holder: name }));
  });
});

it("ends by itself: neither the heartbeat nor a subscription holds the process", { timeout: 60_000 }, async () => {
  const { address, prefix } = await openStores("file");
  const { child } = await startListening(address, prefix);
  await sleep(500);
  expect(child.exitCode).toBeNull();
  const gone = once(child, "exit");
  child.send("let go");
  expect(await Promise.race([gone, sleep(5000)])).toEqual([0, null]);
});

it("has no timer where the store is this process's memory", async () => {
  const { stores } = await openStores("memory");
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const [one, two] = [shelfOver(stores[0]), shelfOver(stores[0])];
  await one.listen(() => undefined);
  await one.keep("s", [{ id: one.nextEventId(), stream: "s", data: "", last: false }]);
  expect(await two.isAlive(one.process)).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(await two.isAlive(one.process)).toBe(true);
});

it("has no timer once nobody listens, however often somebody did", async () => {
  const { stores } = await openStores("file");
  const shelf = shelfOver(stores[0]);
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  for (let round = 0; round < 3; round += 1) {
    const stops = [await shelf.listen(() => undefined), await shelf.listen(() => undefined)];
    // The heartbeat, and the store's own look for messages.
    expect(vi.getTimerCount()).toBe(2);
    for (const stop of stops) await stop();
    expect(vi.getTimerCount()).toBe(0);
  }
});

it("takes nobody for dead whose heartbeat went missing together with its own", { timeout: 20_000 }, async () => {
  const { stores } = await openStores("file", 2);
  let broken = false;
  const commit: Store["commit"] = (changes) => (broken ? away() : stores[1].commit(changes));
  const [one, two] = [shelfOver(stores[0]), shelfOver({ ...stores[1], commit })];
  for (const shelf of [one, two]) await shelf.listen(() => undefined);
  broken = true;
  await stores[0].clear("session-processes");
  const back = async (name: string) => (await stores[0].get("session-processes", name)) !== undefined;
  await until("its own is back", () => back(one.process));
  expect([await back(two.process), await one.isAlive(two.process)]).toEqual([false, true]);
  await until("the other is missed", async () => !(await one.isAlive(two.process)), 8000);
  broken = false;
  await until("the other is back", () => one.isAlive(two.process));
});

it("takes nobody for dead when a Redis comes back that has lost everything", { timeout: 60_000 }, async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const open = async () => {
    const store = await openRedisStore({ url: redis.url });
    onTestFinished(() => store.close());
    return shelfOver(store);
  };
  const [one, two, three, quiet] = [await open(), await open(), await open(), await open()];
  for (const shelf of [one, two, three]) await shelf.listen(() => undefined);
  const allAlive = async (asking: readonly SessionShelf[], ms: number): Promise<void> => {
    const end = performance.now() + ms;
    while (performance.now() < end) {
      for (const shelf of asking) expect(await shelf.isAlive(two.process)).toBe(true);
      await sleep(20);
    }
  };
  await allAlive([one, quiet], 100);
  // Too short for anybody to notice, except by what is missing afterwards.
  await redis.kill();
  await redis.restart();
  await allAlive([one], 3000);
  // Longer than a heartbeat lives; one that only asks notices as well.
  await redis.kill();
  await allAlive([one, quiet], 6000);
  await redis.restart();
  await allAlive([one, quiet], 3000);
  await three.close();
  await until("one that left is missed again", async () => !(await one.isAlive(three.process)), 8000);
  expect(await one.isAlive(two.process)).toBe(true);
});
