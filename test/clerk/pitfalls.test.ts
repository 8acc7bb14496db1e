import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AppError } from "../../src/core/errors.js";
import { clerkTools } from "../support/clerk-calls.js";
import { clerkFunctions, type ClerkFunction, type ClerkParam, examplesOf } from "../support/clerk-functions.js";
import { type Recorder, startRecorder } from "../support/clerk-recorder.js";
import type { Args } from "../support/faces.js";
import { refusal } from "../support/services.js";

let recorder: Recorder;
let tools: ReturnType<typeof clerkTools>;

beforeAll(async () => {
  recorder = await startRecorder();
  tools = clerkTools({ url: recorder.url });
});

afterAll(() => recorder.stop());

/** Has Clerk answer this to everything. */
const answers = (body: unknown, status = 200) => recorder.answer(() => ({ status, body }));

/** The parameters that fit, each with its function and a call that has it. */
function parametersThat(fit: (param: ClerkParam) => boolean) {
  return clerkFunctions.flatMap((fn) =>
    fn.params
      .filter(fit)
      .map((param) => ({ tool: fn.tool, name: param.name, fn, param, args: exampleWith(fn, param) })),
  );
}

function exampleWith(fn: ClerkFunction, { name }: ClerkParam): Args {
  const example = examplesOf(fn).find(({ args }) => name in args);
  if (!example) throw new Error(`no example of ${fn.tool} has ${name}`);
  return example.args;
}

const firstBody = () => JSON.parse(recorder.arrived[0]?.bytes.toString("utf8") ?? "null");

describe("what would change a path", () => {
  const BAD = [
    "a/b",
    "a?x=1",
    "a#b",
    "..",
    ".",
    "a\nb",
    "a%2fb",
    "a%2Fb",
    "a\\b",
    "",
    " ",
    "a b",
    "é",
    "x".repeat(5000),
  ];

  it.each(parametersThat((param) => param.in === "path"))(
    "is refused unsent: $tool $name",
    async ({ tool, name, args }) => {
      answers({});
      for (const bad of BAD) {
        await expect(tools.call(tool, { ...args, [name]: bad }), bad).rejects.toEqual(refusal("INVALID_INPUT", name));
      }
      expect(recorder.arrived).toEqual([]);
    },
  );

  it("is refused in what becomes a header too", async () => {
    answers({});
    for (const bad of ["a\nb", "a\r\nx-other: 1", "\u0000"]) {
      const machine = tools.call("list_m2m_tokens", { subject: "mch_1", machine_secret_key: bad });
      await expect(machine).rejects.toEqual(refusal("INVALID_INPUT", "machine_secret_key"));
      const [email] = examplesOf(clerkFunctions.find(({ tool }) => tool === "create_email") as ClerkFunction);
      const sent = tools.call("create_email", { ...email?.args, idempotency_key: bad });
      await expect(sent).rejects.toEqual(refusal("INVALID_INPUT", "idempotency_key"));
    }
    expect(recorder.arrived).toEqual([]);
  });
});

describe("too much of something", () => {
  it.each(parametersThat(({ type }) => type.startsWith("string[]") || type === "object[]"))(
    "is refused unsent: 10,000 of $tool $name",
    async ({ tool, name, args }) => {
      answers({});
      const [one] = args[name] as unknown[];
      const many = tools.call(tool, { ...args, [name]: Array.from({ length: 10_000 }, () => one) });
      await expect(many).rejects.toEqual(refusal("INVALID_INPUT", name));
      expect(recorder.arrived).toEqual([]);
    },
  );

  it("is Clerk's to judge where it is metadata of 2 MB", async () => {
    const public_metadata = { blob: "x".repeat(2 * 1024 * 1024) };
    answers({ id: "user_1" });
    await tools.call("update_user_metadata", { user_id: "user_1", public_metadata });
    expect(firstBody()).toEqual({ public_metadata });
    for (const [status, code] of [
      [413, "PAYLOAD_TOO_LARGE"],
      [422, "INVALID_INPUT"],
    ] as const) {
      answers(
        { errors: [{ code: "form_param_exceeds_allowed_size", long_message: "Metadata is 8 KB at most." }] },
        status,
      );
      await expect(tools.call("update_user_metadata", { user_id: "user_1", public_metadata })).rejects.toMatchObject({
        code,
        message: "Metadata is 8 KB at most.",
        fields: { clerk_code: "form_param_exceeds_allowed_size", status, retryable: false },
      });
    }
  });
});

