import type { RequestListener } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import type { AppError } from "../../src/core/errors.js";
import { CANARY, everyClerkTool } from "../support/clerk-raw-calls.js";
import type { Args } from "../support/faces.js";
import { freePort, listen } from "../support/listening.js";
import { refusal } from "../support/services.js";

/** Tools on a counterpart that answers each request with the next of these, the last one from then on. */
async function bench(listeners: readonly RequestListener[], timeoutMs = 5000) {
  const requests: { method: string; at: number }[] = [];
  const listening = await listen((request, response) => {
    requests.push({ method: request.method ?? "", at: Date.now() });
    // The request's body is of no interest here, but left unread it would hold up the connection.
    request.resume();
    listeners[Math.min(requests.length, listeners.length) - 1]?.(request, response);
  });
  onTestFinished(() => listening.stop());
  return { requests, url: listening.url, ...(await everyClerkTool({ backend: listening.url, timeoutMs })) };
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  };

const user = json(200, { object: "user", id: "user_1" });
type How = readonly [tool: string, args: Args];
const read: How = ["get_user", { user_id: "user_1" }];
const rawRead: How = ["clerk_api_get", { path: "users/user_1" }];
const write: How = ["ban_user", { user_id: "user_1" }];
const rawWrite: How = ["clerk_api_post", { path: "users/user_1/ban" }];

const failureOf = (answer: Promise<unknown>) =>
  answer.then(
    () => expect.fail("it answered"),
    (error: AppError) => error,
  );

describe("P51: what Clerk refuses", () => {
  const errors = {
    errors: [{ code: "form_x", message: "short", long_message: "The long sentence.", meta: { param_name: "x" } }],
    clerk_trace_id: "trace_1",
  };

  it.each([
    [400, "INVALID_INPUT", false],
    [403, "UPSTREAM_FAILED", false],
    [404, "NOT_FOUND", false],
    [409, "CONFLICT", false],
    [413, "PAYLOAD_TOO_LARGE", false],
    [422, "INVALID_INPUT", false],
    [429, "RATE_LIMITED", true],
    [500, "UPSTREAM_FAILED", true],
  ])("comes through from %d as %s, with its sentence, codes and advice", async (status, code, retryable) => {
    for (const [tool, args] of [read, rawRead]) {
      const { call } = await bench([json(status, errors)]);
      const { message, ...error } = await failureOf(call(tool, args));
      expect({ message, ...error }).toMatchObject({
        code,
        message: "The long sentence.",
        fields: { clerk_code: "form_x", clerk_trace_id: "trace_1", status, retryable, parameter: "x" },
      });
    }
  });

  it.each([read, rawRead])("is about the server's key where the status is 401: %s", async (...how) => {
    const { call } = await bench([json(401, errors), user]);
    const error = await failureOf(call(...how));
    expect(error).toMatchObject({ code: "UPSTREAM_FAILED", fields: { status: 401, retryable: false } });
    expect(error.message).toBe("Clerk refused the secret key; check CLERK_SECRET_KEY.");
    expect(await call(...how)).toEqual({ object: "user", id: "user_1" });
  });

  it.each([
    ["seconds", () => "7", 7],
    ["a date", () => new Date(Date.now() + 90_000).toUTCString(), 90],
    ["a date that is over", () => new Date(0).toUTCString(), 0],
    ["nonsense", () => "soon", undefined],
    ["a fraction", () => "1.5", undefined],
    ["less than nothing", () => "-3", undefined],
  ])("tells Retry-After given as %s", async (_, value, seconds) => {
    const { call } = await bench([json(429, {}, { "retry-after": value() })]);
    const { fields } = await failureOf(call(...rawWrite));
    const told = fields?.["retry_after_seconds"];
    if (seconds === undefined) expect(told).toBeUndefined();
    else expect(Math.abs(Number(told) - seconds)).toBeLessThanOrEqual(1);
  });

  it("has the number of Clerk's network where it has no trace of its own", async () => {
    const { call } = await bench([
      json(404, {}, { "cf-ray": "9a1b2c3d4e5f6789-FRA" }),
      json(404, {}, { "cf-ray": "?" }),
    ]);
    expect((await failureOf(call(...read))).fields).toMatchObject({ clerk_trace_id: "9a1b2c3d4e5f6789-FRA" });
    expect((await failureOf(call(...read))).fields).not.toHaveProperty("clerk_trace_id");
  });

  it("is told as far as it makes sense, whatever shape it has", async () => {
    const odd = {
      errors: [{ code: 7, message: ["x"], long_message: "y".repeat(5000), meta: "z" }],
      clerk_trace_id: {},
    };
    const { call } = await bench([json(422, odd), json(422, { errors: "no" }), json(422, [null])]);
    expect((await failureOf(call(...rawRead))).message).toBe("y".repeat(1000));
    expect((await failureOf(call(...rawRead))).fields).toEqual({ status: 422, retryable: false });
    expect((await failureOf(call(...read))).message).toBe("Clerk answered with status 422.");
  });

  it("is told of the request that failed where two were sent", async () => {
    const { call } = await bench([
      (request, response) => {
        if (request.url?.startsWith("/v1/users/count")) return json(200, { total_count: 1 })(request, response);
        // The count has been answered by then.
        setTimeout(() => json(422, errors)(request, response), 30);
      },
    ]);
    expect(await failureOf(call("list_users"))).toMatchObject({ code: "INVALID_INPUT", message: "The long sentence." });
  });
});

