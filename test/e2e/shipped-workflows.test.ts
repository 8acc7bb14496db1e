import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { type ElicitRequest, ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startEmulator } from "../support/emulate.js";
import { ask, connectHttp, connectRest, connectStdio, type Face, type Json } from "../support/faces.js";
import type { Listening } from "../support/listening.js";
import { endPrograms, type Server, startServer, temporaryFolder, until } from "../support/program.js";
import { type ScriptedModel, scriptedModel } from "../support/scripted-model.js";

let model: ScriptedModel;
let clerk: Listening;
beforeAll(async () => {
  model = await scriptedModel();
  clerk = await startEmulator("clerk", {
    users: ["Ada", "Bob", "Cyd"].map((name) => ({
      clerk_id: `user_${name.toLowerCase()}`,
      first_name: name,
      email_addresses: [`${name.toLowerCase()}@example.test`],
    })),
  });
});
afterAll(async () => {
  await model.stop();
  await clerk.stop();
});
afterEach(async () => {
  await endPrograms();
  model.mock.reset();
});

async function serverWith(...skills: string[]): Promise<{ server: Server; rest: Face }> {
  const server = await startServer({ env: model.env });
  const rest = connectRest(server.url, server.key);
  for (const slug of skills) await ask(rest, "install-skill", { slug });
  return { server, rest };
}

const over = (face: Face, id = "run_1"): Promise<Json> =>
  until(async () => {
    const run = await ask(face, "get-workflow-run", { id });
    return ["completed", "failed", "cancelled"].includes(run.status) && run;
  });

