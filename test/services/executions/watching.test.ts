import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { ExecutionState } from "../../../src/core/shapes/execution.js";
import type { WorkspaceEvent } from "../../../src/services/events.js";
import type { Requester } from "../../../src/services/executions/executions.js";
import type { NewBlock } from "../../../src/services/executions/journal.js";
import {
  breakable,
  invokeOver,
  memoryStore,
  MINE,
  openServices,
  packOf,
  refusal,
  standingClock,
} from "../../support/services.js";

const person: Requester = { workspace: MINE, person: 1, interface: "api", agent: false, readsMemory: false };
const agent: Requester = { ...person, interface: "mcp", agent: true, readsMemory: true };
const input = { input: "x", attachments: [] };
const text = (content: string): NewBlock => ({ type: "text", text: content });

/** An execution that runs, as far as its journal knows. */
async function running(options: Parameters<typeof openServices>[0] = {}) {
  const clock = standingClock();
  const opened = await openServices({ now: clock.now, hasModel: true, installed: ["summarize"], ...options });
  const { ref } = await opened.services.executions.start(person, "summarize", input);
  await opened.journal.begin(ref);
  const told: WorkspaceEvent[] = [];
  await opened.services.events.subscribe(MINE, (event) => told.push(event));
  const status = (blocksAfter?: number) => opened.services.executions.status(MINE, "exec_1", blocksAfter);
  return { ...opened, ...clock, ref, told, status, executions: opened.services.executions };
}

