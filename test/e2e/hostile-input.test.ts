import { connect } from "node:net";
import { performance } from "node:perf_hooks";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endPrograms, type Server, startServer } from "../support/program.js";
import { errorIn, LEAK, rawRequest, type RawRequest } from "../support/raw-request.js";

let server: Server;
let session: string;
beforeAll(async () => {
  server = await startServer();
  session = await openSession();
});
afterAll(endPrograms);

const MIB = 1024 * 1024;
const REVISION = "2025-11-25";
const message = (method: string, params: object, id: number | undefined = 1) =>
  JSON.stringify({ jsonrpc: "2.0", ...(id !== undefined && { id }), method, params });
const initialize = message("initialize", {
  protocolVersion: REVISION,
  capabilities: {},
  clientInfo: { name: "x", version: "1" },
});

type Pair = readonly [string, string];
const headers = (more: readonly Pair[] = []): Pair[] => [
  ["x-api-key", server.key],
  ["content-type", "application/json"],
  ["accept", "application/json, text/event-stream"],
  ...more,
];
const inSession = (): Pair[] => [
  ["mcp-session-id", session],
  ["mcp-protocol-version", REVISION],
];
const modern: Pair[] = [["mcp-protocol-version", "2026-07-28"]];
const send = (request: RawRequest) => rawRequest(server.url, request);

async function openSession(): Promise<string> {
  const answer = await send({ method: "POST", path: "/mcp", headers: headers(), body: initialize });
  return String(answer.headers["mcp-session-id"]);
}

/** Doors that read a body, with the headers that let them get as far as reading it. */
const DOORS = [
  { name: "REST", method: "PUT", path: "/api/v1/memory", more: () => [] },
  { name: "REST that starts a run", method: "POST", path: "/api/v1/skills/summarize/run", more: () => [] },
  { name: "MCP without a session", method: "POST", path: "/mcp", more: () => [] },
  { name: "MCP in a session", method: "POST", path: "/mcp/", more: inSession },
  { name: "MCP of 2026", method: "POST", path: "/mcp", more: () => modern },
  { name: "MCP over HTTP+SSE", method: "POST", path: "/mcp/messages?sessionId=x", more: () => [] },
] as const;

/** Sends chunks behind a request's head until the connection is cut off; how much that was, and when the answer came. */
async function flood(head: string) {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  let answer = "";
  let refusedAfter = 0;
  socket
    .on("error", () => undefined)
    .on("data", (data) => {
      if (answer === "") refusedAfter = socket.bytesWritten;
      answer += data.toString();
    });
  const closed = new Promise((resolve) => socket.once("close", resolve));
  const chunk = `${(64 * 1024).toString(16)}\r\n${" ".repeat(64 * 1024)}\r\n`;
  // It looks for an answer between any two chunks, however busy the machine is.
  const feed = () => {
    if (socket.destroyed) return;
    if (socket.write(chunk)) setTimeout(feed, 1);
    else socket.once("drain", () => setTimeout(feed, 1));
  };
  const began = performance.now();
  socket.write(head, feed);
  await closed;
  return { answer, refusedAfter, sent: socket.bytesWritten, ms: performance.now() - began };
}

describe.each(DOORS)("P30: $name", ({ method, path, more }) => {
  it("refuses 12 MB by their announcement, without waiting for any of them", async () => {
    const all = headers([...more(), ["content-length", String(12 * MIB)]]);
    const answer = await send({ method, path, headers: all, withholdBody: true, within: 2000 });
    expect([answer.status, errorIn(answer).code]).toEqual([413, "PAYLOAD_TOO_LARGE"]);
  });

  it("refuses a body that is unpacked larger than it is sent", async () => {
    const bomb = gzipSync(`{"content":"${"x".repeat(100 * MIB)}"}`, { level: 1 });
    for (const encoding of ["gzip", "x-gzip", "deflate", "br", "gzip, gzip", "identity, gzip"]) {
      const all = headers([...more(), ["content-encoding", encoding]]);
      const answer = await send({ method, path, headers: all, body: bomb.subarray(0, 3 * MIB), within: 2000 });
      expect([answer.status, errorIn(answer).code], encoding).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"]);
    }
  });

  it("refuses chunks once they are too many, and cuts off those that never end", async () => {
    const lines = [`${method} ${path} HTTP/1.1`, "Host: localhost", "Transfer-Encoding: chunked"];
    for (const [name, value] of headers(more())) lines.push(`${name}: ${value}`);
    let flooded = await flood(`${lines.join("\r\n")}\r\n\r\n`);
    // The system takes in more for a server that stopped reading, where the machine is busy; a server does so every time.
    for (let again = 0; again < 2 && flooded.sent >= 40 * MIB; again += 1) {
      flooded = await flood(`${lines.join("\r\n")}\r\n\r\n`);
    }
    expect(flooded.answer).toMatch(/^HTTP\/1\.1 413 [^]*PAYLOAD_TOO_LARGE/);
    expect(flooded.refusedAfter).toBeLessThan(12 * MIB);
    // What is on its way when the answer goes out is taken in for a moment, so that the client reads it.
    expect(flooded.sent).toBeLessThan(40 * MIB);
    expect(flooded.ms).toBeLessThan(5000);
  });
});

