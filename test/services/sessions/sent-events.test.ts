import { randomUUID } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it, vi } from "vitest";
import { AppError } from "../../../src/core/errors.js";
import type { SentEvent } from "../../../src/core/session-shelf.js";
import { createComplaints } from "../../../src/services/sessions/complaints.js";
import { createEventIds, newProcessName, processOf } from "../../../src/services/sessions/event-ids.js";
import { createRecent } from "../../../src/services/sessions/recent.js";
import { createSentEvents } from "../../../src/services/sessions/sent-events.js";
import { createSessionShelf } from "../../../src/services/sessions/session-shelf.js";
import { createMemoryStore } from "../../../src/store/memory.js";
import type { Store } from "../../../src/store/port.js";
import { eventOf, HOSTILE, KINDS, openShelves, openStores, recordingLog, recordOf, shelfOver } from "./bench.js";
import { sealedTexts } from "../../support/services.js";
import { withOtherCharacter } from "../../support/forged.js";

const START = { id: "", stream: "s" };
const idsOf = (events: readonly SentEvent[]) => events.map(({ id }) => id);

describe("an event's id", () => {
  it("is greater than all before it, while the clock runs, stands still or jumps back", () => {
    let time = Date.UTC(2026, 0, 1);
    const ids = createEventIds("process1", () => time);
    const made: string[] = [];
    for (const step of [1, 0, 0, 0.4, -3_600_000, 0, 1, 7_200_000, -1, 1]) {
      time += step;
      made.push(ids.next(), ids.next());
    }
    expect(new Set(made).size).toBe(20);
    expect(made.toSorted()).toEqual(made);
  });

  it("goes on growing past what one millisecond has room for", () => {
    const ids = createEventIds("process1", () => 1000);
    let before = ids.next();
    for (let n = 0; n < 36 ** 4 + 10; n += 1) {
      const next = ids.next();
      if (next <= before || next.length !== before.length) throw new Error(`${next} follows ${before}`);
      before = next;
    }
  });

  it("sorts by time between processes, and after those that were read whatever the clocks say", () => {
    const early = createEventIds("zzzzzzzzzz", () => 1000);
    const late = createEventIds("aaaaaaaaaa", () => 1001);
    expect(early.next() < late.next()).toBe(true);
    const newest = [late.next(), late.next()].at(-1) ?? "";
    early.follow(newest);
    early.follow("garbage");
    early.follow(createEventIds("aaaaaaaaaa", () => 10).next());
    expect(early.next() > newest).toBe(true);
  });

  it("is one word that names its process, which no other text does", () => {
    const name = newProcessName();
    expect(name).toMatch(/^[0-9a-z]{10}$/);
    expect(newProcessName()).not.toBe(name);
    const id = createEventIds(name, Date.now).next();
    expect(id).toMatch(/^[0-9a-z.]{20,40}$/);
    expect(processOf(id)).toBe(name);
    for (const text of [...HOSTILE, "..", `${id}\n`, ` ${id}`, `${id}.x`, id.slice(1), `${id.slice(0, -10)}a b`]) {
      expect(processOf(text)).toBe("");
    }
  });
});

