import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createMemoryStore } from "../../src/store/memory.js";
import { describeStore } from "./conformance.js";

describe("memory store", () => {
  describeStore(async () => createMemoryStore());

  it("has no memory of collections whose records have all expired", async () => {
    vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const heap = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const store = createMemoryStore();
    const live = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n += 1) {
        const collection = `c${n}`;
        await store.commit([{ kind: "insert", collection, id: "a", value: 1, order: "1", ttlMs: 1000 }]);
      }
      vi.advanceTimersByTime(120_000);
    };
    await store.commit([{ kind: "insert", collection: "kept", id: "a", value: 1 }]);
    await live(1000);
    const grown = async (): Promise<number> => {
      const before = heap();
      await live(10_000);
      return heap() - before;
    };
    let more = await grown();
    // What is remembered is so every time; what the engine keeps for itself comes and goes.
    for (let again = 0; again < 2 && more >= 500_000; again += 1) more = await grown();
    expect(more).toBeLessThan(500_000);
    expect(await store.get("kept", "a")).toBeDefined();
    await store.close();
  });
});
