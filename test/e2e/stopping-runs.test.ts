import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ask, connectRest, type Face, type Json, type McpFace, TRANSPORTS } from "../support/faces.js";
import { openFace } from "../support/open-face.js";
import {
  afterPrograms,
  endPrograms,
  MASTER_KEY,
  OWNER_KEY,
  startServer,
  temporaryFolder,
  until,
} from "../support/program.js";
import { startRedis } from "../support/redis.js";
import { type ScriptedModel, scriptedModel } from "../support/scripted-model.js";
import { startMisbehavingProvider } from "../runner/misbehaving-provider.js";

let model: ScriptedModel;
beforeAll(async () => {
  model = await scriptedModel();
});
afterAll(() => model.stop());
afterEach(async () => {
  await endPrograms();
  model.mock.reset();
});

const SECRET = "sk-secret-0123456789";
const slow = { slug: "summarize", input: "a long story" };

async function settled(face: Face, id: string): Promise<Json> {
  return until(async () => {
    const status = await ask(face, "get-execution-status", { id });
    return ["completed", "failed", "cancelled"].includes(status.status) && status;
  });
}

/** Starts a slow run whose caller waits for its result, and resolves once the model has begun to answer. */
async function startWaiting(face: McpFace, signal?: AbortSignal): Promise<void> {
  model.slowly("a long story");
  await ask(face, "install-skill", { slug: "summarize" });
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const run = face.call(
    "execute-skill",
    { ...slow, wait_seconds: 50 },
    { onprogress: begin, ...(signal && { signal }) },
  );
  run.catch(() => undefined);
  await begun;
}

describe.each(TRANSPORTS)("an agent that waits for a run over %s", (transport) => {
  it("and cancels its call cancels the run, and the model's provider is hung up on", async () => {
    const opened = await openFace(transport, await temporaryFolder(), model.env);
    const giveUp = new AbortController();
    await startWaiting(opened.face, giveUp.signal);
    giveUp.abort();
    await model.hungUp();
    const status = await settled(opened.face, "exec_1");
    expect(status).toMatchObject({ status: "cancelled" });
    expect(status.outputBlocks.length).toBeGreaterThan(0);
    await opened.close();
  });
});

describe.each(TRANSPORTS)("an agent that waits for a run over %s", (transport) => {
  it("and leaves cancels the run", async () => {
    const home = await temporaryFolder();
    const opened = await openFace(transport, home, model.env);
    model.slowly("a long story");
    await ask(opened.face, "install-skill", { slug: "summarize" });
    const run = opened.face.call("execute-skill", { ...slow, wait_seconds: 50 });
    run.catch(() => undefined);
    await until(() => model.mock.getRequests().length > 0);
    await opened.face.close();
    await model.hungUp();
    const server = opened.server ?? (await startServer({ home }));
    expect(await settled(connectRest(server.url, server.key), "exec_1")).toMatchObject({ status: "cancelled" });
  });
});

describe("cancel-execution", () => {
  it("stops the model call of another process on the same Redis", async () => {
    const redis = await startRedis();
    afterPrograms(() => redis.stop());
    const keys = { CLANKER_OWNER_KEY: OWNER_KEY, CLANKER_MASTER_KEY: MASTER_KEY };
    const env = { ...keys, CLANKER_STORE: redis.url };
    model.slowly("a long story");
    const runner = await startServer({ env: { ...env, ...model.env } });
    const other = await startServer({ env });
    const rest = connectRest(runner.url, runner.key);
    await ask(rest, "install-skill", { slug: "summarize" });
    const { executionId: id } = await ask(rest, "execute-skill", slow);
    await until(async () => (await ask(rest, "get-execution-status", { id })).outputBlocks.length > 0);

    const elsewhere = connectRest(other.url, other.key);
    expect(await ask(elsewhere, "cancel-execution", { id })).toMatchObject({ status: "cancelled" });
    await model.hungUp();
    const cancelled = await settled(rest, id);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect((await settled(rest, id)).outputBlocks).toEqual(cancelled.outputBlocks);
  });

  it("stops the model call of another process on the same file", async () => {
    const home = await temporaryFolder();
    model.slowly("a long story");
    const runner = await startServer({ home, env: model.env });
    const rest = connectRest(runner.url, runner.key);
    await ask(rest, "install-skill", { slug: "summarize" });
    const { executionId: id } = await ask(rest, "execute-skill", slow);
    await until(async () => (await ask(rest, "get-execution-status", { id })).outputBlocks.length > 0);
    const other = await openFace("stdio", home, {});
    await ask(other.face, "cancel-execution", { id });
    await model.hungUp();
    await other.close();
  });
});

describe("a run that the model lets down", () => {
  const outcomeOf = async (env: Record<string, string>) => {
    const common = { CLANKER_MODEL: "openai-compatible/x", CLANKER_LOG_LEVEL: "debug" };
    const server = await startServer({ env: { ...common, ...env } });
    const rest = connectRest(server.url, server.key);
    await ask(rest, "install-skill", { slug: "summarize" });
    const { executionId: id } = await ask(rest, "execute-skill", slow);
    const status = await settled(rest, id);
    expect(await ask(rest, "read-memory")).toMatchObject({ content: "" });
    expect(JSON.stringify(status)).not.toMatch(/canary|node:|\.js\b|\/work\//);
    expect(server.stderr()).not.toContain(SECRET);
    return status;
  };

  it("is stopped at its time limit, with what it had said so far, and the provider is hung up on", async () => {
    model.slowly("a long story");
    const status = await outcomeOf({ ...model.env, CLANKER_RUN_SECONDS: "3" });
    expect(status).toMatchObject({ status: "failed", error: { code: "TIMEOUT" } });
    expect(status.outputBlocks[0]).toMatchObject({ type: "text" });
    expect(status.outputBlocks.at(-1)).toMatchObject({ type: "error" });
    await model.hungUp();
  });

  it("that never answers is stopped at its time limit", async () => {
    const provider = await startMisbehavingProvider(() => undefined);
    afterPrograms(() => provider.stop());
    const status = await outcomeOf({ OPENAI_BASE_URL: provider.url, CLANKER_RUN_SECONDS: "3" });
    expect(status).toMatchObject({ status: "failed", error: { code: "TIMEOUT" } });
    await provider.hungUp();
  });

  it("by answering nonsense is failed", async () => {
    const provider = await startMisbehavingProvider((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).end("data: {canary\n\ndata: [1,2\n\n");
    });
    afterPrograms(() => provider.stop());
    const status = await outcomeOf({ OPENAI_BASE_URL: provider.url });
    expect(status).toMatchObject({ status: "failed", error: { code: "UPSTREAM_FAILED" } });
  });

  it("by declining is failed", async () => {
    model.mock.onMessage("a long story", { content: "I must", finishReason: "content_filter" });
    expect(await outcomeOf(model.env)).toMatchObject({ status: "failed", error: { code: "MODEL_REFUSED" } });
  });

  it("by refusing its key is failed, and the key is in no message and no log", async () => {
    model.mock.onMessage("a long story", { error: { message: `canary ${SECRET}`, type: "auth" }, status: 401 });
    const status = await outcomeOf({ ...model.env, OPENAI_API_KEY: SECRET });
    expect(status).toMatchObject({ status: "failed", error: { code: "UPSTREAM_FAILED" } });
    expect(status.error.message).toContain("OPENAI_API_KEY");
  });
});
