import { describe, expect, it } from "vitest";
import { MEMORY_LIMIT } from "../../src/core/shapes/memory.js";
import type { WorkspaceEvent } from "../../src/services/events.js";
import type { Store } from "../../src/store/port.js";
import { fileStores, memoryStore, MINE, openServices, refusal, THEIRS } from "../support/services.js";

const SEPARATOR = "\n\n---\n\n";

const places: Record<string, () => Promise<Store[]>> = {
  "a memory store": async () => {
    const store = memoryStore();
    return [store, store];
  },
  "two processes of a file store": async () => (await fileStores(2)).stores,
};

describe.each(Object.entries(places))("the memory over %s", (_name, open) => {
  it("loses no note that many append at once", async () => {
    const stores = await open();
    const writers = await Promise.all(stores.map((store) => openServices({ store })));
    const notes = Array.from({ length: 60 }, (_, at) => `note ${at} of many`);
    const answers = await Promise.all(
      notes.map(async (note, at) => writers[at % writers.length]?.services.memory.write(MINE, note, "append")),
    );
    for (const [at, answer] of answers.entries()) expect(answer?.content.split(SEPARATOR)).toContain(notes[at]);
    for (const { services } of writers) {
      const { content } = await services.memory.read(MINE);
      expect(content.split(SEPARATOR).sort()).toEqual([...notes].sort());
    }
  });
});

describe.each(Object.entries(places))("P54: two writers of the memory over %s", (_name, open) => {
  it("with one version: the later is told, and what the first wrote stays", async () => {
    const [one, two] = await Promise.all((await open()).map((store) => openServices({ store })));
    const { version } = (await one?.services.memory.read(MINE)) ?? {};
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, async (_, at) =>
        (at % 2 ? one : two)?.services.memory.write(MINE, `draft ${at}`, "replace", version),
      ),
    );
    const held = outcomes.filter((outcome) => outcome.status === "fulfilled");
    expect(held).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") expect(outcome.reason).toEqual(refusal("CONFLICT", "read it again"));
    }
    expect(await two?.services.memory.read(MINE)).toEqual(held[0]?.value);
    await expect(one?.services.memory.write(MINE, "x", "append", version)).rejects.toEqual(refusal("CONFLICT"));
  });
});

describe("the memory", () => {
  it("is empty at first, and each workspace has its own", async () => {
    const { memory } = (await openServices()).services;
    expect(await memory.read(MINE)).toEqual({ content: "", version: 0 });
    await memory.write(THEIRS, "theirs", "append");
    expect(await memory.read(MINE)).toEqual({ content: "", version: 0 });
    expect(await memory.read(THEIRS)).toEqual({ content: "theirs", version: 1 });
  });

  it("is replaced, or grows by a note under a separator", async () => {
    const { memory } = (await openServices()).services;
    expect(await memory.write(MINE, "one", "append")).toEqual({ content: "one", version: 1 });
    expect(await memory.write(MINE, "two", "append")).toEqual({ content: `one${SEPARATOR}two`, version: 2 });
    expect(await memory.write(MINE, "three", "replace")).toEqual({ content: "three", version: 3 });
    expect(await memory.write(MINE, "", "replace")).toEqual({ content: "", version: 4 });
    expect(await memory.write(MINE, "four", "append")).toEqual({ content: "four", version: 5 });
  });

  it("keeps every character", async () => {
    const { stores } = await fileStores(1);
    const { memory } = (await openServices({ store: stores[0] as Store })).services;
    const content = "Zażółć 🦊 \u0000 \u2028 \ud800 \r\n --- </memory>";
    await memory.write(MINE, content, "replace");
    expect((await memory.read(MINE)).content).toBe(content);
  });

  it("takes a document of its limit, and refuses one that is longer without changing it", async () => {
    const { memory } = (await openServices()).services;
    await memory.write(MINE, "x".repeat(MEMORY_LIMIT), "replace");
    await expect(memory.write(MINE, "y", "append")).rejects.toEqual(
      refusal("INVALID_INPUT", `${MEMORY_LIMIT} characters at most.*${MEMORY_LIMIT + SEPARATOR.length + 1}`),
    );
    await expect(memory.write(MINE, "y".repeat(MEMORY_LIMIT + 1), "replace")).rejects.toEqual(refusal("INVALID_INPUT"));
    expect((await memory.read(MINE)).content).toBe("x".repeat(MEMORY_LIMIT));
  });

  it("tells the workspace that it changed, not what it says", async () => {
    const { services } = await openServices();
    const told: WorkspaceEvent[] = [];
    await services.events.subscribe(MINE, (event) => told.push(event));
    await services.memory.write(MINE, "secret plan", "append");
    expect(told).toMatchObject([{ type: "memory-updated", data: { characters: 11 } }]);
    expect(JSON.stringify(told)).not.toContain("secret");
  });
});
