import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Ask, Prompt } from "../../../src/core/asking.js";
import type { Caller } from "../../../src/core/caller.js";
import { InputRequired } from "../../../src/core/asking.js";
import type { Store } from "../../../src/store/port.js";
import { callerOf, fileStores, memoryStore, MINE, refusal, THEIRS, until } from "../../support/services.js";
import { openWorkflows, startWorkflows } from "./workflow-bench.js";

const approval = (by = "person", more = "") => `id: approval
title: Approval
inputSchema:
  type: object
  properties:
    what: { type: string }
  required: [what]
steps:
  - { id: look, operation: read-deed, with: { name: look } }
  - id: approve
    after: [look]
    suspend:
      message: "Do \${input.what} with \${steps.look.output.found}?"
      by: ${by}
      resumeSchema:
        type: object
        properties:
          approved: { type: boolean }
          note: { type: string, maxLength: 10, default: none }
        required: [approved]
  - id: act
    when: steps.approve.output.approved
    operation: write-deed
    with: { name: act, value: "\${steps.approve.output.note}" }
${more}`;

/** A bench whose deeds are noted. */
async function bench(options: Parameters<typeof startWorkflows>[0] = {}) {
  const done: object[] = [];
  const opened = await startWorkflows({
    files: [approval()],
    deed: (input) => {
      done.push(input);
      return { found: "x\u202Ey" };
    },
    ...options,
  });
  return { ...opened, done };
}

const agent = { kind: "key", person: 1, workspace: MINE, scopes: new Set(["*"]), asked: false } as const;
const person = { ...agent, asked: true };

/** A client whose user answers what the test says; it notes what it was asked. */
function client(...answers: { action: string; content?: object }[]) {
  const asked: Prompt[] = [];
  const ask: Ask = async (prompt) => {
    asked.push(prompt);
    return answers.shift();
  };
  return { asked, ask };
}