describe("the journal of a run", () => {
  it("keeps blocks in their order, each told as it comes", async () => {
    const { journal, ref, status, told } = await running();
    for (const [at, word] of ["one", "two"].entries()) expect(await journal.append(ref, at, text(word))).toBe("kept");
    const file = { name: "a.txt", mimeType: "text/plain", content: Buffer.from("a") };
    expect(await journal.append(ref, 2, { type: "file" }, file)).toBe("kept");
    expect((await status()).outputBlocks).toEqual([
      { index: 0, type: "text", text: "one" },
      { index: 1, type: "text", text: "two" },
      { index: 2, type: "file", artifact_id: "art_1", name: "a.txt" },
    ]);
    expect(told.map(({ type, data }) => [type, data["outputBlocks"]])).toEqual([
      ["execution-state", [{ index: 0, type: "text", text: "one" }]],
      ["execution-state", [{ index: 1, type: "text", text: "two" }]],
      ["artifact-created", undefined],
      ["execution-state", [{ index: 2, type: "file", artifact_id: "art_1", name: "a.txt" }]],
    ]);
  });

  it.each<[number | undefined, number[]]>([
    [undefined, [0, 1, 2]],
    [-1, [0, 1, 2]],
    [0, [1, 2]],
    [1, [2]],
    [2, []],
    [1_000_000_000, []],
  ])("gives the blocks after %s", async (after, indexes) => {
    const { journal, ref, status } = await running();
    for (const at of [0, 1, 2]) await journal.append(ref, at, text(String(at)));
    expect((await status(after)).outputBlocks.map(({ index }) => index)).toEqual(indexes);
  });

  it("gives any number of blocks, in order", async () => {
    const { journal, ref, status } = await running();
    for (let at = 0; at < 450; at += 1) await journal.append(ref, at, text(String(at)));
    expect((await status()).outputBlocks.map(({ index }) => index)).toEqual(Array.from({ length: 450 }, (_, at) => at));
    expect((await status(430)).outputBlocks).toHaveLength(19);
  });

  it("gives a place to one block only", async () => {
    const { journal, ref, status } = await running();
    const done = await Promise.all(["a", "b", "c"].map((word) => journal.append(ref, 0, text(word))));
    expect(done.sort()).toEqual(["kept", "taken", "taken"]);
    expect((await status()).outputBlocks).toHaveLength(1);
  });

  it("takes nothing more once the run has ended, and only what a cancelled one had left", async () => {
    const completed = await running();
    await completed.journal.end(completed.ref, { status: "completed", tokens: 0 });
    expect(await completed.journal.append(completed.ref, 0, text("late"))).toBe("ended");
    expect((await completed.status()).outputBlocks).toEqual([]);
    const cancelled = await running();
    await cancelled.executions.cancel(MINE, "exec_1");
    expect(await cancelled.journal.append(cancelled.ref, 0, text("the last words"))).toBe("ended");
    expect(await cancelled.status()).toMatchObject({ status: "cancelled", outputBlocks: [{ text: "the last words" }] });
  });

  it("begins what is queued, goes on with what runs, and leaves what is over or an agent's", async () => {
    const { journal, ref, executions } = await running();
    expect(await journal.begin(ref)).toMatchObject({ status: "running" });
    await executions.cancel(MINE, "exec_1");
    expect(await journal.begin(ref)).toBeUndefined();
    expect(await journal.begin({ workspace: MINE, number: 99 })).toBeUndefined();
    const waiting = await openServices({ installed: ["summarize"] });
    const started = await waiting.services.executions.start(agent, "summarize", input);
    expect(await waiting.journal.begin(started.ref)).toBeUndefined();
  });

  it("counts a run's time from its first beginning to its end", async () => {
    const { journal, ref, status, forward } = await running();
    forward(1000);
    await journal.begin(ref);
    forward(500);
    expect((await status()).executionTime).toBe(1500);
    await journal.end(ref, { status: "completed", tokens: 0 });
    forward(9000);
    expect((await status()).executionTime).toBe(1500);
  });

  it("debits a run once, however many end it at once", async () => {
    const { journal, ref, services, status } = await running({ credits: 50 });
    const ends = await Promise.all(
      [1500, 2500, 3500].map((tokens) => journal.end(ref, { status: "completed", tokens })),
    );
    expect(ends.filter(({ ended }) => ended)).toHaveLength(1);
    const { cost } = await status();
    expect(await services.billing.balance(MINE)).toMatchObject({ balance: 50 - cost });
    const { data } = await services.billing.transactions(MINE, { limit: 20 });
    expect(data.filter(({ type }) => type === "debit")).toMatchObject([{ amount: -cost, execution_id: "exec_1" }]);
  });

  it("debits runs that end at the same moment each its own cost", async () => {
    const { journal, services, executions } = await running({ credits: 50 });
    for (let at = 0; at < 9; at += 1) await executions.start(person, "summarize", input);
    const refs = Array.from({ length: 10 }, (_, at) => ({ workspace: MINE, number: at + 1 }));
    await Promise.all(refs.map((ref) => journal.end(ref, { status: "completed", tokens: 2000 })));
    expect(await services.billing.balance(MINE)).toMatchObject({ balance: 30 });
  });

  it("debits what a cancelled run had used once, and nothing of a run that ended otherwise", async () => {
    const { journal, ref, services, status, executions } = await running({ credits: 50 });
    await journal.settle(ref, 5000);
    expect((await status()).cost).toBe(0);
    await executions.cancel(MINE, "exec_1");
    await Promise.all([journal.settle(ref, 2500), journal.settle(ref, 2500)]);
    expect((await status()).cost).toBe(3);
    expect(await services.billing.balance(MINE)).toMatchObject({ balance: 47 });
  });
});

describe("the list of executions", () => {
  async function filled() {
    const packs = [packOf("one"), packOf("two")];
    const opened = await openServices({ packs, installed: ["one", "two"] });
    const { executions } = opened.services;
    for (const slug of ["one", "two", "one", "two", "one"]) await executions.start(agent, slug, input);
    await executions.cancel(MINE, "exec_1");
    await executions.complete(MINE, "exec_2", "x", []);
    const ids = async (more: object = {}) =>
      (await executions.list(MINE, { limit: 20, ...more })).data.map(({ id }) => Number(id.slice(5)));
    return { ids, executions };
  }

  it("is newest first, and narrowed by state and by skill as they are now", async () => {
    const { ids, executions } = await filled();
    expect(await ids()).toEqual([5, 4, 3, 2, 1]);
    const states: [ExecutionState, number[]][] = [
      ["cancelled", [1]],
      ["completed", [2]],
      ["awaiting_agent", [5, 4, 3]],
      ["running", []],
    ];
    for (const [status, expected] of states) expect(await ids({ status })).toEqual(expected);
    expect(await ids({ skill: "one" })).toEqual([5, 3, 1]);
    expect(await ids({ skill: "one", status: "awaiting_agent" })).toEqual([5, 3]);
    expect(await ids({ skill: "none" })).toEqual([]);
    await executions.cancel(MINE, "exec_5");
    expect(await ids({ status: "cancelled" })).toEqual([5, 1]);
  });

  it("is paged in both directions, also when narrowed", async () => {
    const { ids, executions } = await filled();
    expect(await executions.list(MINE, { limit: 2, skill: "one" })).toMatchObject({
      first_id: "exec_5",
      last_id: "exec_3",
      has_more: true,
    });
    expect(await ids({ limit: 2, skill: "one", after_id: "exec_3" })).toEqual([1]);
    expect(await ids({ limit: 1, before_id: "exec_2" })).toEqual([3]);
    expect(await ids({ before_id: "5" })).toEqual([]);
    for (const cursor of ["exec_6", "art_1", "x"]) {
      await expect(ids({ after_id: cursor })).rejects.toEqual(refusal("INVALID_CURSOR"));
    }
  });
});

