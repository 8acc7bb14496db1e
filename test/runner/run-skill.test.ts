import { describe, expect, it } from "vitest";
import type { ModelCall, ModelPart } from "../../src/runner/model.js";
import type { WorkspaceEvent } from "../../src/services/events.js";
import { MINE, packOf, refusal, until } from "../support/services.js";
import { modelOf, scriptedModel, startRunner } from "./run-bench.js";

const usage = (total: number) => ({ prompt_tokens: total - 10, completion_tokens: 10, total_tokens: total });
const hasToolResult = (has: boolean) => ({ userMessage: "report", hasToolResult: has });
const ART = "A calm one.\n\n```json\n" + JSON.stringify({ algorithm: "orbits", title: "Night", seed: 5 }) + "\n```";

describe("a run", () => {
  it("is completed with the answer as blocks, its cost and one transaction", async () => {
    const { mock, model } = await scriptedModel();
    const answer = "word ".repeat(1500).trim();
    mock.onMessage("report", { content: answer, usage: usage(2001) });
    const { start, finished, services, debits } = await startRunner({ model, credits: 50 });
    const told: WorkspaceEvent[] = [];
    await services.events.subscribe(MINE, (event) => told.push(event));
    await start();
    const status = await finished();
    expect(status).toMatchObject({ status: "completed", skillName: "Summarize", cost: 3 });
    expect(status.error).toBeUndefined();
    expect(status.executionTime).toBeGreaterThan(0);
    expect(status.outputBlocks.length).toBeGreaterThan(1);
    expect(status.outputBlocks.map(({ index, type }) => [index, type])).toEqual(
      status.outputBlocks.map((_, at) => [at, "text"]),
    );
    expect(status.outputBlocks.map(({ text }) => text).join("")).toBe(answer);
    expect(await services.billing.balance(MINE)).toMatchObject({ balance: 47 });
    expect(await debits()).toMatchObject([{ amount: -3, balance_after: 47, execution_id: "exec_1" }]);
    const states = told.map(({ data }) => data["status"]);
    expect(states[0]).toBe("queued");
    expect(states.at(-1)).toBe("completed");
    expect(told.flatMap(({ data }) => data["outputBlocks"])).toEqual(status.outputBlocks);
  });

  it("is given the skill's instructions, the input, the attachments and the memory", async () => {
    const { mock, model } = await scriptedModel();
    mock.onMessage("report", { content: "Done." });
    const packs = [packOf("told", { instructions: "Be brief." })];
    const { start, finished, services } = await startRunner({ model, packs, installed: ["told"] });
    await services.memory.write(MINE, "The brand is teal.", "replace");
    const encoded = { name: "b.txt", mime_type: "text/plain", encoding: "base64" as const };
    await start("told", {
      input: "write the report",
      attachments: [
        { name: "a.txt", mime_type: "text/plain", content: "plain words", encoding: "text" },
        { ...encoded, content: Buffer.from("coded words").toString("base64") },
      ],
    });
    expect(await finished()).toMatchObject({ status: "completed" });
    const sent = JSON.stringify(mock.getLastRequest()?.body);
    for (const part of ["Be brief.", "write the report", "plain words", "coded words", "The brand is teal."]) {
      expect(sent).toContain(part);
    }
  });

  it("is not given the memory where the skill says so", async () => {
    const { mock, model } = await scriptedModel();
    mock.onMessage("report", { content: "Done." });
    const packs = [packOf("untold", { memory: false })];
    const { start, finished, services } = await startRunner({ model, packs, installed: ["untold"] });
    await services.memory.write(MINE, "The brand is teal.", "replace");
    await start("untold");
    await finished();
    expect(JSON.stringify(mock.getLastRequest()?.body)).not.toContain("teal");
  });

  it("sends the model no half characters, which a provider would refuse", async () => {
    const calls: ModelCall[] = [];
    const model = modelOf(async function* (call) {
      calls.push(call);
      yield { type: "text", text: "Done." } satisfies ModelPart;
    });
    const { start, finished, services } = await startRunner({ model });
    await services.memory.write(MINE, `${"🦊".repeat(15_000)}x`, "replace");
    await start("summarize", { input: "one \ud800 two" });
    await services.memory.write(MINE, "three \udc00 four", "replace");
    await start("summarize", { input: "five" });
    await Promise.all([finished("exec_1"), finished("exec_2")]);
    expect(calls).toHaveLength(2);
    for (const { system, prompt } of calls) expect(system + prompt).not.toMatch(/\p{Cs}/u);
    expect(calls[0]?.prompt).toBe("one \ufffd two");
  });

  it("turns the files that the model writes into artifacts", async () => {
    const { mock, model } = await scriptedModel();
    const file = { name: "../report.md", mime_type: "text/markdown", content: "# Zażółć" };
    mock.on(hasToolResult(false), { content: "Look:", toolCalls: [{ name: "write_file", arguments: file }] });
    mock.on(hasToolResult(true), { content: "Written." });
    const { start, finished, services } = await startRunner({ model });
    await start();
    expect((await finished()).outputBlocks).toEqual([
      { index: 0, type: "text", text: "Look:" },
      { index: 1, type: "file", artifact_id: "art_1", name: "report.md" },
      { index: 2, type: "text", text: "Written." },
    ]);
    const { artifact, content } = await services.artifacts.content(MINE, "art_1");
    expect(artifact).toMatchObject({ mime_type: "text/markdown", execution_id: "exec_1" });
    expect(Buffer.from(content).toString()).toBe("# Zażółć");
  });

  it("of algorithmic-art makes its page from the answer's parameters", async () => {
    const { mock, model } = await scriptedModel();
    mock.onMessage("report", { content: ART });
    const { start, finished, services } = await startRunner({ model });
    await start("algorithmic-art");
    const status = await finished();
    expect(status.status).toBe("completed");
    expect(status.outputBlocks.at(-1)).toMatchObject({ type: "file", artifact_id: "art_1", name: "artwork.html" });
    const { artifact, content } = await services.artifacts.content(MINE, "art_1");
    expect(artifact.mime_type).toBe("text/html");
    expect(Buffer.from(content).toString()).toMatch(/"algorithm":"orbits"[^]*"seed":5/);
  });

  it("of algorithmic-art without its parameters fails, with the answer kept and paid for", async () => {
    const { mock, model } = await scriptedModel();
    mock.onMessage("report", { content: "No parameters today.", usage: usage(900) });
    const { start, finished, services } = await startRunner({ model, credits: 5 });
    await start("algorithmic-art");
    expect(await finished()).toMatchObject({
      status: "failed",
      cost: 1,
      error: { code: "UPSTREAM_FAILED", message: expect.stringContaining("json block") },
      outputBlocks: [
        { type: "text", text: "No parameters today." },
        { type: "error", text: expect.stringContaining("json block") },
      ],
    });
    expect((await services.artifacts.page(MINE, { limit: 20 })).data).toEqual([]);
  });

  it("shares the process with others, and each has its own output", async () => {
    const { mock, model } = await scriptedModel();
    const words = ["alpha", "beta", "gamma", "delta"];
    for (const word of words) mock.onMessage(word, { content: `${word} `.repeat(50) }, { chunkSize: 20, latency: 5 });
    const { start, finished } = await startRunner({ model });
    const ids = await Promise.all(words.map((input) => start("summarize", { input })));
    for (const [at, id] of ids.entries()) {
      const { status, outputBlocks } = await finished(id);
      expect(status).toBe("completed");
      expect(outputBlocks.map(({ text }) => text).join("")).toBe(`${words[at]} `.repeat(50));
    }
  });
});

