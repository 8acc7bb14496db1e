import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createOutgoing, type OutgoingRequest } from "../../src/outgoing/send.js";
import { listen, type Listening, receive, type Received, type Reply } from "../support/listening.js";

let server: Listening;
let other: Listening;
let received: Received[] = [];
let elsewhere: Received[] = [];
let answer: (request: Received, count: number) => Reply | Promise<Reply> = () => ({});
const outgoing = createOutgoing();

beforeAll(async () => {
  server = await listen(
    receive((request) => {
      received.push(request);
      return answer(request, received.length);
    }),
  );
  other = await listen(
    receive((request) => {
      elsewhere.push(request);
      return { body: "elsewhere" };
    }),
  );
});
beforeEach(() => {
  received = [];
  elsewhere = [];
});
afterAll(async () => {
  await outgoing.close();
  await server.stop();
  await other.stop();
});

const asked = (more: Partial<OutgoingRequest> = {}): OutgoingRequest => ({
  who: "GitHub",
  method: "GET",
  url: new URL("/thing?a=b", server.url),
  headers: { authorization: "Bearer canary", accept: "application/json" },
  read: true,
  maxBytes: 1000,
  timeoutMs: 5000,
  signal: new AbortController().signal,
  ...more,
});
const write = { method: "POST", body: "{}", read: false } as const;

describe("a request to another service", () => {
  it("brings its answer, whatever the status", async () => {
    answer = () => ({ status: 404, body: { message: "no" }, headers: { "x-more": "1" } });
    const { status, headers, content } = await outgoing.send(asked());
    expect({ status, more: headers["x-more"], body: JSON.parse(content.toString()) as unknown }).toEqual({
      status: 404,
      more: "1",
      body: { message: "no" },
    });
    expect(received[0]).toMatchObject({ target: "/thing?a=b", headers: { authorization: "Bearer canary" } });
  });

  it.each([429, 500, 502, 503, 504])("is sent again after %i where it is a read", async (status) => {
    answer = (_, count) => (count === 1 ? { status } : { body: "fine" });
    expect((await outgoing.send(asked())).content.toString()).toBe("fine");
    expect(received).toHaveLength(2);
  });

  it("is given up after three times", async () => {
    answer = () => ({ status: 503 });
    expect((await outgoing.send(asked())).status).toBe(503);
    expect(received).toHaveLength(3);
  });

  it("waits as long as Retry-After says, and not at all where that is too long", async () => {
    answer = (_, count) => (count === 1 ? { status: 429, headers: { "retry-after": "1" } } : {});
    const started = performance.now();
    expect((await outgoing.send(asked())).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThan(990);
    answer = () => ({ status: 429, headers: { "retry-after": "60" } });
    received = [];
    expect((await outgoing.send(asked())).status).toBe(429);
    expect(received).toHaveLength(1);
  });

  it("is sent again after a lost connection where it is a read", async () => {
    answer = (_, count) => {
      if (count === 1) throw new Error("break off");
      return { body: "fine" };
    };
    expect((await outgoing.send(asked())).content.toString()).toBe("fine");
  });

  it.each([
    ["429", () => ({ status: 429 })],
    ["503", () => ({ status: 503 })],
  ])("is never sent twice where it changes something: %s", async (_, reply) => {
    answer = reply;
    await outgoing.send(asked(write));
    expect(received).toHaveLength(1);
  });

  it("says that nobody knows what became of a change whose answer was lost", async () => {
    answer = () => {
      throw new Error("break off");
    };
    await expect(outgoing.send(asked(write))).rejects.toMatchObject({
      code: "UPSTREAM_FAILED",
      message: expect.stringContaining("not known") as string,
      fields: { retryable: false },
    });
    expect(received).toHaveLength(1);
  });

  it("knows that a change never went out", async () => {
    const gone = await listen(() => undefined);
    await gone.stop();
    const error = await outgoing.send(asked({ ...write, url: new URL(gone.url) })).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "UPSTREAM_FAILED", fields: undefined });
  });

  it("ends after its time", async () => {
    answer = () => sleep(2000).then(() => ({}));
    const started = performance.now();
    await expect(outgoing.send(asked({ timeoutMs: 200 }))).rejects.toMatchObject({ code: "TIMEOUT" });
    expect(performance.now() - started).toBeLessThan(1500);
    expect(received).toHaveLength(1);
  });

  it("ends at once where the caller gives up (P49)", async () => {
    answer = () => sleep(2000).then(() => ({}));
    const caller = new AbortController();
    const sent = outgoing.send(asked({ signal: caller.signal }));
    setTimeout(() => caller.abort(), 50);
    await expect(sent).rejects.toMatchObject({ code: "CANCELLED" });
  });

  it.each([
    ["that says how large it is", { "content-length": "50000000" }],
    ["that does not say how large it is", {}],
  ])("refuses an answer %s without reading it all", async (_, headers) => {
    let sent = 0;
    const endless = await listen((_request, response) => {
      response.writeHead(200, headers);
      const timer = setInterval(() => {
        sent += 1;
        response.write(Buffer.alloc(600));
      }, 1);
      response.on("close", () => clearInterval(timer));
    });
    await expect(outgoing.send(asked({ url: new URL(endless.url) }))).rejects.toMatchObject({
      code: "PAYLOAD_TOO_LARGE",
      details: { limit: 1000 },
    });
    await sleep(100);
    expect(sent).toBeLessThan(200);
    await endless.stop();
  });
});

