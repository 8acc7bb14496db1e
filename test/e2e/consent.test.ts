import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, connectHttp, connectModern, connectRest, type Json } from "../support/faces.js";
import { openByHand, send } from "../support/by-hand.js";
import { type Person, request, signIn } from "../support/person.js";
import { endPrograms } from "../support/program.js";
import { serveHere } from "../support/serve-here.js";
import { startTwoProcesses, type TwoProcesses } from "../support/two-processes.js";

let here: Awaited<ReturnType<typeof serveHere>>;
let url: string;
let owner: Person;
beforeAll(async () => {
  here = await serveHere();
  url = here.url;
  owner = await signIn(url, (await here.app.services.signIns.linkFor(1)).url);
});
afterAll(() => here.close());

const keyWith = async (...scopes: string[]) =>
  (await ask(connectRest(url, here.key), "create-workspace-key", { name: "agent", scopes })).key as string;
const wish = { requestedScopes: ["memory:read"], agentDisplayName: "Scribe", reason: "to read <b>the notes</b>" };
const more = { scope: "memory:write", reason: "to note it" };
const approve = (id: string, body: object = {}) => owner.call("POST", `/api/v1/agents/consents/${id}/approve`, body);
const write = (key: string, grant: string | undefined, at = url) =>
  request(
    at,
    "PUT",
    "/api/v1/memory",
    { content: "x" },
    { "x-api-key": key, ...(grant && { "x-permission-grant": grant }) },
  );

/** Has an agent ask, the owner approve, and the agent fetch its token. */
async function lent(key: string, args: object): Promise<string> {
  const rest = connectRest(url, key);
  const { consent_id: id } = await ask(rest, "request-permission", { ...more, ...args });
  expect((await approve(id, { confirmed: true })).status).toBe(200);
  return (await ask(rest, "poll-agent-connection", { id })).grant_token;
}