describe("a run whose model fails", () => {
  it.each([
    ["declines", { content: "I must", finishReason: "content_filter" }, "MODEL_REFUSED", "I must"],
    ["says nothing", { content: "" }, "UPSTREAM_FAILED", undefined],
    [
      "answers 400",
      { error: { message: "canary at /srv/app.js", type: "x" }, status: 400 },
      "UPSTREAM_FAILED",
      undefined,
    ],
  ] as const)("because it %s is failed with the typed code and what it had said", async (_how, answer, code, said) => {
    const { mock, model } = await scriptedModel();
    mock.onMessage("report", answer);
    const { start, finished } = await startRunner({ model });
    await start();
    const status = await finished();
    expect(status).toMatchObject({ status: "failed", error: { code } });
    expect(status.outputBlocks.map(({ type, text }) => (type === "text" ? text : type))).toEqual(
      said === undefined ? ["error"] : [said, "error"],
    );
    expect(status.outputBlocks.at(-1)?.text).toBe(status.error?.message);
    expect(JSON.stringify(status)).not.toMatch(/canary|\.js/);
  });

  it.each([500, 429])("with %i again and again is failed, and owes nothing", async (code) => {
    const { mock, model } = await scriptedModel();
    mock.onMessage("report", { error: { message: "canary", type: "x" }, status: code });
    const { start, finished, debits } = await startRunner({ model, credits: 5 });
    await start();
    const status = await until("it failed", async () => (await finished().catch(() => undefined)) ?? false, 15_000);
    expect(status).toMatchObject({ status: "failed", cost: 0, error: { code: "UPSTREAM_FAILED" } });
    expect(await debits()).toEqual([]);
  });

  it("in a way nobody foresaw is failed without the reason, which is logged", async () => {
    const model = modelOf(async function* () {
      yield { type: "text", text: "Half an " } satisfies ModelPart;
      throw new TypeError("canary: cannot read properties of undefined");
    });
    const { start, finished, lines } = await startRunner({ model });
    await start();
    const status = await finished();
    expect(status).toMatchObject({ status: "failed", error: { code: "INTERNAL" } });
    expect(status.outputBlocks).toMatchObject([{ text: "Half an " }, { type: "error" }]);
    expect(JSON.stringify(status)).not.toContain("canary");
    expect(lines.some(({ level, fields }) => level === "warn" && String(fields["err"]).includes("canary"))).toBe(true);
  });

  it("pays a quarter of the characters where it had answered and nobody counted", async () => {
    const model = modelOf(async function* () {
      yield { type: "text", text: "x".repeat(10_000) } satisfies ModelPart;
      throw new Error("gone");
    });
    const packs = [packOf("plain", { instructions: "x" })];
    const { start, finished } = await startRunner({ model, packs, installed: ["plain"] });
    await start("plain");
    expect((await finished()).cost).toBe(3);
  });

  it("with a file that is too large keeps what came before it", async () => {
    const model = modelOf(async function* () {
      yield { type: "text", text: "Look:" } satisfies ModelPart;
      const content = Buffer.alloc(8 * 1024 * 1024 + 1);
      yield { type: "file", name: "big", mimeType: "text/plain", content } satisfies ModelPart;
    });
    const { start, finished } = await startRunner({ model });
    await start();
    expect(await finished()).toMatchObject({
      status: "failed",
      error: { code: "PAYLOAD_TOO_LARGE" },
      outputBlocks: [{ text: "Look:" }, { type: "error" }],
    });
  });
});

