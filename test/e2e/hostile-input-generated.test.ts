import fc from "fast-check";
import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  legacyMessage,
  modernMessage,
  oddCall,
  oddHeaders,
  oddQuery,
  oddText,
  TOOLS,
  wellFormed,
} from "../support/odd-input.js";
import { endPrograms, type Server, startServer, until } from "../support/program.js";
import { LEAK, type RawAnswer, rawRequest, type RawRequest } from "../support/raw-request.js";

let server: Server;
let session: string;
let stream: { readonly path: string; readonly said: () => string; close(): void };

beforeAll(async () => {
  // Most of the messages that open a session leave it behind.
  server = await startServer({ env: { CLANKER_MAX_SESSIONS: "100000", CLANKER_LOG_LEVEL: "error" } });
  session = await openSession();
  stream = await openStream();
});
afterAll(async () => {
  stream.close();
  await endPrograms();
});

type Pair = readonly [string, string];
const key = (): Pair => ["x-api-key", server.key];
const plain = (): Pair[] => [
  key(),
  ["content-type", "application/json"],
  ["accept", "application/json, text/event-stream"],
];
const inSession = (): Pair[] => [...plain(), ["mcp-session-id", session], ["mcp-protocol-version", "2025-11-25"]];
const send = (request: RawRequest) => rawRequest(server.url, request);

async function openSession(): Promise<string> {
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params });
  const answer = await send({ method: "POST", path: "/mcp", headers: plain(), body });
  return String(answer.headers["mcp-session-id"]);
}

/** A stream of HTTP+SSE, on which the answers to its messages come. */
async function openStream() {
  const leave = new AbortController();
  const response = await fetch(`${server.url}/mcp/sse`, { headers: [[...key()]], signal: leave.signal });
  let said = "";
  const listen = async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body as ReadableStream<Uint8Array>)
      said += decoder.decode(chunk, { stream: true });
  };
  listen().catch(() => undefined);
  const path = await until(() => /data: (\/mcp\/messages\?\S+)/.exec(said)?.[1]);
  return {
    path,
    said: () => said,
    close: () => leave.abort(),
  };
}

const BROKEN = /"INTERNAL"|"STORE_UNAVAILABLE"|"code":-32603/;

/** An answer, whatever it says, as long as nothing broke. */
function expectUnharmed({ status, text }: Pick<RawAnswer, "status" | "text">): void {
  expect(status, text.slice(0, 500)).toBeLessThan(500);
  expect(BROKEN.test(text), text.slice(0, 500)).toBe(false);
  expect(LEAK.exec(text)?.[0]).toBeUndefined();
}

/** The same cases every time, so that a change is told from chance; another number looks elsewhere. */
const SEED = Number(process.env["HOSTILE_SEED"] ?? 20261101);

/** So many cases, in so much time at most; a failure names its seed and path, which bring it back. */
const cases = (numRuns: number) => ({
  seed: SEED,
  numRuns,
  interruptAfterTimeLimit: 2500,
  markInterruptAsFailure: false,
});

afterEach(async () => {
  expect(server.child.exitCode).toBeNull();
  expect((await send({ path: "/healthz", within: 2000 })).status).toBe(200);
  expect((await send({ path: "/readyz", within: 2000 })).status).toBe(200);
  const ping = (id: string) => JSON.stringify({ jsonrpc: "2.0", id, method: "ping" });
  const pong = await send({ method: "POST", path: "/mcp", headers: inSession(), body: ping("after"), within: 2000 });
  expect(JSON.parse(pong.text)).toEqual({ jsonrpc: "2.0", id: "after", result: {} });
  const id = `after-${Math.random()}`;
  await send({ method: "POST", path: stream.path, headers: plain(), body: ping(id), within: 2000 });
  await until(() => stream.said().includes(id));
  expect(
    stream
      .said()
      .split("\n")
      .filter((line) => BROKEN.test(line))
      .map((line) => line.slice(0, 500)),
  ).toEqual([]);
  expect(server.stderr()).not.toMatch(/"level":50|unhandled|uncaught/i);
});

