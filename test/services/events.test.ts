import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type StreamAnswer, type StreamEvent } from "../../src/core/answer.js";
import type { Caller } from "../../src/core/caller.js";
import type { WorkspaceEvent } from "../../src/services/events.js";
import {
  breakable,
  fileStores,
  invokeOver,
  memoryStore,
  MINE,
  openServices,
  refusal,
  standingClock,
  THEIRS,
  until,
} from "../support/services.js";

const memoryEvent = (characters: number) => ({ type: "memory-updated" as const, data: { characters } });
const numbersOf = (events: readonly { data: unknown }[]) =>
  events.map(({ data }) => (data as { characters: number }).characters);

describe("events", () => {
  it("reach every listener of the workspace, in order, numbered from 1", async () => {
    const { events } = (await openServices()).services;
    const told: WorkspaceEvent[] = [];
    const others: WorkspaceEvent[] = [];
    const unsubscribe = await events.subscribe(MINE, (event) => told.push(event));
    await events.subscribe(THEIRS, (event) => others.push(event));
    await events.publish(MINE, memoryEvent(1));
    await events.publish(MINE, { ...memoryEvent(2), source: "api" });
    await unsubscribe();
    await events.publish(MINE, memoryEvent(3));
    expect(told).toEqual([
      { id: "1", ...memoryEvent(1) },
      { id: "2", source: "api", ...memoryEvent(2) },
    ]);
    expect(others).toEqual([]);
  });

  it("reach listeners in another process of the store within a second", async () => {
    const { stores } = await fileStores(2);
    const [here, there] = await Promise.all(stores.map(async (store) => (await openServices({ store })).services));
    const told: WorkspaceEvent[] = [];
    await there?.events.subscribe(MINE, (event) => told.push(event));
    await here?.events.publish(MINE, memoryEvent(1));
    await until("the event arrived", () => told.length === 1, 1500);
    expect(numbersOf(told)).toEqual([1]);
  });

  it("are kept for a listener that comes back: those after its last, oldest first", async () => {
    const { events } = (await openServices()).services;
    for (let at = 1; at <= 12; at += 1) await events.publish(MINE, memoryEvent(at));
    expect(numbersOf(await events.since(MINE, "9"))).toEqual([10, 11, 12]);
    expect(numbersOf(await events.since(MINE, "0"))).toHaveLength(12);
    expect(await events.since(MINE, "12")).toEqual([]);
    expect(await events.since(THEIRS, "0")).toEqual([]);
  });

  it("are numbered once each however many publish at once", async () => {
    const { stores } = await fileStores(2);
    const layers = await Promise.all(stores.map((store) => openServices({ store })));
    await Promise.all(
      Array.from({ length: 40 }, async (_, at) => layers[at % 2]?.services.events.publish(MINE, memoryEvent(at))),
    );
    const kept = (await layers[0]?.services.events.since(MINE, "0")) ?? [];
    expect(kept.map(({ id }) => Number(id))).toEqual(Array.from({ length: 40 }, (_, at) => at + 1));
    expect(numbersOf(kept).sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, at) => at));
  });

  it("that cannot be told do not undo what was done", async () => {
    const { store, broken } = breakable(memoryStore(), ["publish", "increment"]);
    const { services, lines } = await openServices({ store });
    broken.is = true;
    expect(await services.memory.write(MINE, "kept", "append")).toMatchObject({ content: "kept" });
    expect(await services.skills.install(MINE, "summarize")).toMatchObject({ slug: "summarize" });
    broken.is = false;
    expect(await services.memory.read(MINE)).toMatchObject({ content: "kept" });
    expect(lines.filter(({ level }) => level === "warn")).toHaveLength(2);
  });
});

