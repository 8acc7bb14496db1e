import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { App } from "../../src/connectors/app.js";
import { github } from "../../src/connectors/apps/github.js";
import { gmail } from "../../src/connectors/apps/gmail.js";
import { notion } from "../../src/connectors/apps/notion.js";
import { createOAuth, GrantRefused } from "../../src/connectors/oauth.js";
import { createOutgoing } from "../../src/outgoing/send.js";
import { listen, type Listening, receive, type Received, type Reply } from "../support/listening.js";

let server: Listening;
let received: Received[] = [];
let reply: Reply = {};
const outgoing = createOutgoing();
beforeAll(async () => {
  server = await listen(
    receive((request) => {
      received.push(request);
      return reply;
    }),
  );
});
beforeEach(() => {
  received = [];
  reply = { body: { access_token: "a", token_type: "bearer" } };
});
afterAll(async () => {
  await outgoing.close();
  await server.stop();
});

const NOW = 1_000_000;
const oauth = (client: { clientId?: string; clientSecret?: string } = { clientId: "me", clientSecret: "s:cret" }) =>
  createOAuth({
    settingsOf: () => ({
      clientId: client.clientId,
      clientSecret: client.clientSecret,
      authorizeUrl: `${server.url}/authorize`,
      tokenUrl: `${server.url}/token`,
      revokeUrl: `${server.url}/applications/{client_id}/token`,
      apiUrl: server.url,
    }),
    outgoing,
    userAgent: "tests/1",
    now: () => NOW,
  });

const redirectUri = "https://clanker.example/api/v1/connectors/x/callback";
const request = { code: "the code", verifier: "v".repeat(43), redirectUri };
const bodyOf = ({ headers, bytes }: Received): unknown =>
  headers["content-type"]?.includes("json")
    ? JSON.parse(bytes.toString())
    : Object.fromEntries(new URLSearchParams(bytes.toString()));
const BASIC = `Basic ${Buffer.from("me:s:cret").toString("base64")}`;

describe("the provider's page (P40, P41)", () => {
  it.each<[string, App, Record<string, string>]>([
    ["GitHub's", github, {}],
    ["Google's", gmail, { access_type: "offline", prompt: "consent" }],
    ["Notion's", notion, { owner: "user" }],
  ])("is %s with PKCE by S256, the state and exactly our redirect URI", (_, app, own) => {
    const url = new URL(oauth().authorizeUrl(app, { state: "st", verifier: request.verifier, redirectUri }));
    const { scope, ...rest } = Object.fromEntries(url.searchParams);
    expect(rest).toEqual({
      ...own,
      response_type: "code",
      client_id: "me",
      redirect_uri: redirectUri,
      state: "st",
      code_challenge: createHash("sha256").update(request.verifier).digest("base64url"),
      code_challenge_method: "S256",
    });
    expect(scope).toBe(app.scopes.length > 0 ? app.scopes.join(" ") : undefined);
  });

  it("never holds the secret or the verifier", () => {
    const url = oauth().authorizeUrl(gmail, { state: "st", verifier: request.verifier, redirectUri });
    expect(url).not.toContain("cret");
    expect(url).not.toContain(request.verifier);
  });

  it.each([{}, { clientId: "me" }, { clientSecret: "x" }])("is none while its client is not set: %j", (client) => {
    const asked = oauth(client);
    expect(asked.isConfigured(gmail)).toBe(false);
    const notSet = expect.objectContaining({
      code: "CONNECTOR_NOT_CONFIGURED",
      message: expect.stringMatching(/GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET/) as string,
    }) as Error;
    expect(() => asked.requireConfigured(gmail)).toThrow(notSet);
    expect(() => asked.authorizeUrl(gmail, { state: "", verifier: "", redirectUri })).toThrow(notSet);
  });
});

