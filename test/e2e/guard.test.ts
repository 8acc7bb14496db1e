import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type KeyDoor, MCP_DOORS, OPEN_DOORS, REST_DOORS, withQuery } from "../support/doors.js";
import { ask, connectHttp, connectRest } from "../support/faces.js";
import { freePort } from "../support/listening.js";
import { endPrograms, type Server, startServer } from "../support/program.js";
import { errorIn, type RawAnswer, rawRequest, type RawRequest } from "../support/raw-request.js";

const PUBLIC_URL = "http://clanker.example";

let server: Server;
beforeAll(async () => {
  const port = await freePort();
  const started = await startServer({
    env: {
      PORT: String(port),
      CLANKER_LOG_LEVEL: "debug",
      CLANKER_PUBLIC_URL: PUBLIC_URL,
      CLANKER_ALLOWED_ORIGINS: "https://app.example",
    },
  });
  // It says its public URL, and listens where it always does.
  server = { ...started, url: `http://127.0.0.1:${port}` };
});
afterAll(endPrograms);

const send = (request: RawRequest) => rawRequest(server.url, request);

type Pair = readonly [string, string];
const json: Pair = ["content-type", "application/json"];
const accept: Pair = ["accept", "application/json, text/event-stream"];
const isMcp = ({ path }: KeyDoor) => path.startsWith("/mcp");
const ALL_DOORS = [...MCP_DOORS, ...REST_DOORS, ...OPEN_DOORS];
const WRONG = "ck_wrong_0123456789012345678901234567890123456";

/** The code of a refusal, in the form of the door that it comes from. */
function refusalOf(answer: RawAnswer, door: KeyDoor): string {
  expect(answer.headers["content-type"], door.path).toMatch(/^application\/json/);
  const body = JSON.parse(answer.text);
  if (isMcp(door)) expect(body).toMatchObject({ jsonrpc: "2.0", id: null, error: { code: expect.any(Number) } });
  else expect(body).not.toHaveProperty("jsonrpc");
  expect(errorIn(answer).id).toBe(answer.headers["x-request-id"]);
  return errorIn(answer).code;
}

describe("P07: a foreign Host or Origin is refused at every door, before the key and the body", () => {
  const spoofed: readonly (readonly [string, readonly Pair[], string])[] = [
    ["a foreign Host", [["Host", "evil.example"]], "HOST_REFUSED"],
    ["a Host behind userinfo", [["Host", "evil.example:80@localhost"]], "HOST_REFUSED"],
    ["localhost with a dot", [["Host", "localhost."]], "HOST_REFUSED"],
    ["an empty Host", [["Host", ""]], "HOST_REFUSED"],
    [
      "two Hosts",
      [
        ["Host", "localhost"],
        ["Host", "evil.example"],
      ],
      "HOST_REFUSED",
    ],
    [
      "a Host that a proxy is said to have seen",
      [
        ["Host", "evil.example"],
        ["X-Forwarded-Host", "localhost"],
      ],
      "HOST_REFUSED",
    ],
    ["a foreign Origin", [["Origin", "https://evil.example"]], "ORIGIN_REFUSED"],
    ["no page's Origin", [["Origin", "null"]], "ORIGIN_REFUSED"],
    ["an Origin behind userinfo", [["Origin", "http://localhost@evil.example"]], "ORIGIN_REFUSED"],
    [
      "two Origins",
      [
        ["Origin", "http://localhost"],
        ["Origin", "http://localhost"],
      ],
      "ORIGIN_REFUSED",
    ],
  ];

  it.each(spoofed)("%s", { timeout: 60_000 }, async (_what, headers, code) => {
    for (const door of ALL_DOORS) {
      for (const key of [server.key, WRONG]) {
        const answer = await send({ ...door, headers: [...headers, ["x-api-key", key], json, accept] });
        expect([answer.status, refusalOf(answer, door)], `${door.method} ${door.path}`).toEqual([403, code]);
        expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
      }
    }
  });

  it("and nobody waits for a body that is announced, whatever its type or size", async () => {
    for (const door of ALL_DOORS.filter(({ method }) => method === "POST" || method === "PUT")) {
      for (const [type, length] of [
        ["application/json", "1000"],
        ["text/html", "999999999999"],
      ] as const) {
        const announced: Pair[] = [
          ["Host", "evil.example"],
          ["content-type", type],
          ["content-length", length],
        ];
        const answer = await send({ ...door, headers: announced, withholdBody: true });
        expect([answer.status, refusalOf(answer, door)], `${door.method} ${door.path}`).toEqual([403, "HOST_REFUSED"]);
      }
    }
  });

  it("and the names that the settings give get through, while the log has no line of a refused call", async () => {
    const memory: KeyDoor = { method: "GET", path: "/api/v1/memory" };
    const key: Pair = ["x-api-key", server.key];
    for (const host of ["clanker.example", "CLANKER.EXAMPLE:80", "localhost", "[::1]:1"]) {
      expect((await send({ ...memory, headers: [["Host", host], key] })).status, host).toBe(200);
    }
    for (const origin of [PUBLIC_URL, "https://app.example", "http://localhost:6274"]) {
      expect((await send({ ...memory, headers: [["Origin", origin], key] })).status, origin).toBe(200);
    }
    const headers: Pair[] = [["Host", "evil.example"], key, json, ["x-request-id", "spoofed-1"]];
    await send({ method: "PUT", path: "/api/v1/memory", headers, body: '{"content":"spoofed"}' });
    expect(server.stderr()).not.toMatch(/"audit":[^\n]*spoofed-1/);
    expect(await ask(connectRest(server.url, server.key), "read-memory")).toMatchObject({ content: "" });
  });

  it("but a method that no door takes is told first", async () => {
    for (const path of ["/mcp", "/mcp/sse", "/mcp/messages", "/healthz", "/api/v1/memory", "/no/such/page"]) {
      for (const method of ["TRACE", "PROPFIND"]) {
        const door = { method, path };
        const answer = await send({ ...door, headers: [["Host", "evil.example"]] });
        expect([answer.status, refusalOf(answer, door)]).toEqual([405, "METHOD_NOT_ALLOWED"]);
        expect(answer.headers.allow).toMatch(/GET|POST/);
      }
    }
  });
});