describe("the stream of events", () => {
  async function bench() {
    const clock = standingClock();
    const opened = await openServices({ now: clock.now });
    const call = invokeOver(opened);
    const { events } = opened.services;
    /** Opens the stream and notes what comes until it ends. */
    const listen = async (args: object = {}, caller: Partial<Caller> = {}) => {
      const leaving = new AbortController();
      const answer = (await call("stream-events", args, caller, { signal: leaving.signal })) as StreamAnswer;
      const told: StreamEvent[] = [];
      const ended = (async () => {
        for await (const event of answer.events) told.push(event as StreamEvent);
      })();
      return { told, ended, leave: () => leaving.abort() };
    };
    const publish = (at: number, source?: string) =>
      events.publish(MINE, { ...memoryEvent(at), ...(source !== undefined && { source }) });
    const heard = async ({ told }: { told: StreamEvent[] }, count: number) => {
      await until(`${count} events`, () => told.length >= count);
      return numbersOf(told);
    };
    return { ...opened, ...clock, call, listen, publish, heard };
  }

  it("has every event from the moment it is open, with its id and type, until the caller leaves", async () => {
    const { listen, publish, heard } = await bench();
    await publish(1);
    const listener = await listen();
    await publish(2);
    await publish(3);
    expect(await heard(listener, 2)).toEqual([2, 3]);
    expect(listener.told[0]).toEqual({ id: "2", event: "memory-updated", data: { characters: 2 } });
    listener.leave();
    await listener.ended;
    await publish(4);
    expect(listener.told).toHaveLength(2);
  });

  it("is only of the caller's workspace", async () => {
    const { listen, publish, services, heard } = await bench();
    const listener = await listen();
    await services.events.publish(THEIRS, memoryEvent(66));
    await publish(1);
    expect(await heard(listener, 1)).toEqual([1]);
    listener.leave();
  });

  it("leaves out what the caller's scopes do not reach", async () => {
    const { listen, services, publish } = await bench();
    const listener = await listen({}, { scopes: new Set(["workspace:files:read"]) });
    await publish(1);
    await services.events.publish(MINE, { type: "artifact-created", data: { id: "art_1" } });
    await services.events.publish(MINE, { type: "execution-state", data: { executionId: "exec_1" } });
    await until("two events", () => listener.told.length === 2);
    expect(listener.told.map(({ event }) => event)).toEqual(["artifact-created", "execution-state"]);
    listener.leave();
  });

  it("is narrowed by the interface that an execution came from", async () => {
    const { listen, publish, heard } = await bench();
    const listener = await listen({ sources: "api, chat" });
    await publish(1, "mcp");
    await publish(2, "api");
    await publish(3, "chat");
    await publish(4);
    expect(await heard(listener, 3)).toEqual([2, 3, 4]);
    listener.leave();
  });

  it("begins with what a listener missed, and has nothing twice", async () => {
    const { listen, publish, heard, store } = await bench();
    for (const at of [1, 2, 3, 4]) await publish(at);
    const listener = await listen({ last_event_id: "2" });
    // A copy that was on its way while the missed ones were read.
    await store.publish(`events:${MINE}`, { id: "4", ...memoryEvent(4) });
    await publish(5);
    expect(await heard(listener, 3)).toEqual([3, 4, 5]);
    listener.leave();
    await listener.ended;
    expect(listener.told).toHaveLength(3);
  });

  it("loses no event that a faster process overtook", async () => {
    const { listen, publish, heard, store } = await bench();
    await publish(1);
    await publish(2);
    const listener = await listen({ last_event_id: "1" });
    await store.publish(`events:${MINE}`, { id: "4", ...memoryEvent(4) });
    await store.publish(`events:${MINE}`, { id: "3", ...memoryEvent(3) });
    expect(await heard(listener, 3)).toEqual([2, 4, 3]);
    listener.leave();
  });

  it.each(["", "0", "nonsense", "99999999999999999999"])("can be asked for after %j", async (last_event_id) => {
    const { listen, publish, heard } = await bench();
    const listener = await listen({ last_event_id });
    await publish(1);
    expect(await heard(listener, 1)).toEqual([1]);
    listener.leave();
  });

  it("ends where a listener is too slow, and takes no more memory", async () => {
    const { call, publish } = await bench();
    const answer = (await call("stream-events")) as StreamAnswer;
    for (let at = 0; at < 5100; at += 1) await publish(at);
    const told: StreamEvent[] = [];
    for await (const event of answer.events) told.push(event as StreamEvent);
    expect(told.length).toBeLessThanOrEqual(5001);
  });

  it("ends soon after the caller's key was revoked", async () => {
    const { listen, publish, heard, services } = await bench();
    const { key } = await services.keys.create(MINE, 1, { name: "a" });
    const caller = await services.keys.authenticate(key, { face: "rest", requestId: "req_1" });
    const listener = await listen({}, caller);
    await publish(1);
    expect(await heard(listener, 1)).toEqual([1]);
    await services.keys.revoke(MINE, "key_1");
    await Promise.race([listener.ended, sleep(1900).then(() => Promise.reject(new Error("still open")))]);
  });

  it("ends soon after the caller's key expired, and not before", async () => {
    const { listen, services, forward } = await bench();
    const { key } = await services.keys.create(MINE, 1, { name: "a", expiresIn: 60 });
    const listener = await listen({}, await services.keys.authenticate(key, { face: "rest", requestId: "req_1" }));
    const first = await Promise.race([listener.ended.then(() => "ended"), sleep(1200).then(() => "open")]);
    expect(first).toBe("open");
    forward(60_000);
    await Promise.race([listener.ended, sleep(1900).then(() => Promise.reject(new Error("still open")))]);
  });

  it("leaves no subscription behind where what was missed cannot be read", async () => {
    const inner = memoryStore();
    const open = { now: 0 };
    const { services, log, ...rest } = await openServices({
      store: {
        ...inner,
        page: () => Promise.reject(new Error("the disk is gone")),
        async subscribe(channel, listener) {
          open.now += 1;
          const unsubscribe = await inner.subscribe(channel, listener);
          return async () => {
            open.now -= 1;
            await unsubscribe();
          };
        },
      },
    });
    const call = invokeOver({ services, log, ...rest });
    await expect(call("stream-events", { last_event_id: "1" })).rejects.toEqual(refusal("INTERNAL"));
    await until("no subscription is left", () => open.now === 0, 500);
  });
});