describe("connect-agent", () => {
  it("on a key that can do everything is pending, and tightens it to what the person approves", async () => {
    const key = await keyWith("*");
    const rest = connectRest(url, key);
    const asked = await ask(rest, "connect-agent", wish);
    expect(asked).toMatchObject({
      status: "pending",
      consent_id: expect.stringMatching(/^con_\d+$/),
      link_code: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/),
      poll_url: `/api/v1/agents/connect/poll/${asked.consent_id}`,
      poll_interval_seconds: 3,
    });
    const listed = await owner.call("GET", `/api/v1/agents/consents?link_code=${asked.link_code}`);
    expect(listed.body.data).toMatchObject([
      { agent_display_name: "Scribe", reason: wish.reason, key: { scopes: ["*"] } },
    ]);
    expect((await approve(asked.consent_id)).body).toMatchObject({ status: "granted" });
    const poll = await request(url, "GET", asked.poll_url, undefined, { "x-api-key": key });
    expect(poll.body).toEqual({
      status: "granted",
      scopes: ["memory:read"],
      grant_token: expect.stringMatching(/^cg_[\w-]{43}$/),
      token_header: "x-permission-grant",
    });
    const again = await request(url, "GET", asked.poll_url, undefined, { "x-api-key": key });
    expect(again.body).toEqual({ status: "granted", scopes: ["memory:read"] });
    expect(await ask(rest, "connect-agent", wish)).toEqual({ status: "active", scopes: ["memory:read"] });
    expect(await ask(rest, "read-memory")).toBeDefined();
    expect(await rest.call("write-memory", { content: "x" })).toMatchObject({ code: "PERMISSION_REQUIRED" });
  });

  it("P12: leaves a tightened key that neither manages keys nor approves itself, on any face", async () => {
    const key = await keyWith("*");
    const { consent_id: first } = await ask(connectRest(url, key), "connect-agent", wish);
    await approve(first);
    const rest = connectRest(url, key);
    const { consent_id: id } = await ask(rest, "request-permission", { scope: "*", reason: "to be free" });
    const headers = { "x-api-key": key };
    for (const path of [`${id}/approve`, `${id}/deny`]) {
      const told = await request(url, "POST", `/api/v1/agents/consents/${path}`, {}, headers);
      expect([told.status, told.body.error]).toEqual([403, "PERSON_REQUIRED"]);
    }
    const manages: readonly (readonly [string, Record<string, unknown>])[] = [
      ["create-workspace-key", { name: "x" }],
      ["list-workspace-keys", {}],
      ["revoke-workspace-key", { id: "1" }],
      ["switch-workspace", { workspace: "1" }],
      ["invite-workspace-member", { id: "1", email: "e@example.com", role: "admin" }],
    ];
    for (const face of [rest, await connectHttp("streamable", url, key), await connectModern(url, key)]) {
      for (const [operation, args] of manages) {
        const refused = { code: "PERMISSION_REQUIRED", error: { scope: "*", request_url: expect.any(String) } };
        expect(await face.call(operation, args), operation).toMatchObject(refused);
      }
      await face.close();
    }
  });

  it("on the owner's own key changes nothing, and a person has nothing to ask for", async () => {
    const rest = connectRest(url, here.key);
    const { consent_id: id } = await ask(rest, "connect-agent", wish);
    expect((await approve(id)).status).toBe(200);
    expect(await ask(rest, "list-workspace-keys")).toBeDefined();
    const told = await owner.call("POST", "/api/v1/agents/connect", wish);
    expect([told.status, told.body.error]).toEqual([403, "ACCESS_DENIED"]);
  });

  it("says every error in the flat form", async () => {
    const headers = { "x-api-key": await keyWith("agent:list") };
    const flat = async (told: Promise<{ status: number; body: Json }>, status: number, error: string) => {
      const { status: got, body } = await told;
      expect([got, body.error]).toEqual([status, error]);
      expect(body).toMatchObject({
        message: expect.any(String),
        retryable: expect.any(Boolean),
        request_id: expect.any(String),
      });
    };
    await flat(request(url, "POST", "/api/v1/agents/connect", {}, headers), 400, "INVALID_INPUT");
    await flat(request(url, "POST", "/api/v1/agents/connect", wish), 401, "AUTH_REQUIRED");
    await flat(request(url, "GET", "/api/v1/agents/connect/poll/9999", undefined, headers), 404, "NOT_FOUND");
    await flat(request(url, "GET", "/api/v1/agents/consents", undefined, headers), 403, "PERSON_REQUIRED");
    await flat(request(url, "GET", "/api/v1/agents/no-such", undefined, headers), 404, "NOT_FOUND");
    await flat(request(url, "DELETE", "/api/v1/agents/connect", undefined, headers), 405, "METHOD_NOT_ALLOWED");
    await flat(owner.call("POST", "/api/v1/agents/consents/9999/deny", {}), 404, "NOT_FOUND");
  });

  it("is decided on once: what was denied stays denied", async () => {
    const rest = connectRest(url, await keyWith("*"));
    const { consent_id: id } = await ask(rest, "connect-agent", wish);
    expect((await owner.call("POST", `/api/v1/agents/consents/${id}/deny`, {})).body.status).toBe("denied");
    const late = await approve(id);
    expect([late.status, late.body.error]).toEqual([409, "CONFLICT"]);
    expect(await ask(rest, "poll-agent-connection", { id })).toEqual({ status: "denied" });
    expect(await ask(rest, "list-workspace-keys")).toBeDefined();
  });

  it("for something sensitive and for good wants the person twice", async () => {
    const rest = connectRest(url, await keyWith("memory:read"));
    const { consent_id: id } = await ask(rest, "request-permission", { ...more, mode: "persistent" });
    const once = await approve(id);
    expect([once.status, once.body.error, once.body.scopes]).toEqual([403, "CONFIRMATION_REQUIRED", ["memory:write"]]);
    expect((await approve(id, { confirmed: true })).status).toBe(200);
    expect(await ask(rest, "write-memory", { content: "x" })).toBeDefined();
    expect(await ask(rest, "read-memory")).toBeDefined();
  });
});