describe("P07: a web page that may call the server", () => {
  const from = (origin: string): Pair => ["Origin", origin];

  it("is answered by name, refusals included, and asks first without a key", async () => {
    for (const door of ALL_DOORS.filter(({ path }) => path !== "*")) {
      const about = `${door.method} ${door.path}`;
      const refused = await send({ ...door, headers: [from("https://app.example"), json] });
      expect(refused.headers["access-control-allow-origin"], about).toBe("https://app.example");
      expect(refused.headers["access-control-expose-headers"], about).toMatch(/mcp-session-id.*x-request-id/);
      expect(refused.headers.vary, about).toMatch(/origin/i);
      const asked = await send({
        method: "OPTIONS",
        path: door.path,
        headers: [from("https://app.example"), ["Access-Control-Request-Method", door.method]],
      });
      expect([asked.status, asked.text], about).toEqual([204, ""]);
      expect(asked.headers["access-control-allow-methods"], about).toMatch(/\bDELETE\b/);
      expect(asked.headers["access-control-allow-headers"], about).toMatch(/x-api-key/);
      for (const { headers } of [refused, asked]) {
        expect(headers["access-control-allow-credentials"], about).toBeUndefined();
      }
    }
  });

  it("is the only one that is: another gets nothing to read, and asks in vain", async () => {
    for (const door of MCP_DOORS) {
      const headers = [from("https://evil.example"), ["Access-Control-Request-Method", "POST"] as const];
      const asked = await send({ method: "OPTIONS", path: door.path, headers });
      expect([asked.status, refusalOf(asked, door)]).toEqual([403, "ORIGIN_REFUSED"]);
      expect(JSON.stringify(asked.headers)).not.toContain("access-control");
    }
  });
});