describe("values that are easily lost on the way", () => {
  it.each(parametersThat(({ type }) => type.endsWith("|null")))(
    "null is sent: $tool $name",
    async ({ tool, name, args }) => {
      answers({ id: "x" });
      await tools.call(tool, { ...args, [name]: null });
      expect(firstBody()).toHaveProperty(name, null);
    },
  );

  it.each(parametersThat((param) => param.in === "body" && param.type.startsWith("boolean") && !param.values))(
    "false is sent: $tool $name",
    async ({ tool, name, args }) => {
      answers({ id: "x" });
      await tools.call(tool, { ...args, [name]: false });
      expect(firstBody()).toHaveProperty(name, false);
    },
  );

  it("false is sent in a query where it asks for something else than nothing does", async () => {
    answers({ data: [], total_count: 0 });
    await tools.call("list_enterprise_connections", { active: false });
    await tools.call("list_enterprise_connections", { active: true });
    await tools.call("list_enterprise_connections");
    expect(recorder.arrived.map(({ query }) => query.get("active"))).toEqual(["false", "true", null]);
  });

  it.each(parametersThat((param) => param.in === "query" && param.type === "boolean"))(
    "false in a query is taken: $tool $name",
    async ({ tool, name, args }) => {
      answers({ data: [], total_count: 0 });
      await tools.call(tool, { ...args, [name]: false });
      expect(recorder.arrived[0]?.query.get(name) ?? "false").toBe("false");
    },
  );

  it("empty text is sent where it clears", async () => {
    answers({ id: "user_1" });
    await tools.call("update_user", { user_id: "user_1", username: "" });
    expect(firstBody()).toEqual({ username: "" });
  });

  it("metadata keeps its own names, at every depth", async () => {
    const unsafe_metadata = { camelCase: { Under_Score: [{ innerKey: null }] }, "with space": true, __proto__x: 0 };
    answers({ id: "user_1" });
    await tools.call("update_user_metadata", { user_id: "user_1", unsafe_metadata });
    expect(firstBody()).toEqual({ unsafe_metadata });
  });

  it.each(parametersThat(({ format }) => format === "date-time"))(
    "a date is the same instant, and only ISO 8601: $tool $name",
    async ({ tool, name, args }) => {
      answers({ id: "x" });
      await tools.call(tool, { ...args, [name]: "2026-11-01T13:30:00+01:30" });
      expect(firstBody()).toHaveProperty(name, "2026-11-01T12:00:00.000Z");
      answers({ id: "x" });
      for (const bad of ["yesterday", "2026-11-01", "1793534400", ""]) {
        await expect(tools.call(tool, { ...args, [name]: bad })).rejects.toEqual(refusal("INVALID_INPUT", name));
      }
      expect(recorder.arrived).toEqual([]);
    },
  );

  it("is said of the one value that the SDK makes up: a domain counts as verified", () => {
    const schema = tools.registry.findTool("create_organization_domain")?.inputSchema;
    expect(schema?.properties?.["verified"]?.description).toMatch(/default true/);
  });
});

describe("arguments as the seed has them", () => {
  it.each(["get_user", "update_user", "delete_user"])("%s takes id beside user_id, and not both", async (tool) => {
    answers({ id: "user_1" });
    await tools.call(tool, { id: "user_1", ...(tool === "update_user" && { first_name: "Ada" }) });
    expect(recorder.arrived[0]?.path).toBe("/v1/users/user_1");
    await expect(tools.call(tool, { id: "user_1", user_id: "user_2" })).rejects.toEqual(refusal("INVALID_INPUT"));
  });

  it.each(["list_users", "count_users"])("%s takes a single address beside a list", async (tool) => {
    answers({ total_count: 0 });
    await tools.call(tool, { email_address: "ada@example.com", phone_number: "+15555550100" });
    await tools.call(tool, { email_address: ["ada@example.com"], phone_number: ["+15555550100"] });
    const queries = recorder.arrived.map(({ query }) => String(query));
    expect(new Set(queries)).toEqual(new Set(["email_address=ada%40example.com&phone_number=%2B15555550100"]));
  });
});

