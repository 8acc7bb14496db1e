import { DefaultChatTransport, readUIMessageStream, type UIMessage, type UIMessageChunk } from "ai";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ask, connectRest, type Json } from "../support/faces.js";
import { endPrograms, runProgram, type Server, startServer, until } from "../support/program.js";
import { type ScriptedModel, scriptedModel } from "../support/scripted-model.js";
import { noteStep, workflowFolder } from "./workflow-files.js";

let model: ScriptedModel;
beforeAll(async () => {
  model = await scriptedModel();
});
afterAll(() => model.stop());
afterEach(async () => {
  await endPrograms();
  model.mock.reset();
});

const asks =
  "id: asks\ntitle: Asks\ninputSchema: { type: object, properties: { topic: { type: string } }, required: [topic] }\nsteps:\n" +
  "  - { id: write, title: Write it, skill: summarize, input: '${input.topic}' }\n" +
  "  - id: check\n    suspend:\n      message: 'Keep this? ${steps.write.output.text}'\n      by: agent\n" +
  "      resumeSchema: { type: object, properties: { keep: { type: boolean } }, required: [keep] }\n" +
  "  - { id: keep, when: steps.check.output.keep, operation: write-memory, with: { content: '${steps.write.output.text}' } }\n" +
  "output: ${steps.check.output.keep}\n";
const fails = "id: fails\ntitle: Fails\nsteps:\n  - { id: a, operation: get-artifact, with: { id: art_99 } }\n";

/** A client made of the `ai` package's own transport: it sends what the test says and reads the answer's chunks. */
async function stream(server: Server, id: string, body: object, signal?: AbortSignal) {
  const seen: Response[] = [];
  const transport = new DefaultChatTransport<UIMessage>({
    api: `${server.url}/api/v1/workflows/${id}/stream`,
    headers: { "x-api-key": server.key },
    prepareSendMessagesRequest: () => ({ body }),
    async fetch(input, init) {
      const response = await fetch(input, init);
      seen.push(response);
      return response;
    },
  });
  const chunks = await transport.sendMessages({
    trigger: "submit-message",
    chatId: "chat",
    messageId: undefined,
    messages: [],
    abortSignal: signal,
  });
  return { chunks, headers: seen[0]?.headers };
}

/** The message that the `ai` package makes of the chunks, and the errors that it was told. */
async function messageOf(chunks: ReadableStream<UIMessageChunk>, message?: UIMessage) {
  const errors: string[] = [];
  let last: UIMessage | undefined;
  const onError = (error: unknown) => void errors.push(error instanceof Error ? error.message : String(error));
  for await (const now of readUIMessageStream({ stream: chunks, onError, ...(message && { message }) })) last = now;
  if (!last) throw new Error("no message came");
  return { message: last, errors };
}

const part = (message: UIMessage, type: string, id?: string): Json =>
  message.parts.find((found) => found.type === type && (id === undefined || (found as Json).id === id));

