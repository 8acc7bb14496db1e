import { describe, expect, it } from "vitest";
import type { ModelGateway } from "../../../src/runner/model.js";
import { createRunner } from "../../../src/runner/run-skill.js";
import { createLocalQueue } from "../../../src/queue/local.js";
import { AppError } from "../../../src/core/errors.js";
import { onTestFinished } from "vitest";
import { memoryStore, MINE, recordingLog, refusal, until } from "../../support/services.js";
import { gate, openWorkflows } from "./workflow-bench.js";

const file = (...lines: string[]) => `id: w\ntitle: W\nsteps:\n${lines.map((line) => `  - ${line}`).join("\n")}\n`;
const skill = "{ id: a, skill: summarize, input: Long text. }";
const thenWrites = '{ id: b, operation: write-deed, with: { name: b, value: "${steps.a.output.text}" } }';

const viewer = { workspace: MINE, scopes: new Set(["*"]) };

/** A process that works on runs and, with a model, on executions. */
async function bench(
  files: readonly string[],
  model?: ModelGateway,
  options: Parameters<typeof openWorkflows>[0] = {},
) {
  const store = options.store ?? memoryStore();
  const done: unknown[] = [];
  const opened = await openWorkflows({
    store,
    files,
    hasModel: model !== undefined,
    enqueue: (job) => executing.enqueue(job),
    deed: ({ value }) => {
      done.push(value);
      return {};
    },
    ...options,
  });
  const executing = createLocalQueue({ store, log: recordingLog().log, closeMs: 500 });
  onTestFinished(() => executing.close());
  if (model) {
    const { journal, marketplace, services, log } = opened;
    const { memory, billing, connectors } = services;
    const runner = createRunner({
      store,
      journal,
      marketplace,
      memory,
      billing,
      connectors,
      modelFor: () => Promise.resolve(model),
      httpRequests: () => [],
      log,
      runMs: 20_000,
    });
    await runner.listen();
    await executing.start(runner);
  }
  await opened.begin();
  return { ...opened, done };
}

const modelOf = (answer: (prompt: string, signal: AbortSignal) => AsyncIterable<string>): ModelGateway => ({
  name: "test/generator",
  async *stream({ prompt, signal }) {
    for await (const text of answer(prompt, signal)) yield { type: "text", text };
  },
});
const says = (text: string) =>
  modelOf(async function* () {
    yield text;
  });

