import { describe, expect, it } from "vitest";
import type { AppError } from "../../src/core/errors.js";
import { DEV_BROWSER, type FrontendReply, frontendServer, signedToken } from "../support/clerk-frontend-server.js";
import { CANARY, everyClerkTool } from "../support/clerk-raw-calls.js";
import { refusal } from "../support/services.js";

const TOKEN = signedToken({ id: "client_1", rotating_token: "first" });
const OTHER = signedToken({ id: "client_2", rotating_token: "second" });
const SESSION = signedToken({ sid: "sess_1", exp: 1_790_000_000 });

const CLIENT = {
  response: {
    object: "client",
    id: "client_1",
    sessions: [
      {
        object: "session",
        id: "sess_1",
        status: "active",
        last_active_token: { object: "token", jwt: SESSION },
        user: { id: "user_1", has_verified: true, password_enabled: true },
      },
    ],
    sign_in: { status: "needs_first_factor", first_factor_verification: { nonce: "n0nce", strategy: "ticket" } },
    cookie_expires_at: 1,
  },
  client: null,
};

const withToken = (token: string, how: "header" | "cookie" = "header"): FrontendReply => ({
  headers:
    how === "header"
      ? { authorization: token }
      : { "set-cookie": [`__client_uat=1; Path=/`, `__client=${token}; Path=/; HttpOnly; Secure`] },
  body: CLIENT,
});

async function bench({ development = false, timeoutMs = 5000 } = {}) {
  const server = await frontendServer();
  const instances = { default: { url: server.url, development } };
  return { server, ...(await everyClerkTool({ instances, timeoutMs })) };
}

const failureOf = (answer: Promise<unknown>) =>
  answer.then(
    () => expect.fail("it answered"),
    (error: AppError) => error,
  );

