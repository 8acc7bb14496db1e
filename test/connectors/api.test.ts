import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Credentials, createApi } from "../../src/connectors/api.js";
import type { Api } from "../../src/connectors/app.js";
import { github } from "../../src/connectors/apps/github.js";
import { AppError } from "../../src/core/errors.js";
import { createOutgoing } from "../../src/outgoing/send.js";
import { listen, type Listening, receive, type Received, type Reply } from "../support/listening.js";

const TOKEN = "canary-token-0123456789";

let server: Listening;
let received: Received[] = [];
let answer: (request: Received, count: number) => Reply = () => ({});
const outgoing = createOutgoing();
beforeAll(async () => {
  server = await listen(
    receive((request) => {
      received.push(request);
      return answer(request, received.length);
    }),
  );
});
beforeEach(() => {
  received = [];
});
afterAll(async () => {
  await outgoing.close();
  await server.stop();
});

const lost = new AppError("TOOL_NOT_CONNECTED", "Connect it again with connect-connector.");

function open(more: { credentials?: Partial<Credentials>; read?: boolean; base?: string } = {}): Api {
  const credentials: Credentials = {
    token: () => Promise.resolve(TOKEN),
    renewed: () => Promise.reject(lost),
    lost: () => Promise.resolve(lost),
    ...more.credentials,
  };
  return createApi({
    app: github,
    baseUrl: server.url + (more.base ?? ""),
    credentials,
    read: more.read ?? true,
    signal: new AbortController().signal,
    outgoing,
    userAgent: "tests/1",
    timeoutMs: 2000,
  });
}

const failure = (of: Promise<unknown>) =>
  of.then(
    () => undefined,
    (thrown: unknown) => thrown as AppError,
  );

describe("a call of an app's API", () => {
  it("carries the token, its parameters and its body", async () => {
    answer = () => ({ body: { fine: true } });
    const call = {
      method: "POST",
      path: "/repos/a%20b/issues",
      query: { state: "open", page: 2, draft: false, none: undefined, label: ["x", "y&z"] },
      body: { title: "Zażółć" },
      headers: { "X-Version": "1" },
    } as const;
    expect(await open().json(call)).toEqual({ fine: true });
    const [request] = received;
    expect(request).toMatchObject({
      method: "POST",
      target: "/repos/a%20b/issues?state=open&page=2&draft=false&label=x&label=y%26z",
      headers: {
        authorization: `Bearer ${TOKEN}`,
        "content-type": "application/json",
        "user-agent": "tests/1",
        "x-version": "1",
      },
    });
    expect(JSON.parse(request?.bytes.toString() ?? "")).toEqual({ title: "Zażółć" });
  });

  it("sends and brings bytes as they are", async () => {
    answer = ({ bytes }) => ({ headers: { "content-type": "image/png" }, body: bytes.toString("latin1") });
    const bytes = { content: new Uint8Array([80, 75, 3]), mimeType: "application/zip" };
    const { content, mimeType } = await open().bytes({ method: "PUT", path: "/upload", bytes });
    expect([...content]).toEqual([80, 75, 3]);
    expect(mimeType).toBe("image/png");
    expect(received[0]?.headers["content-type"]).toBe("application/zip");
  });

  it("answers undefined where the app answers nothing", async () => {
    answer = () => ({ status: 204 });
    expect(await open().json({ method: "DELETE", path: "/x" })).toBeUndefined();
  });

  it("keeps the path of the API's address, and a base that ends in a slash", async () => {
    answer = () => ({ body: {} });
    await open({ base: "/api/v3/" }).json({ path: "/user" });
    expect(received[0]?.target).toBe("/api/v3/user");
  });

  it.each([
    "/../admin",
    "/repos/../../admin",
    "/repos/%2e%2e/x",
    "/a?b=c",
    "/a#b",
    "//evil.example/x/..",
    "user",
    "@evil.example/",
  ])("does not go to %s, which leads elsewhere", async (path) => {
    expect(await failure(open({ base: "/api" }).json({ path }))).toMatchObject({ code: "INVALID_INPUT" });
    expect(received).toEqual([]);
  });

  it("says so where the answer is no JSON", async () => {
    answer = () => ({ headers: { "content-type": "text/html" }, body: "<html>" });
    expect(await failure(open().json({ path: "/x" }))).toMatchObject({ code: "UPSTREAM_FAILED" });
  });

  it("does not say to try a change again whose answer is no JSON, for it may be made", async () => {
    answer = () => ({ headers: { "content-type": "text/html" }, body: "<html>" });
    expect(await failure(open({ read: false }).json({ method: "POST", path: "/x" }))).toMatchObject({
      code: "UPSTREAM_FAILED",
      message: expect.stringContaining("not known") as string,
      fields: { retryable: false },
    });
  });

  it("repeats a read that is no GET, and a GET of an action that writes, and nothing else", async () => {
    answer = (_, count) => (count === 1 ? { status: 503 } : { body: {} });
    await open({ read: true }).json({ method: "POST", path: "/search", body: {} });
    expect(received).toHaveLength(2);
    received = [];
    await open({ read: false }).json({ path: "/x" });
    expect(received).toHaveLength(2);
    received = [];
    expect(await failure(open({ read: false }).json({ method: "POST", path: "/x" }))).toMatchObject({
      code: "UPSTREAM_FAILED",
      message: expect.stringContaining("not known") as string,
      fields: { retryable: false },
    });
    expect(received).toHaveLength(1);
  });
});

