import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ask, connectHttp, connectModern, connectRest, type Face, type Json, type McpFace } from "../support/faces.js";
import { endPrograms, OWNER_KEY } from "../support/program.js";
import { type ScriptedModel, scriptedModel } from "../support/scripted-model.js";
import { serveHere } from "../support/serve-here.js";
import { startTwoProcesses } from "../support/two-processes.js";

let model: ScriptedModel;
beforeAll(async () => {
  model = await scriptedModel();
});
afterAll(() => model.stop());

interface Sent {
  readonly key?: string | undefined;
  readonly name?: string;
  readonly body?: object;
  readonly slug?: string;
}

/** Runs a skill over REST. */
async function runSkill(url: string, { key = OWNER_KEY, name, body = {}, slug = "summarize" }: Sent) {
  const response = await fetch(`${url}/api/v1/skills/${slug}/run`, {
    method: "POST",
    headers: {
      "x-api-key": key,
      "content-type": "application/json",
      ...(name !== undefined && { "idempotency-key": name }),
    },
    body: JSON.stringify({ input: "once upon a time", ...body }),
  });
  const answer = (await response.json()) as Json;
  const replayed = response.headers.get("idempotency-replayed");
  return { status: response.status, replayed, answer, code: answer.error?.code as string | undefined };
}

const executions = async (face: Face) => (await ask(face, "list-executions", { limit: 100 })).data.length as number;

describe("a call with an idempotency key", () => {
  let server: Awaited<ReturnType<typeof serveHere>>;
  let rest: Face;
  beforeEach(async () => {
    model.mock.reset();
    model.mock.onMessage(/./, { content: "A story." });
    server = await serveHere(model.env);
    rest = connectRest(server.url, server.key);
    await ask(rest, "install-skill", { slug: "summarize" });
  });
  afterEach(async () => {
    await server.close();
  });
  const anotherKey = async () => (await server.app.services.keys.create(1, 1, { name: "x", scopes: ["*"] })).key;

  it("P14: sent twenty times has one effect and one answer, and says that the others are replays", async () => {
    const first = await runSkill(server.url, { name: "story 1" });
    expect(first).toMatchObject({ status: 200, replayed: null });
    for (let again = 1; again < 20; again += 1) {
      const { status, replayed, answer } = await runSkill(server.url, { name: "story 1" });
      expect({ status, replayed, answer }).toEqual({ status: 200, replayed: "true", answer: first.answer });
    }
    expect(await executions(rest)).toBe(1);
  });

  it("P15: is refused with other arguments, and nothing is done", async () => {
    await runSkill(server.url, { name: "story 2" });
    for (const body of [
      { input: "another" },
      { attachments: [{ name: "a", mime_type: "text/plain", content: "x" }] },
    ]) {
      const other = await runSkill(server.url, { name: "story 2", body });
      expect(other).toMatchObject({ status: 422, code: "IDEMPOTENCY_KEY_REUSED", replayed: null });
    }
    expect(await executions(rest)).toBe(1);
  });

  it("is another call with another key of its own, with another API key, and with none", async () => {
    const other = await anotherKey();
    for (const sent of [{ name: "a" }, { name: "b" }, { name: "a", key: other }, {}, {}]) {
      expect(await runSkill(server.url, sent)).toMatchObject({ status: 200, replayed: null });
    }
    expect(await executions(rest)).toBe(5);
  });

  it("keeps an error of the operation, and no refusal of the arguments, the key or the caller", async () => {
    const refused = await runSkill(server.url, { name: "c", slug: "cold-email" });
    expect(refused).toMatchObject({ status: 400, code: "SKILL_NOT_INSTALLED", replayed: null });
    await ask(rest, "install-skill", { slug: "cold-email" });
    const again = await runSkill(server.url, { name: "c", slug: "cold-email" });
    expect(again).toMatchObject({ status: 400, code: "SKILL_NOT_INSTALLED", replayed: "true" });
    expect(again.answer.error.message).toBe(refused.answer.error.message);
    expect(again.answer.error.request_id).not.toBe(refused.answer.error.request_id);

    expect(await runSkill(server.url, { name: "d", body: { input: 7 } })).toMatchObject({ code: "INVALID_INPUT" });
    expect(await runSkill(server.url, { name: "d", key: "ck_unknown-0123456789" })).toMatchObject({ status: 401 });
    expect(await runSkill(server.url, { name: "d" })).toMatchObject({ status: 200, replayed: null });
  });

  it.each(["", "x".repeat(256), "\u00e9"])(
    "is refused where the key is not of 1 to 255 printable characters",
    async (name) => {
      expect(await runSkill(server.url, { name })).toMatchObject({ status: 400, code: "INVALID_INPUT" });
      expect(await executions(rest)).toBe(0);
    },
  );

  it("takes the key from the header alone over REST, where operations without one ignore it", async () => {
    const inBody = await runSkill(server.url, { body: { idempotency_key: "e" } });
    expect(inBody).toMatchObject({ status: 400, code: "INVALID_INPUT" });
    const response = await fetch(`${server.url}/api/v1/memory`, {
      headers: { "x-api-key": server.key, "idempotency-key": "x".repeat(300) },
    });
    expect([response.status, response.headers.get("idempotency-replayed")]).toEqual([200, null]);
  });

  it.each(["streamable", "sse"] as const)("P14, P15: is the same over MCP (%s), as an argument", async (transport) => {
    const face = await connectHttp(transport, server.url, server.key);
    const { tools } = await face.client.listTools();
    const takers = tools.filter(({ inputSchema }) => Object.hasOwn(inputSchema.properties ?? {}, "idempotency_key"));
    expect(takers.map(({ name }) => name)).toContain("execute-skill");
    expect(takers.map(({ name }) => name)).not.toContain("write-memory");
    const call = (args: object = {}) =>
      face.client.callTool({
        name: "execute-skill",
        arguments: { slug: "summarize", input: "a", idempotency_key: "f", ...args },
      });
    const first = await call();
    expect(first._meta?.["idempotency-replayed"]).toBeUndefined();
    for (let again = 0; again < 3; again += 1) {
      expect(await call()).toEqual({ ...first, _meta: { "idempotency-replayed": true } });
    }
    expect(await call({ input: "b" })).toMatchObject({ isError: true });
    expect(JSON.stringify(await call({ input: "b" }))).toContain("IDEMPOTENCY_KEY_REUSED");
    expect(JSON.stringify(await call({ idempotency_key: 7 }))).toContain("INVALID_INPUT");
    expect(JSON.stringify(await face.call("write-memory", { content: "x", idempotency_key: "g" }))).toContain(
      "INVALID_INPUT",
    );
    const overRest = await runSkill(server.url, { name: "f", body: { input: "a" } });
    expect(overRest.replayed).toBe("true");
    expect(await executions(rest)).toBe(1);
    await face.close();
  });

  it("P14: is the same in 2026-07-28, and behind call-tool", async () => {
    const modern = await connectModern(server.url, server.key);
    const args = { slug: "summarize", input: "a", idempotency_key: "h" };
    const first = await ask(modern, "execute-skill", args);
    expect(await ask(modern, "execute-skill", args)).toEqual(first);
    const behind = await connectHttp("streamable", `${server.url}/mcp?surface=search#`, server.key);
    expect(await ask(behind, "call-tool", { name: "execute-skill", arguments: args })).toEqual(first);
    const described = await ask(behind, "describe-tools", { names: ["execute-skill"] });
    expect(described.tools[0].inputSchema.properties).toHaveProperty("idempotency_key");
    expect(await executions(rest)).toBe(1);
    await Promise.all([modern.close(), behind.close()]);
  });
});