describe("the client", () => {
  it.each([
    ["frontend_get_client", "GET", ""],
    ["frontend_put_client", "PUT", "application/x-www-form-urlencoded"],
    ["frontend_post_client", "POST", "application/x-www-form-urlencoded"],
    ["frontend_delete_client_sessions", "DELETE", ""],
  ])("is what %s asks for with %s, the way native applications do", async (tool, method, type) => {
    const { server, call } = await bench();
    server.answer(() => ({ body: CLIENT }));
    expect(await call(tool)).toMatchObject({ response: { id: "client_1", sessions: [{ id: "sess_1" }] } });
    expect(server.arrived).toHaveLength(1);
    const [arrived] = server.arrived;
    expect(arrived).toMatchObject({ method, path: "/v1/client", body: "" });
    expect([...(arrived?.query ?? [])]).toEqual([["_is_native", "true"]]);
    expect(arrived?.headers["content-type"] ?? "").toBe(type);
    for (const name of ["authorization", "cookie", "clerk-secret-key", "origin"]) {
      expect(arrived?.headers).not.toHaveProperty(name);
    }
  });

  it.each(["getClient", "putClient", "postClient", "deleteClientSessions", "handshakeClient", "createAgentTask"])(
    "answers to the seed's name %s",
    async (name) => {
      const { call } = await bench();
      expect(await call(name, name === "createAgentTask" ? { ticket: "t" } : {})).toBeDefined();
    },
  );

  it.each(["header", "cookie"] as const)("is remembered by the token in a %s, which nobody sees", async (how) => {
    const { server, call, lines } = await bench();
    server.answer(() => withToken(TOKEN, how));
    const made = await call("frontend_post_client");
    server.answer(() => ({ body: { ...CLIENT, said: `it is ${TOKEN}` } }));
    const seen = await call("frontend_get_client");
    expect(server.arrived[1]?.headers.authorization).toBe(TOKEN);
    expect(seen.said).toBe("it is [blanked]");
    for (const shown of [made, seen]) {
      expect(shown.response.sessions[0].last_active_token).toEqual({ object: "token", jwt: "[blanked]" });
      expect(shown.response.sign_in).toEqual({
        status: "needs_first_factor",
        first_factor_verification: { nonce: "[blanked]", strategy: "ticket" },
      });
      expect(shown.response.sessions[0].user).toEqual(CLIENT.response.sessions[0]?.user);
    }
    expect(JSON.stringify([made, seen, lines])).not.toContain("eyJ");
  });

  it("is each caller's own: by key, person, workspace and account", async () => {
    const { server, call } = await bench();
    server.answer(() => withToken(TOKEN));
    await call("frontend_post_client", {}, { key: 3 });
    server.answer(() => ({ body: CLIENT }));
    for (const caller of [{ key: 4 }, { person: 3 }, { key: 3, workspace: 9 }, {}]) {
      await call("frontend_get_client", {}, caller);
      expect(server.arrived.at(-1)?.headers).not.toHaveProperty("authorization");
    }
    await call("frontend_get_client", {}, { key: 3 });
    expect(server.arrived.at(-1)?.headers.authorization).toBe(TOKEN);
  });

  it("is never shown to another account's instance", async () => {
    const [one, two] = [await frontendServer(() => withToken(TOKEN)), await frontendServer()];
    const { call } = await everyClerkTool({
      instances: { default: { url: one.url, development: false }, work: { url: two.url, development: false } },
      keys: { default: CANARY, work: "sk_live_the_other" },
    });
    await call("frontend_post_client");
    await call("frontend_get_client", {}, { clerkAccount: "work" });
    await call("frontend_handshake_client", {}, { clerkAccount: "work" });
    expect(two.arrived.map(({ headers }) => [headers.authorization, headers["clerk-secret-key"]])).toEqual([
      [undefined, undefined],
      [undefined, "sk_live_the_other"],
    ]);
  });

  it("follows the token as Clerk rotates it, and is gone when Clerk takes it away", async () => {
    const { server, call } = await bench();
    server.answer(() => withToken(TOKEN));
    await call("frontend_post_client");
    server.answer(() => withToken(OTHER));
    await call("frontend_get_client");
    server.answer(() => ({ headers: { "set-cookie": ["__client=; Path=/; Max-Age=0"] }, body: CLIENT }));
    await call("frontend_delete_client_sessions");
    await call("frontend_get_client");
    expect(server.arrived.map(({ headers }) => headers.authorization)).toEqual([undefined, TOKEN, OTHER, undefined]);
  });

  it("is forgotten where Clerk does not know it, so that the next one can be made", async () => {
    const { server, call } = await bench();
    server.answer(() => withToken(TOKEN));
    await call("frontend_post_client");
    server.answer(() => ({ status: 401, body: { errors: [{ code: "authentication_invalid", message: TOKEN }] } }));
    const error = await failureOf(call("frontend_get_client"));
    expect(error).toMatchObject({ code: "UPSTREAM_FAILED", fields: { clerk_code: "authentication_invalid" } });
    expect(error.message).toContain("frontend_post_client");
    server.answer(() => withToken(OTHER));
    await call("frontend_post_client");
    expect(server.arrived.at(-1)?.headers).not.toHaveProperty("authorization");
  });

  it("lies sealed in the store", async () => {
    const { server, call, store } = await bench({ development: true });
    server.answer(() => withToken(TOKEN));
    await call("frontend_post_client", {}, { key: 3 });
    const kept = (await store.get<string>("clerk-clients:1", `key_3:${server.url}`))?.value;
    expect(kept).toMatch(/^v1\.[\w.-]+$/);
    expect(kept).not.toContain(TOKEN);
    expect(kept).not.toContain(DEV_BROWSER);
    // What was sealed for one caller opens for no other.
    const id = `key_4:${server.url}`;
    await store.commit([{ kind: "insert", collection: "clerk-clients:1", id, value: kept }]);
    await expect(call("frontend_get_client", {}, { key: 4 })).rejects.toEqual(refusal("SEAL_BROKEN"));
  });

  it("has a dev browser at a development instance, one for all its calls", async () => {
    const { server, call } = await bench({ development: true });
    server.answer(({ query }) => ({
      body: { ...CLIENT, address: `https://x.example/?a=1&__clerk_db_jwt=${query.toString()}` },
    }));
    const seen = await call("frontend_get_client");
    await call("frontend_get_client");
    expect(server.arrived.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "POST /v1/dev_browser",
      "GET /v1/client",
      "GET /v1/client",
    ]);
    for (const { query } of server.arrived.slice(1)) {
      expect(Object.fromEntries(query)).toEqual({
        _is_native: "true",
        __dev_session: DEV_BROWSER,
        __clerk_db_jwt: DEV_BROWSER,
      });
    }
    expect(JSON.stringify(seen)).not.toContain(DEV_BROWSER);
    expect(seen.address).toMatch(/^https:\/\/x\.example\/\?a=1/);
  });

  it("answers where Clerk redirects, and follows nothing", async () => {
    const { server, call } = await bench();
    server.answer(() => ({ status: 307, headers: { location: `${server.url}/elsewhere?__clerk_x=1&y=2` }, body: "" }));
    expect(await call("frontend_put_client")).toEqual({
      status: 307,
      location: `${server.url}/elsewhere?y=2`,
      cookies: [],
    });
    expect(server.arrived).toHaveLength(1);
  });
});