describe("P51: sending again", () => {
  it.each([429, 500, 502, 503, 504])("repeats a read after %d until it is answered", async (status) => {
    for (const [tool, args] of [read, rawRead]) {
      const { call, requests } = await bench([json(status, {}, { "retry-after": "0" }), user]);
      expect(await call(tool, args)).toEqual({ object: "user", id: "user_1" });
      expect(requests).toHaveLength(2);
    }
  });

  it("waits as long as Clerk says, and a little more", async () => {
    const { call, requests } = await bench([json(429, {}, { "retry-after": "1" }), user]);
    await call(...rawRead);
    const [first, second] = requests;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(1000);
  });

  it("gives up after three, and at once where the time limit would be over first", async () => {
    const three = await bench([json(503, {})]);
    await expect(three.call(...rawRead)).rejects.toEqual(refusal("UPSTREAM_FAILED"));
    expect(three.requests).toHaveLength(3);
    const hour = await bench([json(429, {}, { "retry-after": "3600" })]);
    const started = Date.now();
    expect((await failureOf(hour.call(...rawRead))).fields).toMatchObject({ retry_after_seconds: 3600 });
    expect(hour.requests).toHaveLength(1);
    expect(Date.now() - started).toBeLessThan(1000);
  });

  it("repeats a read whose connection broke", async () => {
    const broken: RequestListener = (request) => void request.socket.destroy();
    const { call, requests } = await bench([broken, user]);
    expect(await call(...read)).toEqual({ object: "user", id: "user_1" });
    expect(requests).toHaveLength(2);
  });

  it.each([write, rawWrite])("never repeats a write: %s", async (...how) => {
    for (const status of [429, 500, 502, 503, 504]) {
      const { call, requests } = await bench([json(status, {}, { "retry-after": "0" })]);
      const { fields, message } = await failureOf(call(...how));
      expect(requests).toHaveLength(1);
      expect(fields).toMatchObject({ status, retryable: status === 429 });
      if (status >= 500) expect(message).toContain("look at the record");
    }
    const { call, requests } = await bench([(request) => void request.socket.destroy()]);
    expect(await failureOf(call(...how))).toMatchObject({ code: "UPSTREAM_FAILED", fields: { retryable: false } });
    expect(requests).toHaveLength(1);
  });

  it("does not repeat what only reads but is sent with POST", async () => {
    const { call, requests } = await bench([json(503, {})]);
    await failureOf(call("verify_user_password", { user_id: "user_1", password: "x" }));
    await failureOf(call("clerk_api_post", { path: "users/user_1/verify_password" }));
    expect(requests).toHaveLength(2);
  });

  it("may be asked for where a write was never sent", async () => {
    const { call } = await everyClerkTool({ backend: `http://127.0.0.1:${await freePort()}` });
    const error = await failureOf(call(...rawWrite));
    expect(error).toMatchObject({ code: "UPSTREAM_FAILED", fields: undefined });
    expect(error.message).toBe("Clerk cannot be reached. Try again in a moment.");
  });
});

