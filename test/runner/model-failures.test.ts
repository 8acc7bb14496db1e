import { LLMock } from "@copilotkit/aimock";
import { createServer, type ServerResponse } from "node:http";
import { inspect } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import type { AppError } from "../../src/core/errors.js";
import { createModelGateway, type ModelSettings } from "../../src/runner/ai-sdk-model.js";
import type { ModelPart } from "../../src/runner/model.js";
import { type Misbehaviour, startMisbehavingProvider } from "./misbehaving-provider.js";

const KEY = "sk-canary-0123456789";
const PASSWORD = "canary-password";

const providers: Record<string, (base: string) => ModelSettings> = {
  anthropic: (baseUrl) => ({ model: "anthropic/claude-test", anthropic: { apiKey: KEY, baseUrl } }),
  "openai-compatible": (baseUrl) => ({ model: "openai-compatible/m", openai: { apiKey: KEY, baseUrl } }),
};

const running: { stop(): Promise<void> }[] = [];
afterAll(async () => {
  await Promise.all(running.map((server) => server.stop()));
});

async function misbehaving(misbehave: Misbehaviour) {
  const provider = await startMisbehavingProvider(misbehave);
  running.push(provider);
  return provider;
}

const withPassword = (url: string) => url.replace("://", `://user:${PASSWORD}@`);

async function outcome(settings: ModelSettings, signal = new AbortController().signal) {
  const parts: ModelPart[] = [];
  try {
    const call = { system: "canary-system", prompt: "hello", attachments: [], signal };
    for await (const part of createModelGateway(settings).stream(call)) parts.push(part);
  } catch (thrown) {
    return { parts, error: thrown as AppError };
  }
  return { parts, error: undefined };
}

/** Nothing that a log could show of the failure holds a secret or the prompt. */
function expectNoSecret(error: AppError | undefined) {
  const shown = inspect(error, { depth: 12, showHidden: true }) + JSON.stringify(error?.details);
  for (const secret of [KEY, PASSWORD, "canary-system", "canary-body"]) expect(error?.message).not.toContain(secret);
  for (const secret of [KEY, PASSWORD, "canary-system"]) expect(shown).not.toContain(secret);
}

const sse = (response: ServerResponse, chunks: readonly unknown[]) => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const chunk of chunks) response.write(typeof chunk === "string" ? chunk : `data: ${JSON.stringify(chunk)}\n\n`);
};

const openings: Record<string, unknown[]> = {
  anthropic: [
    {
      type: "message_start",
      message: { id: "m", model: "m", role: "assistant", content: [], usage: { input_tokens: 1, output_tokens: 1 } },
    },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Half an " } },
  ],
  "openai-compatible": [
    { id: "c", model: "m", choices: [{ index: 0, delta: { role: "assistant", content: "Half an " } }] },
  ],
};

