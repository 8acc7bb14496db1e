import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEvents } from "../support/event-stream.js";
import { ask, connectHttp, connectModern, connectRest } from "../support/faces.js";
import { freePort } from "../support/listening.js";
import { personOf, request, signIn, tokenOf } from "../support/person.js";
import { serveHere } from "../support/serve-here.js";

type Here = Awaited<ReturnType<typeof serveHere>>;
let here: Here;
let url: string;
beforeAll(async () => {
  here = await serveHere();
  url = here.url;
});
afterAll(() => here.close());

const link = async () => (await here.app.services.signIns.linkFor(1)).url;
const owner = async () => signIn(url, await link());
const invite = async (role = "member", workspace = "1") => {
  const told = await (
    await owner()
  ).call("POST", `/api/v1/workspaces/${workspace}/invitations`, {
    email: "bob@example.com",
    role,
  });
  return told.body.url as string;
};
const code = ({ body }: { body: { error: string | { code: string } } }) =>
  typeof body.error === "string" ? body.error : body.error.code;

describe("signing in", () => {
  it("P55: sets a cookie that no script reads and no other site sends along, and shows the token to nobody", async () => {
    const person = await owner();
    expect(person.cookie).toMatch(/^clanker_session=cs_[\w-]{43}; Path=\/; Max-Age=1209600; HttpOnly; SameSite=Lax$/);
    expect(JSON.stringify(person.session)).not.toContain(person.token);
    expect(person.session).toMatchObject({ person: { id: "usr_1" }, workspace: { id: "ws_1", role: "owner" } });
    const session = await person.browse("GET", "/api/v1/session");
    expect(personOf(url, session).token).not.toBe(person.token);
    expect(session.body.csrf_token).toBe(person.csrf);
    expect(session.headers.get("cache-control")).toBe("no-store");
  });

  it("is Secure where the server is reached by https", async () => {
    const port = await freePort();
    const env = { CLANKER_PUBLIC_URL: "https://clanker.example", PORT: String(port) };
    const there = await serveHere(env);
    const { url: secure } = await there.app.services.signIns.linkFor(1);
    expect(secure).toMatch(/^https:\/\/clanker\.example\/sign-in#token=/);
    expect((await signIn(`http://127.0.0.1:${port}`, secure)).cookie).toMatch(/; HttpOnly; SameSite=Lax; Secure$/);
    await there.close();
  });

  it("takes a link once, and says so", async () => {
    const once = await link();
    await signIn(url, once);
    const again = await request(url, "POST", "/api/v1/sign-in", { token: tokenOf(once) });
    expect([again.status, code(again)]).toEqual([401, "AUTH_REQUIRED"]);
    expect(again.headers.get("set-cookie")).toBeNull();
  });

  it("P55: by another site's page is refused at the door, and leaves the session there is as it was", async () => {
    const person = await owner();
    const evil = tokenOf(await link());
    const foreign = await person.browse("POST", "/api/v1/sign-in", { token: evil }, { origin: "https://evil.example" });
    expect([foreign.status, code(foreign)]).toEqual([403, "ORIGIN_REFUSED"]);
    const form = await fetch(`${url}/api/v1/sign-in`, {
      method: "POST",
      headers: { "content-type": "text/plain", cookie: `clanker_session=${person.token}` },
      body: JSON.stringify({ token: evil }),
    });
    expect(form.status).toBe(415);
    expect((await person.call("GET", "/api/v1/session")).status).toBe(200);
    expect((await signIn(url, `#token=${evil}`)).session.person.id).toBe("usr_1");
  });
});

describe("a session", () => {
  it("P55: changes nothing by its cookie alone: a page of the server has to show that it is one", async () => {
    const person = await owner();
    const write = { content: "forged" };
    const other = await owner();
    for (const csrf of [undefined, "", "x", `${person.csrf}x`, other.csrf]) {
      const headers = csrf === undefined ? {} : { "x-csrf-token": csrf };
      const told = await person.browse("PUT", "/api/v1/memory", write, headers);
      expect([told.status, code(told)]).toEqual([403, "ACCESS_DENIED"]);
    }
    expect((await person.browse("GET", "/api/v1/memory")).body.content).not.toBe("forged");
    const told = await person.browse("PUT", "/api/v1/memory", { content: "mine" }, { "x-csrf-token": person.csrf });
    expect([told.status, told.body.content]).toEqual([200, "mine"]);
  });

  it("P11: is no API key, and a key is no session, in the cookie or in the header", async () => {
    const person = await owner();
    const asKey: Record<string, string>[] = [
      { "x-api-key": person.token },
      { authorization: `Bearer ${person.token}` },
      { "x-auth-token": here.key },
      { cookie: `clanker_session=${here.key}` },
      { cookie: `x-api-key=${here.key}` },
    ];
    for (const headers of asKey) {
      const told = await request(url, "GET", "/api/v1/memory", undefined, headers);
      expect([told.status, code(told)], JSON.stringify(headers)).toEqual([401, "AUTH_REQUIRED"]);
    }
    const both = await person.call("GET", "/api/v1/memory", undefined, { "x-api-key": here.key });
    expect([both.status, code(both)]).toEqual([401, "AUTH_REQUIRED"]);
    await expect(connectHttp("streamable", url, person.token)).rejects.toMatchObject({ status: 401 });
    await expect(connectModern(url, person.token)).rejects.toMatchObject({ status: 401 });
  });

  it("works in the workspace that x-workspace-id names, if its person belongs to it; a key's is its own", async () => {
    const person = await owner();
    const made = await person.call("POST", "/api/v1/workspaces", { name: "Team", slug: "team-of-headers" });
    const id = made.body.id as string;
    const there = { "x-workspace-id": id };
    const current = async (told: Promise<{ status: number; body: { id?: string } }>) => (await told).body.id;
    expect(await current(person.call("GET", "/api/v1/workspaces/current"))).toBe("ws_1");
    expect(await current(person.call("GET", "/api/v1/workspaces/current", undefined, there))).toBe(id);
    expect(await current(person.browse("GET", "/api/v1/workspaces/current", undefined, there))).toBe(id);
    const key = { "x-api-key": here.key, ...there };
    expect(await current(request(url, "GET", "/api/v1/workspaces/current", undefined, key))).toBe("ws_1");
    await person.call("PUT", "/api/v1/memory", { content: "the team's" }, there);
    expect((await person.call("GET", "/api/v1/memory")).body.content).not.toBe("the team's");

    const bob = await signIn(url, await invite(), "Bob");
    for (const send of [bob.call, bob.browse]) {
      for (const workspace of [id, "ws_999", "team-of-headers", "key_1"]) {
        const told = await send("GET", "/api/v1/memory", undefined, { "x-workspace-id": workspace });
        expect([told.status, code(told)], workspace).toEqual([403, "ACCESS_DENIED"]);
        expect(JSON.stringify(told.body)).not.toContain("team's");
      }
    }
  });

  it("ends with a sign-out, on every door and in open streams", async () => {
    const person = await owner();
    const stream = await openEvents(`${url}/api/events?apiKey=${person.token}`);
    const byHeader = await openEvents(`${url}/api/events`, { "x-auth-token": person.token });
    const byCookie = await openEvents(`${url}/api/events`, { cookie: `clanker_session=${person.token}` });
    await person.call("PUT", "/api/v1/memory", { content: "told" });
    for (const one of [stream, byHeader, byCookie]) await one.next(({ event }) => event === "memory-updated");
    const out = await person.browse("POST", "/api/v1/sign-out", {}, { "x-csrf-token": person.csrf });
    expect(out.headers.get("set-cookie")).toMatch(/^clanker_session=; Path=\/; Max-Age=0; HttpOnly/);
    const left = performance.now();
    await Promise.all([stream.ended, byHeader.ended, byCookie.ended]);
    expect(performance.now() - left).toBeLessThan(2000);
    for (const told of [await person.call("GET", "/api/v1/memory"), await person.browse("GET", "/api/v1/memory")]) {
      expect([told.status, code(told)]).toEqual([401, "AUTH_REQUIRED"]);
    }
    expect(here.lines.join("\n")).not.toContain(person.token);
  });
});

describe("an invitation", () => {
  it("asks for a name, makes a member, and works once", async () => {
    const invited = await invite();
    const nameless = await request(url, "POST", "/api/v1/sign-in", { token: tokenOf(invited) });
    expect([nameless.status, code(nameless)]).toEqual([400, "INVALID_INPUT"]);
    expect(nameless.body.error.details.issues).toMatchObject([{ field: "name" }]);
    const bob = await signIn(url, invited, "Bob");
    expect(bob.session).toMatchObject({ person: { name: "Bob" }, workspace: { id: "ws_1", role: "member" } });
    await expect(signIn(url, invited, "Eve")).rejects.toThrow("AUTH_REQUIRED");
    const inTeam = { "x-workspace-id": "ws_1" };
    for (const [method, path, body] of [
      ["GET", "/api/v1/api-keys"],
      ["POST", "/api/v1/api-keys", { name: "x" }],
      ["POST", "/api/v1/workspaces/1/invitations", { email: "e@example.com", role: "admin" }],
    ] as const) {
      const told = await bob.call(method, path, body, inTeam);
      // A person asks nobody for scopes: what they lack is another role.
      expect([told.status, told.body], path).toEqual([
        403,
        {
          error: "ACCESS_DENIED",
          message: "Your role in this workspace does not allow this; ask its owner or an admin.",
          retryable: false,
          request_id: expect.any(String),
        },
      ]);
    }
    expect((await bob.call("GET", "/api/v1/memory", undefined, inTeam)).status).toBe(200);
  });

  it("P35: leaves an entry of who came in where they came to, as a member or for a session", async () => {
    const bob = await signIn(url, await invite("admin"), "Bob");
    const { id } = bob.session.person;
    const joined = async () => {
      const told = await (await owner()).call("GET", "/api/v1/audit-logs?action=member.join");
      return told.body.data as { actor: object; resource_id: string; outcome: string; ip?: string }[];
    };
    const [entry, ...others] = await joined();
    expect(entry).toMatchObject({
      actor: { type: "session", person_id: id },
      resource_type: "member",
      resource_id: id,
      operation: "sign-in",
      outcome: "ok",
      ip: expect.any(String),
    });
    expect([entry, ...others].filter((one) => one?.resource_id === id)).toHaveLength(1);
    const ada = await owner();
    const sessions = async () =>
      (await ada.call("GET", "/api/v1/audit-logs?action=session.create&limit=100")).body.data as object[];
    const before = await sessions();
    const begun = { actor: { type: "session", person_id: "usr_1" }, operation: "sign-in", ip: expect.any(String) };
    expect(before[0]).toMatchObject(begun);
    await ada.call("POST", "/api/v1/sign-in", { token: tokenOf(await link()) });
    expect(await sessions()).toEqual([expect.objectContaining(begun), ...before]);
  });

  it("lets in who is signed in, as themselves", async () => {
    const bob = await signIn(url, await invite(), "Bob");
    const team = await (await owner()).call("POST", "/api/v1/workspaces", { name: "T", slug: "team-of-guests" });
    const told = await (
      await owner()
    ).call(
      "POST",
      `/api/v1/workspaces/${team.body.id}/invitations`,
      { email: "b@example.com", role: "admin" },
      { "x-workspace-id": team.body.id },
    );
    const joined = await bob.call("POST", "/api/v1/sign-in", { token: tokenOf(told.body.url) });
    expect(joined.body).toMatchObject({ person: bob.session.person, workspace: { id: team.body.id, role: "admin" } });
  });
});

describe("switch-workspace", () => {
  const setUp = async (slug: string) => {
    const rest = connectRest(url, here.key);
    const { id } = await ask(rest, "create-workspace", { name: slug, slug });
    const made = await ask(rest, "create-workspace-key", { name: "mover", scopes: ["*"] });
    return { id: id as string, key: made.key as string, keyId: made.id as string, rest };
  };

  it.each(["slug", "id"])(
    "takes a key elsewhere by %s: same key and id, its open sessions and streams end",
    async (by) => {
      const slug = `moving-by-${by}`;
      const { id, key, keyId, rest } = await setUp(slug);
      const old = await connectHttp("streamable", url, key);
      const sse = await connectHttp("sse", url, key);
      const stream = await openEvents(`${url}/api/events`, { "x-api-key": key });
      const moved = await ask(connectRest(url, key), "switch-workspace", { workspace: by === "id" ? id : slug });
      expect(moved).toMatchObject({ id, slug });
      await stream.ended;
      expect(await old.call("read-memory")).toMatchObject({ code: "NOT_FOUND" });
      expect(await sse.call("read-memory").catch(() => ({ code: "NOT_FOUND" }))).toMatchObject({ code: "NOT_FOUND" });
      const again = await connectHttp("streamable", url, key);
      expect(await ask(again, "get-current-workspace")).toMatchObject({ id });
      expect((await ask(again, "list-workspace-keys")).data).toMatchObject([{ id: keyId }]);
      expect(JSON.stringify(await ask(rest, "list-workspace-keys", { limit: 100 }))).not.toContain(`"${keyId}"`);
      for (const face of [old, sse, again]) await face.close();
    },
  );

  it("goes nowhere that its person does not belong to, and carries no more rights than they have there", async () => {
    const bob = await signIn(url, await invite(), "Bob");
    const current = await bob.call("GET", "/api/v1/workspaces");
    const personal = current.body.data.find((row: { role: string }) => row.role === "owner").id;
    const made = await bob.call(
      "POST",
      "/api/v1/api-keys",
      { name: "bob's", scopes: ["*"] },
      { "x-workspace-id": personal },
    );
    const { id: secret } = await setUp("not-bobs");
    const rest = connectRest(url, made.body.key);
    for (const workspace of [secret, "not-bobs"]) {
      expect(await rest.call("switch-workspace", { workspace })).toMatchObject({ code: "NOT_FOUND" });
    }
    expect(await ask(rest, "switch-workspace", { workspace: "ws_1" })).toMatchObject({ role: "member" });
    expect(await rest.call("create-workspace-key", { name: "x" })).toMatchObject({ code: "PERMISSION_REQUIRED" });
    expect(await rest.call("list-workspace-keys")).toMatchObject({ code: "PERMISSION_REQUIRED" });
    expect(await ask(rest, "read-memory")).toBeDefined();
  });
});