describe("P06: nothing that is generated gives a 5xx or stops the server:", { timeout: 60_000 }, () => {
  const bodyDoors = [
    ...[
      ["POST", "/mcp"],
      ["POST", "/mcp/"],
      ["POST", "/mcp/messages?sessionId=x"],
      ["PUT", "/api/v1/memory"],
    ],
    ...[
      ["POST", "/api/v1/skills/summarize/run"],
      ["POST", "/api/v1/executions/1/result"],
      ["DELETE", "/mcp"],
    ],
    ...[
      ["POST", "/api/v1/clerk/list_users"],
      ["DELETE", "/api/v1/artifacts/1"],
      ["POST", "/healthz"],
    ],
  ] as const;

  it("bytes of any kind as a body", async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      oddText.map((text) => Buffer.from(text)),
      fc.json(),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...bodyDoors),
        bytes,
        fc.boolean(),
        async ([method = "", path = ""], body, within) => {
          const headers = within && method !== "DELETE" ? inSession() : plain();
          expectUnharmed(await send({ method, path, headers, body }));
        },
      ),
      cases(600),
    );
  });

  it("messages with something wrong, in a session", async () => {
    await fc.assert(
      fc.asyncProperty(legacyMessage, async ({ text }) => {
        expectUnharmed(await send({ method: "POST", path: "/mcp", headers: inSession(), body: text }));
      }),
      cases(900),
    );
  });

  it("messages with something wrong, outside of any", async () => {
    await fc.assert(
      fc.asyncProperty(legacyMessage, async ({ text }) => {
        expectUnharmed(await send({ method: "POST", path: "/mcp", headers: plain(), body: text }));
      }),
      cases(400),
    );
  });

  it("messages with something wrong, over HTTP+SSE", async () => {
    await fc.assert(
      fc.asyncProperty(legacyMessage, async ({ text }) => {
        expectUnharmed(await send({ method: "POST", path: stream.path, headers: plain(), body: text }));
      }),
      cases(500),
    );
  });

  it("messages of 2026 with something wrong", async () => {
    await fc.assert(
      fc.asyncProperty(modernMessage, fc.boolean(), async ({ text, method }, told) => {
        const headers: Pair[] = [...plain(), ["mcp-protocol-version", "2026-07-28"]];
        if (told) headers.push(["mcp-method", method]);
        expectUnharmed(await send({ method: "POST", path: "/mcp/", headers, body: text }));
      }),
      cases(900),
    );
  });

  it("odd headers and queries, at any door", async () => {
    const doors = [
      ...[...bodyDoors, ["GET", "/mcp"], ["GET", "/mcp/sse"], ["GET", "/api/events"], ["GET", "/api/v1/executions"]],
      ...[
        ["GET", "/api/v1/marketplace/skills"],
        ["GET", "/api/v1/artifacts/1/download"],
        ["OPTIONS", "/mcp"],
        ["HEAD", "/"],
      ],
    ] as const;
    const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...doors),
        oddHeaders,
        oddQuery,
        async ([method = "", path = ""], odd, query) => {
          const headers = [...(odd.some(([name]) => name === "x-api-key") ? [] : [key()]), ...odd];
          const target = query === "" ? path : `${path}${path.includes("?") ? "&" : "?"}${query}`;
          const body = method === "POST" || method === "PUT" ? { body: ping } : {};
          expectUnharmed(await send({ method, path: target, headers, ...body }));
        },
      ),
      cases(800),
    );
  });

  it("odd arguments of every tool, through every door", async () => {
    expect(TOOLS.length).toBeGreaterThan(15);
    await fc.assert(
      fc.asyncProperty(oddCall, async ({ tool: { tool, route }, args }) => {
        const message = { jsonrpc: "2.0", id: 9, method: "tools/call", params: { name: tool, arguments: args } };
        expectUnharmed(
          await send({ method: "POST", path: "/mcp", headers: inSession(), body: JSON.stringify(message) }),
        );
        if (!route) return;
        const textOf = (value: unknown) => wellFormed(typeof value === "string" ? value : JSON.stringify(value));
        const path = route.path.replaceAll(/:(\w+)/g, (_all, name: string) => {
          return encodeURIComponent(Object.hasOwn(args, name) ? textOf(args[name]).slice(0, 999) : "1");
        });
        if (route.method === "GET" || route.method === "DELETE") {
          const query = new URLSearchParams(
            Object.entries(args).map(([name, value]): [string, string] => [name, textOf(value)]),
          );
          const target = `${path}?${query.toString()}`.slice(0, 8000);
          expectUnharmed(await send({ method: route.method, path: target, headers: [key()] }));
        } else {
          expectUnharmed(await send({ method: route.method, path, headers: plain(), body: JSON.stringify(args) }));
        }
      }),
      cases(500),
    );
  });

  it("bytes on the wire that are nearly HTTP", async () => {
    const pieces = fc.constantFrom(
      ...[
        "GET ",
        "POST ",
        "PUT ",
        "TRACE ",
        "OPTIONS ",
        "CONNECT ",
        "/",
        "/mcp",
        "/api/v1/memory",
        "*",
        "http://localhost/",
      ],
      ...[
        "http://[::1",
        "//x",
        "%",
        "%ff",
        "?",
        "#",
        " HTTP/1.1",
        " HTTP/1.0",
        " HTTP/9.9",
        "\r\n",
        "\n",
        "\r",
        "\r\n\r\n",
        "\0",
      ],
      ...[
        "Host: localhost\r\n",
        "Host: evil.example\r\n",
        "Host:\r\n",
        "Content-Length: 3\r\n",
        "Content-Length: 99\r\n",
      ],
      ...[
        "Content-Length: x\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Expect: 100-continue\r\n",
      ],
      ...[
        "Expect: x\r\n",
        "Upgrade: websocket\r\nConnection: upgrade\r\n",
        "Connection: close\r\n",
        "Content-Type: application/json\r\n",
      ],
      ...["3\r\nabc\r\n", "0\r\n\r\n", "ffffffffff\r\n", "abc", ": \r\n", "X: \u00ff\r\n", "\u0016\u0003\u0001"],
    );
    const start = fc.constantFrom(
      "",
      "GET /healthz HTTP/1.1\r\n",
      "POST /mcp HTTP/1.1\r\nHost: localhost\r\n",
      "PUT /api/v1/memory HTTP/1.1\r\n",
    );
    await fc.assert(
      fc.asyncProperty(start, fc.array(pieces, { maxLength: 9 }), async (first, more) => {
        const said = await onTheWire(`${first}${more.join("")}\r\n\r\n`);
        for (const [, status] of said.matchAll(/HTTP\/1\.1 (\d+) /g)) expect(Number(status), said).toBeLessThan(500);
        expect(said).not.toMatch(LEAK);
      }),
      cases(250),
    );
  });
});

/** What comes back on a connection of its own, until it is closed or quiet. */
function onTheWire(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1", () => {
      socket.write(`${bytes}`, "latin1");
      socket.write(`x-api-key: ${server.key}\r\n\r\n`);
    });
    let text = "";
    socket.setTimeout(15, () => socket.destroy());
    socket.on("data", (chunk) => (text += chunk.toString("latin1")));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(text));
  });
}