describe("waiting for a run", () => {
  const patient = new AbortController().signal;

  it("ends with the run, and tells of every block until then", async () => {
    const { executions, journal, ref } = await running();
    const told: WorkspaceEvent[] = [];
    const waiting = executions.wait(ref, 5000, patient, (event) => told.push(event));
    await journal.append(ref, 0, text("one"));
    await journal.append(ref, 1, text("two"));
    await journal.end(ref, { status: "completed", tokens: 0 });
    expect(await waiting).toMatchObject({ status: "completed", outputBlocks: [{ text: "one" }, { text: "two" }] });
    expect(told.map(({ data }) => data["status"])).toEqual(["running", "running", "completed"]);
  });

  it("ends at once for a run that is over, and is not told of other runs", async () => {
    const { executions, ref, journal } = await running();
    const other = await executions.start(person, "summarize", input);
    const told: WorkspaceEvent[] = [];
    const waiting = executions.wait(ref, 5000, patient, (event) => told.push(event));
    await journal.append(other.ref, 0, text("not yours"));
    await executions.cancel(MINE, "exec_1");
    await waiting;
    expect(told.map(({ data }) => data["executionId"])).toEqual(["exec_1"]);
    expect(await executions.wait(ref, 5000, patient, () => undefined)).toMatchObject({ status: "cancelled" });
  });

  it("ends after its time with the run as it is", async () => {
    const { executions, ref } = await running({ now: Date.now });
    const started = performance.now();
    expect(await executions.wait(ref, 300, patient, () => undefined)).toMatchObject({ status: "running" });
    expect(performance.now() - started).toBeGreaterThan(250);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it("ends when its caller leaves", async () => {
    const { executions, ref } = await running();
    const leaving = new AbortController();
    const waiting = executions.wait(ref, 50_000, leaving.signal, () => undefined);
    await sleep(20);
    leaving.abort();
    const left = performance.now();
    expect(await waiting).toMatchObject({ status: "running" });
    expect(performance.now() - left).toBeLessThan(500);
    expect(await executions.wait(ref, 50_000, leaving.signal, () => undefined)).toMatchObject({ status: "running" });
  });

  it("does not miss an end that comes while it looks", async () => {
    const inner = memoryStore();
    const slow = { is: false };
    const store = {
      ...inner,
      async get<T>(collection: string, id: string) {
        const found = await inner.get<T>(collection, id);
        if (slow.is && collection.startsWith("execution:")) await sleep(100);
        return found;
      },
    };
    const { executions, ref, journal } = await running({ store });
    slow.is = true;
    const started = performance.now();
    const waiting = executions.wait(ref, 50_000, patient, () => undefined);
    await sleep(10);
    slow.is = false;
    await journal.end(ref, { status: "completed", tokens: 0 });
    expect(await waiting).toMatchObject({ status: "completed" });
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it("finds the end by itself where the event is lost", async () => {
    const { store, broken } = breakable(memoryStore(), ["publish"]);
    const { executions, ref, journal } = await running({ store, now: Date.now });
    const waiting = executions.wait(ref, 10_000, patient, () => undefined);
    await sleep(20);
    broken.is = true;
    await journal.end(ref, { status: "completed", tokens: 0 });
    expect(await waiting).toMatchObject({ status: "completed" });
  });
});

describe("execute-skill", () => {
  it("hands the agent everything it needs to run the skill, and says what to do then", async () => {
    const call = invokeOver(await openServices({ installed: ["summarize"] }));
    const attachments = [{ name: "a.txt", mime_type: "text/plain", content: "A" }];
    const answer = await call("execute-skill", { slug: "summarize", input: "x", attachments, wait_seconds: 5 });
    expect(answer).toMatchObject({
      executionId: "exec_1",
      skillName: "Summarize",
      status: "awaiting_agent",
      message: expect.stringMatching(/complete-execution with id exec_1/),
      sseUrl: "/api/events",
      instructions: expect.stringContaining("# Skill: Summarize"),
      input: "x",
      attachments: [{ ...attachments[0], encoding: "text" }],
    });
  });

  it("over REST, where no agent listens, is refused and creates nothing", async () => {
    const call = invokeOver(await openServices({ installed: ["summarize"] }));
    const refused = call("execute-skill", { slug: "summarize", input: "x" }, { face: "rest" });
    await expect(refused).rejects.toEqual(refusal("MODEL_NOT_CONFIGURED"));
    expect((await call("list-executions")).data).toEqual([]);
  });

  it("keeps the memory from an agent whose key may not read it", async () => {
    const call = invokeOver(await openServices({ installed: ["summarize"] }));
    await call("write-memory", { content: "the secret plan" });
    const run = { slug: "summarize", input: "x" };
    expect((await call("execute-skill", run)).instructions).toContain("the secret plan");
    const limited = { scopes: new Set(["tool:execute"]) };
    expect((await call("execute-skill", run, limited)).instructions).not.toContain("the secret plan");
  });

  it("answers started where the server runs it, and keeps which surface asked", async () => {
    const call = invokeOver(await openServices({ installed: ["summarize"], hasModel: true }));
    const run = { slug: "summarize", input: "x", interface: "chat" };
    expect(await call("execute-skill", run)).toMatchObject({ executionId: "exec_1", status: "started" });
    await call("execute-skill", run, { face: "rest" });
    await call("execute-skill", { slug: "summarize", input: "x" }, { face: "rest" });
    const { data } = await call("list-executions");
    expect(data.map((row: { interface: string }) => row.interface)).toEqual(["api", "chat", "mcp"]);
  });

  it("cancels the run when a caller who waits for it leaves", async () => {
    const opened = await openServices({ installed: ["summarize"], hasModel: true });
    const call = invokeOver(opened);
    const leaving = new AbortController();
    const run = { slug: "summarize", input: "x", wait_seconds: 50 };
    const waiting = call("execute-skill", run, {}, { signal: leaving.signal });
    waiting.catch(() => undefined);
    await sleep(50);
    leaving.abort();
    await expect(waiting).rejects.toEqual(refusal("CANCELLED"));
    expect(await call("get-execution-status", { id: "exec_1" })).toMatchObject({ status: "cancelled" });
  });

  it.each([
    ["not base64!", "base64"],
    ["YQ==", "base32"],
    ["Y=Q", "base64"],
    ["====", "base64"],
  ])("refuses the attachment %j as %s", async (content, encoding) => {
    const call = invokeOver(await openServices({ installed: ["summarize"] }));
    const attachments = [{ name: "a", mime_type: "text/plain", content, encoding }];
    await expect(call("execute-skill", { slug: "summarize", input: "x", attachments })).rejects.toEqual(
      refusal("INVALID_INPUT", "attachments"),
    );
  });

  it.each(["", "YQ==", "YWI=", "YWJj", "YQ = =\n", " Y W\r\nJj "])("takes the base64 %j", async (content) => {
    const call = invokeOver(await openServices({ installed: ["summarize"] }));
    const attachments = [{ name: "a", mime_type: "text/plain", content, encoding: "base64" }];
    const answer = await call("execute-skill", { slug: "summarize", input: "x", attachments });
    expect(answer.attachments).toEqual(attachments);
  });

  it.each([" ", "A", "=", "= "])("refuses a hostile attachment of many %j at once", async (piece) => {
    const call = invokeOver(await openServices({ installed: ["summarize"] }));
    const content = `${piece.repeat(100_000)}!`;
    const attachments = [{ name: "a", mime_type: "text/plain", content, encoding: "base64" }];
    const started = performance.now();
    await expect(call("execute-skill", { slug: "summarize", input: "x", attachments })).rejects.toThrow();
    expect(performance.now() - started).toBeLessThan(500);
  });
});
