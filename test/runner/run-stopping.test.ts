import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Interrupted } from "../../src/queue/port.js";
import type { ModelPart } from "../../src/runner/model.js";
import { breakable, fileStores, memoryStore, MINE, until } from "../support/services.js";
import { modelOf, openRunner, puppetModel, scriptedModel, startRunner } from "./run-bench.js";

const text = (words: string): ModelPart => ({ type: "text", text: words });

/** A model that says one thing and then nothing until it is stopped. */
const stuckModel = (words = "Half an ") =>
  modelOf(async function* ({ signal }) {
    yield text(words);
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
  });

/** A clock ahead of the others: to it, whoever took a job before looks dead. */
const later = (ms: number) => ({ now: () => Date.now() + ms });

describe("a run that is cancelled", () => {
  it("stops its model call at once, keeps what was there, pays for it, and has no further effect", async () => {
    const puppet = await puppetModel();
    const { start, blocks, executions, status, services, debits } = await startRunner({
      model: puppet.model,
      credits: 50,
    });
    await start();
    await puppet.asked();
    puppet.say("one");
    puppet.mutter("and a half");
    await blocks(1);
    await puppet.heard("and a half");
    expect(await executions.cancel(MINE, "exec_1")).toMatchObject({ status: "cancelled" });
    await puppet.hungUp();
    const owed = await until("the debit", async () => (await debits())[0]);
    const cancelled = await status();
    expect(cancelled.status).toBe("cancelled");
    expect(cancelled.outputBlocks.map((block) => block.text?.replaceAll(".", ""))).toEqual(["one", "and a half"]);
    expect(owed.amount).toBe(-cancelled.cost);
    expect(cancelled.cost).toBeGreaterThan(0);
    puppet.say("two");
    puppet.finish();
    await sleep(300);
    expect(await status()).toEqual(cancelled);
    expect(await debits()).toHaveLength(1);
    expect((await services.artifacts.page(MINE, { limit: 20 })).data).toEqual([]);
  });

  it("by another process on the same file stops within a second or so", async () => {
    const puppet = await puppetModel();
    const { stores } = await fileStores(2);
    const [here, there] = [stores[0] as never, stores[1] as never];
    const running = await startRunner({ model: puppet.model, store: here });
    const other = await openRunner({ model: stuckModel(), store: there });
    await running.start();
    await puppet.asked();
    await other.executions.cancel(MINE, "exec_1");
    await puppet.hungUp();
    expect(await running.status()).toMatchObject({ status: "cancelled" });
  });

  it("without its process hearing of it stops with its next block", async () => {
    const { store, broken } = breakable(memoryStore(), ["publish"]);
    const puppet = await puppetModel();
    const { start, blocks, executions, status } = await startRunner({ model: puppet.model, store });
    await start();
    await puppet.asked();
    puppet.say("one");
    await blocks(1);
    broken.is = true;
    await executions.cancel(MINE, "exec_1");
    puppet.say("two");
    await blocks(2);
    puppet.say("three");
    await puppet.hungUp();
    expect((await status()).outputBlocks.map((block) => block.text?.replaceAll(".", ""))).toEqual(["one", "two"]);
    expect(await status()).toMatchObject({ status: "cancelled" });
  });

  it("at the very last moment stays cancelled, makes no artifact, and is paid for", async () => {
    const { store, broken } = breakable(memoryStore(), ["publish"]);
    const model = modelOf(async function* () {
      yield { type: "usage", totalTokens: 4500 } satisfies ModelPart;
      yield text('```json\n{"algorithm":"orbits","title":"Night"}\n```');
      broken.is = true;
      await executions.cancel(MINE, "exec_1");
    });
    const { start, executions, finished, debits, services } = await startRunner({ model, store });
    await start("algorithmic-art");
    await finished();
    expect(await until("the debit", async () => (await debits())[0])).toMatchObject({ amount: -5 });
    expect(await finished()).toMatchObject({ status: "cancelled", cost: 5, outputBlocks: [{ type: "text" }] });
    expect((await services.artifacts.page(MINE, { limit: 20 })).data).toEqual([]);
  });
});

describe("a run that is cancelled when it has nothing more to say", () => {
  it("stays cancelled and is paid for, though its process did not hear of it", async () => {
    const { store, broken } = breakable(memoryStore(), ["publish"]);
    const model = modelOf(async function* () {
      yield text("x".repeat(2000));
      broken.is = true;
      await executions.cancel(MINE, "exec_1");
      yield { type: "usage", totalTokens: 4500 } satisfies ModelPart;
    });
    const { start, executions, finished, debits } = await startRunner({ model, store });
    await start();
    expect(await until("the debit", async () => (await debits())[0])).toMatchObject({ amount: -5 });
    expect(await finished()).toMatchObject({ status: "cancelled", cost: 5, outputBlocks: [{ type: "text" }] });
  });
});

