import { describe, expect, it } from "vitest";
import { MINE, OWNER_KEY, refusal, THEIRS } from "../../support/services.js";
import { gate, startWorkflows } from "./workflow-bench.js";

const file = (...lines: string[]) => `id: w\ntitle: W\nsteps:\n${lines.map((line) => `  - ${line}`).join("\n")}\n`;
const reads = file("{ id: a, operation: read-deed, with: { name: a } }");
const readsThenWrites = file(
  "{ id: a, operation: read-deed, with: { name: a } }",
  "{ id: b, after: [a], operation: write-deed, with: { name: b } }",
);

/** A key of the store, and the caller that it makes. */
async function callerWith(opened: Awaited<ReturnType<typeof startWorkflows>>, scopes: string[]) {
  const { keys } = opened.services;
  const key = await keys.create(MINE, 1, { name: "agent", scopes });
  const caller = await keys.authenticate(key.key, { face: "mcp", requestId: "r" });
  return { caller, revoke: () => keys.revoke(MINE, key.id) };
}

describe("a run", () => {
  it("does no more than the key that started it may", async () => {
    const done: string[] = [];
    const opened = await startWorkflows({ files: [readsThenWrites], deed: ({ name }) => ({ count: done.push(name) }) });
    const { caller } = await callerWith(opened, ["tool:execute", "memory:read"]);
    await opened.start("w", {}, caller);
    expect(await opened.over()).toMatchObject({
      status: "failed",
      error: { code: "PERMISSION_REQUIRED", step: "b", message: expect.stringContaining("memory:write") },
    });
    expect(done).toEqual(["a"]);
  });

  it("does no more than that when somebody with more rights goes on with it", async () => {
    const done: string[] = [];
    const opened = await startWorkflows({
      files: [
        file(
          "{ id: a, suspend: { message: Wait., by: agent } }",
          "{ id: b, after: [a], operation: write-deed, with: { name: b } }",
        ),
      ],
      deed: ({ name }) => ({ count: done.push(name) }),
    });
    const { caller } = await callerWith(opened, ["tool:execute"]);
    await opened.start("w", {}, caller);
    await opened.reached(["paused"]);
    await opened.call("resume-workflow-run", { id: 1, step: "a" });
    expect(await opened.over()).toMatchObject({ error: { code: "PERMISSION_REQUIRED", step: "b" } });
    expect(done).toEqual([]);
  });

  it("stops at the next step when its key is revoked, also where the step may fail", async () => {
    const inside = gate();
    const go = gate();
    const done: string[] = [];
    const opened = await startWorkflows({
      files: [
        file(
          "{ id: a, operation: read-deed, with: { name: a } }",
          "{ id: b, after: [a], optional: true, operation: read-deed, with: { name: b } }",
          "{ id: c, after: [b], operation: read-deed, with: { name: c } }",
        ),
      ],
      deed: async ({ name }) => {
        done.push(name);
        inside.open();
        await go.promise;
        return {};
      },
    });
    const { caller, revoke } = await callerWith(opened, ["tool:execute", "memory:read"]);
    await opened.start("w", {}, caller);
    await inside.promise;
    await revoke();
    go.open();
    const run = await opened.over();
    expect(run).toMatchObject({ status: "failed", error: { code: "KEY_REVOKED", step: "b" } });
    expect(run.steps.map(({ status }) => status)).toEqual(["completed", "failed", "cancelled"]);
    expect(done).toEqual(["a"]);
  });

  it("of the owner goes on, for the owner's key is in no store", async () => {
    const opened = await startWorkflows({ files: [readsThenWrites] });
    const owner = await opened.services.keys.authenticate(OWNER_KEY, { face: "rest", requestId: "r" });
    await opened.start("w", {}, owner);
    expect(await opened.over()).toMatchObject({ status: "completed" });
  });

  it("keeps to what its starter's connection was narrowed to", async () => {
    const opened = await startWorkflows({ files: [readsThenWrites] });
    const surface = { toolsets: new Set(["workflows", "deeds"]), readOnly: true, search: false };
    await opened.start("w", {}, { surface });
    expect(await opened.over()).toMatchObject({ error: { code: "ACCESS_DENIED", step: "b" } });
    await opened.start("w", {}, { surface: { ...surface, toolsets: new Set(["workflows"]), readOnly: false } });
    expect(await opened.over("run_2")).toMatchObject({ error: { code: "ACCESS_DENIED", step: "a" } });
  });

  it("cannot be seen, cancelled or listed by another workspace", async () => {
    const opened = await startWorkflows({ files: [reads] });
    await opened.start("w");
    await opened.over();
    for (const operation of ["get-workflow-run", "cancel-workflow-run"]) {
      await expect(opened.call(operation, { id: "run_1" }, { workspace: THEIRS })).rejects.toEqual(
        refusal("NOT_FOUND"),
      );
    }
    expect(await opened.call("list-workflow-runs", {}, { workspace: THEIRS })).toMatchObject({ data: [] });
  });
});