/** An SDK client whose user answers as the test says; it notes what the user was asked. */
async function askableClient({ url, key }: Server, ...answers: { action: string; content?: object }[]) {
  const client = new Client({ name: "tests", version: "1.0.0" }, { capabilities: { elicitation: { form: {} } } });
  const asked: ElicitRequest["params"][] = [];
  client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
    asked.push(params);
    return answers.shift() ?? { action: "cancel" };
  });
  const options = { requestInit: { headers: { "x-api-key": key } } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp/`), options));
  const call = async (name: string, args: Record<string, unknown>) => {
    const { structuredContent, isError, content } = await client.callTool({ name, arguments: args });
    if (isError) throw new Error(JSON.stringify(content));
    return structuredContent as Json;
  };
  return { call, asked, close: () => client.close() };
}

describe("meeting-to-memory", () => {
  const notes = "Ada and Bob met about the launch. It is on Friday.";

  it("makes minutes with the server's model, and keeps them", async () => {
    const { rest } = await serverWith("meeting-notes", "summarize");
    model.mock.on({ userMessage: /It is on Friday/ }, { content: "# Minutes\n\nThe launch is on Friday." });
    model.mock.on({ userMessage: /The launch is on Friday/ }, { content: "Decided: launch on Friday." });
    await ask(rest, "start-workflow", { id: "meeting-to-memory", inputData: { notes, about: "Launch" } });
    const run = await over(rest);
    expect(run).toMatchObject({
      status: "completed",
      output: { minutes: "# Minutes\n\nThe launch is on Friday.", remembered: "Decided: launch on Friday." },
    });
    expect((await ask(rest, "read-memory")).content).toBe("Launch (minutes: exec_1)\n\nDecided: launch on Friday.\n");
  });

  it("has the agent of a desktop client run the skills where there is no model", async () => {
    const agent = await connectStdio(await temporaryFolder());
    for (const slug of ["meeting-notes", "summarize"]) await ask(agent, "install-skill", { slug });
    await ask(agent, "start-workflow", { id: "meeting-to-memory", inputData: { notes } });
    const handedOut = (step: number) =>
      until(async () => {
        const run = await ask(agent, "get-workflow-run", { id: 1 });
        return run.steps[step].handed_out?.[0];
      });
    const first = await handedOut(0);
    expect(first.input).toContain(notes);
    expect(first.instructions).toContain("# Skill: Meeting Notes");
    await ask(agent, "complete-execution", { id: first.execution_id, output: "The minutes." });
    const second = await handedOut(1);
    expect(second.input).toContain("The minutes.");
    await ask(agent, "complete-execution", { id: second.execution_id, output: "In short." });
    expect(await over(agent)).toMatchObject({ status: "completed", output: { minutes: "The minutes." } });
    expect((await ask(agent, "read-memory")).content).toContain("In short.");
    await agent.close();
  });
});

describe("release-announcement", () => {
  const inputData = { product: "Rocket", changes: "fix: doors\nfeat: windows" };
  const start = { id: "release-announcement", inputData };

  it("keeps the notes that a person approved in their client", async () => {
    const { server, rest } = await serverWith("release-notes");
    model.mock.on({ userMessage: /feat: windows/ }, { content: "Rocket has windows now." });
    const client = await askableClient(server, { action: "accept", content: { approved: true } });
    expect(await client.call("start-workflow", start)).toMatchObject({ runId: "run_1" });
    expect(client.asked).toMatchObject([
      {
        message: expect.stringContaining("Rocket has windows now."),
        requestedSchema: {
          properties: { approved: { type: "boolean" }, comment: { type: "string" } },
          required: ["approved"],
        },
      },
    ]);
    expect(await over(rest)).toMatchObject({
      status: "completed",
      output: { approved: true, notes: "Rocket has windows now." },
    });
    expect((await ask(rest, "read-memory")).content).toContain("Approved release notes of Rocket");
    await client.close();
  });

  it("writes them anew after a person's comment, and keeps none", async () => {
    const { server, rest } = await serverWith("release-notes");
    model.mock.on({ userMessage: /anew. What to change: shorter/ }, { content: "Windows!" });
    model.mock.on({ userMessage: /feat: windows/ }, { content: "Rocket has windows now." });
    const client = await askableClient(server, { action: "accept", content: { approved: false, comment: "shorter" } });
    await client.call("start-workflow", start);
    expect(await over(rest)).toMatchObject({ status: "completed", output: { approved: false, notes: "Windows!" } });
    expect(await ask(rest, "read-memory")).toMatchObject({ content: "" });
    await client.close();
  });

  it("waits where the client cannot ask, through a restart, until one asks that can", async () => {
    const { server, rest } = await serverWith("release-notes");
    model.mock.on({ userMessage: /feat: windows/ }, { content: "Rocket has windows now." });
    const agent = await connectHttp("streamable", server.url, server.key);
    expect(await ask(agent, "start-workflow", start)).toMatchObject({ runId: "run_1", status: "paused" });
    const resume = { id: "run_1", step: "approval", resumeData: { approved: true } };
    for (const face of [agent, rest]) {
      expect(await face.call("resume-workflow-run", resume)).toMatchObject({ code: "PERSON_REQUIRED" });
    }
    await agent.close();
    await server.kill("SIGKILL");

    const again = await startServer({ home: server.home, env: model.env });
    const client = await askableClient(again, { action: "decline" }, { action: "accept", content: { approved: true } });
    await expect(client.call("resume-workflow-run", resume)).rejects.toThrow(/DECLINED/);
    await client.call("resume-workflow-run", { ...resume, resumeData: { approved: false } });
    const late = connectRest(again.url, again.key);
    expect(await over(late)).toMatchObject({ status: "completed", output: { approved: true } });
    await client.close();
  });
});

describe("sign-up-report", () => {
  it("counts Clerk's users and notes the newest", async () => {
    const env = { CLERK_SECRET_KEY: "sk_test_of_the_workflow_tests", CLERK_API_URL: clerk.url };
    const server = await startServer({ env });
    const rest = connectRest(server.url, server.key);
    await ask(rest, "start-workflow", { id: "sign-up-report", inputData: { newest: 2 } });
    const run = await over(rest);
    expect(run).toMatchObject({ status: "completed", output: { total: expect.any(Number) } });
    expect(run.output.newest).toHaveLength(2);
    expect(run.output.newest[0]).toEqual({
      id: expect.stringMatching(/^user_/),
      first_name: expect.any(String),
      created_at: expect.any(Number),
    });
    const ids = run.output.newest.map(({ id }: Json) => id).join(", ");
    expect(await ask(rest, "read-memory")).toMatchObject({
      content: `Clerk has ${run.output.total} users. The newest 2: ${ids}\n`,
    });
    const again = await ask(rest, "start-workflow", { id: "sign-up-report", inputData: { remember: false } });
    expect(await over(rest, again.runId)).toMatchObject({ steps: [{}, {}, { status: "skipped" }] });
  });

  it("says what is missing where there is no Clerk", async () => {
    const { rest } = await serverWith();
    await ask(rest, "start-workflow", { id: "sign-up-report" });
    expect(await over(rest)).toMatchObject({ status: "failed", error: { code: "CLERK_NOT_CONFIGURED" } });
  });
});

describe("review-files", () => {
  it("reviews each file, and sums up where there is more than one", async () => {
    const { rest } = await serverWith("code-review", "summarize");
    model.mock.on({ userMessage: /over all of these reviews/ }, { content: "Mend b first." });
    for (const name of ["a.ts", "b.ts", "c.ts"]) {
      model.mock.on({ userMessage: new RegExp(`Review ${name}`) }, { content: `${name} is fine.` });
    }
    const files = ["a.ts", "b.ts", "c.ts"].map((name) => ({ name, content: `// ${name}` }));
    await ask(rest, "start-workflow", { id: "review-files", inputData: { files } });
    expect(await over(rest)).toMatchObject({
      status: "completed",
      output: { reviews: ["a.ts is fine.", "b.ts is fine.", "c.ts is fine."], summary: "Mend b first." },
    });
    await ask(rest, "start-workflow", {
      id: "review-files",
      inputData: { files: files.slice(0, 1), focus: "security" },
    });
    expect(await over(rest, "run_2")).toMatchObject({
      status: "completed",
      output: { reviews: ["a.ts is fine."], summary: "" },
    });
    expect(await rest.call("start-workflow", { id: "review-files", inputData: { files: [] } })).toMatchObject({
      code: "INVALID_INPUT",
    });
  });
});