describe("a run that cannot begin", () => {
  it("for lack of credits fails before any model call", async () => {
    const { mock, model } = await scriptedModel();
    mock.onMessage("report", { content: "Done.", usage: usage(1500) });
    const { start, finished, services } = await startRunner({ model, credits: 1, queue: { concurrency: 1 } });
    const ids = [await start(), await start()];
    expect(await finished(ids[0])).toMatchObject({ status: "completed", cost: 2 });
    expect(await finished(ids[1])).toMatchObject({
      status: "failed",
      cost: 0,
      error: { code: "INSUFFICIENT_CREDITS" },
      outputBlocks: [{ type: "error" }],
    });
    expect(mock.getRequests()).toHaveLength(1);
    expect(await services.billing.balance(MINE)).toMatchObject({ balance: 0 });
    await expect(start()).rejects.toEqual(refusal("INSUFFICIENT_CREDITS"));
  });

  it("because its skill left the server fails and says so", async () => {
    const { mock, model } = await scriptedModel();
    const packs = [packOf("gone")];
    const first = await startRunner({ model, packs, installed: ["gone"] });
    await first.queue.close();
    await first.start("gone");
    const second = await startRunner({ model, store: first.store, packs: [], installed: [] });
    expect(await second.finished()).toMatchObject({ status: "failed", error: { code: "NOT_FOUND" } });
    expect(mock.getRequests()).toEqual([]);
  });

  it("because it was cancelled in the queue does not call the model", async () => {
    const { mock, model } = await scriptedModel();
    mock.onMessage("report", { content: "Done." });
    const first = await startRunner({ model });
    await first.queue.close();
    const id = await first.start();
    await first.executions.cancel(MINE, id);
    const second = await startRunner({ model, store: first.store });
    await second.start();
    expect(await second.finished("exec_2")).toMatchObject({ status: "completed" });
    expect(await second.status(id)).toMatchObject({ status: "cancelled", outputBlocks: [] });
    expect(mock.getRequests()).toHaveLength(1);
  });
});
