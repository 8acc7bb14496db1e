import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inputSchema, type JsonSchema } from "../../src/core/schema.js";
import { ask, connectHttp, connectRest, type Face } from "../support/faces.js";
import { ownOperations } from "../support/own-operations.js";
import { endPrograms, type Server, startServer } from "../support/program.js";

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(endPrograms);

const HOSTILE: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1e308,
  1.5,
  "",
  " ",
  "\u0000",
  "\ud800",
  "../../etc/passwd",
  "%00%ff",
  "__proto__",
  "constructor",
  "'; DROP TABLE records; --",
  "x".repeat(5000),
  "[1,2",
  "{",
  [],
  [[[]]],
  {},
  { __proto__: { admin: true } },
  { toString: "x" },
  ["x", 1, null],
];

/** Something that fits, for the arguments that are not being attacked. */
function fitting(schema: JsonSchema): unknown {
  if (schema.type === "array") return [];
  if (schema.type === "object") return {};
  if (schema.type === "integer" || schema.type === "number") return 1;
  return schema.enum?.[0] ?? "1";
}

function attacks(operation: (typeof ownOperations)[number]): Record<string, unknown>[] {
  const { properties = {}, required = [] } = inputSchema(operation.input);
  const whole = Object.fromEntries(required.map((field) => [field, fitting(properties[field] ?? {})]));
  const fields = [...Object.keys(properties), "no_such_field", "__proto__"];
  return fields.flatMap((field) =>
    HOSTILE.map((value) => Object.fromEntries([...Object.entries(whole), [field, value]])),
  );
}

async function unharmed(face: Face, name: string): Promise<string[]> {
  const operation = ownOperations.find((candidate) => candidate.name === name);
  const harmed: string[] = [];
  for (const args of operation ? attacks(operation) : []) {
    const outcome = await face.call(name, args);
    const text = JSON.stringify("code" in outcome ? outcome : {});
    const internal = "code" in outcome && ["INTERNAL", "STORE_UNAVAILABLE", "SEAL_BROKEN"].includes(outcome.code);
    if (internal || /\n\s+at |node:|\/src\/|\/dist\//.test(text)) harmed.push(`${JSON.stringify(args)}: ${text}`);
  }
  return harmed;
}

describe("arguments of every wrong kind", () => {
  const tools = ownOperations.flatMap(({ tool }) => tool ?? []);

  it.each(tools)("are refused by %s, over REST", async (tool) => {
    expect(await unharmed(connectRest(server.url, server.key), tool)).toEqual([]);
  });

  it.each(tools)("are refused by %s, over MCP", async (tool) => {
    const face = await connectHttp("streamable", server.url, server.key);
    expect(await unharmed(face, tool)).toEqual([]);
    await face.close();
  });

  it("have changed nothing in any prototype, and the server goes on", async () => {
    const rest = connectRest(server.url, server.key);
    expect(await ask(rest, "list-skill-categories")).toHaveProperty("data");
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });
});

const BODIES: readonly string[] = [
  "",
  " ",
  "{",
  "}",
  "[]",
  "null",
  "5",
  '"text"',
  "{'a':1}",
  '{"a":1,}',
  '{"a":1}{"b":2}',
  '{"a":NaN}',
  "\u0000",
  "\ufeff{}",
  '{"__proto__":{"admin":true},"constructor":1}',
  '{"jsonrpc":"1.0","id":1,"method":"ping"}',
  '{"jsonrpc":"2.0","id":null,"method":"ping"}',
  '{"jsonrpc":"2.0","id":{},"method":"ping"}',
  '{"jsonrpc":"2.0","id":1,"method":5}',
  '{"jsonrpc":"2.0","id":1}',
  '{"jsonrpc":"2.0","method":"initialize"}',
  '{"jsonrpc":"2.0","id":1,"method":"initialize"}',
  '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":5}}',
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":null}',
  '{"jsonrpc":"2.0","id":1,"result":{}}',
  '[{"jsonrpc":"2.0","id":1,"method":"ping"}]',
];

const LARGE: readonly string[] = [
  "[".repeat(100_000),
  `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`,
  `{${Array.from({ length: 100_000 }, (_, at) => `"k${at}":1`).join(",")}}`,
];

const HEADERS: readonly Record<string, string>[] = [
  {},
  { "content-type": "text/plain" },
  { "content-type": "application/json; charset=utf-16" },
  { "content-encoding": "gzip" },
  { "mcp-session-id": "../../x" },
  { "mcp-session-id": "00000000-0000-0000-0000-000000000000" },
  { "mcp-protocol-version": "1999-01-01" },
  { accept: "nothing/at-all" },
  { "clanker-version": "tomorrow" },
  { "x-request-id": "x".repeat(5000) },
  { "last-event-id": "-1" },
];

const PATHS = [
  ["PUT", "/api/v1/memory"],
  ["POST", "/api/v1/skills/summarize/run"],
  ["POST", "/api/v1/executions/1/result"],
  ["POST", "/mcp"],
  ["POST", "/mcp/messages?sessionId=x"],
] as const;

describe("bodies and headers of every wrong kind", () => {
  it.each(PATHS)("%s %s answers them below 500, in JSON without a trace of its insides", async (method, path) => {
    const attempts = BODIES.flatMap((body) => HEADERS.map((more) => ({ body, more })));
    for (const { body, more } of [...attempts, ...LARGE.map((body) => ({ body, more: {} }))]) {
      const headers = { "content-type": "application/json", "x-api-key": server.key, ...more };
      const response = await fetch(server.url + path, { method, headers, body });
      const text = await response.text();
      const what = `${body.slice(0, 80)} ${JSON.stringify(more).slice(0, 80)}: ${response.status} ${text.slice(0, 300)}`;
      expect(response.status, what).toBeLessThan(500);
      expect(text, what).not.toMatch(/\n\s+at |node:|\/src\/|\/dist\/|<html/i);
      if (text !== "" && response.headers.get("content-type")?.startsWith("text/event-stream") !== true)
        JSON.parse(text);
    }
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  it.concurrent.each([
    "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
    "GET /%ff%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET //evil/../../x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET http://[::1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "TRACE /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "PURGE /api/v1/memory HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "CONNECT a:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /mcp HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    `GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    "this is no HTTP\r\n\r\n",
    "\u0016\u0003\u0001\u0002",
  ])("the wire takes %j and goes on", async (bytes) => {
    const answer = await onTheWire(bytes);
    expect(answer).not.toMatch(/^HTTP\/1\.1 5/);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });
});

/** What comes back on a connection of its own, until it is closed or quiet. */
function onTheWire(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1", () => socket.write(bytes, "latin1"));
    let text = "";
    socket.setTimeout(500, () => socket.destroy());
    socket.on("data", (chunk) => (text += chunk.toString("latin1")));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(text));
  });
}