describe("a grant", () => {
  it("is read from the header of every request: REST, sessions, HTTP+SSE and 2026-07-28", async () => {
    const key = await keyWith("memory:read");
    const grant = await lent(key, { mode: "session" });
    expect((await write(key, undefined)).status).toBe(403);
    expect((await write(key, "cg_wrong")).status).toBe(403);
    expect((await write(await keyWith("memory:read"), grant)).status).toBe(403);
    expect((await write(key, grant)).status).toBe(200);

    const session = await openByHand(url, key);
    const call = { method: "tools/call", params: { name: "write-memory", arguments: { content: "x" } } };
    const without = await (await session.post(url, { id: 1, ...call })).ended;
    expect(JSON.stringify(without)).toContain("PERMISSION_REQUIRED");
    const headers = { "x-permission-grant": grant };
    const answered = await (await session.post(url, { id: 2, ...call }, headers)).ended;
    expect(answered.result.structuredContent).toMatchObject({ content: "x" });
    const listed = await (await session.post(url, { id: 3, method: "tools/list" }, headers)).ended;
    expect(listed.result.tools.map(({ name }: { name: string }) => name)).toContain("write-memory");

    const wire = new ModernTransport(new URL(`${url}/mcp`), {
      requestInit: { headers: { "x-api-key": key, ...headers } },
    });
    const modern = new ModernClient(
      { name: "t", version: "1" },
      { versionNegotiation: { mode: { pin: "2026-07-28" } } },
    );
    await modern.connect(wire);
    expect((await modern.callTool({ name: "write-memory", arguments: { content: "y" } })).isError).toBeFalsy();
    await modern.close();

    const sse = await send(`${url}/mcp/sse`, "GET", { "x-api-key": key });
    await expect.poll(() => sse.endpoint()).toBeDefined();
    const at = url + (sse.endpoint() ?? "");
    const say = (message: object) => send(at, "POST", { "x-api-key": key, ...headers }, { jsonrpc: "2.0", ...message });
    const clientInfo = { name: "t", version: "1" };
    await say({ id: 1, method: "initialize", params: { protocolVersion: "2024-11-05", capabilities: {}, clientInfo } });
    await say({ method: "notifications/initialized" });
    await say({ id: 2, ...call });
    expect((await sse.next(({ id }) => id === 2)).result.isError).toBeFalsy();
    sse.close();
  });

  it.each(["streamable", "sse"] as const)(
    "is held by the %s session that asked, and by no other of the key",
    async (to) => {
      const key = await keyWith("memory:read");
      const [asking, other] = [await connectHttp(to, url, key), await connectHttp(to, url, key)];
      const { consent_id: id } = await ask(asking, "request-permission", { ...more, mode: "session" });
      expect(await asking.call("write-memory", { content: "x" })).toMatchObject({ code: "PERMISSION_REQUIRED" });
      await approve(id);
      expect(await ask(asking, "write-memory", { content: "held" })).toMatchObject({ content: "held" });
      expect(await other.call("write-memory", { content: "x" })).toMatchObject({ code: "PERMISSION_REQUIRED" });
      expect((await write(key, undefined)).status).toBe(403);
      for (const face of [asking, other]) await face.close();
    },
  );

  it("for one call opens no resource, no list and no stream, which nothing would use up", async () => {
    const key = await keyWith("agent:list");
    const grant = await lent(key, { scope: "memory:read", mode: "one_time" });
    const headers = { "x-permission-grant": grant };
    const session = await openByHand(url, key);
    const params = { uri: "clanker://memory" };
    const read = await (await session.post(url, { id: 1, method: "resources/read", params }, headers)).ended;
    expect(read.error).toBeDefined();
    const listed = await (await session.post(url, { id: 2, method: "tools/list" }, headers)).ended;
    expect(listed.result.tools.map(({ name }: { name: string }) => name)).not.toContain("read-memory");
    const call = { method: "tools/call", params: { name: "read-memory", arguments: {} } };
    const [first, second] = [
      await (await session.post(url, { id: 3, ...call }, headers)).ended,
      await (await session.post(url, { id: 4, ...call }, headers)).ended,
    ];
    expect(first.result.isError).toBeFalsy();
    expect(JSON.stringify(second)).toContain("PERMISSION_REQUIRED");
  });

  it("for one call is good for one, even of ten at once, and a refused argument does not use it up", async () => {
    const key = await keyWith("memory:read");
    const grant = await lent(key, { mode: "one_time" });
    const bad = await request(
      url,
      "PUT",
      "/api/v1/memory",
      { content: 5 },
      { "x-api-key": key, "x-permission-grant": grant },
    );
    expect(bad.status).toBe(400);
    expect(
      (await request(url, "GET", "/api/v1/memory", undefined, { "x-api-key": key, "x-permission-grant": grant }))
        .status,
    ).toBe(200);
    const calls = await Promise.all(Array.from({ length: 10 }, () => write(key, grant)));
    expect(calls.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 9 }, () => 403)]);
    expect((await write(key, grant)).body).toMatchObject({ error: "PERMISSION_REQUIRED", scope: "memory:write" });
  });
});

