import { LLMock } from "@copilotkit/aimock";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ask, connectHttp, connectRest, type McpFace, TRANSPORTS } from "../support/faces.js";
import { openFace } from "../support/open-face.js";
import {
  afterPrograms,
  endPrograms,
  type Environment,
  MASTER_KEY,
  OWNER_KEY,
  startServer,
  temporaryFolder,
} from "../support/program.js";
import { startRedis } from "../support/redis.js";

const SUMMARY = "The board agreed to ship in March. ".repeat(12).trim();
const NOTE = "# Zażółć gęślą jaźń\n\nA note with an emoji: 🎈\n";

let model: LLMock;
beforeAll(async () => {
  model = await LLMock.create({ port: 0 });
  const file = { name: "minutes.md", mime_type: "text/markdown", content: NOTE };
  const usage = { prompt_tokens: 900, completion_tokens: 300, total_tokens: 1200 };
  const about = (hasToolResult: boolean) => ({ userMessage: "Summarise the meeting", hasToolResult });
  model.on(about(false), { toolCalls: [{ name: "write_file", arguments: file }], usage });
  model.on(about(true), { content: SUMMARY, usage }, { chunkSize: 10, latency: 25 });
});
afterAll(() => model.stop());
afterEach(endPrograms);

/** Every way to name a model, each used by one of the transports. */
const MODELS: Record<(typeof TRANSPORTS)[number], () => Environment> = {
  streamable: () => ({ CLANKER_MODEL: "openai-compatible/scripted", OPENAI_BASE_URL: `${model.url}/v1` }),
  sse: () => ({ CLANKER_MODEL: "anthropic/scripted", ANTHROPIC_API_KEY: "sk-x", ANTHROPIC_BASE_URL: model.url }),
  stdio: () => ({
    CLANKER_MODEL: "anthropic/scripted",
    ANTHROPIC_API_KEY: "sk-x",
    ANTHROPIC_BASE_URL: `${model.url}/v1`,
  }),
};

async function storeOf(kind: string, home: string): Promise<Environment> {
  const keys = { CLANKER_OWNER_KEY: OWNER_KEY, CLANKER_MASTER_KEY: MASTER_KEY };
  if (kind !== "redis")
    return { ...keys, CLANKER_STORE: kind === "file" ? `file:${join(home, "store.db")}` : "memory:" };
  const redis = await startRedis();
  afterPrograms(() => redis.stop());
  return { ...keys, CLANKER_STORE: redis.url };
}

/** The bytes behind a download link, wherever it leads. */
async function fetched(url: string): Promise<string> {
  if (url.startsWith("file:")) return readFile(fileURLToPath(url), "utf8");
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return response.text();
}

/** Finds a skill, installs it and has the server's model run it. */
async function runByModel(face: McpFace): Promise<void> {
  const found = await ask(face, "browse-marketplace", { search: "summar" });
  expect(found.data.map(({ slug }: { slug: string }) => slug)).toContain("summarize");
  await ask(face, "install-skill", { slug: "summarize" });
  const told: number[] = [];
  const run = await ask(
    face,
    "execute-skill",
    { slug: "summarize", input: "Summarise the meeting", wait_seconds: 30 },
    { onprogress: ({ progress }) => told.push(progress) },
  );
  expect(run).toMatchObject({ status: "completed", skillName: "Summarize", cost: 3, sseUrl: "/api/events" });
  expect(told.length).toBeGreaterThan(1);
  expect(told).toEqual([...new Set(told)].sort((one, other) => one - other));
  await expectModelRun(face, run.executionId);
  await ask(face, "write-memory", { content: `${run.executionId} is done.`, mode: "append" });
}

async function expectModelRun(face: McpFace, id: string): Promise<void> {
  const status = await ask(face, "get-execution-status", { id });
  const texts = status.outputBlocks.filter(({ type }: { type: string }) => type === "text");
  expect(status.status).toBe("completed");
  expect(texts.map(({ text }: { text: string }) => text).join("")).toBe(SUMMARY);
  const file = status.outputBlocks.find(({ type }: { type: string }) => type === "file");
  expect(file).toMatchObject({ name: "minutes.md" });
  const artifact = await ask(face, "download-artifact", { id: file.artifact_id });
  expect(artifact).toMatchObject({ text: NOTE, truncated: false, mime_type: "text/markdown", execution_id: id });
  expect(await fetched(artifact.url)).toBe(NOTE);
}

/** Runs a skill as the calling agent, which hands in the parameters of a picture. */
async function runByAgent(face: McpFace): Promise<void> {
  await ask(face, "install-skill", { slug: "algorithmic-art" });
  const run = await ask(face, "execute-skill", { slug: "algorithmic-art", input: "A calm harbour", wait_seconds: 5 });
  expect(run).toMatchObject({ status: "awaiting_agent", input: "A calm harbour", attachments: [] });
  expect(run.instructions).toContain("Algorithmic Art");
  const parameters = { algorithm: "flow-field", seed: 42, palette: "tidepool", title: "Harbour at six" };
  const output = `Quiet water.\n\n\`\`\`json\n${JSON.stringify(parameters)}\n\`\`\``;
  await ask(face, "complete-execution", { id: run.executionId, output });
  await expectAgentRun(face, run.executionId);
  await ask(face, "write-memory", { content: `${run.executionId} is drawn.`, mode: "append" });
}