describe("a token that is refused in mid-use", () => {
  it("is renewed once, and the call goes on", async () => {
    answer = ({ headers }) => (headers.authorization === "Bearer second-token" ? { body: { ok: 1 } } : { status: 401 });
    const refused: string[] = [];
    const renewed = (token: string) => {
      refused.push(token);
      return Promise.resolve("second-token");
    };
    expect(await open({ read: false, credentials: { renewed } }).json({ method: "POST", path: "/x" })).toEqual({
      ok: 1,
    });
    expect(refused).toEqual([TOKEN]);
    expect(received).toHaveLength(2);
  });

  it("is given up where the new one is refused as well", async () => {
    answer = () => ({ status: 401 });
    const api = open({ credentials: { renewed: () => Promise.resolve("second-token") } });
    expect(await failure(api.json({ path: "/x" }))).toBe(lost);
    expect(received).toHaveLength(2);
  });
});

describe("a refusal of the provider", () => {
  it.each<[string, Reply, string, object]>([
    ["400", { status: 400, body: { message: "no" } }, "INVALID_INPUT", { fields: { status: 400 } }],
    ["403", { status: 403, body: { message: "no" } }, "ACCESS_DENIED", { details: { status: 403 } }],
    ["404", { status: 404 }, "NOT_FOUND", {}],
    ["409", { status: 409 }, "CONFLICT", {}],
    ["410", { status: 410 }, "NOT_FOUND", {}],
    ["412", { status: 412 }, "CONFLICT", {}],
    ["413", { status: 413 }, "PAYLOAD_TOO_LARGE", {}],
    ["422", { status: 422 }, "INVALID_INPUT", {}],
    ["429", { status: 429, headers: { "retry-after": "60" } }, "RATE_LIMITED", { fields: { retry_after_seconds: 60 } }],
    ["500", { status: 500 }, "UPSTREAM_FAILED", { fields: { status: 500, retryable: true } }],
    ["418", { status: 418 }, "UPSTREAM_FAILED", { fields: { retryable: false } }],
    ["302", { status: 302 }, "UPSTREAM_FAILED", { fields: { retryable: false } }],
    [
      "403 of GitHub's secondary limit",
      { status: 403, headers: { "retry-after": "30" } },
      "RATE_LIMITED",
      { fields: { retry_after_seconds: 30 } },
    ],
    [
      "403 of GitHub's secondary limit that does not say how long",
      { status: 403, body: { message: "You have exceeded a secondary rate limit. Please wait a few minutes." } },
      "RATE_LIMITED",
      {},
    ],
    [
      "403 that only speaks of a limit",
      {
        status: 403,
        body: { message: "Resource protected by organization SAML enforcement, whatever the rate limit" },
      },
      "ACCESS_DENIED",
      {},
    ],
    ["403 of GitHub's limit", { status: 403, headers: { "x-ratelimit-remaining": "0" } }, "RATE_LIMITED", {}],
    [
      "403 of Google's limit",
      { status: 403, body: { error: { code: 403, message: "slow", errors: [{ reason: "userRateLimitExceeded" }] } } },
      "RATE_LIMITED",
      {},
    ],
  ])("with %s is told by a code of ours", async (_, reply, code, more) => {
    answer = () => reply;
    const error = await failure(open().json({ path: "/x" }));
    expect(error).toMatchObject({ code, ...more });
    expect(error?.message).toMatch(/^GitHub [^\n]{10,}$/);
  });

  it("is left in peace where it says to wait for longer than anybody would", async () => {
    answer = () => ({ status: 429, headers: { "retry-after": "99999999999" } });
    const error = await failure(open().json({ path: "/x" }));
    expect(error).toMatchObject({ code: "RATE_LIMITED", fields: { retry_after_seconds: 999_999 } });
    expect(received).toHaveLength(1);
  });

  it("says when GitHub's limit ends", async () => {
    const reset = Math.floor(Date.now() / 1000) + 100;
    answer = () => ({ status: 429, headers: { "x-ratelimit-reset": `${reset}`, "retry-after": "" } });
    const error = await failure(open({ read: false }).json({ method: "POST", path: "/x" }));
    expect(error?.fields?.["retry_after_seconds"]).toBeGreaterThan(90);
  });

  it.each<[string, unknown]>([
    ["GitHub", { message: "Validation Failed", errors: [{ message: "title is too long" }] }],
    ["Google", { error: { code: 400, message: "Validation Failed: title is too long" } }],
    ["Notion", { object: "error", code: "validation_error", message: "Validation Failed: title is too long" }],
    ["OAuth", { error: "invalid_request", error_description: "Validation Failed: title is too long" }],
  ])("repeats what it says in the way of %s", async (_, body) => {
    answer = () => ({ status: 400, body });
    expect((await failure(open().json({ path: "/x" })))?.message).toContain('"Validation Failed: title is too long"');
  });

  it("never repeats the token, hidden characters or much (P08, P45)", async () => {
    answer = () => ({ status: 400, body: { message: `token ${TOKEN} \u202E\u001B[31m ${"x".repeat(5000)}` } });
    const error = await failure(open().json({ path: "/x" }));
    expect(error?.message).not.toContain(TOKEN);
    expect(error?.message).toContain("token [blanked] \u27E8U+202E\u27E9\u27E8U+001B\u27E9[31m");
    expect(error?.message.length).toBeLessThan(600);
  });

  it("never hands the token on in an answer (P08)", async () => {
    answer = () => ({ body: { echo: `Bearer ${TOKEN}` } });
    expect(await open().json({ path: "/x" })).toEqual({ echo: "Bearer [blanked]" });
  });
});
