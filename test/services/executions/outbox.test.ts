import { describe, expect, it } from "vitest";
import type { Store } from "../../../src/store/port.js";
import { fileStores, memoryStore, MINE, openServices, standingClock } from "../../support/services.js";

const person = { workspace: MINE, person: 1, interface: "api", agent: false, readsMemory: false };
const input = { input: "x", attachments: [] };

/** Services whose queue is as told: it takes jobs, refuses them, or the process dies before it could. */
async function bench(store: Store = memoryStore()) {
  const clock = standingClock();
  const queue = { takes: true, jobs: [] as string[] };
  const opened = await openServices({
    store,
    now: clock.now,
    hasModel: true,
    installed: ["summarize"],
    enqueue: async (job) => {
      if (!queue.takes) throw new Error("the queue is away");
      queue.jobs.push(job);
    },
  });
  const start = () => opened.services.executions.start(person, "summarize", input);
  const left = async () =>
    (await store.page("outbox", { direction: "ascending", limit: 100 })).rows.map(({ id }) => id);
  return { ...opened, ...clock, queue, start, left };
}

describe("a job on its way to the queue", () => {
  it("is handed on at once, and nothing is left", async () => {
    const { start, queue, left } = await bench();
    await start();
    expect(queue.jobs).toEqual([`${MINE}.1`]);
    expect(await left()).toEqual([]);
  });

  it("that the queue refuses is not lost, and its execution waits", async () => {
    const { start, queue, left, services, outbox, forward, lines } = await bench();
    queue.takes = false;
    const { record } = await start();
    expect(record.status).toBe("queued");
    expect(await left()).toEqual([`${MINE}.1`]);
    expect(lines.filter(({ level }) => level === "warn")).toMatchObject([{ fields: { job: `${MINE}.1` } }]);
    queue.takes = true;
    forward(10_001);
    await outbox.recover();
    expect(queue.jobs).toEqual([`${MINE}.1`]);
    expect(await left()).toEqual([]);
    expect(await services.executions.status(MINE, "exec_1")).toMatchObject({ status: "queued" });
  });

  it("is sent again by another process when the one that made it died", async () => {
    const { stores } = await fileStores(2);
    const dying = await bench(stores[0]);
    dying.queue.takes = false;
    await dying.start();
    const other = await bench(stores[1]);
    other.forward(10_001);
    await other.outbox.recover();
    expect(other.queue.jobs).toEqual([`${MINE}.1`]);
    expect(await other.left()).toEqual([]);
  });

  it("is left alone while the process that made it may still hand it on", async () => {
    const { start, queue, outbox, forward, left } = await bench();
    queue.takes = false;
    await start();
    queue.takes = true;
    forward(9999);
    await outbox.recover();
    expect(queue.jobs).toEqual([]);
    expect(await left()).toEqual([`${MINE}.1`]);
  });

  it("stays, however often it is tried, until the queue takes it; then it is sent no more", async () => {
    const { start, queue, outbox, forward, left } = await bench();
    queue.takes = false;
    await start();
    forward(20_000);
    for (let times = 0; times < 3; times += 1) await outbox.recover();
    expect(await left()).toHaveLength(1);
    queue.takes = true;
    await outbox.recover();
    await outbox.recover();
    expect(queue.jobs).toEqual([`${MINE}.1`]);
  });

  it("is found among any number of others", async () => {
    const { start, queue, outbox, forward, left } = await bench();
    queue.takes = false;
    for (let at = 0; at < 130; at += 1) await start();
    queue.takes = true;
    forward(20_000);
    await outbox.recover();
    await outbox.recover();
    expect(new Set(queue.jobs).size).toBe(130);
    expect(await left()).toEqual([]);
  });
});