describe("P02: no MCP door opens without a good key", () => {
  const message = (method: string, params: object) => JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const modern = { "io.modelcontextprotocol/protocolVersion": "2026-07-28" };
  const bodies = [
    "",
    "{",
    message("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } }),
    message("tools/list", { _meta: modern }),
    message("server/discover", { _meta: modern }),
    message("tools/call", { _meta: modern, name: "read-memory", arguments: {} }),
  ];
  const keys: Pair[][] = [[], [["x-api-key", ""]], [["x-api-key", WRONG]], [["authorization", `Bearer ${WRONG}`]]];
  const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

  it.each(["/mcp", "/mcp/", "/mcp?x=1", "/mcp/sse", "/mcp/sse/", "/mcp/messages", "/mcp/messages?sessionId=x"])(
    "%s, whatever the method and the message",
    async (path) => {
      const face = await connectHttp("streamable", server.url, server.key);
      for (const method of METHODS) {
        for (const key of keys) {
          for (const body of method === "GET" || method === "HEAD" ? [undefined] : bodies) {
            const revision: Pair[] = body?.includes("2026") ? [["mcp-protocol-version", "2026-07-28"]] : [];
            const headers = [json, accept, ...revision, ...key];
            const answer = await send({ method, path, headers, ...(body !== undefined && { body }) });
            const about = `${method} ${path} ${JSON.stringify(key)} ${body}`;
            expect([401, 405], about).toContain(answer.status);
            if (answer.status === 401) expect(answer.headers["www-authenticate"], about).toMatch(/^Bearer/);
            expect(answer.headers["mcp-session-id"], about).toBeUndefined();
          }
        }
      }
      expect(await ask(face, "read-memory")).toHaveProperty("content");
      await face.close();
    },
  );
});

describe("P11: a key is taken from a header, and from nowhere else", () => {
  const elsewhere = (key: string): readonly (readonly [string, Partial<RawRequest>])[] => [
    ...["apiKey", "api_key", "x-api-key", "key", "token", "access_token", "authorization"].map(
      (name) => [`the query's ${name}`, { path: `${name}=${key}` }] as const,
    ),
    ["a cookie", { headers: [["cookie", `x-api-key=${key}; apiKey=${key}; session=${key}`]] }],
    ["Basic", { headers: [["authorization", `Basic ${Buffer.from(`${key}:`).toString("base64")}`]] }],
    ["Basic's password", { headers: [["authorization", `Basic ${Buffer.from(`x:${key}`).toString("base64")}`]] }],
    ["no scheme", { headers: [["authorization", key]] }],
    ["another scheme", { headers: [["authorization", `Token ${key}`]] }],
    ["another header", { headers: [["x-auth-token", key]] }],
    ["the body", { body: JSON.stringify({ apiKey: key, "x-api-key": key, params: { _meta: { apiKey: key } } }) }],
  ];

  it("at every door", { timeout: 120_000 }, async () => {
    const tryAt = async (door: KeyDoor, place: string, { path, headers = [], body }: Partial<RawRequest>) => {
      if (place === "the query's apiKey" && door.path === "/api/events") return;
      if (body !== undefined && door.method === "GET") return;
      const answer = await send({
        method: door.method,
        path: path === undefined ? door.path : withQuery(door.path, path),
        headers: [json, accept, ...headers],
        ...(body !== undefined && { body }),
      });
      const about = `${place}: ${door.method} ${door.path}`;
      expect([answer.status, refusalOf(answer, door)], about).toEqual([401, "AUTH_REQUIRED"]);
    };
    const places = elsewhere(server.key);
    for (const door of [...MCP_DOORS, ...REST_DOORS]) {
      await Promise.all(places.map(([place, request]) => tryAt(door, place, request)));
    }
  });

  it("but for the event stream, whose address is in no log", async () => {
    const path = `/api/events?apiKey=${server.key}&sources=api`;
    const answer = await send({ path, headers: [["x-request-id", "stream-1"]] });
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toMatch(/^text\/event-stream/);
    await send({ path: `/api/events?apiKey=${WRONG}` });
    await send({ path: "/healthz", headers: [["x-request-id", "stream-2"]] });
    await expect.poll(() => server.stderr()).toMatch(/"stream-1"[^]*"stream-2"/);
    expect(server.stderr()).not.toContain("apiKey");
    expect(server.stderr()).not.toContain(server.key);
    expect(server.stderr()).not.toContain(WRONG);
  });
});

// That readiness tells when the store is away: "a Redis that goes away" in outages.test.ts.
describe("P58: health and readiness", () => {
  it("tell one word each, to everyone that knows the server's name", async () => {
    for (const [path, status] of [
      ["/healthz", "ok"],
      ["/readyz", "ready"],
    ] as const) {
      for (const headers of [[], [["x-api-key", server.key]], [["x-api-key", WRONG]]] as Pair[][]) {
        const answer = await send({ path, headers });
        expect([answer.status, answer.text]).toEqual([200, JSON.stringify({ status })]);
        expect(Object.keys(answer.headers).join()).not.toMatch(/server|powered|version/);
      }
      const head = await send({ method: "HEAD", path });
      expect([head.status, head.text]).toEqual([200, ""]);
      const stranger = await send({ path, headers: [["Host", "10.0.0.7"]] });
      expect([stranger.status, errorIn(stranger).code]).toEqual([403, "HOST_REFUSED"]);
      const post = await send({ method: "POST", path, body: "" });
      expect([post.status, post.headers.allow]).toEqual([405, "GET, HEAD, OPTIONS"]);
    }
  });
});
