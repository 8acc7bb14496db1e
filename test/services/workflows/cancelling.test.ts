import { describe, expect, it } from "vitest";
import { MINE, refusal } from "../../support/services.js";
import { PLACES } from "./places.js";
import { gate, openWorkflows, startWorkflows } from "./workflow-bench.js";

const file =
  "id: w\ntitle: W\nsteps:\n  - { id: a, operation: write-deed, with: { name: a } }\n" +
  "  - { id: b, after: [a], operation: write-deed, with: { name: b } }\n";
const viewer = { workspace: MINE, scopes: new Set(["*"]) };

describe.each(["memory", "file", "redis"] as const)("P49: cancelling a run on a %s store", (kind) => {
  it("stops the step that runs, in whichever process, and has no effect afterwards", async () => {
    const { stores, queue } = await PLACES[kind]();
    const inside = gate();
    const stopped = gate();
    const effects: string[] = [];
    const working = await startWorkflows({
      store: stores[0],
      queue: queue(stores[0]),
      files: [file],
      deed: async ({ name }, signal) => {
        inside.open();
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, 20_000);
          signal.addEventListener("abort", () => {
            clearTimeout(timer);
            stopped.open();
          });
        });
        effects.push(name);
        return {};
      },
    });
    const other = await openWorkflows({ store: stores[1], queue: queue(stores[1]) });
    await working.start("w");
    await inside.promise;
    const cancelled = await other.services.workflows.cancel(viewer, "run_1");
    expect(cancelled).toMatchObject({ status: "cancelled", steps: [{ status: "cancelled" }, { status: "cancelled" }] });
    await stopped.promise;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(effects).toEqual([]);
    expect(await working.view()).toEqual(cancelled);
  });
});

describe("cancelling a run", () => {
  it("that is queued, or that waits for somebody, ends it", async () => {
    const asks = "id: asks\ntitle: Asks\nsteps:\n  - { id: a, suspend: { message: Wait., by: agent } }";
    const opened = await openWorkflows({ files: [file, asks] });
    await opened.start("w");
    expect(await opened.call("cancel-workflow-run", { id: 1 })).toMatchObject({ status: "cancelled" });
    await opened.start("asks");
    await opened.begin();
    await opened.reached(["paused"], "run_2");
    expect(await opened.call("cancel-workflow-run", { id: "run_2" })).toMatchObject({
      steps: [{ status: "cancelled" }],
    });
    await expect(opened.call("resume-workflow-run", { id: 2, step: "a" })).rejects.toEqual(
      refusal("EXECUTION_FINISHED"),
    );
    expect(await opened.over()).toMatchObject({ status: "cancelled", steps: [{ status: "cancelled" }, {}] });
  });

  it("that is over is refused with a sentence, and changes nothing", async () => {
    const { start, over, call } = await startWorkflows({ files: [file] });
    await start("w");
    const done = await over();
    expect(done.status).toBe("completed");
    await expect(call("cancel-workflow-run", { id: 1 })).rejects.toEqual(
      refusal("EXECUTION_FINISHED", /run_1 is completed already/),
    );
    expect(await over()).toEqual(done);
  });

  it("is told as one end, whatever the step makes of it", async () => {
    const inside = gate();
    const go = gate();
    const { start, over, call } = await startWorkflows({
      files: [file],
      deed: async () => {
        inside.open();
        await go.promise;
        return { late: true };
      },
    });
    await start("w");
    await inside.promise;
    await call("cancel-workflow-run", { id: 1 });
    go.open();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const run = await over();
    expect(run.status).toBe("cancelled");
    expect(run.steps[0]).not.toHaveProperty("output");
  });
});