describe("a client that can be asked", () => {
  it("gets the page's address, and the answer says where to poll", async () => {
    const key = await keyWith("memory:read");
    const seen: Json[] = [];
    const client = new Client({ name: "t", version: "1" }, { capabilities: { elicitation: { url: {} } } });
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      seen.push(params);
      return { action: "accept" };
    });
    await client.connect(
      new StreamableHTTPClientTransport(new URL(`${url}/mcp/`), { requestInit: { headers: { "x-api-key": key } } }),
    );
    const result = await client.callTool({ name: "request-permission", arguments: more });
    const told = result.structuredContent as Json;
    expect(seen).toMatchObject([{ mode: "url", url: `${url}/approvals?code=${told.link_code}` }]);
    expect(told.status).toBe("pending");
    await approve(told.consent_id);
    expect((await client.callTool({ name: "write-memory", arguments: { content: "x" } })).isError).toBeFalsy();
    await client.close();
  });

  it("and answers by calling anew is not asked twice, though the person was faster", async () => {
    const key = await keyWith("memory:read");
    const seen: Json[] = [];
    const client = new ModernClient(
      { name: "t", version: "1" },
      { capabilities: { elicitation: { url: {} } }, versionNegotiation: { mode: { pin: "2026-07-28" } } },
    );
    client.setRequestHandler("elicitation/create", async ({ params }) => {
      seen.push(params);
      const link = new URL((params as Json).url).searchParams.get("code");
      const listed = await owner.call("GET", `/api/v1/agents/consents?link_code=${link}`);
      await approve(listed.body.data[0].id);
      return { action: "accept" };
    });
    await client.connect(
      new ModernTransport(new URL(`${url}/mcp`), { requestInit: { headers: { "x-api-key": key } } }),
    );
    const told = (await client.callTool({ name: "request-permission", arguments: more })).structuredContent as Json;
    expect(seen).toHaveLength(1);
    const poll = await ask(connectRest(url, key), "poll-agent-connection", { id: told.consent_id });
    expect((await write(key, poll.grant_token)).status).toBe(200);
    await client.close();
  });
});

describe("over two processes", () => {
  let two: TwoProcesses;
  beforeAll(async () => {
    two = await startTwoProcesses();
  });
  afterAll(endPrograms);

  it("the token comes once, a one-time grant is used once, a session's grant holds on both", async () => {
    const [one, other] = [two.servers[0].url, two.servers[1].url];
    const person = await signIn(one, await two.ownerLink());
    const { key } = await two.makeKey("memory:read");
    const session = await openByHand(one, key);
    const asked = await (await session.call(one, 1, "request-permission", { ...more, mode: "one_time" })).ended;
    const { consent_id: id } = asked.result.structuredContent;
    await person.call("POST", `/api/v1/agents/consents/${id}/approve`, {});
    const at = (n: number) => (n % 2 ? one : other);
    const polls = await Promise.all(
      Array.from({ length: 10 }, (_, n) => ask(connectRest(at(n), key), "poll-agent-connection", { id })),
    );
    const tokens = polls.flatMap(({ grant_token: token }) => (token === undefined ? [] : [token as string]));
    expect(tokens).toHaveLength(1);
    const calls = await Promise.all(Array.from({ length: 10 }, (_, n) => write(key, tokens[0], at(n))));
    expect(calls.filter(({ status }) => status === 200)).toHaveLength(1);

    const hour = await (await session.call(other, 2, "request-permission", { ...more, mode: "session" })).ended;
    await person.call("POST", `/api/v1/agents/consents/${hour.result.structuredContent.consent_id}/approve`, {});
    for (const [n, where] of [one, other].entries()) {
      const held = await (await session.call(where, 3 + n, "write-memory", { content: "held" })).ended;
      expect(held.result.isError).toBeFalsy();
    }
  });
});