describe("answers", () => {
  const plain = { object: "user", id: "user_1", public_metadata: { camelCase: { x_y: 1 } }, brand_new: [{ A: 1 }] };

  it("are Clerk's JSON, whatever the SDK knows of it", async () => {
    answers(plain);
    expect(await tools.call("get_user", { user_id: "user_1" })).toEqual(plain);
  });

  it("hold where the SDK's own classes cannot take them, since Clerk has done what it was asked", async () => {
    const verification = { status: "verified", strategy: "oauth", external_verification_redirect_url: "no URL" };
    const user = { ...plain, external_accounts: [{ object: "external_account", verification }] };
    answers(user);
    expect(await tools.call("ban_user", { user_id: "user_1" })).toEqual(user);
    answers({ odd: true });
    const batch = clerkFunctions.find(({ tool }) => tool === "create_email_batch") as ClerkFunction;
    expect(await tools.call("create_email_batch", examplesOf(batch)[0]?.args)).toEqual({ odd: true });
  });

  it.each([
    ["an envelope", "list_organizations", {}, { data: [plain], total_count: 30 }],
    ["one with a name of its own", "list_m2m_tokens", { subject: "mch_1" }, { m2m_tokens: [plain], total_count: 30 }],
  ])("are a page with what comes next: %s", async (_, tool, args, body) => {
    answers(body);
    expect(await tools.call(tool, { ...args, limit: 1, offset: 4 })).toEqual({
      data: [plain],
      total_count: 30,
      next_offset: 5,
    });
  });

  it("are a page where Clerk has a bare array", async () => {
    answers([plain, plain]);
    const invitations = [{ email_address: "ada@example.com" }];
    expect(await tools.call("create_invitation_bulk", { invitations })).toEqual({ data: [plain, plain] });
    answers([]);
    expect(await tools.call("list_domains")).toEqual({ data: [] });
  });

  it("of list_users are one page from two requests, in whichever order they are answered", async () => {
    for (const late of ["/v1/users", "/v1/users/count"]) {
      recorder.answer(async ({ path }) => {
        if (path === late) await new Promise((resolve) => setTimeout(resolve, 40));
        return { body: path.endsWith("/count") ? { object: "total_count", total_count: 7 } : [plain, plain] };
      });
      const page = await tools.call("list_users", { limit: 2, offset: 2 });
      expect(page).toEqual({ data: [plain, plain], total_count: 7, next_offset: 4 });
      expect(recorder.arrived).toHaveLength(2);
    }
  });

  it("are ok where Clerk answers 204, and a result where it answers no object", async () => {
    recorder.answer(() => ({ status: 204 }));
    expect(await tools.call("delete_svix_app")).toEqual({ ok: true });
    answers("true");
    expect(await tools.call("generate_svix_auth_url")).toEqual({ result: true });
  });
});

describe("P51: functions of several requests or with checks of their own", () => {
  const failing = { errors: [{ code: "resource_not_found", long_message: "No user was found." }] };

  it.each([
    ["update_user", { user_id: "user_1", first_name: "Ada", public_metadata: { a: 1 } }],
    ["update_organization", { organization_id: "org_1", name: "Acme", private_metadata: { a: 1 } }],
  ])("%s says that its first part has happened when the second fails", async (tool, args) => {
    recorder.answer(({ method }) => (method === "PUT" ? { status: 404, body: failing } : { body: { id: "x" } }));
    const error = await tools.call(tool, args).catch((thrown: AppError) => thrown);
    expect(recorder.arrived.map(({ method }) => method)).toEqual(["PATCH", "PUT"]);
    expect(error).toMatchObject({ code: "NOT_FOUND", fields: { status: 404, clerk_code: "resource_not_found" } });
    expect(error.message).toMatch(/^No user was found\. .*has taken effect/);
    recorder.answer(() => ({ status: 404, body: failing }));
    await expect(tools.call(tool, args)).rejects.toMatchObject({ message: "No user was found." });
    expect(recorder.arrived).toHaveLength(1);
  });

  it("list_users fails as a whole when its count does", async () => {
    recorder.answer(({ path }) => (path.endsWith("/count") ? { status: 403, body: failing } : { body: [{ id: "x" }] }));
    await expect(tools.call("list_users")).rejects.toMatchObject({
      message: "No user was found.",
      fields: { status: 403 },
    });
  });

  it("verify_oauth_access_token tells of an audience that is not the token's", async () => {
    answers({ id: "oat_1", aud: "https://other.example" });
    const args = { access_token: "oat_secret", audience: "https://mine.example" };
    await expect(tools.call("verify_oauth_access_token", args)).rejects.toEqual(refusal("INVALID_INPUT", /audience/i));
  });

  it("verify_m2m_token tells of a signed token that is none", async () => {
    answers({ keys: [] });
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const token = `${part({ alg: "RS256", kid: "k", typ: "JWT" })}.${part({ sub: "mch_1", jti: "mt_1" })}.c2ln`;
    await expect(tools.call("verify_m2m_token", { token })).rejects.toEqual(refusal("INVALID_INPUT"));
  });

  it("every function says which account has no key, and sends nothing", async () => {
    answers({});
    const none = clerkTools({ url: recorder.url, keys: new Map([["default", "sk_test_default_only"]]) });
    await expect(none.call("count_users", {}, { clerkAccount: "staging" })).rejects.toEqual(
      refusal("CLERK_NOT_CONFIGURED", /CLERK_SECRET_KEY_STAGING/),
    );
    const nothing = clerkTools({ url: recorder.url, keys: new Map() });
    for (const fn of clerkFunctions) {
      const [example] = examplesOf(fn);
      await expect(nothing.call(fn.tool, example?.args)).rejects.toEqual(
        refusal("CLERK_NOT_CONFIGURED", /CLERK_SECRET_KEY/),
      );
    }
    expect(recorder.arrived).toEqual([]);
  });
});
