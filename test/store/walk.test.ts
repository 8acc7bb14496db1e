import { describe, expect, it } from "vitest";
import { walk } from "../../src/store/walk.js";
import { memoryStore } from "../support/services.js";

const place = (n: number) => String(n).padStart(4, "0");

/** A store with seven records, whose ids are in another order than their places, and the odd ones labelled. */
async function seven() {
  const store = memoryStore();
  for (let n = 1; n <= 7; n += 1) {
    const tags = n % 2 === 1 ? ["odd"] : [];
    const insert = { kind: "insert", collection: "things", id: `x${8 - n}`, value: n, order: place(n), tags } as const;
    expect(await store.commit([insert])).toBe(true);
  }
  return store;
}

async function valuesOf(records: AsyncIterable<{ readonly value: number }>): Promise<number[]> {
  const found: number[] = [];
  for await (const { value } of records) found.push(value);
  return found;
}

const orderOf = ({ value }: { readonly value: number }) => place(value);

describe("a walk through a collection", () => {
  it.each([1, 3, 7, 100])("meets every record once, by its place, with %i read at once", async (limit) => {
    const store = await seven();
    expect(await valuesOf(walk<number>(store, "things", { limit, orderOf }))).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it("begins behind a place, and keeps to what has the labels", async () => {
    const store = await seven();
    const records = walk<number>(store, "things", { limit: 1, orderOf, after: place(2), tags: ["odd"] });
    expect(await valuesOf(records)).toEqual([3, 5, 7]);
  });

  it("goes on when what it has met is removed meanwhile", async () => {
    const store = await seven();
    const met: number[] = [];
    for await (const { id, value } of walk<number>(store, "things", { limit: 2, orderOf })) {
      met.push(value);
      await store.commit([{ kind: "remove", collection: "things", id }]);
    }
    expect(met).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
});
