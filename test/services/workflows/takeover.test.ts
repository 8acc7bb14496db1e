import { describe, expect, it } from "vitest";
import { AppError } from "../../../src/core/errors.js";
import type { Store } from "../../../src/store/port.js";
import { breakable, memoryStore, MINE, until } from "../../support/services.js";
import { PLACES } from "./places.js";
import { type Deed, gate, openWorkflows } from "./workflow-bench.js";

const steps = (...lines: string[]) => `id: w\ntitle: W\nsteps:\n${lines.map((line) => `  - ${line}`).join("\n")}\n`;
const three = (operation: string, more = "") =>
  steps(
    "{ id: first, operation: write-deed, with: { name: first } }",
    `{ id: middle, after: [first], operation: ${operation}, with: { name: middle }${more} }`,
    '{ id: last, operation: write-deed, with: { name: last, value: "${steps.middle.output.by}" } }',
  );

const JOB = "1.1.1";
const never = new AbortController().signal;

/** Two processes over one store; jobs are given out by the test, as a queue does whose first process died. */
async function twoProcesses(kind: keyof typeof PLACES, file: string) {
  const { stores } = await PLACES[kind]();
  const done: string[] = [];
  const hanging = gate();
  const late = gate<{ by: string }>();
  const process = (name: string, deed: Deed) =>
    openWorkflows({
      store: name === "one" ? stores[0] : stores[1],
      files: [file],
      // Nobody takes jobs but the test.
      queue: { enqueue: async () => undefined, start: async () => undefined, close: async () => undefined },
      deed: (input, signal) => {
        done.push(`${name} ${input.name}`);
        return deed(input, signal);
      },
    });
  const one = await process("one", ({ name }) => {
    if (name !== "middle") return {};
    hanging.open();
    return late.promise;
  });
  const two = await process("two", () => ({ by: "two" }));
  return { one, two, done, hanging: hanging.promise, late };
}

describe.each(["memory", "file", "redis"] as const)(
  "on a %s store, a run whose process died in the middle of a step",
  (kind) => {
    it.each([
      ["a read", "read-deed", ""],
      ["a write that is marked repeatable", "write-deed", ", repeatable: true"],
    ])(
      "is taken over: the step is done once more where it is %s, and nothing else is",
      async (_what, operation, more) => {
        const { one, two, done, hanging, late } = await twoProcesses(kind, three(operation, more));
        await one.start("w");
        const dead = one.engine.run(JOB, never);
        await hanging;
        await two.engine.run(JOB, never);
        expect(await two.over()).toMatchObject({ status: "completed", steps: [{}, { output: { by: "two" } }, {}] });
        // The first was not dead but slow: what it found out comes too late, and it does nothing more.
        late.open({ by: "one" });
        await dead;
        expect(await two.over()).toMatchObject({ steps: [{}, { output: { by: "two" } }, {}] });
        expect(done).toEqual(["one first", "one middle", "two middle", "two last"]);
      },
    );

    it("fails at a write that may have taken effect, says so, and does not do it again", async () => {
      const { one, two, done, hanging } = await twoProcesses(kind, three("write-deed"));
      await one.start("w");
      void one.engine.run(JOB, never);
      await hanging;
      await two.engine.run(JOB, never);
      const run = await two.over();
      expect(run).toMatchObject({
        status: "failed",
        error: {
          code: "INTERNAL",
          step: "middle",
          message: expect.stringMatching(/nobody knows whether it took effect/),
        },
        steps: [{ status: "completed" }, { status: "failed" }, { status: "cancelled" }],
      });
      expect(done).toEqual(["one first", "one middle"]);
    });

    it("is given up after the second death, with a sentence", async () => {
      const { one, two, hanging } = await twoProcesses(kind, three("read-deed"));
      await one.start("w");
      void one.engine.run(JOB, never);
      await hanging;
      await two.engine.abandoned(JOB);
      await two.engine.abandoned(JOB);
      expect(await two.over()).toMatchObject({
        status: "failed",
        error: { code: "INTERNAL", message: expect.stringMatching(/twice/) },
      });
    });
  },
);