describe.concurrent.each(Object.entries(providers))("a failing %s provider", (kind, settings) => {
  const opening = openings[kind] ?? [];
  const keySetting = kind === "anthropic" ? "ANTHROPIC_API_KEY" : "OPENAI_API_KEY";
  const urlSetting = kind === "anthropic" ? "ANTHROPIC_BASE_URL" : "OPENAI_BASE_URL";

  it.each([
    [400, "CLANKER_MODEL"],
    [401, keySetting],
    [403, keySetting],
    [404, urlSetting],
  ])("that answers %i is told at once, with the setting to check and none of its words", async (status, setting) => {
    const mock = await LLMock.create({ port: 0 });
    running.push(mock);
    mock.onMessage("hello", { error: { message: `canary-body: bad key ${KEY}`, type: "some_error" }, status });
    const { error } = await outcome(settings(withPassword(mock.url)));
    expect(error).toMatchObject({ code: "UPSTREAM_FAILED", details: { status } });
    expect(error?.message).toContain(`HTTP ${status}`);
    expect(error?.message).toContain(setting);
    expectNoSecret(error);
    expect(mock.getRequests()).toHaveLength(1);
  });

  it("that answers 429 and 500 is asked again twice, then told", async () => {
    await Promise.all(
      [429, 500].map(async (status) => {
        const mock = await LLMock.create({ port: 0 });
        running.push(mock);
        mock.onMessage("hello", { error: { message: "canary-body", type: "some_error" }, status });
        const { error } = await outcome(settings(mock.url));
        expect(error).toMatchObject({ code: "UPSTREAM_FAILED", details: { status } });
        expect(error?.message).toContain(`HTTP ${status}`);
        expectNoSecret(error);
        expect(mock.getRequests()).toHaveLength(3);
      }),
    );
  });

  it("that fails once and then answers is no failure", async () => {
    const mock = await LLMock.create({ port: 0 });
    running.push(mock);
    mock.onMessage("hello", { content: "Hi." });
    mock.nextRequestError(503, { message: "overloaded", type: "overloaded_error" });
    const { parts, error } = await outcome(settings(mock.url));
    expect(error).toBeUndefined();
    expect(parts[0]).toEqual({ type: "text", text: expect.stringContaining("Hi") });
  });

  it("that nobody listens for is told as one that cannot be reached", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const { error } = await outcome(settings(`http://user:${PASSWORD}@127.0.0.1:${port}`));
    expect(error).toMatchObject({ code: "UPSTREAM_FAILED", message: expect.stringContaining("cannot be reached") });
    expect(error?.message).toContain(urlSetting);
    expectNoSecret(error);
  });

  it("gets no request after an abort while it is being asked again", async () => {
    const reason = new Error("gone");
    const abort = new AbortController();
    let started = 0;
    const provider = await misbehaving((_, response) => {
      response.writeHead(500).end();
      started = performance.now();
      setTimeout(() => abort.abort(reason), 300);
    });
    const { error } = await outcome(settings(provider.url), abort.signal);
    expect(error).toBe(reason);
    expect(performance.now() - started).toBeLessThan(1000);
    expect(provider.requests()).toBe(1);
  });

  it("that says nothing loses its request as soon as the call is aborted", async () => {
    const reason = new Error("gone");
    const abort = new AbortController();
    const provider = await misbehaving(() => void setTimeout(() => abort.abort(reason), 200));
    expect((await outcome(settings(provider.url), abort.signal)).error).toBe(reason);
    await provider.hungUp();
    expect(provider.requests()).toBe(1);
  });

  it("loses its request as soon as nobody reads the answer any more", async () => {
    const provider = await misbehaving((_, response) => sse(response, opening));
    const call = { system: "s", prompt: "hello", attachments: [], signal: new AbortController().signal };
    for await (const part of createModelGateway(settings(provider.url)).stream(call)) {
      expect(part).toEqual({ type: "text", text: "Half an " });
      break;
    }
    await provider.hungUp();
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ["cuts the connection", (response) => setTimeout(() => response.destroy(), 50)],
    ["ends the stream too early", (response) => response.end()],
    ["sends what is no JSON", (response) => response.end("data: {canary-body\n\n")],
    ["sends an error in the stream", (response) => response.end(`data: ${JSON.stringify(streamError)}\n\n`)],
  ])("that %s in the middle of an answer fails after what came", async (_, breakOff) => {
    const provider = await misbehaving((_request, response) => {
      sse(response, opening);
      breakOff(response);
    });
    const { parts, error } = await outcome(settings(provider.url));
    expect(parts[0]).toEqual({ type: "text", text: "Half an " });
    expect(error).toMatchObject({ code: "UPSTREAM_FAILED", message: expect.stringMatching(/br[eo]ke|cannot be read/) });
    expectNoSecret(error);
    expect(provider.requests()).toBe(1);
  });

  it.each<[string, Misbehaviour]>([
    ["a page", (_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<p>canary-body</p>")],
    ["nothing", (_, response) => response.writeHead(200, { "content-type": "text/event-stream" }).end()],
    ["an empty body", (_, response) => response.writeHead(204).end()],
    ["JSON of another kind", (_, response) => sse(response, [{ canary: "canary-body" }]) ?? response.end()],
  ])("that answers with %s instead of a stream gave nothing usable", async (_, misbehave) => {
    const provider = await misbehaving(misbehave);
    const { parts, error } = await outcome(settings(provider.url));
    expect(parts).toEqual([]);
    expect(error).toMatchObject({ code: "UPSTREAM_FAILED" });
    expectNoSecret(error);
  });

  it("that redirects elsewhere is not followed there with the key", async () => {
    const elsewhere = await misbehaving((_, response) => response.end());
    const provider = await misbehaving((_, response) => response.writeHead(307, { location: elsewhere.url }).end());
    const { error } = await outcome(settings(provider.url));
    expect(error).toMatchObject({ code: "UPSTREAM_FAILED" });
    expect(elsewhere.requests()).toBe(0);
  });

  it("that counts no tokens is charged by the length of what was said", async () => {
    const end =
      kind === "anthropic"
        ? [
            { type: "content_block_stop", index: 0 },
            { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 0 } },
            { type: "message_stop" },
          ]
        : [{ id: "c", model: "m", choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }, "data: [DONE]\n\n"];
    const uncounted = opening.map((chunk) => JSON.parse(JSON.stringify(chunk).replaceAll(/_tokens":1/g, '_tokens":0')));
    const provider = await misbehaving((_, response) => {
      sse(response, [...uncounted, ...end]);
      response.end();
    });
    const { parts, error } = await outcome(settings(provider.url));
    expect(error).toBeUndefined();
    const characters = "canary-system".length + "hello".length + "Half an ".length;
    expect(parts.at(-1)).toEqual({ type: "usage", totalTokens: Math.ceil(characters / 4) });
  });
});

const streamError = { type: "error", error: { type: "overloaded_error", message: "canary-body" } };

describe("a model without its settings", () => {
  it("is refused when the gateway is made", () => {
    expect(() => createModelGateway({ model: "anthropic/m" })).toThrow("anthropic/m");
  });
});

describe("a workspace's own key", () => {
  it("that the provider does not accept is named instead of the server's setting", async () => {
    const provider = await misbehaving((_, response) => response.writeHead(401).end());
    const anthropic = { apiKey: KEY, baseUrl: provider.url, keySetting: "the workspace's own key (set-byok-key)" };
    const { error } = await outcome({ model: "anthropic/m", anthropic });
    expect(error?.message).toContain("check the workspace's own key (set-byok-key).");
  });
});
