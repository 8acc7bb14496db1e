import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startEmulator } from "../support/emulate.js";
import { type Args, ask, connectHttp, connectRest, type Json, type McpFace } from "../support/faces.js";
import type { Listening } from "../support/listening.js";
import { endPrograms, runProgram, type Server, startServer } from "../support/program.js";

const SECRET_KEY = "sk_test_canary_of_the_emulator_tests";

const SEED = {
  users: [
    { clerk_id: "user_alice", first_name: "Alice", email_addresses: ["alice@example.test"], password: "correct horse" },
    { clerk_id: "user_bob", first_name: "Bob", email_addresses: ["bob@example.test"] },
  ],
};

let emulator: Listening;
let server: Server;
let face: McpFace;
const answered = new Set<string>();

beforeAll(async () => {
  emulator = await startEmulator("clerk", SEED);
  server = await startServer({ env: { CLERK_SECRET_KEY: SECRET_KEY, CLERK_API_URL: emulator.url } });
  face = await connectHttp("streamable", server.url, server.key);
});

afterAll(async () => {
  await face.close();
  await endPrograms();
  await emulator.stop();
});

/** The answer of a tool that has to succeed, over MCP. */
async function call(tool: string, args: Args = {}): Promise<Json> {
  const answer = await ask(face, tool, args);
  answered.add(tool);
  return answer;
}

describe("Clerk's tools over MCP, against an emulator of Clerk", () => {
  it("create a user, find it, change its metadata and delete it", async () => {
    const user = await call("create_user", {
      email_address: ["carol@example.test"],
      first_name: "Carol",
      public_metadata: { plan: "free", camelCase: { kept_as: "is" } },
    });
    expect(user).toMatchObject({
      object: "user",
      first_name: "Carol",
      public_metadata: { camelCase: { kept_as: "is" } },
    });
    expect(user).not.toHaveProperty("firstName");
    const listed = await call("list_users", { query: "carol@example.test" });
    expect(listed).toMatchObject({ data: [{ id: user.id }], total_count: 1 });
    expect(listed).not.toHaveProperty("next_offset");
    expect(await call("list_users", { limit: 1 })).toMatchObject({ data: [{}], next_offset: 1 });
    expect(await call("count_users")).toMatchObject({ total_count: 4 });
    const changed = await call("update_user_metadata", { user_id: user.id, public_metadata: { plan: "pro" } });
    expect(changed.public_metadata).toEqual({ plan: "pro", camelCase: { kept_as: "is" } });
    expect(await call("get_user", { user_id: user.id })).toEqual(changed);
    expect(await call("delete_user", { user_id: user.id })).toMatchObject({ id: user.id, deleted: true });
    expect(await face.call("get_user", { user_id: user.id })).toMatchObject({ code: "NOT_FOUND" });
  });

  it("answer to the names of the seed, with its arguments", async () => {
    expect(await ask(face, "clerk_get_user", { id: "user_alice" })).toMatchObject({ id: "user_alice" });
    expect(await ask(face, "clerk_list_users", { email_address: "bob@example.test" })).toMatchObject({
      data: [{ id: "user_bob" }],
    });
  });

  it("ban, lock and check a user's password", async () => {
    const user_id = "user_alice";
    expect(await call("ban_user", { user_id })).toMatchObject({ banned: true });
    expect(await call("unban_user", { user_id })).toMatchObject({ banned: false });
    expect(await call("lock_user", { user_id })).toMatchObject({ locked: true });
    expect(await call("unlock_user", { user_id })).toMatchObject({ locked: false });
    expect(await call("verify_user_password", { user_id, password: "correct horse" })).toMatchObject({
      verified: true,
    });
  });

  it("give a user another email address and take it away", async () => {
    const made = await call("create_email_address", { user_id: "user_bob", email_address: "bob2@example.test" });
    const email_address_id: string = made.id;
    expect(await call("get_email_address", { email_address_id })).toMatchObject({ email_address: "bob2@example.test" });
    expect(await call("update_email_address", { email_address_id, verified: true })).toMatchObject({
      verification: { status: "verified" },
    });
    expect(await call("delete_email_address", { email_address_id })).toMatchObject({ deleted: true });
  });

  it("open a session, hand out its token and revoke it, after which it gives none", async () => {
    const session = await call("create_session", { user_id: "user_alice" });
    const session_id: string = session.id;
    expect(await call("get_session", { session_id })).toMatchObject({ status: "active", user_id: "user_alice" });
    expect((await call("list_sessions", { user_id: "user_alice" })).data).toMatchObject([{ id: session_id }]);
    const { jwt } = await call("get_session_token", { session_id });
    expect(jwt).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect((await call("get_jwks")).keys).toHaveLength(1);
    expect(await call("revoke_session", { session_id })).toMatchObject({ status: "revoked" });
    expect(await face.call("get_session_token", { session_id })).toMatchObject({
      code: "INVALID_INPUT",
      error: { error: { clerk_code: "SESSION_NOT_ACTIVE", status: 422, retryable: false } },
    });
  });

  it("run an organization with members and invitations", async () => {
    const organization = await call("create_organization", { name: "Acme", created_by: "user_alice" });
    const organization_id: string = organization.id;
    expect(await call("get_organization", { organization_id })).toMatchObject({ object: "organization", name: "Acme" });
    expect((await call("list_organizations")).data).toMatchObject([{ id: organization_id }]);
    expect(
      await call("update_organization_metadata", { organization_id, private_metadata: { seats: 5 } }),
    ).toMatchObject({ private_metadata: { seats: 5 } });

    const member = { organization_id, user_id: "user_bob" };
    expect(await call("create_organization_membership", { ...member, role: "org:member" })).toMatchObject({
      object: "organization_membership",
      public_user_data: { user_id: "user_bob" },
    });
    expect(await face.call("create_organization_membership", { ...member, role: "org:member" })).toMatchObject({
      code: "INVALID_INPUT",
      error: { error: { clerk_code: "DUPLICATE_RECORD", status: 422 } },
    });
    expect(await call("update_organization_membership", { ...member, role: "org:admin" })).toMatchObject({
      role: "org:admin",
    });
    expect(
      await call("update_organization_membership_metadata", { ...member, public_metadata: { desk: 4 } }),
    ).toMatchObject({ public_metadata: { desk: 4 } });
    expect(await call("list_organization_memberships", { organization_id })).toMatchObject({ total_count: 2 });
    await call("delete_organization_membership", member);
    expect(await call("list_organization_memberships", { organization_id })).toMatchObject({ total_count: 1 });

    const invited = { organization_id, email_address: "dora@example.test", role: "org:member" };
    const { id: invitation_id } = await call("create_organization_invitation", invited);
    expect(await call("get_organization_invitation", { organization_id, invitation_id })).toMatchObject({
      status: "pending",
    });
    expect(await call("list_organization_invitations", { organization_id, status: ["pending"] })).toMatchObject({
      data: [{ id: invitation_id }],
      total_count: 1,
    });
    expect(await call("revoke_organization_invitation", { organization_id, invitation_id })).toMatchObject({
      status: "revoked",
    });
    expect(await call("delete_organization", { organization_id })).toMatchObject({ deleted: true });
  });

  it("tell typed errors of what is not there, and of a route that Clerk does not have", async () => {
    const missing = await face.call("get_user", { user_id: "user_nobody" });
    expect(missing).toMatchObject({
      code: "NOT_FOUND",
      error: { error: { clerk_code: "RESOURCE_NOT_FOUND", status: 404, retryable: false } },
    });
    expect(await face.call("list_invitations")).toMatchObject({
      code: "NOT_FOUND",
      error: { error: { status: 404, retryable: false } },
    });
    expect(await call("count_users")).toHaveProperty("total_count");
  });

  it("cover all that the emulator can do", () => {
    const inventory = new URL("data/functions.json", import.meta.url);
    const works = (JSON.parse(readFileSync(inventory, "utf8")) as Json[]).filter((fn) => fn.emulator === "works");
    expect(works.map(({ tool }) => tool).filter((tool) => !answered.has(tool))).toEqual([]);
  });
});