describe("a handshake", () => {
  const PAYLOAD = signedToken({
    handshake: [`__session=${SESSION}; Path=/`, `__session_abc=${SESSION}`, "__client_uat=1; Path=/", 7],
  });

  it("sends what it was told and the account's own key, and answers what may be seen", async () => {
    const { server, call, lines } = await bench();
    server.answer(() => ({
      status: 307,
      headers: {
        location: "https://app.example/back?keep=1&__clerk_hs_reason=x#frag",
        "set-cookie": [`__clerk_handshake=${PAYLOAD}; Path=/`, `__client=${TOKEN}; HttpOnly`],
      },
      body: "",
    }));
    const answer = await call("frontend_handshake_client", {
      redirect_url: "https://app.example/back?keep=1",
      format: "token",
      organization_id: "",
      satellite_fapi: "clerk.satellite.example",
      proxy_url: "https://app.example/__clerk",
    });
    expect(answer).toEqual({
      status: 307,
      location: "https://app.example/back?keep=1#frag",
      cookies: ["__clerk_handshake", "__client", "__session", "__session_abc", "__client_uat"],
      session_id: "sess_1",
      expires_at: "2026-09-21T14:13:20.000Z",
    });
    const [arrived] = server.arrived;
    expect(arrived).toMatchObject({
      method: "GET",
      path: "/v1/client/handshake",
      headers: { "clerk-secret-key": CANARY, "clerk-proxy-url": "https://app.example/__clerk" },
    });
    expect(Object.fromEntries(arrived?.query ?? [])).toEqual({
      redirect_url: "https://app.example/back?keep=1",
      format: "token",
      organization_id: "",
      satellite_fapi: "clerk.satellite.example",
      _is_native: "true",
    });
    expect(JSON.stringify([answer, lines])).not.toMatch(/eyJ|CANARY/);
    await call("frontend_get_client");
    expect(server.arrived[1]?.headers.authorization).toBe(TOKEN);
  });

  it("says nothing of an organization where none is given", async () => {
    const { server, call } = await bench();
    await call("frontend_handshake_client");
    expect([...(server.arrived[0]?.query.keys() ?? [])]).toEqual(["_is_native"]);
  });

  it("reads the payload of a development instance from the address, and keeps it to itself", async () => {
    const { server, call } = await bench({ development: true });
    server.answer(() => ({
      status: 307,
      headers: { location: `/back?__clerk_handshake=${PAYLOAD}&__clerk_db_jwt=${DEV_BROWSER}&a=${SESSION}` },
      body: "<a>moved</a>",
    }));
    expect(await call("frontend_handshake_client", { format: "token" })).toEqual({
      status: 307,
      location: `${server.url}/back?a=[blanked]`,
      cookies: ["__session", "__session_abc", "__client_uat"],
      session_id: "sess_1",
      expires_at: "2026-09-21T14:13:20.000Z",
    });
  });

  it.each([
    { location: "https://u:p@app.example/x?__clerk_handshake_nonce=n&ok=1#__clerk_db_jwt[x]" },
    { location: "http://[" },
    { "set-cookie": ["__clerk_handshake=not.a.token", "=x", "novalue", `evil name=1`, `${"x".repeat(500)}=1`] },
    { "set-cookie": [`__session=${signedToken({ sid: { a: 1 }, exp: 1e300 })}`] },
    { "set-cookie": [`__session=${signedToken({ sid: "../x", exp: "soon" })}`] },
  ])("makes the best of the odd headers %j", async (headers) => {
    const { server, call } = await bench();
    server.answer(() => ({ status: 307, headers, body: "" }));
    const { location, cookies, ...rest } = await call("frontend_handshake_client");
    expect(rest).toEqual({ status: 307 });
    expect([undefined, "https://app.example/x?ok=1"]).toContain(location);
    expect([[], ["__clerk_handshake", "novalue"], ["__clerk_handshake"], ["__session"]]).toContainEqual(cookies);
  });

  it.each([
    { redirect_url: "javascript:alert(1)" },
    { redirect_url: "https://user:pw@app.example" },
    { proxy_url: "http://app.example" },
    { proxy_url: "https://app.example/\r\nclerk-secret-key: x" },
    { organization_id: "a b" },
    { organization_id: "org\r\nx: y" },
    { satellite_fapi: "a\nb" },
    { format: "cookie" },
    { "Clerk-Secret-Key": "sk_test_x" },
    { clerk_secret_key: "sk_test_x" },
  ])("refuses %j", async (args) => {
    const { server, call } = await bench();
    await expect(call("frontend_handshake_client", args)).rejects.toEqual(refusal("INVALID_INPUT"));
    expect(server.arrived).toEqual([]);
  });

  it("never shows the secret key, even where Clerk sends it back", async () => {
    const { server, call } = await bench();
    server.answer(({ headers }) => {
      const key = String(headers["clerk-secret-key"]);
      return {
        status: 307,
        headers: { location: `https://app.example/${key}?k=${key}`, "set-cookie": key },
        body: key,
      };
    });
    const answer = await call("frontend_handshake_client");
    expect(answer).toEqual({ status: 307, location: "https://app.example/[blanked]?k=[blanked]", cookies: [] });
  });

  it("is never sent twice, and its failure tells nothing", async () => {
    const { server, call, lines } = await bench();
    server.answer(({ headers }) => ({
      status: 500,
      body: { errors: [{ code: "x", long_message: `${String(headers["clerk-secret-key"])} and ${SESSION}` }] },
    }));
    const error = await failureOf(call("frontend_handshake_client"));
    expect(error.message).toBe("[blanked] and [blanked]");
    expect(server.arrived).toHaveLength(1);
    expect(JSON.stringify([error.fields, lines])).not.toMatch(/eyJ|CANARY/);
  });
});

