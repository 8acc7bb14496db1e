import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ErrorCode, ERRORS } from "../../src/core/errors.js";
import { freePort } from "../support/listening.js";
import { type Environment, OWNER_KEY } from "../support/program.js";
import { LEAK, type RawAnswer, rawRequest, type RawRequest } from "../support/raw-request.js";
import { serveHere } from "../support/serve-here.js";

type Here = Awaited<ReturnType<typeof serveHere>>;
type Pair = readonly [string, string];

let plain: Here;
let away: string;
const opened: Here[] = [];
const keys = { reader: "", revoked: "" };
let session: string;

async function here(env: Environment = {}): Promise<Here> {
  const server = await serveHere(env);
  opened.push(server);
  return server;
}

beforeAll(async () => {
  plain = await here();
  away = `http://127.0.0.1:${await freePort()}`;
  const { keys: service } = plain.app.services;
  keys.reader = (await service.create(1, 1, { name: "reader" })).key;
  const revoked = await service.create(1, 1, { name: "revoked" });
  keys.revoked = revoked.key;
  await service.revoke(1, revoked.id);
  await rest("POST", "/api/v1/skills/summarize/install");
  session = await openSession(plain);
});
afterAll(async () => {
  for (const server of opened) await server.close();
});

interface More {
  readonly server?: Here;
  readonly key?: string;
  readonly headers?: readonly Pair[];
  readonly body?: unknown;
  readonly raw?: Partial<RawRequest>;
}

function rest(method: string, path: string, { server = plain, key = OWNER_KEY, headers = [], body, raw }: More = {}) {
  const type: Pair[] = body === undefined || headers.some(([name]) => name === "content-type") ? [] : [json];
  const text = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
  return rawRequest(server.url, {
    method,
    path,
    headers: [["x-api-key", key], ...type, ...headers],
    ...(text !== undefined && { body: text }),
    ...raw,
  });
}

const json: Pair = ["content-type", "application/json"];
const accept: Pair = ["accept", "application/json, text/event-stream"];
const initialize = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } },
};

const rpc = (body: unknown, more: More = {}, path = "/mcp") =>
  rest("POST", path, { ...more, body, headers: [accept, ...(more.headers ?? [])] });
const inSession = (body: object, more: More = {}) =>
  rpc({ jsonrpc: "2.0", id: 5, ...body }, { ...more, headers: [["mcp-session-id", session]] });
const callTool = (name: string, args: object = {}) =>
  inSession({ method: "tools/call", params: { name, arguments: args } });
const modern = (method: string, params: object = {}, version = "2026-07-28", headers: readonly Pair[] = []) =>
  rpc(
    {
      jsonrpc: "2.0",
      id: 6,
      method,
      params: {
        ...params,
        _meta: {
          "io.modelcontextprotocol/protocolVersion": version,
          "io.modelcontextprotocol/clientInfo": { name: "x", version: "1" },
          "io.modelcontextprotocol/clientCapabilities": {},
        },
      },
    },
    {
      headers:
        headers.length > 0
          ? headers
          : [
              ["mcp-protocol-version", version],
              ["mcp-method", method],
            ],
    },
  );

async function openSession(server: Here): Promise<string> {
  return String((await rpc(initialize, { server })).headers["mcp-session-id"]);
}