describe("a redirect (P17)", () => {
  const to = (location: string, status = 302) => {
    answer = (request) =>
      request.target === "/moved" ? { body: "moved here" } : { status, headers: { location }, body: "" };
  };

  it("is followed within the same server, with what proves who we are", async () => {
    to("/moved", 301);
    expect((await outgoing.send(asked())).content.toString()).toBe("moved here");
    expect(received[1]?.headers.authorization).toBe("Bearer canary");
  });

  it.each(["http://169.254.169.254/", "http://[::1]/", "http://0/", "http://2130706433/"])(
    "to %s is refused",
    async (location) => {
      to(location);
      await expect(outgoing.send(asked())).rejects.toMatchObject({ code: "ACCESS_DENIED" });
      expect(received).toHaveLength(1);
    },
  );

  it("to another private server is refused, although the first one may be private", async () => {
    to(other.url);
    await expect(outgoing.send(asked())).rejects.toMatchObject({ code: "ACCESS_DENIED" });
    expect(elsewhere).toEqual([]);
  });

  it("to another public server is followed without what proves who we are", async () => {
    const open = createOutgoing({ isPublic: () => true });
    to(`${other.url}/file`);
    expect((await open.send(asked())).content.toString()).toBe("elsewhere");
    expect(elsewhere[0]?.headers).not.toHaveProperty("authorization");
    expect(elsewhere[0]?.headers.accept).toBe("application/json");
    await open.close();
  });

  it("is not followed from a public server into a private one", async () => {
    const { port } = new URL(other.url);
    const open = createOutgoing({
      isPublic: (address) => address === "127.0.0.2",
      resolve: (_hostname, _options, callback) => callback(null, [{ address: "127.0.0.1", family: 4 }]),
    });
    to(`http://rebind.example:${port}/`);
    await expect(open.send(asked())).rejects.toMatchObject({ code: "ACCESS_DENIED" });
    expect(elsewhere).toEqual([]);
    await open.close();
  });

  it.each(["file:///etc/passwd", "ftp://example.com/", "http://user:password@example.com/", "http://", "//"])(
    "to %s is not followed",
    async (location) => {
      to(location);
      expect((await outgoing.send(asked())).status).toBe(302);
      expect(received).toHaveLength(1);
    },
  );

  it("without end is given up", async () => {
    answer = () => ({ status: 302, headers: { location: "/again" } });
    expect((await outgoing.send(asked())).status).toBe(302);
    expect(received).toHaveLength(4);
  });

  it("of a change is followed only where that means the same change on the same server", async () => {
    to("/moved", 302);
    expect((await outgoing.send(asked(write))).status).toBe(302);
    to("/moved", 307);
    received = [];
    expect((await outgoing.send(asked(write))).content.toString()).toBe("moved here");
    expect(received.map(({ method }) => method)).toEqual(["POST", "POST"]);
    to(`${other.url}/moved`, 307);
    expect((await outgoing.send(asked(write))).status).toBe(307);
    expect(elsewhere).toEqual([]);
  });
});