describe("a run that is worked on", () => {
  it("is left to the job that has it by another job, which sees that it looks again", async () => {
    const { one, two, done, hanging, late } = await twoProcesses("memory", three("read-deed"));
    await one.start("w");
    const working = one.engine.run(JOB, never);
    await hanging;
    await two.engine.run("1.1.other", never);
    expect(done).toEqual(["one first", "one middle"]);
    late.open({ by: "one" });
    await working;
    expect(await one.over()).toMatchObject({ status: "completed" });
    expect(done).toEqual(["one first", "one middle", "one last"]);
  });

  it("is handed on when its process ends in order: a read is begun anew there, and nothing is done twice", async () => {
    const { one, two, done, hanging } = await twoProcesses("file", three("read-deed"));
    await one.start("w");
    const ending = new AbortController();
    const working = one.engine.run(JOB, ending.signal);
    await hanging;
    ending.abort(new Error("shutting down"));
    await expect(working).rejects.toThrow();
    await two.engine.run(JOB, never);
    expect(await two.over()).toMatchObject({ status: "completed" });
    expect(done).toEqual(["one first", "one middle", "two middle", "two last"]);
  });

  it("is handed on when its process ends in order: a write is waited for, and kept", async () => {
    const { one, two, done, hanging, late } = await twoProcesses("file", three("write-deed"));
    await one.start("w");
    const ending = new AbortController();
    const working = one.engine.run(JOB, ending.signal);
    await hanging;
    ending.abort(new Error("shutting down"));
    setTimeout(() => late.open({ by: "one" }), 50);
    await expect(working).rejects.toThrow();
    await two.engine.run(JOB, never);
    expect(await two.over()).toMatchObject({ status: "completed", steps: [{}, { output: { by: "one" } }, {}] });
    expect(done).toEqual(["one first", "one middle", "two last"]);
  });

  it("waits for a store that is away for a moment, and does nothing twice", async () => {
    const { store, broken } = breakable(memoryStore(), ["commit", "get"]);
    const done: string[] = [];
    const opened = await openWorkflows({
      store,
      files: [three("write-deed")],
      queue: { enqueue: async () => undefined, start: async () => undefined, close: async () => undefined },
      deed: ({ name }) => {
        done.push(name);
        if (name === "middle") {
          broken.is = true;
          setTimeout(() => (broken.is = false), 700);
        }
        return { by: "me" };
      },
    });
    await opened.start("w");
    await opened.engine.run(JOB, never);
    expect(await opened.over()).toMatchObject({ status: "completed" });
    expect(done).toEqual(["first", "middle", "last"]);
  });
});

describe("a commit of which the store says that it failed, although it was kept", () => {
  it("is found out: what the step gave is there, and nothing is done twice", async () => {
    const inner = memoryStore();
    let lying = false;
    const store: Store = {
      ...inner,
      async commit(changes) {
        const held = await inner.commit(changes);
        const isMiddle = changes.some((change) => change.kind === "insert" && change.id === "middle");
        if (isMiddle && !lying) {
          lying = true;
          throw new AppError("STORE_UNAVAILABLE", "The connection broke.");
        }
        return held;
      },
    };
    const done: unknown[] = [];
    const opened = await openWorkflows({
      store,
      files: [three("write-deed")],
      queue: { enqueue: async () => undefined, start: async () => undefined, close: async () => undefined },
      deed: ({ name, value }) => {
        done.push(`${name} ${String(value)}`);
        return { by: "me" };
      },
    });
    await opened.start("w");
    await opened.engine.run(JOB, never);
    expect(await opened.over()).toMatchObject({ status: "completed" });
    expect(lying).toBe(true);
    expect(done).toEqual(["first undefined", "middle undefined", "last me"]);
  });
});

describe.each(["memory", "file", "redis"] as const)("two hundred runs at once on a %s store", (kind) => {
  it("finish, each step done once", { timeout: 60_000 }, async () => {
    const place = await PLACES[kind]();
    const done = new Map<string, number>();
    const opened = await openWorkflows({
      store: place.stores[0],
      queue: place.queue(place.stores[0]),
      files: [
        "id: w\ntitle: W\ninputSchema: { type: object, properties: { n: { type: string } } }\nsteps:\n" +
          ["a", "b", "c"]
            .map(
              (id, at) =>
                `  - { id: ${id}, ${at > 0 ? `after: [${"abc"[at - 1]}], ` : ""}operation: write-deed, with: { name: "\${input.n}.${id}" } }\n`,
            )
            .join(""),
      ],
      deed: ({ name }) => {
        done.set(name, (done.get(name) ?? 0) + 1);
        return {};
      },
    });
    await opened.begin();
    await Promise.all(Array.from({ length: 200 }, (_, n) => opened.start("w", { n: String(n) })));
    const finished = () => opened.services.workflows.page(MINE, { limit: 100, status: "completed" });
    await until(
      "all are completed",
      async () => {
        const page = await finished();
        return page.data.length === 100 && done.size === 600 && (await opened.view("run_200")).status === "completed";
      },
      50_000,
    );
    for (const state of ["queued", "running", "paused", "failed"] as const) {
      await expect
        .poll(async () => (await opened.services.workflows.page(MINE, { limit: 5, status: state })).data, {
          timeout: 20_000,
        })
        .toEqual([]);
    }
    expect([...done.values()].filter((times) => times !== 1)).toEqual([]);
  });
});