describe.each(KINDS)("what is sent on a session's streams, in a %s store", (kind) => {
  it("is found by every process, as it was sent", async () => {
    const { shelves } = await openShelves(kind);
    const [one, two] = shelves;
    const session = randomUUID();
    const events = [
      eventOf(one, { data: "", stream: "request" }),
      eventOf(one, { data: '{"a":"\u{1F600}\\n"}', stream: "request", request: 7 }),
      eventOf(one, { stream: "request", request: "seven", last: true }),
    ];
    await one.keep(session, events.slice(0, 2));
    await one.keep(session, events.slice(2));
    await one.keep(session, []);
    for (const event of events) {
      expect(await two.event(session, event.id)).toEqual(event);
      expect(await two.event(randomUUID(), event.id)).toBeUndefined();
      expect(two.processOf(event.id)).toBe(one.process);
    }
    expect(await two.event(session, two.nextEventId())).toBeUndefined();
  });

  it("is told from an event on, oldest first, for its stream and session alone", async () => {
    const { shelves } = await openShelves(kind);
    const [one, two] = shelves;
    const [session, other] = [randomUUID(), randomUUID()];
    const events = Array.from({ length: 30 }, (_, n) => eventOf(one, { stream: n % 3 === 0 ? "s" : "t" }));
    await one.keep(other, [eventOf(one), ...events.slice(0, 3)]);
    // Those of several streams may be kept later than they were sent.
    await Promise.all(events.toReversed().map((event) => one.keep(session, [event])));
    const own = events.filter(({ stream }) => stream === "s");
    expect(await two.eventsAfter(session, START)).toEqual(own);
    for (const [at, event] of own.entries()) {
      expect(await two.eventsAfter(session, event)).toEqual(own.slice(at + 1));
    }
    expect(await two.eventsAfter(session, { id: events[1]?.id ?? "", stream: "s" })).toEqual(own.slice(1));
    expect(await two.eventsAfter(session, { ...START, stream: "u" })).toEqual([]);
  });

  it("goes on behind what a process sent whose clock was an hour ahead", async () => {
    const { stores } = await openStores(kind, 2);
    const ahead = shelfOver(stores[0], { now: () => Date.now() + 3_600_000 });
    const behind = shelfOver(stores[1]);
    for (const look of [
      (session: string, { id }: SentEvent) => behind.event(session, id),
      (session: string) => behind.eventsAfter(session, START),
    ]) {
      const session = randomUUID();
      const first = eventOf(ahead);
      await ahead.keep(session, [first]);
      await look(session, first);
      const second = eventOf(behind);
      await behind.keep(session, [second]);
      expect(await ahead.eventsAfter(session, first)).toEqual([second]);
    }
  });

  it("P09: lies in the store as nobody can read it, and is missed by its client once it was changed", async () => {
    const { shelves, stores } = await openShelves(kind);
    const [one, two] = shelves;
    const session = randomUUID();
    const events = [eventOf(one, { data: '{"key":"ck_canary"}' }), eventOf(one, { data: '{"key":"ck_canary_2"}' })];
    await one.keep(session, events);
    const collection = `session-events:${session}`;
    const { rows } = await stores[1].page<{ sealed: string }>(collection, { direction: "ascending", limit: 9 });
    expect(rows).toHaveLength(2);
    expect(JSON.stringify(rows)).not.toContain("canary");
    expect(await two.event(session, events[1]?.id ?? "")).toEqual(events[1]);
    const [{ id, value, version }] = rows as [(typeof rows)[0]];
    const changed = { ...value, sealed: withOtherCharacter(value.sealed, 20) };
    await stores[1].commit([{ kind: "replace", collection, id, version, value: changed }]);
    expect(await two.event(session, id)).toBeUndefined();
  });

  it("is kept up to 1,000 events a session, the oldest dropped first", async () => {
    const { shelves, stores } = await openShelves(kind);
    const [one, two] = shelves;
    const [session, other] = [randomUUID(), randomUUID()];
    const first = eventOf(one);
    await one.keep(other, [first]);
    const events = [first, ...Array.from({ length: 1299 }, () => eventOf(one))];
    for (const size of [1, 399, 600, 7]) await one.keep(session, events.splice(0, size));
    const kept = async () => {
      const all = { direction: "ascending", limit: 5000 } as const;
      return (await stores[1].page(`session-events:${session}`, all)).rows.map(({ id }) => id);
    };
    expect(await kept()).toHaveLength(957);
    await Promise.all(events.splice(0, 60).map((event) => one.keep(session, [event])));
    expect((await kept()).length).toBeLessThanOrEqual(1000);
    await one.keep(session, events);
    const left = await kept();
    expect(left.length).toBeGreaterThan(950);
    expect(left.length).toBeLessThanOrEqual(1000);
    expect(left.slice(-events.length)).toEqual(idsOf(events));
    expect(await two.event(session, first.id)).toBeUndefined();
    expect(idsOf(await two.eventsAfter(session, first))).toEqual(left);
    expect(await two.event(other, first.id)).toEqual(first);

    // Ten thousand at once leave the newest 1,000.
    const many = Array.from({ length: 10_000 }, () => eventOf(one));
    await one.keep(session, many);
    expect(await kept()).toEqual(idsOf(many.slice(-1000)));
  });

  it("is told up to the newest 1,000 events, also where several processes kept more", async () => {
    const { shelves } = await openShelves(kind);
    const session = randomUUID();
    const all: SentEvent[] = [];
    for (let round = 0; round < 8; round += 1) {
      for (const shelf of shelves) {
        const events = Array.from({ length: 100 }, () => eventOf(shelf));
        all.push(...events);
        await shelf.keep(session, events);
      }
    }
    const newest = all.toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(-1000);
    expect(await shelves[0].eventsAfter(session, START)).toEqual(newest);
  });

  it("is kept once where it is kept twice, with what is new", async () => {
    const { shelves } = await openShelves(kind);
    const [one] = shelves;
    const session = randomUUID();
    const events = Array.from({ length: 3 }, () => eventOf(one));
    await one.keep(session, events.slice(0, 2));
    await one.keep(session, [...events.slice(1), { ...(events[0] as SentEvent), data: "other" }]);
    expect(await one.eventsAfter(session, START)).toEqual(events);
  });

  it("never breaks its stream when it cannot be kept, and is kept again as soon as the store is back", async () => {
    const { stores } = await openStores(kind);
    const { log, lines } = recordingLog();
    let away = true;
    const commit: Store["commit"] = (changes) =>
      away ? Promise.reject(new AppError("STORE_UNAVAILABLE", "away")) : stores[0].commit(changes);
    const shelf = shelfOver({ ...stores[0], commit }, { log });
    const session = randomUUID();
    for (let n = 0; n < 20; n += 1) await shelf.keep(session, [eventOf(shelf)]);
    expect(lines).toEqual([expect.stringContaining("cannot be kept")]);
    away = false;
    const event = eventOf(shelf);
    await shelf.keep(session, [event]);
    expect(await shelf.eventsAfter(session, START)).toEqual([event]);
    expect(lines).toHaveLength(1);
  });
});