describe("POST /api/v1/workflows/:id/stream, read with the ai package", () => {
  it("tells of a start until it waits, and of a resume until its end, as one message", async () => {
    const env = { ...model.env, ...(await workflowFolder(asks)) };
    model.mock.onMessage("whales", { content: "Whales are large." }, { chunkSize: 4, latency: 30 });
    const server = await startServer({ env });
    await ask(connectRest(server.url, server.key), "install-skill", { slug: "summarize" });

    const first = await stream(server, "asks", { inputData: { topic: "whales" } });
    expect(first.headers?.get("x-vercel-ai-ui-message-stream")).toBe("v1");
    expect(first.headers?.get("content-type")).toMatch(/^text\/event-stream/);
    const { message, errors } = await messageOf(first.chunks);
    expect(errors).toEqual([]);
    expect(message).toMatchObject({
      id: "run_1",
      role: "assistant",
      metadata: { runId: "run_1", workflowId: "asks", status: "paused" },
    });
    expect(part(message, "text")).toMatchObject({ text: "Whales are large.", state: "done" });
    expect(part(message, "data-step", "write").data).toMatchObject({ title: "Write it", status: "completed" });
    expect(part(message, "data-step", "check").data).toMatchObject({
      status: "suspended",
      message: "Keep this? Whales are large.",
      resumeSchema: { required: ["keep"] },
    });
    expect(part(message, "data-run").data).toMatchObject({ runId: "run_1", status: "paused" });

    const second = await stream(server, "asks", { runId: "run_1", step: "check", resumeData: { keep: true } });
    const whole = await messageOf(second.chunks, message);
    expect(whole.errors).toEqual([]);
    expect(whole.message).toMatchObject({ id: "run_1", metadata: { status: "completed" } });
    expect(part(whole.message, "data-step", "keep").data).toMatchObject({ status: "completed" });
    expect(part(whole.message, "data-run").data).toMatchObject({ status: "completed", output: true });
    expect(await ask(connectRest(server.url, server.key), "read-memory")).toMatchObject({
      content: "Whales are large.",
    });
  });

  it("ends with [DONE] and has no event names, as the protocol wants", async () => {
    const server = await startServer({ env: await workflowFolder(`id: one\ntitle: One\nsteps:\n${noteStep("a")}`) });
    const response = await fetch(`${server.url}/api/v1/workflows/one/stream`, {
      method: "POST",
      headers: { "x-api-key": server.key, "content-type": "application/json" },
      body: "{}",
    });
    const text = await response.text();
    expect(text).toMatch(/\ndata: \[DONE\]\n\n$/);
    expect(text).not.toMatch(/^event:/m);
    const kinds = [...text.matchAll(/^data: \{"type":"([a-z-]+)"/gm)].map(([, kind]) => kind);
    expect([kinds[0], kinds.at(-1)]).toEqual(["start", "finish"]);
  });

  it("tells why a run failed", async () => {
    const server = await startServer({ env: await workflowFolder(fails) });
    const { message, errors } = await messageOf((await stream(server, "fails", {})).chunks);
    expect(errors).toEqual([expect.stringMatching(/no artifact "art_99"/)]);
    expect(part(message, "data-step", "a").data).toMatchObject({ status: "failed", error: { code: "NOT_FOUND" } });
  });

  it("refuses before it streams, with a status and a code", async () => {
    const server = await startServer({
      env: await workflowFolder(
        asks
          .replace("skill: summarize, input: '${input.topic}'", "operation: write-memory, with: { content: x }")
          .replace("${steps.write.output.text}'\n      by: agent", "it'\n      by: person")
          .replace("content: '${steps.write.output.text}'", "content: y"),
      ),
    });
    const refused = async (id: string, body: object) => {
      const response = await fetch(`${server.url}/api/v1/workflows/${id}/stream`, {
        method: "POST",
        headers: { "x-api-key": server.key, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return [response.status, ((await response.json()) as Json).error.code];
    };
    expect(await refused("none", {})).toEqual([404, "NOT_FOUND"]);
    expect(await refused("asks", {})).toEqual([400, "INVALID_INPUT"]);
    expect(await refused("asks", { inputData: { topic: "x" }, runId: "run_1", step: "check" })).toEqual([
      400,
      "INVALID_INPUT",
    ]);
    expect(await refused("asks", { runId: "run_1" })).toEqual([400, "INVALID_INPUT"]);
    expect(await refused("asks", { step: "check" })).toEqual([400, "INVALID_INPUT"]);
    expect(await refused("asks", { runId: "run_1", step: "check" })).toEqual([404, "NOT_FOUND"]);
    await messageOf((await stream(server, "asks", { inputData: { topic: "x" } })).chunks);
    expect(await refused("asks", { runId: "run_1", step: "check", resumeData: { keep: true } })).toEqual([
      403,
      "PERSON_REQUIRED",
    ]);
    expect(await refused("asks", { runId: "run_1", step: "keep" })).toEqual([409, "STEP_NOT_SUSPENDED"]);
    expect(await refused("meeting-to-memory", { runId: "run_1", step: "check" })).toEqual([404, "NOT_FOUND"]);
  });

  it("P49: cancels the run of who hangs up while it goes on, and leaves one that waits", async () => {
    const env = { ...model.env, ...(await workflowFolder(asks)) };
    model.slowly("a long story");
    model.mock.onMessage("a short story", { content: "Short." });
    const server = await startServer({ env });
    const rest = connectRest(server.url, server.key);
    await ask(rest, "install-skill", { slug: "summarize" });
    const leave = new AbortController();
    const { chunks } = await stream(server, "asks", { inputData: { topic: "a long story" } }, leave.signal);
    const reader = chunks.getReader();
    for (let chunk = await reader.read(); chunk.value?.type !== "text-delta";) chunk = await reader.read();
    leave.abort();
    await model.hungUp();
    await until(async () => (await ask(rest, "get-workflow-run", { id: 1 })).status === "cancelled");
    expect(await ask(rest, "get-execution-status", { id: 1 })).toMatchObject({ status: "cancelled" });

    const waits = await stream(server, "asks", { inputData: { topic: "a short story" } });
    await messageOf(waits.chunks);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await ask(rest, "get-workflow-run", { id: 2 })).toMatchObject({ status: "paused" });
  });

  it("hands the run on, and does not cancel it, where it is the server that leaves", async () => {
    const env = { ...model.env, ...(await workflowFolder(asks)) };
    model.slowly("a long story");
    const first = await startServer({ env });
    await ask(connectRest(first.url, first.key), "install-skill", { slug: "summarize" });
    const { chunks } = await stream(first, "asks", { inputData: { topic: "a long story" } });
    const reader = chunks.getReader();
    for (let chunk = await reader.read(); chunk.value?.type !== "text-delta";) chunk = await reader.read();
    expect((await first.kill("SIGTERM")).code).toBe(0);
    model.mock.reset();
    model.mock.onMessage("a long story", { content: "The end." });
    const second = await startServer({ home: first.home, env });
    const rest = connectRest(second.url, second.key);
    const run = await until(async () => {
      const now = await ask(rest, "get-workflow-run", { id: 1 });
      return now.status === "paused" && now;
    });
    expect(run.steps[0]).toMatchObject({ status: "completed" });
  });

  it("P04: ends soon after the caller's key was revoked", async () => {
    const env = { ...model.env, ...(await workflowFolder(asks)) };
    model.slowly("a long story");
    const server = await startServer({ env });
    await ask(connectRest(server.url, server.key), "install-skill", { slug: "summarize" });
    const made = await runProgram(["keys", "create", "--name", "x", "--scopes", "tool:execute"], {
      home: server.home,
      env,
    });
    const key = made.stdout.split("\n")[0] ?? "";
    const { chunks } = await stream({ ...server, key }, "asks", { inputData: { topic: "a long story" } });
    const reading = messageOf(chunks);
    await until(async () => (await ask(connectRest(server.url, server.key), "list-workflow-runs")).data.length > 0);
    await runProgram(["keys", "revoke", "key_1"], { home: server.home, env });
    const revokedAt = performance.now();
    expect((await reading).errors).toEqual([expect.stringMatching(/revoked/)]);
    expect(performance.now() - revokedAt).toBeLessThan(3000);
  });
});
