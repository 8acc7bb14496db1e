import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "libsql";
import { createClient } from "redis";
import { describe, expect, it } from "vitest";
import type { SessionRecord } from "../../../src/core/session-shelf.js";
import { eventOf, hear, HOSTILE, KINDS, openShelves, openStores, recordOf, shelfOver, until } from "./bench.js";

describe.each(KINDS)("a session in a %s store", (kind) => {
  it("is found by every process as it was put", async () => {
    const { shelves } = await openShelves(kind);
    const [one, two] = shelves;
    const id = randomUUID();
    const record: SessionRecord = {
      kind: "sse",
      owner: "key 1 2 3",
      wishes: { toolsets: "skills", "\u{1F600}": "ünï" },
      holder: one.process,
      initialize: { method: "initialize", params: { capabilities: { elicitation: {} } } },
      subscriptions: ["a://b"],
    };
    await one.put(id, record);
    expect(await two.find(id)).toEqual(record);
    expect(await one.find(id)).toEqual(record);
    expect(await one.find(randomUUID())).toBeUndefined();
  });

  it("is never put in another's place", async () => {
    const { shelves } = await openShelves(kind);
    const [one, two] = shelves;
    const id = randomUUID();
    await one.put(id, recordOf({ owner: "first" }));
    await expect(two.put(id, recordOf({ owner: "second" }))).rejects.toThrow("the id of another");
    expect((await one.find(id))?.owner).toBe("first");
  });

  it("ends by itself when it is not used, and lives on while any process uses it", async () => {
    const { shelves } = await openShelves(kind, { idleMs: 1900 });
    const [one, two] = shelves;
    const [unused, touched, subscribed] = [randomUUID(), randomUUID(), randomUUID()];
    for (const id of [unused, touched, subscribed]) await one.put(id, recordOf());
    await sleep(1000);
    expect(await two.touch(touched)).toBe(true);
    expect(await two.subscribe(subscribed, () => ["a://b"])).toEqual(["a://b"]);
    await sleep(1000);
    expect(await one.find(unused)).toBeUndefined();
    expect([await one.find(touched), await one.find(subscribed)]).not.toContain(undefined);
    expect(await one.touch(touched)).toBe(true);
    await sleep(1000);
    expect(await one.find(subscribed)).toBeUndefined();
    expect(await one.find(touched)).toEqual(recordOf());
    await sleep(1000);
    for (const id of [unused, touched, subscribed]) {
      expect(await two.touch(id)).toBe(false);
      expect(await two.subscribe(id, () => ["a://b"])).toBeUndefined();
      expect(await one.find(id)).toBeUndefined();
    }
  });

  it("is ended by any process for every one, with its events, and once", async () => {
    const { shelves } = await openShelves(kind);
    const [one, two, three] = shelves;
    const [id, other] = [randomUUID(), randomUUID()];
    await one.put(id, recordOf());
    await one.put(other, recordOf());
    const event = eventOf(one);
    await one.keep(id, [event]);
    await one.keep(other, [event]);
    const ears = await Promise.all(shelves.map(hear));
    await Promise.all([two.end(id), three.end(id)]);
    expect(await one.find(id)).toBeUndefined();
    expect(await one.touch(id)).toBe(false);
    expect(await one.subscribe(id, () => ["a://b"])).toBeUndefined();
    expect(await one.event(id, event.id)).toBeUndefined();
    expect(await one.event(other, event.id)).toEqual(event);
    await one.end(id);
    await one.end(other);
    const ended = [id, other].map((session) => ({ kind: "ended", session }));
    for (const { heard } of ears) await until("both ends are heard", () => heard.length >= 2);
    await sleep(250);
    // Messages of several processes may come in any order.
    for (const { heard } of ears) {
      expect(heard).toHaveLength(2);
      expect(heard).toEqual(expect.arrayContaining(ended));
    }
  });

  it("ends with its events also where it is over already", async () => {
    const { shelves } = await openShelves(kind, { idleMs: 100 });
    const [one, two] = shelves;
    const id = randomUUID();
    await one.put(id, recordOf());
    const event = eventOf(one);
    await one.keep(id, [event]);
    await sleep(150);
    const { heard } = await hear(one);
    await two.end(id);
    expect(await one.event(id, event.id)).toBeUndefined();
    await sleep(250);
    expect(heard).toEqual([]);
  });

  it("loses no subscription that two processes make at once", async () => {
    const { shelves } = await openShelves(kind);
    const [one, two] = shelves;
    const id = randomUUID();
    await one.put(id, recordOf({ subscriptions: ["old"] }));
    const ears = await Promise.all(shelves.map(hear));
    const wanted = Array.from({ length: 40 }, (_, n) => `a://${n}`);
    await Promise.all([
      ...wanted.map((uri, n) => (n % 2 === 0 ? one : two).subscribe(id, (uris) => [...uris, uri])),
      two.subscribe(id, (uris) => uris.filter((uri) => uri !== "old")),
    ]);
    const now = (await two.find(id))?.subscriptions ?? [];
    expect(now.toSorted()).toEqual(wanted.toSorted());
    // And every process knows them as they are at last.
    for (const { heard } of ears) {
      await until("the last state is heard", () => {
        const last = heard.at(-1);
        return last?.kind === "subscriptions" && last.uris.length === wanted.length;
      });
    }
    await sleep(250);
    for (const { heard } of ears) {
      expect(heard.at(-1)).toEqual({ kind: "subscriptions", session: id, uris: now });
    }
  });

  it("answers the subscriptions there are, and tells only of others", async () => {
    const { shelves } = await openShelves(kind);
    const [one, two] = shelves;
    const id = randomUUID();
    await one.put(id, recordOf({ subscriptions: ["a"] }));
    const { heard } = await hear(two);
    expect(await one.subscribe(id, (uris) => uris)).toEqual(["a"]);
    expect(await one.subscribe(id, (uris) => [...uris, "b"])).toEqual(["a", "b"]);
    expect(await one.subscribe(id, (uris) => ["b", ...uris.slice(0, 1)])).toEqual(["b", "a"]);
    await expect(
      one.subscribe(id, () => {
        throw new Error("too many");
      }),
    ).rejects.toThrow("too many");
    expect((await two.find(id))?.subscriptions).toEqual(["b", "a"]);
    await until("both changes are heard", () => heard.length >= 2);
    await sleep(250);
    expect(heard).toEqual([
      { kind: "subscriptions", session: id, uris: ["a", "b"] },
      { kind: "subscriptions", session: id, uris: ["b", "a"] },
    ]);
  });

  it("is not known by subscriptions older than those that were told before", async () => {
    const { stores } = await openStores(kind, 3);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const slow = shelfOver({
      ...stores[0],
      publish: (channel, message) => held.then(() => stores[0].publish(channel, message)),
    });
    const [fast, third] = [shelfOver(stores[1]), shelfOver(stores[2])];
    const ears = await Promise.all([slow, fast, third].map(hear));
    const id = randomUUID();
    await fast.put(id, recordOf());
    const slowly = slow.subscribe(id, (uris) => [...uris, "slow"]);
    await until("the first change is made", async () => (await fast.find(id))?.subscriptions.length === 1);
    await fast.subscribe(id, (uris) => [...uris, "fast"]);
    for (const { heard } of ears) await until("the second change is heard", () => heard.length === 1);
    release();
    // Who made the first change has heard of the second meanwhile.
    expect(await slowly).toEqual(["slow", "fast"]);
    await sleep(250);
    for (const { heard } of ears) {
      expect(heard).toEqual([{ kind: "subscriptions", session: id, uris: ["slow", "fast"] }]);
    }
  });

  it("is nothing that a made-up id finds, makes or breaks", async () => {
    const { stores, address, prefix } = await openStores(kind);
    const shelf = shelfOver(stores[0]);
    const [made, kept] = [randomUUID(), randomUUID()];
    await shelf.put(made, recordOf());
    const event = eventOf(shelf);
    await shelf.keep(kept, [event]);
    const everything = async (): Promise<unknown> => {
      if (kind === "memory") return undefined;
      if (kind === "file") {
        const db = new Database(address.slice("file:".length));
        const rows: unknown = db.prepare("SELECT collection, id, version FROM records ORDER BY row").all();
        db.close();
        return rows;
      }
      const client = await createClient({ url: address }).connect();
      const keys = await client.keys(`${prefix}*`);
      client.destroy();
      return keys.toSorted();
    };
    const before = await everything();
    for (const id of [...HOSTILE, `${made} `, `${made}\0`, made.toUpperCase().replace(/[0-9-]/g, "Z")]) {
      expect(await shelf.find(id)).toBeUndefined();
      expect(await shelf.touch(id)).toBe(false);
      expect(await shelf.subscribe(id, (uris) => [...uris, "x"])).toBeUndefined();
      expect(await shelf.event(id, event.id)).toBeUndefined();
      expect(await shelf.event(kept, id)).toBeUndefined();
      expect(await shelf.eventsAfter(id, { id: "", stream: "s" })).toEqual([]);
      await shelf.end(id);
    }
    expect(await everything()).toEqual(before);
    expect(await shelf.find(made)).toEqual(recordOf());
    expect(await shelf.eventsAfter(kept, { id: "", stream: "s" })).toEqual([event]);
  });
});