describe("an agent task", () => {
  it("is taken up with its ticket, and signs the caller's client in", async () => {
    const { server, call } = await bench();
    server.answer(() => ({
      status: 307,
      headers: { location: "https://app.example/?__clerk_handshake=x", authorization: TOKEN },
      body: "",
    }));
    const ticket = signedToken({ task: 1 });
    expect(await call("frontend_create_agent_task", { ticket })).toEqual({
      status: 307,
      location: "https://app.example/",
      cookies: [],
    });
    expect(server.arrived[0]).toMatchObject({ method: "GET", path: "/v1/agents/tasks" });
    expect(server.arrived[0]?.query.get("ticket")).toBe(ticket);
    expect(server.arrived[0]?.headers).not.toHaveProperty("clerk-secret-key");
  });

  it.each([{}, { ticket: "" }, { ticket: "a b" }, { ticket: "a&b" }])("refuses %j", async (args) => {
    const { call } = await bench();
    await expect(call("frontend_create_agent_task", args)).rejects.toEqual(refusal("INVALID_INPUT", "ticket"));
  });
});

describe("the Frontend API's failures", () => {
  it("name what to set where an account has no instance", async () => {
    const { call } = await everyClerkTool({});
    await expect(call("frontend_get_client")).rejects.toEqual(
      refusal("CLERK_NOT_CONFIGURED", "Set CLERK_PUBLISHABLE_KEY to"),
    );
    await expect(call("frontend_get_client", {}, { clerkAccount: "work" })).rejects.toEqual(
      refusal("CLERK_NOT_CONFIGURED", "Set CLERK_PUBLISHABLE_KEY_WORK to"),
    );
  });

  it.each([
    ["frontend_get_client", "clerk:read"],
    ["frontend_put_client", "clerk:write"],
    ["frontend_post_client", "clerk:write"],
    ["frontend_delete_client_sessions", "clerk:write"],
    ["frontend_handshake_client", "clerk:write"],
    ["frontend_create_agent_task", "clerk:write"],
  ])("begin with the scope: %s needs %s", async (tool, scope) => {
    const { call } = await bench();
    const others = ["clerk:read", "clerk:write", "clerk:secrets"].filter((one) => one !== scope);
    await expect(call(tool, { ticket: "x" }, { scopes: new Set(others) })).rejects.toEqual(
      refusal("PERMISSION_REQUIRED", scope),
    );
  });

  it.each([
    ["no JSON", { body: "<html>" }, "UPSTREAM_FAILED"],
    ["late", undefined, "TIMEOUT"],
    ["a refusal", { status: 422, body: { errors: [{ code: "x", long_message: "No." }] } }, "INVALID_INPUT"],
    ["too many", { status: 429, headers: { "retry-after": "9000" }, body: {} }, "RATE_LIMITED"],
  ] as const)("are typed, and the next call works: %s", async (_, reply, code) => {
    const { server, call } = await bench({ timeoutMs: 400 });
    server.answer(() => reply);
    await expect(call("frontend_get_client")).rejects.toEqual(refusal(code));
    await expect(call("frontend_post_client")).rejects.toEqual(refusal(code));
    server.answer(() => ({ body: CLIENT }));
    expect(await call("frontend_get_client")).toHaveProperty("response");
  });

  it("keep a token out of the headers that could not stand in one", async () => {
    const { server, call } = await bench();
    server.answer(() => ({ headers: { authorization: "Bearer a b c, d" }, body: CLIENT }));
    await call("frontend_post_client");
    await call("frontend_get_client");
    expect(server.arrived[1]?.headers).not.toHaveProperty("authorization");
  });
});
