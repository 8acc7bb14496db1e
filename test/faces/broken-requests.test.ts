import type { IncomingMessage, ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { ERRORS } from "../../src/core/errors.js";
import { listen } from "../../src/faces/http.js";

/** A server whose only door is `handler`; it gives slow clients 300 ms for the head and 600 ms for all. */
async function open(handler: (req: IncomingMessage, res: ServerResponse) => void) {
  const lines: object[] = [];
  const note = (fields: object) => void lines.push(fields);
  let made = 0;
  const server = await listen(
    { mcp: { handles: () => false, handler, close: async () => undefined }, rest: { handler } },
    {
      host: "127.0.0.1",
      port: 0,
      log: { debug: note, info: note, warn: note, error: note },
      newRequestId: () => `req_${(made += 1)}`,
      headMs: 300,
      requestMs: 600,
    },
  );
  onTestFinished(() => server.close());
  return { ...server, lines };
}

const takeWhole = (req: IncomingMessage, res: ServerResponse) => {
  req.resume().once("end", () => res.end("done"));
};

/** What comes back until the server closes the connection, and after how long. */
function talk(port: number, speak: (socket: Socket) => void): Promise<{ text: string; ms: number }> {
  const began = performance.now();
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => speak(socket));
    let text = "";
    socket.on("data", (chunk) => (text += chunk.toString("latin1")));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve({ text, ms: performance.now() - began }));
    onTestFinished(() => void socket.destroy());
  });
}

/** Says these bytes one at a time, for ever. */
const trickle = (head: string, more: string) => (socket: Socket) => {
  socket.write(head);
  const feed = setInterval(() => socket.write(more), 50);
  socket.once("close", () => clearInterval(feed));
};

/** One answer with the error form and nothing behind it. */
function expectError(text: string, status: number, code: keyof typeof ERRORS): void {
  const [head = "", body = ""] = text.split("\r\n\r\n");
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [A-Z][A-Za-z ]+\r\n`));
  expect(head.toLowerCase()).toMatch(/content-type: application\/json/);
  expect(head.toLowerCase()).toContain("connection: close");
  const { error } = JSON.parse(body) as { error: { code: string; message: string; request_id: string } };
  expect(error).toMatchObject({ code, type: ERRORS[code].type, message: expect.stringMatching(/^[A-Z].{10,}\.$/) });
  expect(head).toContain(`x-request-id: ${error.request_id}`);
}

const HEAD = "POST /x HTTP/1.1\r\nHost: localhost\r\n";

describe("P34: what is no request gets an error all the same", () => {
  it.each([
    ["what is no HTTP", "this is no HTTP\r\n\r\n", 400, "INVALID_INPUT"],
    ["the start of TLS", "\u0016\u0003\u0001\u0002", 400, "INVALID_INPUT"],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "INVALID_INPUT"],
    ["two lengths", `${HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400, "INVALID_INPUT"],
    ["a length below zero", `${HEAD}Content-Length: -1\r\n\r\n`, 400, "INVALID_INPUT"],
    ["a bad header name", `${HEAD}B\u0000d: 1\r\n\r\n`, 400, "INVALID_INPUT"],
    ["a broken chunk", `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 400, "INVALID_INPUT"],
    ["too long an address", `GET /${"x".repeat(20_000)} HTTP/1.1\r\n\r\n`, 431, "PAYLOAD_TOO_LARGE"],
    ["too many headers", `${HEAD}${"some-header: value\r\n".repeat(1500)}\r\n`, 431, "PAYLOAD_TOO_LARGE"],
    [
      "too long a chunk extension",
      `${HEAD}Transfer-Encoding: chunked\r\n\r\n1;${"x".repeat(20_000)}\r\na\r\n`,
      413,
      "PAYLOAD_TOO_LARGE",
    ],
    ["an unknown expectation", `${HEAD}Expect: the-moon\r\nContent-Length: 5\r\n\r\n`, 417, "INVALID_INPUT"],
    ["CONNECT", "CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "METHOD_NOT_ALLOWED"],
  ] as const)("%s", async (_what, bytes, status, code) => {
    const server = await open(takeWhole);
    const { text } = await talk(server.port, (socket) => socket.write(bytes, "latin1"));
    expectError(text, status, code);
    expect(server.lines).toEqual([expect.objectContaining({ request_id: "req_1", status })]);
    expect((await fetch(`http://127.0.0.1:${server.port}/`)).status).toBe(200);
  });

  it("once, whatever the client goes on to say, and the connection ends", async () => {
    const server = await open(takeWhole);
    const { text, ms } = await talk(server.port, trickle("nonsense\r\n\r\n", "more nonsense\r\n\r\n"));
    expectError(text, 400, "INVALID_INPUT");
    expect(ms).toBeLessThan(2500);
  });

  it("but no second answer where one has begun", async () => {
    const server = await open((_req, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      res.write("data: 1\n\n");
    });
    const { text } = await talk(server.port, (socket) => {
      socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      socket.once("data", () => socket.write("nonsense\r\n\r\n"));
    });
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("and an upgrade is a request like any other", async () => {
    const server = await open(takeWhole);
    const ask = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: upgrade, close\r\n\r\n";
    const { text } = await talk(server.port, (socket) => socket.write(ask));
    expect(text).toMatch(/^HTTP\/1\.1 200 [^]*done/);
  });

  it("and a client that resets its connection harms nobody", async () => {
    const server = await open(takeWhole);
    for (const bytes of [`${HEAD}Content-Length: 9\r\n\r\nx`, "CONNECT a:1 HTTP/1.1\r\n\r\n", "nonsense"]) {
      await talk(server.port, (socket) => {
        socket.write(bytes);
        setTimeout(() => socket.resetAndDestroy(), 20);
      });
    }
    expect((await fetch(`http://127.0.0.1:${server.port}/`)).status).toBe(200);
  });
});

describe("P06: a slow sender", () => {
  it.each([
    ["nothing at all", () => undefined],
    ["a head that never ends", trickle("GET / HTTP/1.1\r\nHost: localhost\r\n", "X-Y: z\r\n")],
    ["a body that trickles", trickle(`${HEAD}Content-Length: 100000\r\n\r\n`, "x")],
    ["chunks that trickle", trickle(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`, "1\r\nx\r\n")],
  ])("of %s is answered 408 and cut off", async (_what, speak) => {
    const server = await open(takeWhole);
    const { text, ms } = await talk(server.port, speak);
    expectError(text, 408, "TIMEOUT");
    expect(ms).toBeLessThan(3000);
  });

  it("is no slow receiver: a stream goes on past these times", async () => {
    const server = await open((req, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      const feed = setInterval(() => res.write("data: 1\n\n"), 50);
      req.once("close", () => clearInterval(feed));
    });
    const stream = await fetch(`http://127.0.0.1:${server.port}/`);
    const reader = stream.body?.getReader();
    const began = performance.now();
    while (performance.now() - began < 1500) expect((await reader?.read())?.done).toBe(false);
    await reader?.cancel();
  });
});
