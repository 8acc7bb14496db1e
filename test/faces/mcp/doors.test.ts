import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { initialize, openSession, serveHttp, type HttpBench } from "./workbench.js";

const ping = { jsonrpc: "2.0", id: 7, method: "ping" };
const DOORS = [
  ["POST", "/mcp"],
  ["POST", "/mcp/"],
  ["GET", "/mcp"],
  ["DELETE", "/mcp"],
  ["GET", "/mcp/sse"],
  ["POST", "/mcp/messages?sessionId=x"],
] as const;

describe("the MCP doors over HTTP", () => {
  let bench: HttpBench;
  beforeEach(async () => {
    bench = await serveHttp();
  });
  afterEach(() => bench.close());

  const knock = (method: string, path: string, headers: Record<string, string>) =>
    fetch(bench.base + path, {
      method,
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
      ...(method === "POST" && { body: JSON.stringify(initialize()) }),
    });

  it.each(DOORS)("%s %s wants a key from a header, a good one, and from nowhere else", async (method, path) => {
    const joined = path.includes("?") ? "&" : "?";
    for (const [where, headers] of [
      [path, {}],
      [path, { "x-api-key": "wrong-key" }],
      [path, { authorization: "Bearer wrong-key" }],
      [path, { authorization: `Basic ${Buffer.from("key-of-ada:").toString("base64")}` }],
      [path, { cookie: "x-api-key=key-of-ada" }],
      [`${path}${joined}x-api-key=key-of-ada&apiKey=key-of-ada`, {}],
    ] as const) {
      const response = await knock(method, where, headers);
      expect(response.status, JSON.stringify([where, headers])).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(await response.json()).toEqual({
        jsonrpc: "2.0",
        id: null,
        error: {
          code: -32000,
          message: expect.any(String),
          data: { code: "AUTH_REQUIRED", request_id: response.headers.get("x-request-id") },
        },
      });
    }
    expect(bench.face.sessions()).toBe(0);
  });

  it("takes the key as Bearer too", async () => {
    expect((await knock("POST", "/mcp", { authorization: "Bearer key-of-ada" })).status).toBe(200);
  });

  it("refuses a method before it looks for a key, and names those it takes", async () => {
    const refused = await knock("PUT", "/mcp", {});
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "POST, GET, DELETE"]);
    expect((await knock("POST", "/mcp/sse", {})).status).toBe(405);
    expect(bench.presented).toEqual([]);
  });

  it("knows its own paths only", () => {
    expect(["/mcp", "/mcp/", "/mcp/sse", "/mcp/messages"].every((path) => bench.face.handles(path))).toBe(true);
    expect(["/", "/mcpx", "/mcp/other", "/api/v1/memory"].some((path) => bench.face.handles(path))).toBe(false);
  });

  it.each([
    ["another content type", "x", { "content-type": "text/plain" }, 415, -32000, "UNSUPPORTED_MEDIA_TYPE"],
    [
      "one that only begins like JSON",
      "{}",
      { "content-type": "application/jsonx" },
      415,
      -32000,
      "UNSUPPORTED_MEDIA_TYPE",
    ],
    ["a compressed body", "x", { "content-encoding": "gzip" }, 415, -32000, "UNSUPPORTED_MEDIA_TYPE"],
    ["a body past the limit", `"${"x".repeat(70_000)}"`, {}, 413, -32000, "PAYLOAD_TOO_LARGE"],
    ["broken JSON", '{"jsonrpc":', {}, 400, -32700, "INVALID_INPUT"],
    ["no body", "", {}, 400, -32700, "INVALID_INPUT"],
    ["a batch", JSON.stringify([ping, ping]), {}, 400, -32600, "INVALID_INPUT"],
    ["an empty batch", "[]", {}, 400, -32600, "INVALID_INPUT"],
    ["a bare value", "null", {}, 400, -32600, "INVALID_INPUT"],
    ["deep nesting", `{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}`, {}, 400, -32600, "INVALID_INPUT"],
    ["what is no JSON-RPC", '{"hello":"world"}', {}, 400, -32600, "INVALID_INPUT"],
  ])("refuses %s and goes on", async (_what, body, headers, status, rpc, code) => {
    const session = await openSession(bench);
    for (const path of ["/mcp", "/mcp/messages?sessionId=x"]) {
      if (path !== "/mcp" && body.includes("hello")) continue;
      const response = await bench.post(body, { ...session, ...headers }, path);
      expect(response.status, path).toBe(status);
      const { error } = (await response.json()) as { error: object };
      expect(error).toMatchObject({ code: rpc, data: { code, request_id: expect.any(String) } });
      expect(JSON.stringify(error)).not.toMatch(/at .*\.[jt]s|node_modules|\/work\//);
    }
    expect((await bench.post(ping, session)).status).toBe(200);
  });

  it("takes 64 levels, and brackets inside text as text", async () => {
    const session = await openSession(bench);
    const deep = JSON.parse("[".repeat(60) + "]".repeat(60)) as unknown;
    const marker = '[{"\\'.repeat(100);
    const body = { ...ping, params: { _meta: { deep, marker } } };
    expect((await bench.post(body, session)).status).toBe(200);
  });

  it("stops an endless chunked body at the limit", async () => {
    const status = await new Promise((resolve, reject) => {
      const endless = request(`${bench.base}/mcp`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-api-key": "key-of-ada" },
      });
      const feed = setInterval(() => endless.write("x".repeat(16_384)), 1);
      endless.on("error", () => clearInterval(feed));
      endless.on("close", () => clearInterval(feed));
      endless.on("response", (response) => resolve(response.statusCode));
      setTimeout(() => reject(new Error("no answer")), 5000).unref();
    });
    expect(status).toBe(413);
  });

  it("lets nobody keep sending after a refusal", async () => {
    const open = await new Promise<number>((resolve) => {
      const started = Date.now();
      const endless = request(`${bench.base}/mcp`, { method: "POST", headers: { "x-api-key": "wrong" } });
      const feed = setInterval(() => endless.write("x".repeat(1024)), 5);
      endless.on("error", () => undefined);
      endless.on("close", () => {
        clearInterval(feed);
        resolve(Date.now() - started);
      });
    });
    expect(open).toBeLessThan(4000);
  });

  it("refuses an initialize that is none, a protocol version that is none, and a client that takes no JSON", async () => {
    expect((await bench.post({ ...initialize(), params: { protocolVersion: 5 } })).status).toBe(400);
    expect((await bench.post({ ...initialize(), id: undefined })).status).toBe(400);
    expect((await bench.post(initialize(), { accept: "text/html" })).status).toBe(406);
    expect(bench.face.sessions()).toBe(0);
    const session = await openSession(bench);
    const refused = await bench.post(ping, { ...session, "mcp-protocol-version": "1999-01-01" });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: { data: { code: "INVALID_INPUT" } } });
  });

  it("answers older revisions in theirs", async () => {
    for (const revision of ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]) {
      const answer = await (await bench.post(initialize(revision))).json();
      expect(answer).toMatchObject({ result: { protocolVersion: revision } });
    }
  });

  it("believes a proxy about the client's address only as far as it is told to", async () => {
    const addresses: (string | undefined)[] = [];
    for (const trustProxy of [0, 1, 2, 5]) {
      const proxied = await serveHttp({
        trustProxy,
        authenticate: async (_key, { ip }) => {
          addresses.push(ip);
          throw new Error("enough seen");
        },
      });
      await proxied.post(initialize(), { "x-forwarded-for": "6.6.6.6, 10.0.0.1" });
      await proxied.close();
    }
    expect(addresses).toEqual(["127.0.0.1", "10.0.0.1", "6.6.6.6", "6.6.6.6"]);
  });
});