describe("a suspended step", () => {
  it("waits with its sentence and its form, and the run is paused", async () => {
    const { start, reached, done, services } = await bench();
    await start("approval", { what: "it" });
    const run = await reached(["paused"]);
    expect(run.steps[1]).toMatchObject({
      status: "suspended",
      by: "person",
      // What nobody sees is shown, so that a person approves what they read.
      message: "Do it with x\u27E8U+202E\u27E9y?",
      resumeSchema: { required: ["approved"], properties: { approved: { type: "boolean" } } },
    });
    expect(run.steps[2]).toMatchObject({ status: "pending" });
    expect(done).toHaveLength(1);
    expect(await services.workflows.page(MINE, { limit: 5, status: "paused" })).toMatchObject({
      data: [{ id: "run_1", waiting_for: ["approve"] }],
    });
  });

  it("is not gone on with by the agent that asked for it, whatever it says", async () => {
    const { start, reached, done, services, call } = await bench();
    await start("approval", { what: "it" });
    await reached(["paused"]);
    for (const caller of [callerOf(), callerOf({ kind: "local" }), callerOf({ face: "rest" })]) {
      const resumed = call(
        "resume-workflow-run",
        { id: "run_1", step: "approve", resumeData: { approved: true } },
        caller,
      );
      await expect(resumed).rejects.toEqual(refusal("PERSON_REQUIRED", /waits for a person/));
    }
    await expect(services.workflows.resume(agent, "run_1", "approve", { approved: true })).rejects.toEqual(
      refusal("PERSON_REQUIRED"),
    );
    expect(await reached(["paused"])).toMatchObject({ steps: [{}, { status: "suspended" }, { status: "pending" }] });
    expect(done).toHaveLength(1);
  });

  it("is gone on with by whoever asks where it waits for an agent", async () => {
    const { start, reached, over, done, call } = await bench({ files: [approval("agent")] });
    await start("approval", { what: "it" });
    await reached(["paused"]);
    const args = { id: 1, step: "approve", resumeData: { approved: true } };
    const run = await call("resume-workflow-run", args, { face: "rest" });
    expect(run).toMatchObject({
      id: "run_1",
      steps: [{}, { status: "completed", output: { approved: true, note: "none" } }, {}],
    });
    expect(await over()).toMatchObject({ status: "completed" });
    expect(done.at(-1)).toEqual({ name: "act", value: "none" });
  });

  it("skips what was not approved", async () => {
    const { start, reached, over, services, done } = await bench();
    await start("approval", { what: "it" });
    await reached(["paused"]);
    await services.workflows.resume(person, "run_1", "approve", { approved: false });
    expect(await over()).toMatchObject({ status: "completed", steps: [{}, {}, { status: "skipped" }] });
    expect(done).toHaveLength(1);
  });

  it("takes no data that does not fit, and still waits", async () => {
    const { start, reached, services } = await bench();
    await start("approval", { what: "it" });
    await reached(["paused"]);
    for (const data of [
      {},
      { approved: "yes" },
      { approved: true, more: 1 },
      { approved: true, note: "x".repeat(11) },
      [],
    ]) {
      await expect(services.workflows.resume(person, "run_1", "approve", data)).rejects.toEqual(
        refusal("INVALID_INPUT", /resumeData/),
      );
    }
    expect(await reached(["paused"])).toMatchObject({ steps: [{}, { status: "suspended" }, {}] });
  });

  it("is gone on with once, however many try at the same moment", async () => {
    const { start, reached, over, services, done } = await bench();
    await start("approval", { what: "it" });
    await reached(["paused"]);
    const tries = Array.from({ length: 8 }, (_, at) =>
      services.workflows.resume(person, "run_1", "approve", { approved: true, note: `${at}` }),
    );
    const settled = await Promise.allSettled(tries);
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const each of settled) {
      if (each.status === "rejected") {
        expect(["STEP_NOT_SUSPENDED", "EXECUTION_FINISHED"]).toContain((each.reason as { code: string }).code);
      }
    }
    await over();
    expect(done).toHaveLength(2);
    await expect(services.workflows.resume(person, "run_1", "approve", { approved: true })).rejects.toEqual(
      refusal("EXECUTION_FINISHED", /run_1 is completed already/),
    );
  });

  it("cannot be gone on with before its turn, nor where there is none of that name, nor by another workspace", async () => {
    const { start, reached, services } = await bench();
    await start("approval", { what: "it" });
    await reached(["paused"]);
    await expect(services.workflows.resume(person, "run_1", "act", {})).rejects.toEqual(
      refusal("STEP_NOT_SUSPENDED", /is pending/),
    );
    await expect(services.workflows.resume(person, "run_1", "none", {})).rejects.toEqual(
      refusal("NOT_FOUND", /no step "none"/),
    );
    await expect(services.workflows.resume(person, "run_9", "approve", {})).rejects.toEqual(refusal("NOT_FOUND"));
    const stranger = { ...person, workspace: THEIRS };
    await expect(services.workflows.resume(stranger, "run_1", "approve", { approved: true })).rejects.toEqual(
      refusal("NOT_FOUND"),
    );
  });

  it("waits through restarts, in whichever process then goes on", async () => {
    const { stores } = await fileStores(2);
    const first = await bench({ store: stores[0]! });
    await first.start("approval", { what: "it" });
    await first.reached(["paused"]);
    await first.queue.close();
    const second = await bench({ store: stores[1]!, files: [] });
    await second.services.workflows.resume(person, "run_1", "approve", { approved: true, note: "late" });
    expect(await second.over()).toMatchObject({ status: "completed" });
    expect(second.done).toEqual([{ name: "act", value: "late" }]);
    expect(first.done).toHaveLength(1);
  });

  it("is gone on with while other steps still run", async () => {
    let finish: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => (finish = resolve));
    const { start, step, over, services } = await startWorkflows({
      files: [
        "id: both\ntitle: Both\nsteps:\n  - { id: slow, operation: read-deed, with: { name: slow } }\n" +
          "  - { id: asks, suspend: { message: Go on?, by: agent, resumeSchema: { type: object, properties: { how: { type: string } } } } }\n" +
          '  - { id: then, operation: read-deed, with: { name: "${steps.asks.output.how}" } }',
      ],
      deed: async ({ name }) => (name === "slow" ? await slow : { name }),
    });
    await start("both");
    await expect.poll(async () => (await step("asks"))?.status).toBe("suspended");
    await services.workflows.resume(agent, "run_1", "asks", { how: "fast" });
    await expect.poll(async () => (await step("then"))?.output).toEqual({ name: "fast" });
    expect((await step("slow"))?.status).toBe("running");
    finish();
    expect(await over()).toMatchObject({ status: "completed" });
  });
});