async function expectAgentRun(face: McpFace, id: string): Promise<void> {
  const status = await ask(face, "get-execution-status", { id });
  expect(status).toMatchObject({ status: "completed", cost: 0 });
  const { artifact_id } = status.outputBlocks.find(({ type }: { type: string }) => type === "file");
  const artifact = await ask(face, "download-artifact", { id: artifact_id });
  expect(artifact).toMatchObject({ name: "artwork.html", mime_type: "text/html" });
  const page = await fetched(artifact.url);
  expect(page).toContain("<canvas");
  expect(page).toContain("Harbour at six");
  expect(artifact.size).toBe(Buffer.byteLength(page));
}

/** Everything that the two runs left, as tools, prompts and resources show it. */
async function expectAll(face: McpFace): Promise<void> {
  const { data } = await ask(face, "list-executions", { status: "completed" });
  expect(data.map(({ id, skill }: { id: string; skill: string }) => [id, skill])).toEqual([
    ["exec_2", "algorithmic-art"],
    ["exec_1", "summarize"],
  ]);
  await expectModelRun(face, "exec_1");
  await expectAgentRun(face, "exec_2");
  expect(await ask(face, "read-memory")).toMatchObject({ content: "exec_1 is done.\n\n---\n\nexec_2 is drawn." });
  const installed = await ask(face, "list-installed-skills");
  expect(installed).toMatchObject({ first_id: "algorithmic-art", last_id: "summarize" });
  const { prompts } = await face.client.listPrompts();
  expect(prompts.map(({ name }) => name)).toEqual(["algorithmic-art", "summarize"]);
  const { resources } = await face.client.listResources();
  expect(resources.map(({ uri }) => uri)).toEqual([
    "clanker://memory",
    "clanker://artifacts/art_2",
    "clanker://artifacts/art_1",
  ]);
  const { contents } = await face.client.readResource({ uri: "clanker://artifacts/art_1" });
  expect(contents[0]).toMatchObject({ text: NOTE, mimeType: "text/markdown" });
}

/** The same over REST: with the key, by a signed link without one, and not by a link that was tampered with. */
async function expectOverRest(home: string, env: Environment): Promise<void> {
  const server = await startServer({ home, env });
  const rest = connectRest(server.url, server.key);
  expect(await rest.call("download-artifact", { id: "art_1" })).toMatchObject({
    bytes: Buffer.from(NOTE),
    mediaType: "text/markdown",
  });
  expect(await ask(rest, "get-execution-status", { id: "1" })).toMatchObject({ status: "completed", cost: 3 });
  const face = await connectHttp("streamable", server.url, server.key);
  const { url: link } = await ask(face, "download-artifact", { id: "art_1" });
  await face.close();
  expect(await fetched(link)).toBe(NOTE);
  for (const forged of [
    link.replace("art_1", "art_2"),
    link.replace(/signature=(.)/, (_: string, first: string) => `signature=${first === "A" ? "B" : "A"}`),
    link.replace(/expires=\d/, "expires=9"),
  ]) {
    expect((await fetch(forged)).status, forged).toBe(401);
  }
  await server.kill("SIGTERM");
}

describe.each(["file", "redis"])("on a %s store", (kind) => {
  it.each(TRANSPORTS)("a skill is found, run and read over %s, and all of it survives restarts", async (transport) => {
    const home = await temporaryFolder();
    const env = await storeOf(kind, home);
    const withModel = await openFace(transport, home, { ...env, ...MODELS[transport]() });
    await runByModel(withModel.face);
    await withModel.close();

    const withoutModel = await openFace(transport, home, env);
    await expectModelRun(withoutModel.face, "exec_1");
    await runByAgent(withoutModel.face);
    await withoutModel.close();

    const again = await openFace(transport, home, env);
    await expectAll(again.face);
    await again.close();
    await expectOverRest(home, env);
  });
});

describe("on a memory store", () => {
  it.each(TRANSPORTS)("a skill is found, run and read over %s", async (transport) => {
    const home = await temporaryFolder();
    const env = await storeOf("memory", home);
    const withModel = await openFace(transport, home, { ...env, ...MODELS[transport]() });
    await runByModel(withModel.face);
    await withModel.close();
    const withoutModel = await openFace(transport, home, env);
    expect(await ask(withoutModel.face, "list-executions")).toMatchObject({ data: [] });
    await runByAgent(withoutModel.face);
    await withoutModel.close();
  });
});