describe("tokens", () => {
  const fields = { grant_type: "authorization_code", code: request.code, redirect_uri: redirectUri };
  const secretInBody = { client_id: "me", client_secret: "s:cret" };

  it.each<[string, App, object, string | undefined]>([
    ["GitHub", github, { ...fields, ...secretInBody, code_verifier: request.verifier }, undefined],
    ["Google", gmail, { ...fields, ...secretInBody, code_verifier: request.verifier }, undefined],
    ["Notion", notion, { ...fields, code_verifier: request.verifier }, BASIC],
  ])("are asked of %s as it wants it", async (_, app, body, authorization) => {
    await oauth().exchange(app, request);
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({ method: "POST", target: "/token", headers: { accept: "application/json" } });
    expect(received[0] && bodyOf(received[0])).toEqual(body);
    expect(received[0]?.headers.authorization).toBe(authorization);
  });

  it("say how long they are good, with time to renew them", async () => {
    reply = { body: { access_token: "a", refresh_token: "r", expires_in: "3600", scope: "one,two three" } };
    expect(await oauth().exchange(gmail, request)).toEqual({
      accessToken: "a",
      refreshToken: "r",
      expiresAt: NOW + 3_600_000,
      renewAt: NOW + 3_540_000,
      scopes: ["one", "two", "three"],
    });
    reply = { body: { access_token: "a", expires_in: 10 } };
    expect((await oauth().exchange(gmail, request)).renewAt).toBe(NOW + 9000);
  });

  it.each([{ expires_in: null }, { expires_in: "soon" }, { refresh_token: null }, { scope: "" }, {}])(
    "without an end are taken as such: %j",
    async (more) => {
      reply = { body: { access_token: "a", ...more } };
      expect(await oauth().exchange(github, request)).toEqual({ accessToken: "a" });
    },
  );

  it("are renewed, and keep the old refresh token where there is no new one", async () => {
    expect(await oauth().refresh(gmail, "old")).toEqual({ accessToken: "a", refreshToken: "old" });
    expect(received[0] && bodyOf(received[0])).toMatchObject({ grant_type: "refresh_token", refresh_token: "old" });
    reply = { body: { access_token: "b", refresh_token: "new" } };
    expect(await oauth().refresh(gmail, "old")).toEqual({ accessToken: "b", refreshToken: "new" });
  });

  it.each<[string, Reply]>([
    ["with 400", { status: 400, body: { error: "invalid_grant", error_description: "code was \u202Eused" } }],
    ["with 200, as GitHub does", { body: { error: "bad_verification_code" } }],
    ["a refresh token with 200", { body: { error: "bad_refresh_token" } }],
  ])("are refused %s", async (_, refusal) => {
    reply = refusal;
    const thrown = await oauth()
      .exchange(github, request)
      .catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(GrantRefused);
    expect((thrown as GrantRefused).reason).not.toContain("\u202E");
  });

  it("are refused without what was sent being repeated (P08)", async () => {
    const said = `code the code of s:cret with ${request.verifier}`;
    reply = { status: 400, body: { error: "invalid_grant", error_description: said } };
    const thrown = await oauth()
      .exchange(github, request)
      .catch((error: unknown) => error);
    expect((thrown as GrantRefused).reason).toBe("invalid_grant code [blanked] of [blanked] with [blanked]");
  });

  it.each<[string, Reply, RegExp]>([
    ["a client that is not known", { status: 401, body: { error: "invalid_client" } }, /GITHUB_CLIENT_SECRET/],
    ["a redirect URI that is not registered", { body: { error: "redirect_uri_mismatch" } }, /redirect_uri_mismatch/],
    ["a provider that fails", { status: 500, body: "oops" }, /status 500/],
    ["a provider that is too busy", { status: 503, body: { error: "temporarily_unavailable" } }, /temporarily/],
    ["an answer without a token", { body: { token_type: "bearer" } }, /gave no token/],
    ["an answer that is no JSON", { body: "access_token=a" }, /gave no token/],
    ["a redirect", { status: 302, headers: { location: "/elsewhere" } }, /status 302/],
  ])("are not lost for good by %s", async (_, refusal, sentence) => {
    reply = refusal;
    await expect(oauth().refresh(github, "r")).rejects.toMatchObject({
      code: "UPSTREAM_FAILED",
      message: expect.stringMatching(sentence) as string,
    });
    expect(received).toHaveLength(1);
  });
});

describe("a disconnect", () => {
  const tokens = { accessToken: "a", refreshToken: "r" };

  it.each<[string, App, string, object, string | undefined]>([
    ["GitHub", github, "DELETE", { access_token: "a" }, BASIC],
    ["Google", gmail, "POST", { token: "r" }, undefined],
    ["Notion", notion, "POST", { token: "a" }, BASIC],
  ])("is told to %s", async (_, app, method, body, authorization) => {
    await oauth().revoke(app, tokens);
    expect(received[0]).toMatchObject({ method, target: "/applications/me/token" });
    expect(received[0] && bodyOf(received[0])).toEqual(body);
    expect(received[0]?.headers.authorization).toBe(authorization);
  });

  it.each<[App, number]>([
    [github, 422],
    [gmail, 400],
    [notion, 404],
  ])("is done where the provider knows the token as ended", async (app, status) => {
    reply = { status };
    await expect(oauth().revoke(app, tokens)).resolves.toBeUndefined();
  });

  it("is not done where the provider fails", async () => {
    reply = { status: 500 };
    await expect(oauth().revoke(gmail, tokens)).rejects.toMatchObject({ code: "UPSTREAM_FAILED" });
    expect(received).toHaveLength(1);
  });
});