describe("a step that runs a skill", () => {
  it("with the server's model gives its text, its execution and its files", async () => {
    const { start, over, done, services } = await bench([file(skill, thenWrites)], says("Short."));
    await start("w", {}, { face: "rest" });
    const run = await over();
    expect(run).toMatchObject({
      status: "completed",
      steps: [{ executions: ["exec_1"], output: { text: "Short.", execution_id: "exec_1", artifacts: [] } }, {}],
    });
    expect(done).toEqual(["Short."]);
    expect(await services.executions.list(MINE, { limit: 5 })).toMatchObject({
      data: [{ id: "exec_1", interface: "api" }],
    });
  });

  it("without a model is handed to the calling agent, and the run goes on with what it hands in", async () => {
    const { start, step, view, over, done, call } = await bench([file(skill, thenWrites)]);
    await start("w");
    await expect.poll(async () => (await step("a"))?.handed_out).toHaveLength(1);
    const [handed] = (await step("a"))?.handed_out ?? [];
    expect(handed).toMatchObject({
      execution_id: "exec_1",
      input: "Long text.",
      instructions: expect.stringContaining("# Skill: Summarize"),
    });
    expect(await view()).toMatchObject({ status: "running" });
    await call("complete-execution", { id: handed?.execution_id, output: "By the agent." });
    expect(await over()).toMatchObject({ status: "completed" });
    expect(done).toEqual(["By the agent."]);
  });

  it("shows the workspace's memory in its instructions to those alone who may read it", async () => {
    const { start, step, services } = await bench([file(skill)]);
    await services.memory.write(MINE, "a secret note", "replace");
    await start("w");
    await expect.poll(async () => (await step("a"))?.handed_out).toHaveLength(1);
    const without = await services.workflows.get({ workspace: MINE, scopes: new Set(["tool:execute"]) }, "run_1");
    expect(JSON.stringify(without)).not.toContain("a secret note");
    expect(JSON.stringify(await services.workflows.get(viewer, "run_1"))).toContain("a secret note");
  });

  it("is refused at the start where nobody can run it, or it is not installed, and nothing is done", async () => {
    const { start, services, done } = await bench([
      file(skill),
      file(
        "{ id: a, operation: write-deed, with: { name: a } }",
        "{ id: b, after: [a], skill: code-review, input: x }",
      ).replace("id: w", "id: other"),
    ]);
    await expect(start("w", {}, { face: "rest" })).rejects.toEqual(refusal("MODEL_NOT_CONFIGURED", /CLANKER_MODEL/));
    await expect(start("other")).rejects.toEqual(refusal("SKILL_NOT_INSTALLED", /code-review/));
    expect(await services.workflows.page(MINE, { limit: 5 })).toMatchObject({ data: [] });
    expect(done).toEqual([]);
  });

  it("may be installed by a step before", async () => {
    const { start, over } = await bench(
      [
        file(
          "{ id: i, operation: install-skill, with: { slug: code-review } }",
          "{ id: a, after: [i], skill: code-review, input: x }",
        ),
      ],
      says("Fine."),
    );
    await start("w");
    expect(await over()).toMatchObject({ status: "completed" });
  });

  it("fails as its execution fails, and is tried again by another execution where it says so", async () => {
    let asked = 0;
    const model = modelOf(async function* () {
      asked += 1;
      if (asked < 3) throw new AppError("UPSTREAM_FAILED", "The provider failed.");
      yield "At last.";
    });
    const retries = (times: number) =>
      file(`{ id: a, skill: summarize, input: x, retry: { times: ${times}, waitSeconds: 0 } }`);
    const { start, over } = await bench([retries(1), retries(2).replace("id: w", "id: more")], model);
    await start("w");
    expect(await over()).toMatchObject({
      status: "failed",
      error: { code: "UPSTREAM_FAILED", step: "a" },
      steps: [{ executions: ["exec_2"] }],
    });
    asked = 0;
    await start("more");
    expect(await over("run_2")).toMatchObject({
      status: "completed",
      steps: [{ output: { text: "At last.", execution_id: "exec_5" } }],
    });
  });

  it("runs for each item of a list, several at once", async () => {
    let inside = 0;
    let most = 0;
    const model = modelOf(async function* (prompt) {
      inside += 1;
      most = Math.max(most, inside);
      await until("two are inside", () => most >= 2);
      await new Promise((resolve) => setTimeout(resolve, 30));
      inside -= 1;
      yield `<${prompt}>`;
    });
    const { start, over } = await bench(
      [
        file("{ id: a, each: \"['x', 'y', 'z']\", atOnce: 2, skill: summarize, input: \"${item} ${index}\" }") +
          'output: "${steps.a.output.map(one, one.text)}"\n',
      ],
      model,
    );
    await start("w");
    expect(await over()).toMatchObject({ status: "completed", output: ["<x 0>", "<y 1>", "<z 2>"] });
    expect(most).toBe(2);
  });

  it("keeps no slot while it waits: other runs go on", async () => {
    const release = gate();
    const model = modelOf(async function* (prompt) {
      if (prompt === "slow") await release.promise;
      yield "Done.";
    });
    const opened = await bench(
      [
        file("{ id: a, skill: summarize, input: slow }"),
        file("{ id: a, operation: write-deed, with: { name: quick } }").replace("id: w", "id: quick"),
      ],
      model,
      { queueOptions: { concurrency: 1 } },
    );
    await opened.start("w");
    await expect.poll(async () => (await opened.step("a"))?.executions).toEqual(["exec_1"]);
    await opened.start("quick");
    expect(await opened.over("run_2")).toMatchObject({ status: "completed" });
    release.open();
    expect(await opened.over("run_1")).toMatchObject({ status: "completed" });
  });

  it("is cancelled with its run, and a cancelled execution fails its step", async () => {
    const hungUp = gate();
    const model = modelOf(async function* (_prompt, signal) {
      yield "word ".repeat(500);
      await new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          hungUp.open();
          reject(signal.reason as Error);
        });
      });
    });
    const { start, over, services, done } = await bench([file(skill, thenWrites)], model);
    await start("w");
    await expect
      .poll(async () => (await services.executions.find({ workspace: MINE, number: 1 }))?.status)
      .toBe("running");
    await services.workflows.cancel(viewer, "run_1");
    await hungUp.promise;
    expect(await over()).toMatchObject({
      status: "cancelled",
      steps: [{ status: "cancelled" }, { status: "cancelled" }],
    });
    await expect
      .poll(async () => (await services.executions.find({ workspace: MINE, number: 1 }))?.status)
      .toBe("cancelled");

    await start("w");
    await expect
      .poll(async () => (await services.executions.find({ workspace: MINE, number: 2 }))?.status)
      .toBe("running");
    await services.executions.cancel(MINE, "exec_2");
    expect(await over("run_2")).toMatchObject({ status: "failed", error: { code: "CANCELLED", step: "a" } });
    expect(done).toEqual([]);
  });

  it("makes one execution, also where the process dies between the number and the start of it", async () => {
    const { start, services, engine, over, store } = await bench([file(skill)], undefined, {
      queue: { enqueue: async () => undefined, start: async () => undefined, close: async () => undefined },
    });
    await start("w");
    const never = new AbortController().signal;
    // The death: the run says that execution 1 is its step's, and there is none yet.
    const found = await store.get<Record<string, unknown>>("run:1", "1");
    const record = {
      ...found?.value,
      status: "running",
      driver: { job: "1.1.1", nonce: "dead" },
      steps: { a: { status: "running", tasks: [{ status: "running", attempts: 1, execution: 1 }] } },
    };
    await services.executions.reserve();
    await store.commit([
      { kind: "replace", collection: "run:1", id: "1", version: found?.version ?? 0, value: record },
    ]);
    await engine.run("1.1.1", never);
    expect(await services.executions.find({ workspace: MINE, number: 1 })).toMatchObject({
      status: "awaiting_agent",
      run: 1,
    });
    // And once more, after it was made.
    const before = await store.get<Record<string, unknown>>("run:1", "1");
    const again = { ...before?.value, driver: { job: "1.1.1", nonce: "dead" } };
    await store.commit([
      { kind: "replace", collection: "run:1", id: "1", version: before?.version ?? 0, value: again },
    ]);
    await engine.run("1.1.1", never);
    expect(await services.executions.list(MINE, { limit: 9 })).toMatchObject({
      data: [{ id: "exec_1" }],
      has_more: false,
    });
    await services.executions.complete(MINE, "exec_1", "Done.", []);
    await engine.run("1.1.e1", never);
    expect(await over()).toMatchObject({ status: "completed" });
  });
});