describe("an answer that is none", () => {
  const flood: RequestListener = (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const chunk = Buffer.alloc(1024 * 1024, 0x20);
    let sent = 0;
    const more = () => {
      while (sent < 200 && !response.destroyed) {
        sent += 1;
        if (!response.write(chunk)) return void response.once("drain", more);
      }
      response.end();
    };
    more();
  };
  const cut: RequestListener = (_request, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
    response.write('{"object":"user"');
    setTimeout(() => response.destroy(), 20);
  };
  const text: RequestListener = (_request, response) => response.writeHead(200).end("<html>hello</html>");

  it.each([
    ["no JSON", text, "no JSON"],
    ["cut short", cut, "broke off"],
    ["200 MB large", flood, "larger than"],
    ["of a status that does not exist", json(799, {}), "unknown status"],
  ])("is a typed error and the next call works: %s", async (_, listener, sentence) => {
    for (const how of [read, rawRead]) {
      const { call } = await bench([listener, user]);
      await expect(call(...how)).rejects.toEqual(refusal("UPSTREAM_FAILED", sentence));
      expect(await call(...how)).toEqual({ object: "user", id: "user_1" });
    }
    const { call } = await bench([listener]);
    expect((await failureOf(call(...rawWrite))).message).toContain("look at the record before you repeat it");
  });

  it.each<[string, RequestListener]>([
    ["never begins", () => undefined],
    ["never ends", (_request, response) => void response.writeHead(200).write("{")],
  ])("is TIMEOUT where it %s, and the next call works", async (_, listener) => {
    for (const how of [read, rawRead, write, rawWrite]) {
      const { call } = await bench([listener, user], 600);
      const started = Date.now();
      const error = await failureOf(call(...how));
      expect(error).toMatchObject({ code: "TIMEOUT" });
      expect(error.fields).toEqual(how === read || how === rawRead ? undefined : { retryable: false });
      expect(Date.now() - started).toBeLessThan(2000);
      expect(await call(...how)).toEqual({ object: "user", id: "user_1" });
    }
  });

  it("is CANCELLED where the caller left, and nothing is sent again", async () => {
    const leaving = new AbortController();
    const { call, requests } = await bench([() => leaving.abort()]);
    await expect(call(...read, {}, leaving.signal)).rejects.toEqual(refusal("CANCELLED"));
    expect(requests).toHaveLength(1);
  });

  it.each([301, 302, 307, 308])("is not looked for elsewhere after %d", async (status) => {
    const other = await bench([user]);
    const { call } = await bench([json(status, {}, { location: `${other.url}/v1/users/user_1` })]);
    for (const how of [read, rawRead, rawWrite]) {
      await expect(call(...how)).rejects.toEqual(refusal("UPSTREAM_FAILED", "not followed"));
    }
    expect(other.requests).toEqual([]);
  });

  it("may be empty, or null", async () => {
    const { call } = await bench([
      json(200, null),
      (_request, response) => response.writeHead(200).end(),
      json(200, null),
    ]);
    expect(await call(...read)).toEqual({ result: null });
    expect(await call(...write)).toEqual({ ok: true });
    expect(await call(...rawRead)).toEqual({ result: null });
  });

  it("is understood under any name for JSON", async () => {
    const { call } = await bench([
      (_request, response) => {
        response.writeHead(200, "odd \xe9", { "content-type": "application/json; charset=utf-8" });
        response.end('{"id":"user_1"}');
      },
    ]);
    expect(await call(...read)).toEqual({ id: "user_1" });
  });
});

describe("P52: the secret key", () => {
  const echo: RequestListener = (request, response) => {
    const { authorization = "" } = request.headers;
    json(
      200,
      { id: "x", said: authorization, [authorization]: [authorization] },
      { "cf-ray": authorization },
    )(request, response);
  };
  const scold =
    (status: number): RequestListener =>
    (request, response) => {
      const said = request.headers.authorization;
      json(
        status,
        { errors: [{ code: said, message: said, long_message: said }] },
        { "cf-ray": String(said) },
      )(request, response);
    };

  it("stands in no answer, error or log, even where Clerk repeats it", async () => {
    for (const listener of [echo, scold(401), scold(403), scold(422), scold(500)]) {
      for (const how of [read, rawRead, write, rawWrite]) {
        const { call, lines } = await bench([listener]);
        const outcome = await call(...how).catch((error: AppError) => [error.message, error.fields, error.details]);
        expect(JSON.stringify(outcome)).not.toContain(CANARY);
        const logged = lines.map(({ fields, message }) => [message, fields, String(fields["err"]), causesOf(fields)]);
        expect(JSON.stringify(logged)).not.toContain(CANARY);
      }
    }
  });
});

function causesOf(fields: Readonly<Record<string, unknown>>): string[] {
  const causes: string[] = [];
  for (let cause = fields["err"]; cause instanceof Error; cause = cause.cause) {
    causes.push(cause.message, cause.stack ?? "", JSON.stringify(cause));
  }
  return causes;
}

describe("uploads", () => {
  it("arrive as the multipart forms that the SDK makes", async () => {
    let type: string | undefined;
    let body = "";
    const { call } = await bench([
      (request, response) => {
        type = request.headers["content-type"];
        request.on("data", (chunk: Buffer) => (body += chunk.toString("latin1")));
        request.on("end", () => user(request, response));
      },
    ]);
    const file = { filename: "a.png", mime_type: "image/png", content_base64: "YWJj" };
    await call("update_user_profile_image", { user_id: "user_1", file });
    expect(type).toMatch(/^multipart\/form-data; boundary=/);
    expect(body).toMatch(/name="file"; filename="a.png"\r\nContent-Type: image\/png\r\n\r\nabc\r\n/);
  });
});
