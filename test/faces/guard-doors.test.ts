import { describe, expect, it, onTestFinished } from "vitest";
import { errorIn, rawRequest } from "../support/raw-request.js";
import { serveHttp } from "./mcp/workbench.js";
import { openDoor } from "./rest/door.js";

/** A door of this process that reads a body of 64 KiB at most, with the keys that it has looked up. */
interface Opened {
  readonly url: string;
  readonly path: string;
  readonly key: string;
  readonly presented: readonly string[];
}

async function openMcp(path: string): Promise<Opened> {
  const bench = await serveHttp();
  onTestFinished(() => bench.close());
  return { url: bench.base, path, key: "key-of-ada", presented: bench.presented };
}

async function openRest(path: string): Promise<Opened> {
  const { url, presented } = await openDoor({ maxBody: 64 * 1024 });
  return { url, path, key: "owner-key", presented };
}

const DOORS: readonly (readonly [string, () => Promise<Opened>])[] = [
  ["Streamable HTTP", () => openMcp("/mcp")],
  ["the messages of HTTP+SSE", () => openMcp("/mcp/messages?sessionId=x")],
  ["REST", () => openRest("/api/v1/skills/a/run")],
];

describe.each(DOORS)("P07: %s", (_name, open) => {
  it("asks in one order: method, Host, Origin, key, content type, size, depth, and only then what the JSON says", async () => {
    const { url, path, key, presented } = await open();
    const huge = "[".repeat(70_000);
    const faulty = {
      method: "TRACE",
      host: "evil.example",
      origin: "https://evil.example",
      key: "wrong-key",
      type: "text/plain",
      body: huge,
    };
    const knock = async (mended: Partial<typeof faulty>) => {
      const { method, host, origin, key: shown, type, body } = { ...faulty, ...mended };
      const answer = await rawRequest(url, {
        method,
        path,
        body,
        headers: [
          ["Host", host],
          ["Origin", origin],
          ["x-api-key", shown],
          ["content-type", type],
          ["accept", "application/json, text/event-stream"],
        ],
      });
      return { code: errorIn(answer).code, message: errorIn(answer).message };
    };
    const mended: Partial<typeof faulty> = {};
    const next = (mend: Partial<typeof faulty>) => knock(Object.assign(mended, mend));
    expect((await next({})).code).toBe("METHOD_NOT_ALLOWED");
    expect((await next({ method: "POST" })).code).toBe("HOST_REFUSED");
    expect((await next({ host: "localhost" })).code).toBe("ORIGIN_REFUSED");
    expect(presented).toEqual([]);
    expect((await next({ origin: "http://localhost" })).code).toBe("AUTH_REQUIRED");
    expect((await next({ key })).code).toBe("UNSUPPORTED_MEDIA_TYPE");
    expect((await next({ type: "application/json" })).code).toBe("PAYLOAD_TOO_LARGE");
    expect(await next({ body: "[".repeat(9000) })).toEqual({
      code: "INVALID_INPUT",
      message: expect.stringMatching(/deep/),
    });
    expect(await next({ body: `[${"1,".repeat(25_000)}` })).toEqual({
      code: "INVALID_INPUT",
      message: expect.stringMatching(/20000 values/),
    });
    expect(await next({ body: "[" })).toEqual({ code: "INVALID_INPUT", message: expect.stringMatching(/JSON/) });
    expect(presented).toEqual(["wrong-key", key, key, key, key, key]);
  });

  it("looks no key up and answers at once where Host or Origin is foreign, though the body never comes", async () => {
    const { url, path, key, presented } = await open();
    for (const [name, value] of [
      ["Host", "evil.example:80@localhost"],
      ["Host", ""],
      ["Origin", "null"],
      ["Origin", "http://evil.example@localhost"],
    ] as const) {
      const answer = await rawRequest(url, {
        method: "POST",
        path,
        headers: [
          [name, value],
          ["x-api-key", key],
          ["content-type", "application/json"],
          ["content-length", "100"],
        ],
        withholdBody: true,
        within: 2000,
      });
      expect([answer.status, errorIn(answer).code]).toEqual([403, `${name.toUpperCase()}_REFUSED`]);
    }
    expect(presented).toEqual([]);
  });
});

describe("P07: a door that streams", () => {
  it.each(["/mcp", "/mcp/sse"])(
    "opens no stream at %s for a foreign page, and tells its own that it may read",
    async (path) => {
      const bench = await serveHttp();
      onTestFinished(() => bench.close());
      const from = (origin: string) =>
        rawRequest(bench.base, {
          path,
          headers: [
            ["Origin", origin],
            ["x-api-key", "key-of-ada"],
            ["accept", "text/event-stream"],
          ],
        });
      expect((await from("https://evil.example")).status).toBe(403);
      expect(bench.face.sessions()).toBe(0);
      const own = await from("http://localhost:6274");
      expect(own.headers["access-control-allow-origin"]).toBe("http://localhost:6274");
      expect(own.status).toBe(path === "/mcp" ? 400 : 200);
    },
  );
});
