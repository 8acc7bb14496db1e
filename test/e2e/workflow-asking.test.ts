import { afterEach, describe, expect, it } from "vitest";
import { ask, connectRest, type Json } from "../support/faces.js";
import { CLIENTS, connectClient, isOverStdio, type Person } from "../support/official-clients.js";
import { endPrograms, startServer, temporaryFolder, until } from "../support/program.js";
import { noteStep, workflowFolder } from "./workflow-files.js";

afterEach(endPrograms);

const approval =
  `id: approval\ntitle: Approval\nsteps:\n${noteStep("before")}` +
  `  - { id: approve, after: [before], suspend: { message: Note it? } }\n${noteStep("after", "approve")}`;

describe.each(CLIENTS)("the official client %s", (kind) => {
  /** A client, and a REST face of the same home to look from. */
  async function bench(person: Person) {
    const home = await temporaryFolder();
    const env = await workflowFolder(approval);
    const server = await startServer({ home, env });
    const client = await connectClient(kind, isOverStdio(kind) ? { home, env } : server, person);
    const rest = connectRest(server.url, server.key);
    const runs = async () => (await ask(rest, "list-workflow-runs")).data as Json[];
    return { client, rest, runs };
  }

  it("asks its user when a step suspends, and one run goes on with the answer", async () => {
    const { client, rest, runs } = await bench(() => "accept");
    const result = await client.call("start-workflow", { id: "approval" });
    expect(result.isError).toBeFalsy();
    expect(result.structuredContent).toMatchObject({ runId: "run_1" });
    expect(client.asked).toEqual(["Note it?"]);
    await until(async () => (await ask(rest, "get-workflow-run", { id: 1 })).status === "completed");
    expect((await ask(rest, "read-memory")).content).toBe("before\n\n---\n\nafter");
    expect((await runs()).map(({ id }) => id)).toEqual(["run_1"]);
    await client.close();
  });

  it("leaves the run waiting where its user declines, and asks again when it resumes", async () => {
    const answers: ("accept" | "decline")[] = ["decline", "decline", "accept"];
    const { client, rest, runs } = await bench(() => answers.shift() ?? "cancel");
    expect((await client.call("start-workflow", { id: "approval" })).structuredContent).toMatchObject({
      status: "paused",
    });
    const resume = { id: "run_1", step: "approve" };
    expect(JSON.stringify(await client.call("resume-workflow-run", resume))).toContain("DECLINED");
    expect((await ask(rest, "read-memory")).content).toBe("before");
    expect((await client.call("resume-workflow-run", resume)).isError).toBeFalsy();
    await until(async () => (await ask(rest, "get-workflow-run", { id: 1 })).status === "completed");
    expect(await runs()).toHaveLength(1);
    await client.close();
  });

  it("that cannot ask is told that a person is needed", async () => {
    const { client, rest } = await bench(undefined);
    expect((await client.call("start-workflow", { id: "approval" })).structuredContent).toMatchObject({
      status: "paused",
      message: "The step approve waits for a person: resume-workflow-run asks the user.",
    });
    const refused = await client.call("resume-workflow-run", { id: 1, step: "approve" });
    expect(JSON.stringify(refused)).toContain("PERSON_REQUIRED");
    expect((await ask(rest, "read-memory")).content).toBe("before");
    await client.close();
  });
});
