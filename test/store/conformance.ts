import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createIfAbsent, takeOnce, update } from "../../src/store/atomic.js";
import type { Insert, PageQuery, Store } from "../../src/store/port.js";

/** How long a message may be on its way while the machine is busy; that it takes no second is tested elsewhere. */
const PATIENCE = { timeout: 10_000 };

const ODD = ["a:b", "a/b", "", " ", "ünï-\u{1F600}", "nul\0l", "nul", "\u0001", "\ud800", "\ud801", "*?[x]\\", "'; --"];

/** What `src/store/port.ts` promises, for a store that `open` opens anew and empty for each group of tests. */
export function describeStore(open: () => Promise<Store>): void {
  let store: Store;
  let count = 0;
  /** A collection that no other test uses. */
  const fresh = (): string => `c${(count += 1)}`;
  const insert = (collection: string, id: string, rest: Partial<Insert> = {}): Insert => ({
    kind: "insert",
    collection,
    id,
    value: { id },
    ...rest,
  });
  const ids = async (collection: string, query: Partial<PageQuery> = {}): Promise<[string[], boolean]> => {
    const page = await store.page(collection, { direction: "ascending", limit: 10, ...query });
    return [page.rows.map((row) => row.id), page.more];
  };

  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store.close());

  describe("records", () => {
    it("reads nothing where nothing was written", async () => {
      expect(await store.get(fresh(), "a")).toBeUndefined();
    });

    it("gives an inserted record version 1, and one more with each replacement", async () => {
      const collection = fresh();
      expect(await store.commit([insert(collection, "a", { value: { n: 0 } })])).toBe(true);
      expect(await store.get(collection, "a")).toEqual({ id: "a", value: { n: 0 }, version: 1 });
      for (const version of [1, 2]) {
        const change = { kind: "replace", collection, id: "a", version, value: { n: version } } as const;
        expect(await store.commit([change])).toBe(true);
      }
      expect(await store.get(collection, "a")).toEqual({ id: "a", value: { n: 2 }, version: 3 });
    });

    it("refuses an insert whose id is taken and leaves the record as it was", async () => {
      const collection = fresh();
      await store.commit([insert(collection, "a", { value: 1 })]);
      expect(await store.commit([insert(collection, "a", { value: 2 })])).toBe(false);
      expect((await store.get(collection, "a"))?.value).toBe(1);
    });

    it("refuses to replace another version, or nothing", async () => {
      const collection = fresh();
      await store.commit([insert(collection, "a", { value: 1 })]);
      for (const [id, version] of [
        ["a", 2],
        ["a", 0],
        ["b", 1],
      ] as const) {
        expect(await store.commit([{ kind: "replace", collection, id, version, value: 2 }])).toBe(false);
      }
      expect(await store.get(collection, "a")).toEqual({ id: "a", value: 1, version: 1 });
      expect(await store.get(collection, "b")).toBeUndefined();
    });

    it("removes a record of any version, or only of the named one", async () => {
      const collection = fresh();
      await store.commit([insert(collection, "a"), insert(collection, "b")]);
      expect(await store.commit([{ kind: "remove", collection, id: "a", version: 2 }])).toBe(false);
      expect(await store.commit([{ kind: "remove", collection, id: "a", version: 1 }])).toBe(true);
      expect(await store.commit([{ kind: "remove", collection, id: "b" }])).toBe(true);
      expect(await store.commit([{ kind: "remove", collection, id: "b" }])).toBe(false);
      expect(await store.get(collection, "a")).toBeUndefined();
      expect(await store.commit([insert(collection, "a")])).toBe(true);
    });

    it("does all changes of a commit or none, whichever of them does not fit", async () => {
      const [one, two] = [fresh(), fresh()];
      await store.commit([insert(one, "kept", { order: "1", tags: ["t"] }), insert(one, "gone", { order: "2" })]);
      const fitting = [
        insert(two, "new", { order: "1", tags: ["t"] }),
        { kind: "replace", collection: one, id: "kept", version: 1, value: "changed", tags: [] },
        { kind: "remove", collection: one, id: "gone" },
      ] as const;
      const unfit = { kind: "remove", collection: two, id: "never" } as const;
      for (const at of [0, 1, 2, 3]) {
        expect(await store.commit([...fitting.slice(0, at), unfit, ...fitting.slice(at)])).toBe(false);
      }
      expect(await store.get(two, "new")).toBeUndefined();
      expect((await store.get(one, "kept"))?.version).toBe(1);
      expect(await ids(one)).toEqual([["kept", "gone"], false]);
      expect(await ids(one, { tags: ["t"] })).toEqual([["kept"], false]);
      expect(await ids(two)).toEqual([[], false]);

      expect(await store.commit(fitting)).toBe(true);
      expect(await store.get(two, "new")).toMatchObject({ version: 1 });
      expect(await ids(one)).toEqual([["kept"], false]);
      expect(await ids(one, { tags: ["t"] })).toEqual([[], false]);
    });

    it("lets each change of a commit see the ones before it", async () => {
      const collection = fresh();
      const remove = { kind: "remove", collection, id: "a" } as const;
      expect(await store.commit([insert(collection, "a"), insert(collection, "a")])).toBe(false);
      expect(await store.get(collection, "a")).toBeUndefined();
      expect(await store.commit([insert(collection, "a"), remove, insert(collection, "a", { value: 2 })])).toBe(true);
      expect(await store.get(collection, "a")).toEqual({ id: "a", value: 2, version: 1 });
      const replace = { kind: "replace", collection, id: "a", value: 3 } as const;
      expect(
        await store.commit([
          { ...replace, version: 1 },
          { ...replace, version: 2 },
        ]),
      ).toBe(true);
      expect((await store.get(collection, "a"))?.version).toBe(3);
      expect(await store.commit([remove, { ...replace, version: 3 }])).toBe(false);
      expect(await store.commit([])).toBe(true);
    });

    it("lets one of many writers at once win", async () => {
      const collection = fresh();
      const created = await Promise.all(
        Array.from({ length: 20 }, (_, value) => createIfAbsent(store, { collection, id: "a", value })),
      );
      expect(created.filter(Boolean)).toHaveLength(1);
      const taken = await Promise.all(Array.from({ length: 20 }, () => takeOnce(store, collection, "a")));
      expect(taken.filter((value) => value !== undefined)).toEqual([created.indexOf(true)]);
    });

    it("loses no update of many at once, and updates nothing where nothing is", async () => {
      const collection = fresh();
      await store.commit([insert(collection, "a", { value: [], order: "1", tags: ["t"] })]);
      const append = (n: number) => update<number[]>(store, collection, "a", (list) => ({ value: [...list, n] }));
      await Promise.all(Array.from({ length: 20 }, (_, n) => append(n)));
      const found = await store.get<number[]>(collection, "a");
      expect(found?.value.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n));
      expect(found?.version).toBe(21);
      expect(await update(store, collection, "a", () => undefined)).toEqual(found);
      expect(await update(store, collection, "b", () => ({ value: 1 }))).toBeUndefined();
      expect(await ids(collection, { tags: ["t"] })).toEqual([["a"], false]);
    });

    it.each([
      ["null", null],
      ["numbers", [0, -0.5, 1e300, 2 ** 53 - 1, -(2 ** 53 - 1)]],
      ["empty things", { list: [], object: {}, text: "", nested: [[], {}] }],
      ["unicode", { ключ: "\u{1F600} ünï \0 \u2028 \ud800 end" }],
      ["texts that look like markers", [":base64:AAAA", ":x", "__proto__", "null"]],
      ["a megabyte", { text: "\u00e9".repeat(500_000) }],
    ])("gives JSON back as it was: %s", async (_, value) => {
      const collection = fresh();
      expect(await store.commit([insert(collection, "a", { value, order: "1" })])).toBe(true);
      expect((await store.get(collection, "a"))?.value).toStrictEqual(value);
      expect((await store.page(collection, { direction: "ascending", limit: 1 })).rows[0]?.value).toStrictEqual(value);
    });

    it("keeps its own copy of what it was given and what it gave", async () => {
      const collection = fresh();
      const given = { list: [1] };
      await store.commit([insert(collection, "a", { value: given, order: "1" })]);
      given.list.push(2);
      const read = await store.get<typeof given>(collection, "a");
      read?.value.list.push(3);
      const page = await store.page<typeof given>(collection, { direction: "ascending", limit: 1 });
      page.rows[0]?.value.list.push(4);
      expect((await store.get(collection, "a"))?.value).toEqual({ list: [1] });
    });

    it("tells odd ids, tags, orders and collections apart", async () => {
      const collection = fresh();
      for (const odd of ODD) {
        expect(await store.commit([insert(collection, odd, { value: odd, order: odd, tags: [odd] })])).toBe(true);
        expect(await store.commit([insert(`${collection}${odd}:`, "x", { value: odd })])).toBe(true);
      }
      for (const odd of ODD) {
        expect(await store.get(collection, odd)).toEqual({ id: odd, value: odd, version: 1 });
        expect((await store.get(`${collection}${odd}:`, "x"))?.value).toBe(odd);
        expect(await ids(collection, { tags: [odd] })).toEqual([[odd], false]);
      }
      expect(await ids(collection, { limit: 50 })).toEqual([ODD.toSorted(byCodeUnits), false]);
    });

    it("clears one collection and no other", async () => {
      const [one, two] = [fresh(), fresh()];
      for (const collection of [one, two]) {
        await store.commit([insert(collection, "a", { order: "1", tags: ["t"] }), insert(collection, "b")]);
      }
      await store.clear(one);
      expect([await store.get(one, "a"), await store.get(one, "b")]).toEqual([undefined, undefined]);
      expect(await ids(one, { tags: ["t"] })).toEqual([[], false]);
      expect(await ids(two, { tags: ["t"] })).toEqual([["a"], false]);
      expect(await store.get(two, "b")).toBeDefined();
      expect(await store.commit([insert(one, "a", { order: "1" })])).toBe(true);
      expect(await ids(one)).toEqual([["a"], false]);
    });
  });

  describe("a record's lifetime", () => {
    it("ends it as if it had been removed, whatever replaced it meanwhile", async () => {
      const collection = fresh();
      await store.commit([
        insert(collection, "short", { order: "1", tags: ["t"], ttlMs: 800 }),
        insert(collection, "long", { order: "2", tags: ["t"], ttlMs: 60_000 }),
      ]);
      const replaced = { kind: "replace", collection, id: "short", version: 1, value: 2 } as const;
      expect(await store.commit([replaced])).toBe(true);
      expect(await ids(collection, { tags: ["t"] })).toEqual([["short", "long"], false]);
      await sleep(900);
      expect(await store.get(collection, "short")).toBeUndefined();
      expect(await ids(collection)).toEqual([["long"], false]);
      expect(await ids(collection, { tags: ["t"], limit: 1 })).toEqual([["long"], false]);
      expect(await store.commit([{ ...replaced, version: 2 }])).toBe(false);
      expect(await store.commit([{ kind: "remove", collection, id: "short" }])).toBe(false);
      expect(await takeOnce(store, collection, "short")).toBeUndefined();
      expect(await createIfAbsent(store, { collection, id: "short", value: "new", order: "3" })).toBe(true);
      expect(await ids(collection)).toEqual([["long", "short"], false]);
      expect(await ids(collection, { tags: ["t"] })).toEqual([["long"], false]);
    });
  });

  describe("a replacement's lifetime", () => {
    it("counts from then on: longer, shorter, or the first that the record has", async () => {
      const collection = fresh();
      const lives: Record<string, Partial<Insert>> = { longer: { ttlMs: 800 }, shorter: { ttlMs: 60_000 }, first: {} };
      for (const [id, life] of Object.entries(lives)) {
        await store.commit([insert(collection, id, { order: id, tags: ["t"], ...life })]);
      }
      const replace = { kind: "replace", collection, version: 1, value: 2 } as const;
      expect(
        await store.commit([
          { ...replace, id: "longer", ttlMs: 60_000 },
          { ...replace, id: "shorter", ttlMs: 800 },
          { ...replace, id: "first", ttlMs: 799.5 },
        ]),
      ).toBe(true);
      expect(await ids(collection, { tags: ["t"] })).toEqual([["first", "longer", "shorter"], false]);
      await sleep(900);
      expect(await store.get(collection, "longer")).toEqual({ id: "longer", value: 2, version: 2 });
      expect([await store.get(collection, "shorter"), await store.get(collection, "first")]).toEqual([
        undefined,
        undefined,
      ]);
      expect(await ids(collection)).toEqual([["longer"], false]);
      expect(await ids(collection, { tags: ["t"] })).toEqual([["longer"], false]);
      expect(await createIfAbsent(store, { collection, id: "shorter", value: 1 })).toBe(true);
      expect(await createIfAbsent(store, { collection, id: "longer", value: 1 })).toBe(false);
    });

    it("stays as a later replacement without one finds it, also in one commit, and through an update", async () => {
      const collection = fresh();
      await store.commit([
        insert(collection, "a"),
        { kind: "replace", collection, id: "a", version: 1, value: 2, ttlMs: 800 },
        { kind: "replace", collection, id: "a", version: 2, value: 3 },
        insert(collection, "b", { ttlMs: 800 }),
        insert(collection, "c", { ttlMs: 800 }),
      ]);
      await update(store, collection, "a", (value) => ({ value }));
      await update(store, collection, "b", (value) => ({ value, ttlMs: 60_000 }));
      await update(store, collection, "b", (value) => ({ value }));
      expect((await store.get(collection, "a"))?.value).toBe(3);
      await sleep(900);
      expect([await store.get(collection, "a"), await store.get(collection, "c")]).toEqual([undefined, undefined]);
      expect((await store.get(collection, "b"))?.version).toBe(3);
      expect(await update(store, collection, "a", (value) => ({ value, ttlMs: 60_000 }))).toBeUndefined();
      expect(await store.get(collection, "a")).toBeUndefined();
    });
  });

  describe("pages", () => {
    const fill = async (orders: readonly string[], tags: (order: string) => string[] = () => []): Promise<string> => {
      const collection = fresh();
      await store.commit(orders.map((order) => insert(collection, order, { order, tags: tags(order) })));
      return collection;
    };

    it("walk a collection in both directions, telling whether more follow", async () => {
      const collection = await fill(["c", "a", "e", "b", "d"]);
      expect(await ids(collection, { limit: 2 })).toEqual([["a", "b"], true]);
      expect(await ids(collection, { limit: 2, after: "b" })).toEqual([["c", "d"], true]);
      expect(await ids(collection, { limit: 2, after: "d" })).toEqual([["e"], false]);
      expect(await ids(collection, { limit: 5 })).toEqual([["a", "b", "c", "d", "e"], false]);
      const descending = { direction: "descending", limit: 2 } as const;
      expect(await ids(collection, descending)).toEqual([["e", "d"], true]);
      expect(await ids(collection, { ...descending, after: "d" })).toEqual([["c", "b"], true]);
      expect(await ids(collection, { ...descending, after: "b" })).toEqual([["a"], false]);
    });

    it("give the rows just before an order, in the direction of the list; more are those in front", async () => {
      const collection = await fill(["a", "b", "c", "d", "e"]);
      expect(await ids(collection, { limit: 2, before: "d" })).toEqual([["b", "c"], true]);
      expect(await ids(collection, { limit: 2, before: "c" })).toEqual([["a", "b"], false]);
      expect(await ids(collection, { limit: 2, before: "a" })).toEqual([[], false]);
      const descending = { direction: "descending", limit: 2 } as const;
      expect(await ids(collection, { ...descending, before: "b" })).toEqual([["d", "c"], true]);
      expect(await ids(collection, { ...descending, before: "c" })).toEqual([["e", "d"], false]);
      expect(await ids(collection, { ...descending, before: "e" })).toEqual([[], false]);
    });

    it("take orders that do not exist", async () => {
      const collection = await fill(["b", "d", "f"]);
      expect(await ids(collection, { after: "c" })).toEqual([["d", "f"], false]);
      expect(await ids(collection, { after: "" })).toEqual([["b", "d", "f"], false]);
      expect(await ids(collection, { before: "e" })).toEqual([["b", "d"], false]);
      expect(await ids(collection, { before: "zz" })).toEqual([["b", "d", "f"], false]);
      expect(await ids(collection, { direction: "descending", after: "e" })).toEqual([["d", "b"], false]);
      expect(await ids(collection, { after: "b", before: "f" })).toEqual([["d"], false]);
      expect(await ids(collection, { after: "zz" })).toEqual([[], false]);
    });

    it("compare orders by code units, and exclude exactly the one that is named", async () => {
      const orders = [
        "",
        "a",
        "a\0",
        "a\0\0",
        "a\u0001",
        "aa",
        "B",
        "\u007f",
        "\u0080",
        "é",
        "\uffee",
        "\u{1F600}",
        "\ud800",
      ];
      const sorted = orders.toSorted(byCodeUnits);
      const collection = await fill(orders);
      expect(await ids(collection, { limit: 50 })).toEqual([sorted, false]);
      for (const [at, order] of sorted.entries()) {
        expect(await ids(collection, { limit: 50, after: order })).toEqual([sorted.slice(at + 1), false]);
        expect(await ids(collection, { limit: 50, before: order })).toEqual([sorted.slice(0, at), false]);
      }
    });

    it("show records of one order once each, and none that has no order", async () => {
      const collection = fresh();
      const same = ["z", "x", "y"].map((id) => insert(collection, id, { order: "1" }));
      await store.commit([...same, insert(collection, "unordered", { tags: ["t"] })]);
      expect(await ids(collection)).toEqual([["x", "y", "z"], false]);
      expect(await ids(collection, { direction: "descending" })).toEqual([["z", "y", "x"], false]);
      expect(await ids(collection, { after: "1" })).toEqual([[], false]);
      expect(await ids(collection, { tags: ["t"] })).toEqual([[], false]);
    });

    it("narrow to records that have all of the tags", async () => {
      const orders = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, "0"));
      const collection = await fill(orders, (order) => [
        "all",
        ...(Number(order) % 2 === 0 ? ["even"] : []),
        ...(Number(order) % 3 === 0 ? ["third"] : []),
      ]);
      const sixth = orders.filter((order) => Number(order) % 6 === 0);
      for (const tags of [
        ["even", "third"],
        ["third", "even", "all"],
        ["even", "even", "third"],
      ]) {
        expect(await ids(collection, { tags, limit: 4 })).toEqual([sixth.slice(0, 4), true]);
        expect(await ids(collection, { tags, limit: 20, after: "12" })).toEqual([sixth.slice(3), false]);
        expect(await ids(collection, { tags, limit: 2, before: "30" })).toEqual([["18", "24"], true]);
        const descending = { tags, limit: 2, direction: "descending" } as const;
        expect(await ids(collection, descending)).toEqual([["54", "48"], true]);
      }
      expect(await ids(collection, { tags: ["even", "none"] })).toEqual([[], false]);
      expect(await ids(collection, { tags: [], limit: 60 })).toEqual([orders, false]);
    });

    it("keep a record's tags and place when a replacement leaves them out, and take new tags", async () => {
      const collection = await fill(["a", "b"], () => ["old"]);
      await store.commit([{ kind: "replace", collection, id: "a", version: 1, value: 1 }]);
      expect(await ids(collection, { tags: ["old"] })).toEqual([["a", "b"], false]);
      await store.commit([{ kind: "replace", collection, id: "a", version: 2, value: 1, tags: ["new", "new"] }]);
      expect(await ids(collection, { tags: ["old"] })).toEqual([["b"], false]);
      expect(await ids(collection, { tags: ["new"] })).toEqual([["a"], false]);
      await store.commit([{ kind: "replace", collection, id: "a", version: 3, value: 1, tags: [] }]);
      expect(await ids(collection, { tags: ["new"] })).toEqual([[], false]);
      await store.commit([{ kind: "remove", collection, id: "b" }]);
      expect(await ids(collection, { tags: ["old"] })).toEqual([[], false]);
      expect(await ids(collection)).toEqual([["a"], false]);
    });
  });

  describe("what is forgotten", () => {
    it("is a counter that begins at 0 again, and no other", async () => {
      const [counter, other] = [fresh(), fresh()];
      await store.increment(counter, 7);
      await store.increment(other, 3);
      await store.publish(counter, "told");
      await store.forget(counter);
      await store.forget(fresh());
      expect(await store.counter(counter)).toBe(0);
      expect(await store.increment(counter)).toBe(1);
      expect(await store.counter(other)).toBe(3);
    });
  });

  describe("counters", () => {
    it("start at 0, answer the sum, and are read without a change", async () => {
      const counter = fresh();
      expect(await store.counter(counter)).toBe(0);
      expect(await store.increment(counter)).toBe(1);
      expect(await store.increment(counter, 41)).toBe(42);
      expect(await store.increment(counter, -2)).toBe(40);
      expect(await store.increment(counter, 0)).toBe(40);
      expect(await store.counter(counter)).toBe(40);
      expect(await store.counter(`${counter}\0`)).toBe(0);
    });

    it("answer no number twice", async () => {
      const counter = fresh();
      const answers = await Promise.all(Array.from({ length: 100 }, () => store.increment(counter)));
      expect(answers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
    });
  });

  describe("messages", () => {
    it("reach every subscriber of their channel, in order, and nobody else", async () => {
      const [channel, other] = [fresh(), fresh()];
      const [first, second, stranger] = [[] as unknown[], [] as unknown[], [] as unknown[]];
      const ends = [
        await store.subscribe(channel, (message) => first.push(message)),
        await store.subscribe(channel, (message) => second.push(message)),
        await store.subscribe(other, (message) => stranger.push(message)),
      ];
      const sent = [{ n: 1 }, "ünï \u{1F600}\0", null, [1, 2], 5];
      for (const message of sent) await store.publish(channel, message);
      await vi.waitFor(() => expect([first, second]).toEqual([sent, sent]), PATIENCE);
      await sleep(450);
      expect([first.length, second.length, stranger.length]).toEqual([sent.length, sent.length, 0]);
      for (const end of ends) await end();
    });

    it("stop with the subscription, and go on for the others, also when one of them throws", async () => {
      const channel = fresh();
      const heard: unknown[] = [];
      const ended: unknown[] = [];
      const listener = (message: unknown): void => void ended.push(message);
      const end = await store.subscribe(channel, listener);
      const ends = [
        await store.subscribe(channel, () => {
          throw new Error("a listener that fails");
        }),
        await store.subscribe(channel, (message) => heard.push(message)),
      ];
      await end();
      await end();
      await store.publish(channel, 1);
      await vi.waitFor(() => expect(heard).toEqual([1]), PATIENCE);
      expect(ended).toEqual([]);
      for (const each of ends) await each();
      const again = await store.subscribe(channel, listener);
      await store.publish(channel, 2);
      await vi.waitFor(() => expect(ended).toEqual([2]), PATIENCE);
      await again();
    });

    it("reach a subscriber that comes while the last one goes", async () => {
      const channel = fresh();
      let end = await store.subscribe(channel, () => undefined);
      for (let round = 0; round < 10; round += 1) {
        const heard: unknown[] = [];
        const [, next] = await Promise.all([end(), store.subscribe(channel, (message) => heard.push(message))]);
        await store.publish(channel, round);
        await vi.waitFor(() => expect(heard).toEqual([round]), PATIENCE);
        end = next;
      }
      await end();
    });

    it("survive subscribing and unsubscribing at the same time", async () => {
      const channel = fresh();
      const heard: number[] = [];
      const rounds = await Promise.all(
        Array.from({ length: 20 }, async (_, n) => {
          const end = await store.subscribe(channel, () => heard.push(n));
          if (n % 2 === 0) await end();
          return end;
        }),
      );
      await store.publish(channel, "now");
      await vi.waitFor(
        () => expect(heard.toSorted((a, b) => a - b)).toEqual([1, 3, 5, 7, 9, 11, 13, 15, 17, 19]),
        PATIENCE,
      );
      await Promise.all(rounds.map((end) => end()));
    });
  });

  describe("documents", () => {
    it("are kept a namespace: written, overwritten, removed and cleared alone", async () => {
      const [one, two] = [store.documents(fresh()), store.documents(fresh())];
      expect(await one.get("a")).toBeUndefined();
      expect(await one.set("a", { n: 1 })).toBe(true);
      await one.set("a", { n: 2 });
      await two.set("a", "other");
      expect([await one.get("a"), await two.get("a")]).toEqual([{ n: 2 }, "other"]);
      expect(await one.get(["a", "b"])).toEqual([{ n: 2 }, undefined]);
      expect([await one.has("a"), await one.has("b")]).toEqual([true, false]);
      expect([await one.delete("a"), await one.delete("a")]).toEqual([true, false]);
      expect(await two.get("a")).toBe("other");
    });

    it("of namespaces and keys that look alike stay apart", async () => {
      const name = fresh();
      const spaces = [name, `${name}:`, `${name}::a`, `${name}*`, `${name}\0a`].map((space) => store.documents(space));
      for (const [n, space] of spaces.entries()) {
        for (const key of ODD) await space.set(key, `${n}${key}`);
        await space.set(`${name}:a:b`, "full");
      }
      await spaces[3]?.clear();
      await spaces[0]?.clear();
      for (const [n, space] of spaces.entries()) {
        const gone = n === 0 || n === 3;
        for (const key of ODD) expect(await space.get(key)).toBe(gone ? undefined : `${n}${key}`);
      }
    });

    it("are gone after their lifetime", async () => {
      const documents = store.documents(fresh());
      await documents.set("short", 1, 700.5);
      await documents.set("long", 2, 60_000);
      expect(await documents.get("short")).toBe(1);
      await sleep(800);
      expect([await documents.get("short"), await documents.has("short")]).toEqual([undefined, false]);
      expect([await documents.get("long"), await documents.delete("short")]).toEqual([2, false]);
    });
  });

  describe("an open and a closed store", () => {
    it("answers a ping", async () => {
      await store.ping();
    });

    it("ends what was begun when it closes, then refuses everything as STORE_UNAVAILABLE", async () => {
      const other = await open();
      const begun = other.increment("last");
      await Promise.all([begun, other.close()]);
      expect(await begun).toBe(1);
      await other.close();
      const record = { kind: "remove", collection: "c", id: "a" } as const;
      const calls = [
        () => other.ping(),
        () => other.get("c", "a"),
        () => other.commit([record]),
        () => other.page("c", { direction: "ascending", limit: 1 }),
        () => other.clear("c"),
        () => other.increment("n"),
        () => other.counter("n"),
        () => other.publish("ch", 1),
        () => other.subscribe("ch", () => undefined),
        () => other.documents("d").get("a"),
        () => other.documents("d").get(["a"]),
        () => other.documents("d").set("a", 1),
        () => other.documents("d").has("a"),
        () => other.documents("d").delete("a"),
        () => other.documents("d").clear(),
      ];
      for (const call of calls) await expect(call()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    });
  });
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