describe("ten calls at once with one key, over two processes of one Redis", () => {
  afterEach(async () => {
    await endPrograms();
    model.mock.reset();
  });

  it("P16: one runs, nine hear that it does, and later it is replayed everywhere", { timeout: 90_000 }, async () => {
    model.mock.reset();
    model.mock.onMessage("slowly", { content: "word ".repeat(20) }, { chunkSize: 5, latency: 150 });
    const { servers, key } = await startTwoProcesses(model.env);
    const [here] = servers;
    const rest = connectRest(here.url, key);
    await ask(rest, "install-skill", { slug: "summarize" });
    const faces: McpFace[] = await Promise.all(
      Array.from({ length: 10 }, (_, at) => connectHttp("streamable", servers[at % 2 === 0 ? 0 : 1].url, key)),
    );
    const args = { slug: "summarize", input: "slowly", idempotency_key: "ten", wait_seconds: 30 };
    const outcomes = await Promise.all(faces.map((face) => face.call("execute-skill", args)));
    const codes = outcomes.flatMap((outcome) => ("code" in outcome ? [outcome.code] : []));
    expect(codes).toEqual(Array.from({ length: 9 }, () => "IDEMPOTENCY_IN_FLIGHT"));
    const ran = outcomes.find((outcome) => "answer" in outcome);
    for (const face of faces.slice(0, 2)) expect(await face.call("execute-skill", args)).toEqual(ran);
    expect(await executions(rest)).toBe(1);
    await Promise.all(faces.map((face) => face.close()));
  });
});
