import { describe, expect, it } from "vitest";
import { standingOf } from "../../tools/clerk/raw-path.js";
import { ROUTES } from "../../tools/clerk/raw-routes.js";
import { clerk } from "../../tools/clerk/catalogue.js";
import { clerkFunctions } from "../support/clerk-functions.js";
import { CANARY, everyClerkTool, testRecorder } from "../support/clerk-raw-calls.js";
import { refusal } from "../support/services.js";

const METHODS = ["get", "post", "patch", "put", "delete"] as const;

async function bench(more: Parameters<typeof everyClerkTool>[0] = {}) {
  const recorder = await testRecorder();
  return { recorder, ...(await everyClerkTool({ backend: recorder.url, ...more })) };
}

describe("a raw call", () => {
  it.each(METHODS)("sends %s with path, query and key below /v1, and answers Clerk's JSON", async (method) => {
    const { recorder, call } = await bench();
    recorder.answer(() => ({ body: { object: "thing", nested: { a_b: [null] } } }));
    const args = { path: "/things/thing_1:x", query: { a: "x &y", n: 0, f: false, l: ["1", 2] } };
    expect(await call(`clerk_api_${method}`, method === "get" ? args : { ...args, body: { k: null } })).toEqual({
      object: "thing",
      nested: { a_b: [null] },
    });
    const [arrived] = recorder.arrived;
    expect(arrived).toMatchObject({
      method: method.toUpperCase(),
      target: "/v1/things/thing_1:x?a=x+%26y&n=0&f=false&l=1&l=2",
      headers: { authorization: `Bearer ${CANARY}`, "clerk-api-version": "2026-05-12" },
    });
    expect(arrived?.bytes.toString()).toBe(method === "get" ? "" : '{"k":null}');
  });

  it.each(["users", "/users", "v1/users", "/v1/users"])("takes the path as %j", async (path) => {
    const { recorder, call } = await bench();
    recorder.answer(() => ({ body: [{ id: "user_1" }] }));
    expect(await call("clerk_api_get", { path })).toEqual({ data: [{ id: "user_1" }] });
    expect(recorder.arrived.map(({ target }) => target)).toEqual(["/v1/users"]);
  });

  it.each([
    [{ status: 204 }, { ok: true }],
    [{ body: "7" }, { result: 7 }],
    [{ body: "null" }, { result: null }],
    [{ body: { data: [1], total_count: 30 } }, { data: [1], total_count: 30, next_offset: 1 }],
  ])("answers %j as %j", async (reply, answer) => {
    const { recorder, call } = await bench();
    recorder.answer(() => reply);
    expect(await call("clerk_api_get", { path: "things" })).toEqual(answer);
  });

  it.each([
    "",
    "/",
    "users/..",
    "../internal",
    "users/../../internal",
    "users/./x",
    "users/%2e%2e/x",
    "users%2fx",
    "users/%252e%252e",
    "//evil.example/users",
    "/v1//users",
    "https://evil.example/v1/users",
    "users/",
    "users//x",
    "users?limit=1",
    "users#x",
    "users\\..\\x",
    "users/x\ny",
    "users/\u0000",
    "users/ x",
    "users/ü",
    "@evil.example",
    "users;x",
    `users/${"x".repeat(2000)}`,
  ])("refuses the path %j before anything is sent", async (path) => {
    const { recorder, call } = await bench();
    for (const method of METHODS) {
      await expect(call(`clerk_api_${method}`, { path })).rejects.toEqual(refusal("INVALID_INPUT"));
    }
    expect(recorder.arrived).toEqual([]);
  });

  it.each([
    { _method: "DELETE" },
    { a: { b: 1 } },
    { a: [["x"]] },
    { a: null },
    { "a&b": "1" },
    { a: "x".repeat(5000) },
    Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`a${at}`, 1])),
  ])("refuses the query %j", async (query) => {
    const { recorder, call } = await bench();
    await expect(call("clerk_api_get", { path: "users", query })).rejects.toEqual(refusal("INVALID_INPUT", "query"));
    expect(recorder.arrived).toEqual([]);
  });

  it("takes no body for a read", async () => {
    const { call } = await bench();
    await expect(call("clerk_api_get", { path: "users", body: {} })).rejects.toEqual(refusal("INVALID_INPUT", "body"));
  });
});