/** A sentence for people, on one line; the full stop is missing where an SDK made it. */
const SENTENCE = /^["A-Za-z][^\n]{2,} [^\n]{2,600}$/;

function expectError(error: { code: unknown; message: unknown; id: unknown }, answer: RawAnswer): void {
  expect(error.message).toMatch(SENTENCE);
  expect(error.id).toBe(answer.headers["x-request-id"]);
  expect(answer.text).not.toMatch(LEAK);
  expect(JSON.stringify(answer.headers)).not.toMatch(LEAK);
  expect(answer.headers["content-type"]).toMatch(/^application\/json/);
}

const REST: readonly (readonly [ErrorCode, string, () => Promise<RawAnswer>])[] = [
  ["INVALID_INPUT", "an argument that does not fit", () => rest("GET", "/api/v1/executions?limit=0")],
  ["INVALID_INPUT", "broken JSON", () => rest("PUT", "/api/v1/memory", { body: "{" })],
  [
    "INVALID_INPUT",
    "bytes that are no text",
    () => rest("PUT", "/api/v1/memory", { body: '{"content":', raw: { body: Buffer.from([0x7b, 0xff, 0x7d]) } }),
  ],
  ["INVALID_INPUT", "deep JSON", () => rest("PUT", "/api/v1/memory", { body: "[".repeat(9999) })],
  ["INVALID_INPUT", "a list for a body", () => rest("PUT", "/api/v1/memory", { body: [] })],
  ["INVALID_INPUT", "a percent sign that encodes nothing", () => rest("GET", "/api/v1/artifacts/%zz")],
  ["INVALID_INPUT", "a body where there is none", () => rest("GET", "/api/v1/memory", { body: {} })],
  ["INVALID_CURSOR", "a cursor of nothing", () => rest("GET", "/api/v1/executions?after_id=x")],
  [
    "INVALID_VERSION",
    "a version to come",
    () => rest("GET", "/api/v1/memory", { headers: [["clanker-version", "2999-01-01"]] }),
  ],
  [
    "SKILL_NOT_INSTALLED",
    "a skill nobody installed",
    () => rest("POST", "/api/v1/skills/algorithmic-art/run", { body: { input: "x" } }),
  ],
  [
    "MODEL_NOT_CONFIGURED",
    "a run without a model",
    () => rest("POST", "/api/v1/skills/summarize/run", { body: { input: "x" } }),
  ],
  ["CLERK_NOT_CONFIGURED", "Clerk without a key", () => rest("POST", "/api/v1/clerk/list_users", { body: {} })],
  ["AUTH_REQUIRED", "no key", () => rest("GET", "/api/v1/memory", { key: "" })],
  ["AUTH_REQUIRED", "a wrong key", () => rest("GET", "/api/v1/memory", { key: "ck_wrong" })],
  ["KEY_REVOKED", "a revoked key", () => rest("GET", "/api/v1/memory", { key: keys.revoked })],
  [
    "PERMISSION_REQUIRED",
    "a key that may only read",
    () => rest("PUT", "/api/v1/memory", { key: keys.reader, body: { content: "x" } }),
  ],
  [
    "ACCESS_DENIED",
    "a server that is read-only",
    async () => {
      const server = await here({ CLANKER_READ_ONLY: "true" });
      return rest("PUT", "/api/v1/memory", { server, body: { content: "x" } });
    },
  ],
  [
    "INSUFFICIENT_CREDITS",
    "an empty balance",
    async () => {
      const server = await here({ CLANKER_CREDITS: "0", CLANKER_MODEL: "openai-compatible/x", OPENAI_BASE_URL: away });
      await rest("POST", "/api/v1/skills/summarize/install", { server });
      return rest("POST", "/api/v1/skills/summarize/run", { server, body: { input: "x" } });
    },
  ],
  ["HOST_REFUSED", "a foreign Host", () => rest("GET", "/healthz", { headers: [["Host", "evil.example"]] })],
  ["ORIGIN_REFUSED", "a foreign Origin", () => rest("GET", "/healthz", { headers: [["Origin", "null"]] })],
  ["NOT_FOUND", "no such page", () => rest("GET", "/index.php?x=/etc/passwd")],
  ["NOT_FOUND", "no such execution", () => rest("GET", "/api/v1/executions/999/status")],
  ["METHOD_NOT_ALLOWED", "another method", () => rest("PATCH", "/api/v1/memory", { body: {} })],
  ["METHOD_NOT_ALLOWED", "a method of no door", () => rest("TRACE", "/api/v1/memory")],
  [
    "EXECUTION_FINISHED",
    "what is over",
    async () => {
      await callTool("execute-skill", { slug: "summarize", input: "x" });
      await rest("POST", "/api/v1/executions/1/cancel");
      return rest("POST", "/api/v1/executions/1/cancel");
    },
  ],
  ["PAYLOAD_TOO_LARGE", "too large a body", () => rest("PUT", "/api/v1/memory", { body: "x".repeat(5_000_000) })],
  [
    "UNSUPPORTED_MEDIA_TYPE",
    "a form",
    () =>
      rest("PUT", "/api/v1/memory", { body: "a=b", headers: [["content-type", "application/x-www-form-urlencoded"]] }),
  ],
  [
    "UNSUPPORTED_MEDIA_TYPE",
    "a packed body",
    () => rest("PUT", "/api/v1/memory", { body: "x", headers: [["content-encoding", "gzip"]] }),
  ],
  [
    "UPSTREAM_FAILED",
    "a Clerk that is away",
    async () => {
      const server = await here({ CLERK_SECRET_KEY: "sk_test_0123456789", CLERK_API_URL: away });
      return rest("POST", "/api/v1/clerk/list_users", { server, body: {} });
    },
  ],
  [
    "STORE_UNAVAILABLE",
    "a store that is away",
    async () => {
      const server = await here();
      await server.app.store.close();
      return rest("GET", "/readyz", { server });
    },
  ],
];

describe("P33, P34: over REST, an error has a stable code, a sentence, a request id, and nothing of the insides", () => {
  it.each(REST)("%s for %s", async (code, _what, provoke) => {
    const answer = await provoke();
    const body = JSON.parse(answer.text);
    const error = typeof body.error === "string" ? { ...body, code: body.error } : body.error;
    expect(error.code, answer.text).toBe(code);
    expectError({ ...error, id: error.request_id }, answer);
    expect(error.message).toMatch(/\.$/);
    expect(answer.status).toBe(ERRORS[code].status);
    expect(error.retryable).toBe(ERRORS[code].retryable);
    if (typeof body.error !== "string") expect(error.type).toBe(ERRORS[code].type);
  });
});

const RPC: readonly (readonly [number, string, string, () => Promise<RawAnswer>])[] = [
  [401, "AUTH_REQUIRED", "no key", () => rpc(initialize, { key: "" })],
  [401, "KEY_REVOKED", "a revoked key", () => rpc(initialize, { key: keys.revoked })],
  [403, "HOST_REFUSED", "a foreign Host", () => rpc(initialize, { headers: [["Host", "evil.example"]] })],
  [403, "ORIGIN_REFUSED", "a foreign Origin", () => rpc(initialize, { headers: [["Origin", "https://evil.example"]] })],
  [405, "METHOD_NOT_ALLOWED", "another method", () => rest("PUT", "/mcp", { body: {} })],
  [405, "METHOD_NOT_ALLOWED", "a method of no door", () => rest("TRACE", "/mcp/sse")],
  [413, "PAYLOAD_TOO_LARGE", "too large a body", () => rpc("x".repeat(5_000_000))],
  [415, "UNSUPPORTED_MEDIA_TYPE", "plain text", () => rpc("{}", { headers: [["content-type", "text/plain"]] })],
  [415, "UNSUPPORTED_MEDIA_TYPE", "a packed body", () => rpc("{}", { headers: [["content-encoding", "br"]] })],
  [400, "INVALID_INPUT", "broken JSON", () => rpc('{"jsonrpc":"2.0",')],
  [400, "INVALID_INPUT", "deep JSON", () => rpc("[".repeat(9999))],
  [400, "INVALID_INPUT", "a batch", () => rpc([initialize])],
  [400, "INVALID_INPUT", "a request without a session", () => rpc({ jsonrpc: "2.0", id: 1, method: "ping" })],
  [
    404,
    "NOT_FOUND",
    "a session that is none",
    () => rpc({ jsonrpc: "2.0", id: 1, method: "ping" }, { headers: [["mcp-session-id", "x"]] }),
  ],
  [
    404,
    "NOT_FOUND",
    "a session of HTTP+SSE that is none",
    () => rpc({ jsonrpc: "2.0", id: 1, method: "ping" }, {}, "/mcp/messages?sessionId=x"),
  ],
  [
    400,
    "INVALID_INPUT",
    "no session where one is wanted",
    () => rpc({ jsonrpc: "2.0", id: 1, method: "ping" }, {}, "/mcp/messages"),
  ],
  [400, "INVALID_INPUT", "a toolset that is none", () => rpc(initialize, {}, "/mcp?toolsets=nothing")],
  [
    503,
    "TOO_MANY_SESSIONS",
    "one session too many",
    async () => {
      const server = await here({ CLANKER_MAX_SESSIONS: "1" });
      await openSession(server);
      return rpc(initialize, { server });
    },
  ],
  [200, "METHOD_NOT_FOUND", "a method that is none", () => inSession({ method: "no/such" })],
  [200, "INVALID_INPUT", "a tool call without a name", () => inSession({ method: "tools/call", params: {} })],
  [
    200,
    "NOT_FOUND",
    "a resource that is none",
    () => inSession({ method: "resources/read", params: { uri: "file:///etc/passwd" } }),
  ],
  [
    200,
    "SKILL_NOT_INSTALLED",
    "a prompt that is none",
    () => inSession({ method: "prompts/get", params: { name: "no-such" } }),
  ],
  [
    200,
    "INVALID_CURSOR",
    "a cursor that is none",
    () => inSession({ method: "resources/list", params: { cursor: "x" } }),
  ],
  [400, "INVALID_INPUT", "a revision that is none", () => modern("tools/list", {}, "2099-01-01")],
  [
    400,
    "INVALID_INPUT",
    "headers that say something else",
    () =>
      modern("tools/list", {}, "2026-07-28", [
        ["mcp-protocol-version", "2026-07-28"],
        ["mcp-method", "prompts/list"],
      ]),
  ],
  [404, "METHOD_NOT_FOUND", "a method that is none in 2026", () => modern("no/such")],
];

describe("P33, P34: over MCP, an error has a stable code, a sentence, a request id, and nothing of the insides", () => {
  it.each(RPC)("%i %s for %s", async (status, code, _what, provoke) => {
    const answer = await provoke();
    const { jsonrpc, error } = JSON.parse(answer.text);
    expect([answer.status, jsonrpc, error?.data?.code], answer.text).toEqual([status, "2.0", code]);
    expect(error.code).toBeLessThan(-31_999);
    expectError({ code, message: error.message, id: error.data.request_id }, answer);
  });

  it.each<[ErrorCode, string, object]>([
    ["INVALID_INPUT", "read-memory", { nonsense: 1 }],
    ["NOT_FOUND", "get-execution-status", { id: "999" }],
    ["NOT_FOUND", "get-skill-details", { slug: "no-such" }],
    ["SKILL_NOT_INSTALLED", "execute-skill", { slug: "algorithmic-art", input: "x" }],
    ["CLERK_NOT_CONFIGURED", "list_users", {}],
    ["INVALID_CURSOR", "list-executions", { after_id: "x" }],
  ])("%s in the result of %s", async (code, name, args) => {
    const answer = await callTool(name, args);
    const { result } = JSON.parse(answer.text);
    expect(result.isError, answer.text).toBe(true);
    const body = JSON.parse(result.content[0].text);
    const error = typeof body.error === "string" ? { ...body, code: body.error } : body.error;
    expect(error.code).toBe(code);
    expectError({ ...error, id: error.request_id }, answer);
  });
});

it("P33: what a caller is not told is in the log, under the id that it was", async () => {
  const server = await here({ CLERK_SECRET_KEY: "sk_test_0123456789", CLERK_API_URL: away });
  const headers: Pair[] = [["x-request-id", "lost-1"]];
  const answer = await rest("POST", "/api/v1/clerk/list_users", { server, headers, body: {} });
  expect(answer.text).toContain("lost-1");
  expect(answer.text).not.toMatch(/127\.0\.0\.1|ECONN/);
  expect(server.lines.filter((line) => line.includes("lost-1") && line.includes('"err"'))).not.toEqual([]);
});
