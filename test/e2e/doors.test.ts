import { afterEach, describe, expect, it } from "vitest";
import { readdir } from "node:fs/promises";
import { connect } from "node:net";
import { catalogue } from "../../tools/catalogue.js";
import { openEvents } from "../support/event-stream.js";
import { ask, connectHttp, connectRest } from "../support/faces.js";
import { endPrograms, type Server, startServer, until } from "../support/program.js";
import { scriptedModel } from "../support/scripted-model.js";

afterEach(endPrograms);

const MIB = 1024 * 1024;

interface Door {
  readonly name: string;
  readonly path: string;
  readonly method: string;
}

const DOORS: readonly Door[] = [
  { name: "REST", path: "/api/v1/memory", method: "PUT" },
  { name: "Streamable HTTP", path: "/mcp/", method: "POST" },
  { name: "Streamable HTTP without the slash", path: "/mcp", method: "POST" },
  { name: "HTTP+SSE", path: "/mcp/messages?sessionId=x", method: "POST" },
];

const send = (
  { url, key }: Server,
  { path, method }: Door,
  body: string | ReadableStream<Uint8Array>,
  headers: Record<string, string> = {},
) =>
  fetch(url + path, {
    method,
    headers: {
      "x-api-key": key,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body,
    ...({ duplex: "half" } as object),
  });

const codeIn = ({ error }: { error: { code: unknown; data?: { code: string } } }) => error.data?.code ?? error.code;

describe.each(DOORS)("$name", (door) => {
  it("refuses a body over 4 MB, told or untold, and goes on", async () => {
    const server = await startServer();
    const text = JSON.stringify({ content: "x".repeat(4 * MIB) });
    const told = await send(server, door, text);
    expect(told.status).toBe(413);
    expect(codeIn((await told.json()) as never)).toBe("PAYLOAD_TOO_LARGE");
    let sent = 0;
    const untold = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1;
        controller.enqueue(new Uint8Array(64 * 1024).fill(0x78));
        if (sent > 1000) controller.close();
      },
    });
    // The connection may be cut before the answer is read: then too the body was not read to its end.
    const answer = await send(server, door, untold).catch(() => undefined);
    if (answer) expect(answer.status).toBe(413);
    expect(sent).toBeLessThan(1000);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });

  it("wants a key, and a good one, before it looks at the body", async () => {
    const server = await startServer();
    for (const key of ["", "ck_wrong_0123456789012345678901234567890123456"]) {
      for (const body of ["{", "{}"]) {
        const refused = await send(server, door, body, { "x-api-key": key });
        expect(refused.status).toBe(401);
        expect(codeIn((await refused.json()) as never)).toBe("AUTH_REQUIRED");
      }
    }
    for (const carrier of [`${door.path}${door.path.includes("?") ? "&" : "?"}apiKey=${server.key}`, door.path]) {
      const headers = {
        "x-api-key": "",
        cookie: `x-api-key=${server.key}`,
        authorization: `Basic ${btoa(`x:${server.key}`)}`,
      };
      expect((await send(server, { ...door, path: carrier }, "{}", headers)).status).toBe(401);
    }
  });
});

describe("no door opens without a key", () => {
  it("that MCP has, whatever the method", async () => {
    const { url, key } = await startServer();
    const wrong = { "x-api-key": "ck_wrong_0123456789012345678901234567890123456" };
    for (const [method, path] of [
      ["GET", "/mcp"],
      ["DELETE", "/mcp/"],
      ["GET", "/mcp/sse"],
      ["GET", `/mcp/sse?apiKey=${key}`],
      ["GET", `/mcp/sse?x-api-key=${key}`],
    ] as const) {
      expect((await fetch(url + path, { method })).status, path).toBe(401);
      expect((await fetch(url + path, { method, headers: wrong })).status, path).toBe(401);
    }
  });

  it("that an operation has, unless it is public", async () => {
    const { url } = await startServer();
    for (const { name, scope, route } of catalogue) {
      if (!route || scope === "public") continue;
      const target = url + route.path.replaceAll(/:\w+/g, "1");
      const response = await fetch(target, { method: route.method });
      expect(response.status, name).toBe(401);
      expect(response.headers.get("x-request-id"), name).toMatch(/./);
      const isFlat = route.path.startsWith("/api/v1/agents/");
      const error = isFlat ? "AUTH_REQUIRED" : { code: "AUTH_REQUIRED" };
      expect(await response.json(), name).toMatchObject({ error });
    }
  });
});

describe.each(["SIGTERM", "SIGINT"] as const)("at a %s the server", (signal) => {
  it("ends its streams and exits soon, with code 0 and nothing left", async () => {
    const server = await startServer();
    const headers = { "x-api-key": server.key };
    const faces = [
      await connectHttp("streamable", server.url, server.key),
      await connectHttp("sse", server.url, server.key),
    ];
    const stream = await openEvents(`${server.url}/api/events`, headers);
    const idle = connect(Number(new URL(server.url).port), "127.0.0.1");
    idle.on("error", () => undefined);
    await ask(connectRest(server.url, server.key), "read-memory");
    const began = performance.now();
    const { code } = await server.kill(signal);
    expect(code).toBe(0);
    expect(performance.now() - began).toBeLessThan(2000);
    await stream.ended;
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
    const kept = ["clanker.db", "clanker.db-shm", "clanker.db-wal", "master.key", "owner.key"];
    expect(kept).toEqual(expect.arrayContaining(await readdir(server.home)));
    for (const face of faces) await face.close();
  });

  it("stops its runs and gives a waiting agent an answer or the end of its connection", async () => {
    const model = await scriptedModel();
    model.slowly("a long story");
    const server = await startServer({ env: model.env });
    const face = await connectHttp("streamable", server.url, server.key);
    await ask(face, "install-skill", { slug: "summarize" });
    const args = { slug: "summarize", input: "a long story", wait_seconds: 50 };
    const waiting = face.call("execute-skill", args).then(
      () => "answered",
      () => "ended",
    );
    await until(() => model.mock.getRequests().length > 0);
    const began = performance.now();
    expect((await server.kill(signal)).code).toBe(0);
    expect(performance.now() - began).toBeLessThan(4000);
    await model.hungUp();
    await face.close();
    expect(await waiting).toMatch(/answered|ended/);
    await model.stop();
  });
});
