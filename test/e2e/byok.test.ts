import { LLMock } from "@copilotkit/aimock";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { startAnthropicStandIn } from "../support/anthropic-stand-in.js";
import { connectHttp, type Json } from "../support/faces.js";
import { listen, receive, type Received } from "../support/listening.js";
import { endPrograms, type Environment } from "../support/program.js";
import { serveHere } from "../support/serve-here.js";

afterEach(endPrograms);

const KEY = "sk-ant-canary-key-0123456789-last";

/** A server whose Anthropic is a stand-in that takes {@link KEY}, and its REST API. */
async function bench(env: Environment = {}) {
  const anthropic = await startAnthropicStandIn(KEY);
  onTestFinished(() => anthropic.stop());
  const server = await serveHere({ ANTHROPIC_BASE_URL: anthropic.url, ...env });
  onTestFinished(() => server.close());
  const rest = async (method: string, path: string, body?: object): Promise<{ status: number; body: Json }> => {
    const response = await fetch(`${server.url}/api/v1${path}`, {
      method,
      headers: { "x-api-key": server.key, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Json };
  };
  await rest("POST", "/skills/summarize/install");
  const setKey = (anthropicKey = KEY) => rest("PUT", "/byok", { anthropicKey });
  const run = (slug = "summarize", input = "greet") => rest("POST", `/skills/${slug}/run`, { input });
  const finished = async (id: string): Promise<Json> => {
    for (;;) {
      const { body } = await rest("GET", `/executions/${id}/status`);
      if (["completed", "failed", "cancelled"].includes(body.status as string)) return body;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { anthropic, server, rest, setKey, run, finished };
}

describe("a workspace's own Anthropic key", () => {
  it("runs its skills at no cost, without credits and without a model of the server", async () => {
    const { anthropic, rest, setKey, run, finished, server } = await bench({ CLANKER_CREDITS: "0" });
    anthropic.mock.onMessage("greet", { content: "Good morning." });
    expect((await run()).body.error.code).toBe("MODEL_NOT_CONFIGURED");
    expect(await rest("GET", "/byok")).toEqual({ status: 200, body: { configured: false } });

    expect(await setKey()).toEqual({ status: 200, body: { configured: true, last4: "last" } });
    expect(anthropic.asked).toEqual([{ method: "GET", path: "/v1/models", key: KEY }]);
    const { status, body } = await run();
    expect({ status, state: body.status as string }).toEqual({ status: 200, state: "started" });
    expect(await finished(body.executionId as string)).toMatchObject({
      status: "completed",
      cost: 0,
      outputBlocks: [{ type: "text", text: "Good morning." }],
    });
    expect(anthropic.asked.at(-1)).toEqual({ method: "POST", path: "/v1/messages", key: KEY });
    expect((await rest("GET", "/billing/transactions")).body.data).toEqual([]);
    expect(server.lines.join("\n")).not.toContain(KEY);

    expect(await rest("DELETE", "/byok")).toEqual({ status: 200, body: { configured: false } });
    expect((await run()).body.error.code).toBe("MODEL_NOT_CONFIGURED");
  });

  it("runs what an agent asks for, which would run it itself without one", async () => {
    const { anthropic, setKey, server } = await bench();
    anthropic.mock.onMessage("greet", { content: "Good morning." });
    const face = await connectHttp("streamable", server.url, server.key);
    onTestFinished(() => face.close());
    const call = { slug: "summarize", input: "greet", wait_seconds: 20 };
    expect(await face.call("execute-skill", call)).toMatchObject({ answer: { status: "awaiting_agent" } });
    await setKey();
    expect(await face.call("execute-skill", call)).toMatchObject({ answer: { status: "completed", cost: 0 } });
  });

  it.each([401, 403])("is not kept where Anthropic answers %i; the one before stays", async (status) => {
    const { anthropic, rest, setKey } = await bench();
    await setKey();
    anthropic.failing = status;
    const { status: answered, body } = await setKey("sk-ant-canary-other-key");
    expect({ answered, code: body.error.code as string }).toEqual({ answered: 400, code: "INVALID_INPUT" });
    expect(body.error.message).toMatch(/did not accept this key/);
    expect(JSON.stringify(body)).not.toContain("canary");
    expect((await rest("GET", "/byok")).body).toEqual({ configured: true, last4: "last" });
  });

  it("is not kept where Anthropic is down or away", async () => {
    const { anthropic, rest, setKey } = await bench();
    anthropic.failing = 500;
    expect((await setKey()).body.error.code).toBe("UPSTREAM_FAILED");
    await anthropic.stop();
    const { status, body } = await setKey();
    expect({ status, code: body.error.code as string }).toEqual({ status: 502, code: "UPSTREAM_FAILED" });
    expect((await rest("GET", "/byok")).body).toEqual({ configured: false });
  });

  it("that is no longer taken fails the run and says what to do; the server's model is not asked", async () => {
    const model = await LLMock.create({ port: 0 });
    onTestFinished(async () => void (await model.stop()));
    model.onMessage("greet", { content: "From the server." });
    const { anthropic, setKey, run, finished, rest } = await bench({
      CLANKER_MODEL: "openai-compatible/test",
      OPENAI_BASE_URL: model.url,
    });
    await setKey();
    anthropic.keys.clear();
    const { body } = await run();
    const ended = await finished(body.executionId as string);
    expect(ended).toMatchObject({ status: "failed", cost: 0, error: { code: "UPSTREAM_FAILED" } });
    expect(ended.error.message).toMatch(/set it anew with set-byok-key/);
    expect(JSON.stringify(ended)).not.toContain(KEY);
    expect(model.getRequests()).toEqual([]);

    await rest("DELETE", "/byok");
    const again = await run();
    expect(await finished(again.body.executionId as string)).toMatchObject({
      outputBlocks: [{ text: "From the server." }],
    });
  });

  it("runs the model that the server names where that is one of Anthropic's, else the one for such keys", async () => {
    for (const [env, model] of [
      [
        { CLANKER_MODEL: "anthropic/claude-of-the-server", ANTHROPIC_API_KEY: "sk-of-the-server" },
        "claude-of-the-server",
      ],
      [{ CLANKER_BYOK_MODEL: "anthropic/claude-of-choice" }, "claude-of-choice"],
    ] as const) {
      const { anthropic, setKey, run, finished } = await bench(env);
      anthropic.mock.onMessage("greet", { content: "Yes." });
      await setKey();
      await finished((await run()).body.executionId as string);
      expect(anthropic.mock.getLastRequest()?.body).toMatchObject({ model });
      expect(anthropic.asked.at(-1)?.key).toBe(KEY);
    }
  });
});

describe("a skill that sends requests", () => {
  /** A folder of skills with one whose front matter declares this host. */
  async function skillFolder(host: string) {
    const folder = await mkdtemp(join(tmpdir(), "clanker-packs-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await mkdir(join(folder, "caller"));
    const front = `name: caller\ndescription: Calls.\ncategory: development\nsecrets: [API_KEY]\nhttp: ["${host}"]`;
    await writeFile(join(folder, "caller", "SKILL.md"), `---\n${front}\n---\nCall the API.\n`);
    return folder;
  }

  it("P17: reaches nothing on this machine although it declared it, and its model learns no secret", async () => {
    const received: Received[] = [];
    const local = await listen(
      receive((request) => {
        received.push(request);
        return {};
      }),
    );
    onTestFinished(() => local.stop());
    const { anthropic, rest, setKey, run, finished } = await bench({
      CLANKER_SKILLS_PATH: await skillFolder(local.url),
    });
    await rest("POST", "/skills/caller/install");
    await rest("POST", "/secrets", { name: "key", value: "canary-secret-value" });
    await rest("POST", "/skills/caller/secrets", { secretId: "sec_1", envVar: "API_KEY" });
    await setKey();
    const asked = { method: "GET", url: `${local.url}/?key={{API_KEY}}`, headers: { "x-key": "{{API_KEY}}" } };
    anthropic.mock.on(
      { userMessage: "call", hasToolResult: false },
      { toolCalls: [{ name: "http_request", arguments: asked }] },
    );
    anthropic.mock.on({ userMessage: "call", hasToolResult: true }, { content: "Done." });
    const status = await finished((await run("caller", "call")).body.executionId as string);
    expect(status).toMatchObject({
      status: "completed",
      outputBlocks: [
        { type: "tool", name: "http_request", text: expect.stringContaining("ACCESS_DENIED") },
        { type: "text", text: "Done." },
      ],
    });
    expect(received).toEqual([]);
    const told = JSON.stringify(anthropic.mock.getRequests());
    expect(told).toContain("{{API_KEY}}");
    expect(told).not.toContain("canary-secret-value");
    expect((await rest("GET", "/marketplace/skills/caller")).body).toMatchObject({
      required_secrets: ["API_KEY"],
      http: [local.url],
    });
  });

  it("has no such tool where the calling agent runs it, and nothing tells of one", async () => {
    const { server, rest } = await bench({ CLANKER_SKILLS_PATH: await skillFolder("api.example.com") });
    await rest("POST", "/skills/caller/install");
    const face = await connectHttp("streamable", server.url, server.key);
    onTestFinished(() => face.close());
    const started = await face.call("execute-skill", { slug: "caller", input: "call" });
    expect(started).toMatchObject({ answer: { status: "awaiting_agent" } });
    expect(JSON.stringify(started)).not.toContain("http_request");
  });
});