describe("a run past its time limit", () => {
  it("is failed with TIMEOUT, its output kept and paid for, and the provider hung up on", async () => {
    const puppet = await puppetModel();
    const { start, finished } = await startRunner({ model: puppet.model, runMs: 700 });
    await start();
    await puppet.asked();
    puppet.say("one");
    puppet.mutter("and a half");
    const status = await finished();
    await puppet.hungUp();
    expect(status).toMatchObject({
      status: "failed",
      error: { code: "TIMEOUT", message: expect.stringContaining("0.7 seconds") },
    });
    expect(status.outputBlocks.map(({ type }) => type)).toEqual(["text", "text", "error"]);
    expect(status.cost).toBeGreaterThan(0);
    expect(status.executionTime).toBeGreaterThanOrEqual(600);
    expect(status.executionTime).toBeLessThan(2000);
  });

  it("whose model never said a word owes nothing", async () => {
    const puppet = await puppetModel();
    const { start, finished, debits } = await startRunner({ model: puppet.model, runMs: 300 });
    await start();
    expect(await finished()).toMatchObject({ status: "failed", cost: 0, error: { code: "TIMEOUT" } });
    expect(await debits()).toEqual([]);
  });
});

describe("a run whose process stops", () => {
  it("in order is handed to another process, which says that it began again", async () => {
    const { mock, model } = await scriptedModel();
    mock.onMessage("report", { content: "The whole answer." });
    const first = await startRunner({ model: stuckModel("x".repeat(2000)) });
    await first.start();
    await first.blocks(1);
    await first.queue.close();
    expect(await first.status()).toMatchObject({ status: "running" });
    const second = await startRunner({ model, store: first.store });
    const { status, outputBlocks } = await second.finished();
    expect(status).toBe("completed");
    expect(outputBlocks.map(({ type, name, text: words }) => name ?? (type === "text" && words?.slice(0, 9)))).toEqual([
      "xxxxxxxxx",
      "restart",
      "The whole",
    ]);
  });

  it("by dying is run again by another once its lease is over, with a restart block", async () => {
    const { mock, model } = await scriptedModel();
    mock.onMessage("report", { content: "The whole answer." });
    const first = await startRunner({ model: stuckModel() });
    await first.start();
    await first.reached(["running"]);
    const early = await startRunner({ model, store: first.store, queue: later(20_000) });
    expect(await early.status()).toMatchObject({ status: "running" });
    const second = await startRunner({ model, store: first.store, queue: later(60_000) });
    expect(await second.finished()).toMatchObject({
      status: "completed",
      outputBlocks: [
        { index: 0, type: "tool", name: "restart" },
        { index: 1, text: "The whole answer." },
      ],
    });
  });

  it("and comes back to life after another finished its run changes nothing", async () => {
    const { mock, model } = await scriptedModel();
    mock.onMessage("report", { content: "The whole answer." });
    const puppet = await puppetModel();
    const first = await startRunner({ model: puppet.model, credits: 50 });
    await first.start();
    await puppet.asked();
    const second = await startRunner({ model, store: first.store, credits: 50, queue: later(60_000) });
    const done = await second.finished();
    puppet.say("Me too!");
    await puppet.hungUp();
    await sleep(50);
    expect(await second.status()).toEqual(done);
    expect(await second.debits()).toHaveLength(1);
  });

  it("twice by dying is failed, never stuck", async () => {
    const first = await startRunner({ model: stuckModel() });
    await first.start();
    await first.reached(["running"]);
    const second = await startRunner({ model: stuckModel(), store: first.store, queue: later(60_000) });
    await second.blocks(1);
    const third = await startRunner({ model: stuckModel(), store: first.store, queue: later(120_000) });
    expect(await third.finished()).toMatchObject({
      status: "failed",
      cost: 0,
      error: { code: "INTERNAL", message: expect.stringContaining("start the skill again") },
    });
  });

  it("before the queue had the job loses nothing: the job comes from the outbox", async () => {
    const { mock, model } = await scriptedModel();
    mock.onMessage("report", { content: "Done." });
    const dying = await openRunner({ model, enqueue: () => Promise.reject(new Error("killed")) });
    await dying.start();
    const other = await startRunner({ model, store: dying.store, ...later(20_000) });
    await other.outbox.recover();
    expect(await other.finished()).toMatchObject({ status: "completed" });
  });

  it("while the store is away ends failed once that is back", async () => {
    const { store, broken } = breakable(memoryStore(), ["commit"]);
    const puppet = await puppetModel();
    const { start, blocks, finished } = await startRunner({ model: puppet.model, store, queue: { leaseMs: 700 } });
    await start();
    await puppet.asked();
    puppet.say("one");
    await blocks(1);
    broken.is = true;
    puppet.say("two");
    await puppet.hungUp();
    broken.is = false;
    expect(await finished()).toMatchObject({ status: "failed" });
  });
});

describe("one process that has the same job twice", () => {
  it("can still cancel the one that is left", async () => {
    const { start, runner, reached, executions, finished } = await openRunner({ model: stuckModel() });
    await start();
    const lost = new AbortController();
    const first = runner.run(`${MINE}.1`, lost.signal, 1);
    first.catch(() => undefined);
    await reached(["running"]);
    const second = runner.run(`${MINE}.1`, new AbortController().signal, 2);
    await sleep(50);
    lost.abort(new Interrupted("lease lost"));
    await expect(first).rejects.toBeInstanceOf(Interrupted);
    await executions.cancel(MINE, "exec_1");
    const stopped = await Promise.race([second.then(() => "stopped"), sleep(1000).then(() => "still running")]);
    expect(stopped).toBe("stopped");
    expect((await finished()).status).toBe("cancelled");
  });
});