describe("the rights of a raw call", () => {
  it("knows the request of every function", () => {
    expect([...new Set(ROUTES.map(([, , tool]) => tool))].sort()).toEqual(clerk.map(({ name }) => name).sort());
  });

  it.each(clerkFunctions)("are those of $tool", ({ tool, http }) => {
    const operation = clerk.find(({ name }) => name === tool);
    for (const template of [http.path, http.alternativePath].filter((path) => path !== undefined)) {
      const path = template.replaceAll(/\{\w+\}/g, "id_1");
      const { scopes, effect, toolset, audit } = standingOf(http.method as "GET", path);
      expect({ scopes, effect, toolset, audit }).toEqual({
        scopes: [operation?.scope],
        effect: operation?.effect,
        toolset: operation?.toolset,
        audit: operation?.audit,
      });
    }
  });

  it.each([
    ["GET", "/scim_directories/dir_1", ["clerk:read", "clerk:secrets"]],
    ["GET", "/directories", ["clerk:read", "clerk:secrets"]],
    ["POST", "/directories/dir_1/rotate_api_key", ["clerk:write", "clerk:secrets"]],
    ["POST", "/admin_portal_link_tokens", ["clerk:write", "clerk:secrets"]],
    ["GET", "/things/x/secret", ["clerk:read", "clerk:secrets"]],
    ["GET", "/users/u/OAuth_Access_Tokens/google", ["clerk:secrets"]],
    ["GET", "/users/u/oauth_access_tokens/oauth_google", ["clerk:secrets"]],
    ["GET", "/API_KEYS/k/SECRET", ["clerk:secrets"]],
    ["POST", "/sessions/s/tokens/template", ["clerk:secrets"]],
    ["GET", "/clients/handshake_payload", ["clerk:read", "clerk:secrets"]],
    ["GET", "/enterprise_connections/e/test_runs", ["clerk:read", "clerk:secrets"]],
    ["GET", "/things", ["clerk:read"]],
    ["POST", "/users/ban", ["clerk:write"]],
    ["GET", "/users/count", ["clerk:read"]],
  ] as const)("%s %s needs %j", (method, path, scopes) => {
    expect(standingOf(method, path).scopes).toEqual(scopes);
  });

  it.each([
    ["get", "users/user_1", "clerk:read"],
    ["delete", "users/user_1", "clerk:write"],
    ["post", "things", "clerk:write"],
    ["get", "machines/m_1/secret_key", "clerk:secrets"],
    ["get", "directories", "clerk:secrets"],
  ])("are asked for before %s %s is sent", async (method, path, wanted) => {
    const { recorder, call } = await bench();
    const others = ["clerk:read", "clerk:write", "clerk:secrets"].filter((scope) => scope !== wanted);
    await expect(call(`clerk_api_${method}`, { path }, { scopes: new Set(others) })).rejects.toEqual(
      refusal("PERMISSION_REQUIRED", wanted),
    );
    // The wildcard brings everything but secrets.
    const whole = call(`clerk_api_${method}`, { path }, { scopes: new Set(["*"]) });
    if (wanted === "clerk:secrets") await expect(whole).rejects.toEqual(refusal("PERMISSION_REQUIRED", wanted));
    else expect(await whole).toEqual({});
    expect(recorder.arrived).toHaveLength(wanted === "clerk:secrets" ? 0 : 1);
  });

  it("leave a read-only surface its raw reads and nothing else", async () => {
    const { recorder, call, registry, operator } = await bench({ operator: { readonly: "true" } });
    expect(await call("clerk_api_get", { path: "users/user_1" })).toEqual({});
    for (const method of METHODS.slice(1)) {
      await expect(call(`clerk_api_${method}`, { path: "users/user_1" })).rejects.toEqual(
        refusal("ACCESS_DENIED", "read-only"),
      );
    }
    expect(recorder.arrived).toHaveLength(1);
    const listed = registry.listTools(new Set(["*"]), operator).map(({ operation }) => operation.name);
    expect(listed.filter((name) => name.startsWith("clerk_api"))).toEqual(["clerk_api_get"]);
  });

  it.each(["operator", "caller"])(
    "need the function's toolset and clerk-raw on the surface of the %s",
    async (whose) => {
      const narrow = async (toolsets: string) => {
        const made = await bench(whose === "operator" ? { operator: { toolsets } } : {});
        const surface = { toolsets: new Set(toolsets.split(",")), readOnly: false, search: false };
        return (path: string) => made.call("clerk_api_get", { path }, whose === "caller" ? { surface } : {});
      };
      const both = await narrow("clerk-raw,clerk-users");
      expect(await both("users/user_1")).toEqual({});
      expect(await both("things")).toEqual({});
      await expect(both("sessions/sess_1")).rejects.toEqual(refusal("ACCESS_DENIED", "clerk-sessions"));
      const users = await narrow("clerk-users");
      await expect(users("users/user_1")).rejects.toEqual(refusal("ACCESS_DENIED", "clerk-raw"));
    },
  );

  it("stand in the audit under the function's name", async () => {
    const { call, lines } = await bench();
    await call("clerk_api_delete", { path: "users/user_1" });
    await call("clerk_api_put", { path: "things" });
    await call("clerk_api_get", { path: "things" });
    await call("clerk_api_post", { path: "sessions/s/verify" });
    const audits = lines.filter(({ fields }) => "audit" in fields).map(({ fields }) => fields["audit"]);
    expect(audits).toEqual(["clerk.delete_user", "clerk.api_put"]);
  });
});
