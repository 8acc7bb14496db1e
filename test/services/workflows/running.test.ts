import { describe, expect, it } from "vitest";
import { AppError } from "../../../src/core/errors.js";
import { MINE, refusal, until } from "../../support/services.js";
import { type Deed, gate, startWorkflows } from "./workflow-bench.js";

const head = (id: string, fields = "") =>
  `id: ${id}\ntitle: ${id}\ninputSchema:\n  type: object\n  properties:\n    x: { type: string }\n    list: { type: array, items: { type: string } }\n${fields}steps:\n`;

/** Steps one after the other: each line is `id operation name`. */
const chain = (id: string, ...names: string[]) =>
  head(id) +
  names
    .map((name, at) => {
      const after = at === 0 ? "" : `, after: [${names[at - 1]}]`;
      return `  - { id: ${name}, operation: read-deed, with: { name: ${name} }${after} }`;
    })
    .join("\n");

/** Notes the names of what is done, in order. */
function noting(more: Deed = () => ({})) {
  const names: string[] = [];
  const deed: Deed = (input, signal) => {
    names.push(input.name);
    return more(input, signal);
  };
  return { names, deed };
}

describe("a run", () => {
  it("does its steps one after the other where they say so, each once, and keeps what they gave", async () => {
    const { names, deed } = noting(({ name }) => ({ said: name }));
    const { start, over } = await startWorkflows({ files: [chain("chain", "a", "b", "c")], deed });
    await start("chain");
    const run = await over();
    expect(run).toMatchObject({ id: "run_1", workflow_id: "chain", status: "completed" });
    expect(run.steps.map(({ id, status, output }) => [id, status, output])).toEqual([
      ["a", "completed", { said: "a" }],
      ["b", "completed", { said: "b" }],
      ["c", "completed", { said: "c" }],
    ]);
    expect(names).toEqual(["a", "b", "c"]);
    expect(run.finished_at).toBeDefined();
  });

  it("does steps at once that wait for nothing", async () => {
    const both = gate();
    let inside = 0;
    const { start, over } = await startWorkflows({
      files: [
        `${head("wide")}  - { id: a, operation: read-deed, with: { name: a } }\n  - { id: b, operation: read-deed, with: { name: b } }`,
      ],
      deed: async () => {
        inside += 1;
        if (inside === 2) both.open();
        await both.promise;
        return {};
      },
    });
    await start("wide");
    expect(await over()).toMatchObject({ status: "completed" });
  });

  it("has steps wait for those whose values they use, and hands the values over", async () => {
    const given: unknown[] = [];
    const { start, over } = await startWorkflows({
      files: [
        `${head("values")}  - id: last\n    operation: read-deed\n    with:\n      name: last\n      value: { n: "\${steps.first.output.n + 1}", text: "<\${input.x}> \${steps.first.output.list}", all: "\${steps.first.output}" }\n` +
          `  - { id: first, operation: read-deed, with: { name: first } }\noutput: { n: "\${steps.last.output.n}", x: "\${input.x}" }\n`,
      ],
      deed: ({ name, value }) => {
        if (name === "first") return { n: 41, list: ["a", "b"] };
        given.push(value);
        return value;
      },
    });
    await start("values", { x: "in" });
    const run = await over();
    expect(given).toEqual([{ n: 42, text: '<in> ["a","b"]', all: { n: 41, list: ["a", "b"] } }]);
    expect(run).toMatchObject({ status: "completed", output: { n: 42, x: "in" } });
  });

  it("skips a step whose condition is false, and goes on behind it", async () => {
    const { names, deed } = noting();
    const { start, over } = await startWorkflows({
      files: [
        `${head("skips")}  - { id: a, when: "input.x == 'yes'", operation: read-deed, with: { name: a } }\n` +
          `  - { id: b, after: [a], operation: read-deed, with: { name: "\${steps.a.status}" } }\n` +
          `  - { id: c, when: "has(steps.a.output)", operation: read-deed, with: { name: c } }`,
      ],
      deed,
    });
    await start("skips", { x: "no" });
    const run = await over();
    expect(run.status).toBe("completed");
    expect(run.steps.map(({ status }) => status)).toEqual(["skipped", "completed", "skipped"]);
    expect(names).toEqual(["skipped"]);
  });

  it("fails at a condition that is neither true nor false, and does nothing behind it", async () => {
    const { names, deed } = noting();
    const { start, over } = await startWorkflows({
      files: [`${head("bad")}  - { id: a, when: input.x, operation: read-deed, with: { name: a } }`],
      deed,
    });
    await start("bad", { x: "no" });
    expect(await over()).toMatchObject({ status: "failed", error: { code: "INVALID_INPUT", step: "a" } });
    expect(names).toEqual([]);
  });

  it("runs a step once for each item of a list, as many at once as it says, and gives the list of what came", async () => {
    let inside = 0;
    let most = 0;
    const { start, over } = await startWorkflows({
      files: [
        `${head("each")}  - { id: a, each: input.list, atOnce: 2, operation: read-deed, with: { name: "\${item}", value: "\${index}" } }\noutput: "\${steps.a.output}"`,
      ],
      deed: async ({ name, value }) => {
        inside += 1;
        most = Math.max(most, inside);
        await until("two are inside", () => most >= 2);
        await new Promise((resolve) => setTimeout(resolve, name === "p" ? 40 : 10));
        inside -= 1;
        return { name, value };
      },
    });
    await start("each", { list: ["p", "q", "r", "s"] });
    const run = await over();
    expect(run.output).toEqual(["p", "q", "r", "s"].map((name, value) => ({ name, value })));
    expect(run.steps[0]).toMatchObject({ items: ["completed", "completed", "completed", "completed"] });
    expect(most).toBe(2);
    await start("each", { list: [] });
    expect(await over("run_2")).toMatchObject({ status: "completed", output: [] });
  });

  it("tries a step again that says so, where the failure may pass, and no more often than it says", async () => {
    const { names, deed } = noting(({ name }) => {
      const code = name === "passes" ? "UPSTREAM_FAILED" : "NOT_FOUND";
      if (name === "heals" && names.length > 1) return {};
      throw new AppError(name === "heals" ? "UPSTREAM_FAILED" : code, "It fails.");
    });
    const step = (name: string) =>
      `${head(name)}  - { id: a, retry: { times: 2, waitSeconds: 0 }, operation: read-deed, with: { name: ${name} } }`;
    const { start, over } = await startWorkflows({ files: ["passes", "stays", "heals"].map(step), deed });
    await start("passes");
    expect(await over()).toMatchObject({ status: "failed", error: { code: "UPSTREAM_FAILED", message: "It fails." } });
    expect(names.splice(0)).toHaveLength(3);
    await start("stays");
    expect(await over("run_2")).toMatchObject({ error: { code: "NOT_FOUND" } });
    expect(names.splice(0)).toHaveLength(1);
    await start("heals");
    expect(await over("run_3")).toMatchObject({ status: "completed" });
    expect(names).toHaveLength(2);
  });

  it("ends where a step fails: what is under way is stopped, what waits is never begun", async () => {
    const stopped = gate();
    const { names, deed } = noting(({ name }, signal) => {
      if (name === "fails") throw new AppError("NOT_FOUND", "There is none.");
      signal.addEventListener("abort", () => stopped.open());
      return new Promise(() => undefined);
    });
    const { start, over } = await startWorkflows({
      files: [
        `${head("fails")}  - { id: a, operation: read-deed, with: { name: slow } }\n  - { id: b, operation: read-deed, with: { name: fails } }\n` +
          `  - { id: c, after: [a], operation: read-deed, with: { name: never } }\n  - { id: d, suspend: { message: Wait. } }`,
      ],
      deed,
    });
    await start("fails");
    const run = await over();
    expect(run).toMatchObject({ status: "failed", error: { code: "NOT_FOUND", message: "There is none.", step: "b" } });
    expect(run.steps.map(({ status }) => status)).toEqual(["cancelled", "failed", "cancelled", "cancelled"]);
    await stopped.promise;
    expect(names.sort()).toEqual(["fails", "slow"]);
  });

  it("goes on behind a step that may fail", async () => {
    const { start, over } = await startWorkflows({
      files: [
        `${head("optional")}  - { id: a, optional: true, operation: read-deed, with: { name: a } }\n` +
          `  - { id: b, operation: read-deed, with: { name: "\${steps.a.error.code}" } }\noutput: "\${steps.b.output.name}"`,
      ],
      deed: ({ name }) => {
        if (name === "a") throw new AppError("NOT_FOUND", "There is none.");
        return { name };
      },
    });
    await start("optional");
    expect(await over()).toMatchObject({ status: "completed", output: "NOT_FOUND" });
  });

  it("stops a step that takes too long", async () => {
    const { start, over } = await startWorkflows({
      files: [chain("long", "a")],
      deed: () => new Promise(() => undefined),
      limitMs: 50,
    });
    await start("long");
    expect(await over()).toMatchObject({ status: "failed", error: { code: "TIMEOUT" } });
  });

  it("tries no write again of which nobody knows whether it took effect, unless doing it twice does no harm", async () => {
    const { names, deed } = noting(({ name }) => {
      if (name === "hangs") return new Promise(() => undefined);
      if (name === "breaks") throw new Error("a wire fell off");
      throw new AppError(name === "away" ? "STORE_UNAVAILABLE" : "RATE_LIMITED", "Not now.");
    });
    const step = (id: string, name: string, operation = "write-deed", more = "") =>
      `${head(id)}  - { id: a, retry: { times: 2, waitSeconds: 0 }, operation: ${operation}, with: { name: ${name} }${more} }`;
    const { start, over } = await startWorkflows({
      files: [
        ...["hangs", "breaks", "away", "early"].map((name) => step(name, name)),
        step("reads", "hangs", "read-deed"),
        step("harmless", "breaks", "write-deed", ", repeatable: true"),
      ],
      deed,
      limitMs: 50,
    });
    const done: Record<string, number> = {};
    for (const [at, id] of ["hangs", "breaks", "away", "early", "reads", "harmless"].entries()) {
      await start(id);
      expect(await over(`run_${at + 1}`)).toMatchObject({ status: "failed" });
      done[id] = names.splice(0).length;
    }
    expect(done).toEqual({ hangs: 1, breaks: 1, away: 1, early: 3, reads: 3, harmless: 3 });
  });

  it("does not keep an answer that is too large", async () => {
    const { start, over } = await startWorkflows({
      files: [chain("large", "a")],
      deed: () => ({ text: "x".repeat(1_100_000) }),
    });
    await start("large");
    expect(await over()).toMatchObject({ status: "failed", error: { code: "PAYLOAD_TOO_LARGE" } });
  });

  it("goes on with the definition that it began with", async () => {
    const { start, over, store, queue } = await startWorkflows({
      files: [
        `${head("asks")}  - { id: a, suspend: { message: Wait., by: agent } }\n  - { id: b, after: [a], operation: read-deed, with: { name: old } }`,
      ],
    });
    await start("asks");
    const { names, deed } = noting();
    const later = await startWorkflows({
      store,
      files: [`${head("asks")}  - { id: other, operation: read-deed, with: { name: new } }`],
      deed,
    });
    await queue.close();
    await later.reached(["paused"]);
    await later.services.workflows.resume(
      { workspace: MINE, scopes: new Set(["*"]), kind: "key", person: 1, asked: false },
      "run_1",
      "a",
      {},
    );
    expect(await over()).toMatchObject({ status: "completed", steps: [{ id: "a" }, { id: "b" }] });
    expect(names).toEqual(["old"]);
  });

  it("tells the workspace's listeners each time that it moves, its last state last", async () => {
    const { start, over, services } = await startWorkflows({ files: [chain("told", "a", "b")] });
    const told: object[] = [];
    await services.events.subscribe(MINE, ({ type, data, source }) => {
      if (type === "workflow-state") told.push({ ...data, source });
    });
    await start("told");
    await over();
    await expect.poll(() => told.at(-1)).toMatchObject({ runId: "run_1", status: "completed", source: "mcp" });
    expect(told[0]).toMatchObject({ status: "queued", steps: [{ id: "a", status: "pending" }, { id: "b" }] });
  });
});

describe("starting", () => {
  it("refuses what does not exist and what does not fit, and makes no run of it", async () => {
    const { start, services } = await startWorkflows({ files: [chain("one", "a")] });
    await expect(start("none")).rejects.toEqual(refusal("NOT_FOUND", /"none".*list-workflows/));
    await expect(start("one", { x: 5 })).rejects.toEqual(refusal("INVALID_INPUT", /inputData\.x/));
    await expect(start("one", { y: "5" })).rejects.toEqual(refusal("INVALID_INPUT", /inputData/));
    await expect(start("one", { x: "x".repeat(300_000) })).rejects.toEqual(refusal("INVALID_INPUT", /262144/));
    expect(await services.workflows.page(MINE, { limit: 5 })).toMatchObject({ data: [] });
  });
});