describe("what was sent five minutes ago", () => {
  afterEach(() => void vi.useRealTimers());

  // Redis has a clock of its own; that it ends lifetimes is in the stores' own tests.
  it.each(["memory", "file"] as const)("is gone from a %s store, and not before", async (kind) => {
    const { stores } = await openStores(kind);
    const shelf = shelfOver(stores[0]);
    vi.useFakeTimers({ toFake: ["Date"] });
    const event = eventOf(shelf);
    await shelf.keep("s1", [event]);
    vi.setSystemTime(Date.now() + 299_000);
    expect(await shelf.eventsAfter("s1", START)).toEqual([event]);
    vi.setSystemTime(Date.now() + 1000);
    expect(await shelf.event("s1", event.id)).toBeUndefined();
    expect(await shelf.eventsAfter("s1", START)).toEqual([]);
  });

  it("is given to a Redis for five minutes", async () => {
    const { stores } = await openStores("redis");
    const lives: unknown[] = [];
    const commit: Store["commit"] = (changes) => {
      lives.push(...changes.map((change) => change.kind === "insert" && change.ttlMs));
      return stores[0].commit(changes);
    };
    const shelf = shelfOver({ ...stores[0], commit });
    await shelf.keep("s1", [eventOf(shelf), eventOf(shelf)]);
    expect(lives).toEqual([300_000, 300_000]);
  });

  it("no longer counts towards the 1,000", async () => {
    const { stores } = await openStores("memory");
    let time = 0;
    const ids = createEventIds("process1", Date.now);
    const events = createSentEvents({
      store: stores[0],
      ids,
      texts: sealedTexts(),
      complain: () => undefined,
      clock: () => time,
    });
    const some = (count: number) => Array.from({ length: count }, () => eventOf({ nextEventId: ids.next }));
    const count = async () =>
      (await stores[0].page("session-events:s1", { direction: "ascending", limit: 5000 })).rows.length;
    await events.keep("s1", some(500));
    time += 200_000;
    await events.keep("s1", some(500));
    time += 100_000;
    await events.keep("s1", some(500));
    // The store's clock stands where it was, so it still has those of the beginning.
    expect(await count()).toBe(1500);
    await events.keep("s1", some(1));
    expect(await count()).toBe(951);
    time += 300_000;
    await events.keep("s1", some(1000));
    expect(await count()).toBe(1951);
  });
});

describe("what a process remembers of sessions", () => {
  it("is nothing once they are over", { timeout: 120_000 }, async () => {
    const store = createMemoryStore();
    const shelf = createSessionShelf({ store, idleMs: 60_000, texts: sealedTexts(), log: recordingLog().log });
    const stop = await shelf.listen(() => undefined);
    const live = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n += 1) {
        const id = randomUUID();
        await shelf.put(id, recordOf());
        await shelf.subscribe(id, () => [`a://${id}`]);
        await shelf.keep(id, [eventOf(shelf)]);
        if (n % 2 === 0) await shelf.end(id);
        else {
          // As another process ends it.
          await store.clear(`session-events:${id}`);
          await store.commit([{ kind: "remove", collection: "sessions", id }]);
          await shelf.broadcast({ kind: "ended", session: id });
        }
      }
    };
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const heap = async (): Promise<number> => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      collect();
      return process.memoryUsage().heapUsed;
    };
    await live(1000);
    const grown = async (): Promise<number> => {
      const before = await heap();
      await live(10_000);
      return (await heap()) - before;
    };
    let more = await grown();
    // What is remembered is so every time; what the engine keeps for itself comes and goes.
    for (let again = 0; again < 2 && more >= 500_000; again += 1) more = await grown();
    // One entry of one map for each would be more.
    expect(more).toBeLessThan(500_000);
    await stop();
    await store.close();
  });

  it("ends by itself where nobody says that they are over", () => {
    let time = 0;
    const recent = createRecent<number>(1000, () => time);
    for (let n = 0; n < 100; n += 1) {
      time += 100;
      recent.set(`s${n}`, n);
      recent.set("used", n);
    }
    expect(recent.size()).toBe(11);
    expect([recent.get("s99"), recent.get("s90"), recent.get("used")]).toEqual([99, 90, 99]);
    time += 900;
    expect([recent.get("s98"), recent.get("used")]).toEqual([undefined, 99]);
    time += 100;
    expect(recent.get("used")).toBeUndefined();
    recent.delete("used");
    recent.set("new", 1);
    expect(recent.size()).toBe(1);
  });
});

it("complains of each trouble once a minute", () => {
  let time = 0;
  const { log, lines } = recordingLog();
  const complain = createComplaints(log, () => time);
  for (; time < 150_000; time += 1000) {
    complain(new Error("away"), "a");
    if (time >= 100_000) complain(new Error("away"), "b");
  }
  expect(lines).toEqual(["a", "a", "b", "a"]);
});