describe("what a step gave", () => {
  it("is shown to those alone who may call its operation, and what comes of it too", async () => {
    const opened = await startWorkflows({
      files: [
        file(
          "{ id: a, operation: read-deed, with: { name: a } }",
          '{ id: b, suspend: { message: "Found ${steps.a.output.found}.", by: agent } }',
          "{ id: c, operation: read-workspace, after: [b] }".replace("read-workspace", "get-current-workspace"),
        ) + 'output: "${steps.a.output.found}"\n',
      ],
      deed: () => ({ found: "a secret" }),
    });
    await opened.start("w");
    await opened.reached(["paused"]);
    const reader = { scopes: new Set(["memory:read", "tool:execute"]) };
    const other = { scopes: new Set(["tool:execute"]) };
    const seen = await opened.call("get-workflow-run", { id: 1 }, reader);
    expect(seen.steps).toMatchObject([{ output: { found: "a secret" } }, { message: "Found a secret." }, {}]);
    const hidden = await opened.call("get-workflow-run", { id: 1 }, other);
    expect(hidden.steps).toMatchObject([
      { status: "completed", withheld: "memory:read" },
      { status: "suspended", withheld: "memory:read" },
      {},
    ]);
    await expect(opened.call("resume-workflow-run", { id: 1, step: "b" }, other)).rejects.toEqual(
      refusal("PERMISSION_REQUIRED", /memory:read/),
    );
    await opened.call("resume-workflow-run", { id: 1, step: "b" }, reader);
    await opened.over();
    expect(await opened.call("get-workflow-run", { id: 1 }, reader)).toMatchObject({ output: "a secret" });
    for (const [operation, args] of [
      ["get-workflow-run", { id: 1 }],
      ["list-workflow-runs", {}],
    ] as const) {
      expect(JSON.stringify(await opened.call(operation, args, other))).not.toContain("a secret");
    }
  });
});

describe("P08: a step whose answer would hold a secret", () => {
  it("is not even begun where only its arguments tell, and the run says why", async () => {
    const opened = await startWorkflows({
      files: [
        `id: w\ntitle: W\ninputSchema:\n  type: object\n  properties:\n    path: { type: string }\nsteps:\n` +
          '  - { id: a, operation: clerk_api_get, with: { path: "${input.path}" } }\n',
      ],
    });
    const all = { scopes: new Set(["*", "clerk:secrets"]) };
    await opened.start("w", { path: "/machines/mch_1/secret_key" }, all);
    expect(await opened.over()).toMatchObject({
      status: "failed",
      error: { code: "ACCESS_DENIED", step: "a", message: expect.stringContaining("shown only once") },
    });
  });
});

describe("a step that destroys", () => {
  const deletes = file("{ id: a, operation: delete-deed, with: { name: a } }");

  it.each([
    ["auto", "completed"],
    ["never", "completed"],
    ["always", "failed"],
  ] as const)(
    "is a call of an agent where nobody can be asked: with CLANKER_CONFIRM=%s the run is %s",
    async (confirm, status) => {
      const done: string[] = [];
      for (const face of ["mcp", "rest"] as const) {
        const opened = await startWorkflows({
          files: [deletes],
          confirm,
          deed: ({ name }) => ({ count: done.push(name) }),
        });
        await opened.start("w", {}, { face });
        expect(await opened.over()).toMatchObject({
          status,
          ...(status === "failed" && { error: { code: "CONFIRMATION_REQUIRED" } }),
        });
      }
      expect(done).toEqual(status === "failed" ? [] : ["a", "a"]);
    },
  );
});