const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
const wide = (keys: number) => `{${Array.from({ length: keys }, (_, at) => `"k${at}":1`).join(",")}}`;
const meta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}`;
const call = (args: string, more = "") =>
  `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{${more}"name":"write-memory","arguments":${args}}}`;

const MONSTERS: readonly (readonly [string, string])[] = [
  ["100,000 levels", deep(100_000)],
  ["100,000 levels that never close", "[".repeat(100_000)],
  ["100,000 levels of objects", `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`],
  ["100,000 levels in an argument", call(`{"content":${deep(100_000)}}`)],
  ["65 levels", call(`{"content":${deep(62)}}`)],
  // The first are refused by their number, the others by what they mean.
  ...[200_000, 19_900].flatMap((keys): (readonly [string, string])[] => [
    [`${keys} keys`, wide(keys)],
    [`${keys} keys as arguments`, call(wide(keys))],
    [`${keys} keys as arguments of 2026`, call(wide(keys), `${meta},`)],
    [`${keys} keys as an argument`, call(`{"content":${wide(keys)}}`)],
    [`${keys} keys as params`, `{"jsonrpc":"2.0","id":7,"method":"prompts/list","params":${wide(keys)}}`],
    [`${keys} keys beside params`, `${wide(keys).slice(0, -1)},"jsonrpc":"2.0","id":7,"method":"ping"}`],
    [`${keys} keys as capabilities`, initialize.replace('"capabilities":{}', `"capabilities":${wide(keys)}`)],
  ]),
  ["200,000 items", `[${"1,".repeat(199_999)}1]`],
  ["200,000 items as an argument", call(`{"content":[${"{},".repeat(199_999)}{}]}`)],
  ["a number of a million digits", call(`{"content":${"9".repeat(1_000_000)}}`)],
  ["a text of a million escapes", call(`{"content":"${"\\u0000".repeat(500_000)}","mode":"x"}`)],
  ["a key of a million characters", call(`{"${"k".repeat(1_000_000)}":1}`)],
];

describe.each(DOORS)("P31: $name", ({ method, path, more }) => {
  it.each(MONSTERS)("answers %s within a second, and others meanwhile", async (_what, body) => {
    const timed = async (request: RawRequest) => {
      const began = performance.now();
      const answer = await send(request);
      return { answer, ms: performance.now() - began };
    };
    const key: Pair[] = [["x-api-key", server.key]];
    const measure = () =>
      Promise.all([
        timed({ method, path, headers: headers(more()), body }),
        timed({ path: "/healthz" }),
        timed({ path: "/api/v1/memory", headers: key }),
        timed({ method: "POST", path: "/mcp", headers: headers(inSession()), body: message("ping", {}, 1001) }),
      ]);
    let measured = await measure();
    // What stalls does so every time; a busy machine does not.
    for (let again = 0; again < 3 && measured.some(({ ms }) => ms >= 1000); again += 1) measured = await measure();
    const [monster, ...others] = measured;
    expect(monster.answer.status, monster.answer.text.slice(0, 300)).toBeLessThan(500);
    expect(monster.answer.text).not.toMatch(LEAK);
    expect(monster.answer.text.length).toBeLessThan(20_000);
    expect(monster.ms).toBeLessThan(1000);
    for (const { answer, ms } of others) {
      expect(answer.status).toBe(200);
      expect(ms).toBeLessThan(1000);
    }
  });
});

it("says of params of 2026-07-28 that do not fit what is wrong, as the caller's fault", async () => {
  const client = `"io.modelcontextprotocol/clientInfo":{"name":"x","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}`;
  const envelope = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",${client}}`;
  const body = `{"jsonrpc":"2.0","id":5,"method":"prompts/get","params":{"name":{"result":"summarize"},${envelope}}}`;
  const told: Pair[] = [...modern, ["mcp-method", "prompts/get"]];
  const answer = await send({ method: "POST", path: "/mcp", headers: headers(told), body });
  expect(JSON.parse(answer.text)).toMatchObject({
    id: 5,
    error: { code: -32602, message: expect.stringContaining("params.name"), data: { code: "INVALID_INPUT" } },
  });
});