describe("a client that can be asked", () => {
  it("is asked when a step suspends, and the run goes on with what its user answers", async () => {
    const { call, over, done } = await bench();
    const { asked, ask } = client({ action: "accept", content: { approved: true, note: "yes" } });
    const answer = await call("start-workflow", { id: "approval", inputData: { what: "it" } }, {}, { ask });
    expect(answer).toMatchObject({ runId: "run_1" });
    expect(asked).toMatchObject([
      {
        mode: "form",
        message: "Do it with x\u27E8U+202E\u27E9y?",
        schema: { properties: { approved: { type: "boolean" } } },
      },
    ]);
    expect(await over()).toMatchObject({ status: "completed" });
    expect(done.at(-1)).toEqual({ name: "act", value: "yes" });
  });

  it.each(["decline", "cancel"])("leaves the run waiting where its user says %s", async (action) => {
    const { call, reached, done } = await bench();
    const started = await call("start-workflow", { id: "approval", inputData: { what: "it" } }, {}, client({ action }));
    expect(started).toMatchObject({ runId: "run_1", status: "paused", message: expect.stringContaining("approve") });
    const args = { id: "run_1", step: "approve", resumeData: { approved: true } };
    await expect(call("resume-workflow-run", args, {}, client({ action }))).rejects.toEqual(refusal("DECLINED"));
    await reached(["paused"]);
    expect(done).toHaveLength(1);
  });

  it("goes on with what its user answers when it resumes, not with what its agent says", async () => {
    const { call, start, reached, over, done } = await bench();
    await start("approval", { what: "it" });
    await reached(["paused"]);
    const { ask, asked } = client({ action: "accept", content: { approved: false } });
    await call("resume-workflow-run", { id: 1, step: "approve", resumeData: { approved: true } }, {}, { ask });
    expect(asked).toHaveLength(1);
    expect(await over()).toMatchObject({ steps: [{}, { output: { approved: false } }, { status: "skipped" }] });
    expect(done).toHaveLength(1);
  });

  it("is told that the answer does not fit, and the run still waits", async () => {
    const { call, reached } = await bench();
    const { ask } = client({ action: "accept", content: { approved: "maybe" } });
    const started = await call("start-workflow", { id: "approval", inputData: { what: "it" } }, {}, { ask });
    expect(started).toMatchObject({
      status: "paused",
      message: expect.stringMatching(/does not fit.*resume-workflow-run/),
    });
    await reached(["paused"]);
  });

  it("answers by calling anew, and that call goes on with the run that it had begun", async () => {
    const { call, over, services, done } = await bench();
    const args = { id: "approval", inputData: { what: "it" } };
    const without: Ask = async (prompt) => {
      throw new InputRequired(prompt);
    };
    let key = "";
    await call("start-workflow", args, {}, { ask: without }).catch((thrown: unknown) => {
      if (!(thrown instanceof InputRequired)) throw thrown;
      key = thrown.prompt.key;
    });
    expect(key).toBe("run_1 approve");
    // Another start with the same words is another run.
    await expect(call("start-workflow", args, {}, { ask: without })).rejects.toBeInstanceOf(InputRequired);
    const answering: Ask = async (prompt) => {
      if (prompt.key === key) return { action: "accept", content: { approved: true } };
      throw new InputRequired(prompt);
    };
    expect(await call("start-workflow", args, {}, { ask: answering })).toMatchObject({ runId: "run_1" });
    expect(await over()).toMatchObject({ status: "completed" });
    expect((await services.workflows.page(MINE, { limit: 9 })).data.map(({ id }) => id)).toEqual(["run_2", "run_1"]);
    expect(done).toHaveLength(3);
    // The same answer once more, as after a lost connection, does nothing twice.
    expect(await call("start-workflow", args, {}, { ask: answering })).toMatchObject({
      runId: "run_1",
      status: "completed",
    });
    expect(done).toHaveLength(3);
  });

  it("is asked at each step that waits, one after the other", async () => {
    const second = `  - id: again\n    after: [act]\n    suspend: { message: "And again?" }\n`;
    const { call, over } = await bench({ files: [approval("person", second)] });
    const { ask, asked } = client({ action: "accept", content: { approved: true } }, { action: "accept" });
    await call("start-workflow", { id: "approval", inputData: { what: "it" } }, {}, { ask });
    expect(asked.map(({ message }) => message.slice(0, 3))).toEqual(["Do ", "And"]);
    expect(await over()).toMatchObject({ status: "completed" });
  });

  it("that hangs up while it waits for the run cancels it", async () => {
    const leave = new AbortController();
    const { call, over, done } = await bench({
      deed: (_input, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        }),
    });
    const started = call("start-workflow", { id: "approval", inputData: { what: "it" } }, {}, { signal: leave.signal });
    await expect.poll(() => done.length === 0).toBe(true);
    setTimeout(() => leave.abort(), 50);
    await expect(started).rejects.toEqual(refusal("CANCELLED"));
    expect(await over()).toMatchObject({ status: "cancelled" });
  });
});

it.each<[string, string, object, Partial<Caller>]>([
  ["a call", "start-workflow", { inputData: { what: "it" } }, {}],
  ["a stream", "stream-workflow", { inputData: { what: "it" } }, { kind: "session", face: "rest" }],
])(
  "a run that waits for somebody goes on waiting where %s ends that has not heard of it yet",
  async (_, operation, args, as) => {
    const inner = memoryStore();
    // News of another process may take a second.
    const store: Store = {
      ...inner,
      subscribe: (channel, listener) =>
        inner.subscribe(channel, channel.startsWith("events:") ? () => undefined : listener),
    };
    const leave = new AbortController();
    const { call, reached, view } = await bench({ store });
    const called = call(operation, { id: "approval", ...args }, as, { signal: leave.signal });
    called.catch(() => undefined);
    await until("there is a run", () => view().catch(() => undefined));
    await reached(["paused"]);
    leave.abort();
    await sleep(100);
    expect(await view()).toMatchObject({ status: "paused" });
  },
);

it("an agent's start of a run waits for nothing where no step asks a person", async () => {
  const { call } = await openWorkflows({
    files: ["id: one\ntitle: One\nsteps:\n  - { id: a, operation: read-memory }"],
  });
  expect(await call("start-workflow", { id: "one" })).toMatchObject({ runId: "run_1", status: "queued" });
});