describe("Clerk's tools over REST, with the scopes of a key", () => {
  const keyWith = async (scopes: string) => {
    const { stdout } = await runProgram(["keys", "create", "--name", "test", "--scopes", scopes], {
      home: server.home,
    });
    return stdout.split("\n")[0] ?? "";
  };

  it("read with clerk:read alone, and change nothing", async () => {
    const rest = connectRest(server.url, await keyWith("clerk:read"));
    expect(await ask(rest, "get_user", { user_id: "user_bob" })).toMatchObject({ id: "user_bob" });
    expect(await rest.call("ban_user", { user_id: "user_bob" })).toMatchObject({
      code: "PERMISSION_REQUIRED",
      error: { scope: "clerk:write" },
    });
    expect(await ask(rest, "get_user", { user_id: "user_bob" })).toMatchObject({ banned: false });
  });

  it("hand out secrets to the owner, and to no key that was not given clerk:secrets by name", async () => {
    const owner = connectRest(server.url, server.key);
    const { id: session_id } = await ask(owner, "create_session", { user_id: "user_bob" });
    expect(await ask(owner, "get_session_token", { session_id })).toHaveProperty("jwt");
    const everything = connectRest(server.url, await keyWith("*"));
    expect(await everything.call("get_session_token", { session_id })).toMatchObject({
      code: "PERMISSION_REQUIRED",
      error: { scope: "clerk:secrets" },
    });
    const granted = connectRest(server.url, await keyWith("clerk:secrets"));
    expect(await ask(granted, "get_session_token", { session_id })).toHaveProperty("jwt");
    const face = await connectHttp("streamable", server.url, await keyWith("*"));
    const { tools } = await face.client.listTools();
    await face.close();
    expect(tools.map(({ name }) => name)).not.toContain("get_session_token");
    expect(tools.map(({ name }) => name)).toContain("ban_user");
  });

  it("P52: show the secret key nowhere", () => {
    expect(server.stderr()).toContain("audit");
    expect(server.stdout() + server.stderr()).not.toContain(SECRET_KEY);
  });
});
