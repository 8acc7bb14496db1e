import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalogue } from "../../tools/catalogue.js";
import { ask, connectHttp, connectRest } from "../support/faces.js";
import { request, signIn, type Person } from "../support/person.js";
import { serveHere } from "../support/serve-here.js";

type Auth = "none" | "key or session" | "key" | "session" | "key or token";

/** One row of the document's endpoint table, with a call of it on a workspace that has something to show. */
interface Row {
  readonly method: string;
  readonly path: string;
  readonly auth: Auth;
  /** What takes the place of the path's fields and of the query. */
  readonly at: string;
  readonly body?: object;
  /** What a call that gets in is answered; 200 unless said. */
  readonly status: number;
}

const row = (
  method: string,
  path: string,
  auth: Auth,
  more: Partial<Omit<Row, "method" | "path" | "auth">> = {},
): Row => ({
  method,
  path,
  auth,
  at: path,
  status: 200,
  ...more,
});

const EITHER = "key or session";
const V1 = "/api/v1";

const TABLE: readonly Row[] = [
  row("GET", `${V1}/marketplace/skills`, "none"),
  row("GET", `${V1}/marketplace/skills/categories`, "none"),
  row("GET", `${V1}/marketplace/skills/:slug`, "none", { at: `${V1}/marketplace/skills/code-review` }),
  // Without a model REST creates nothing: MODEL_NOT_CONFIGURED.
  row("POST", `${V1}/skills/:slug/run`, EITHER, {
    at: `${V1}/skills/summarize/run`,
    body: { input: "x" },
    status: 400,
  }),
  row("GET", `${V1}/executions`, EITHER),
  row("GET", `${V1}/executions/:id/status`, EITHER, { at: `${V1}/executions/1/status` }),
  row("POST", `${V1}/executions/:id/cancel`, EITHER, { at: `${V1}/executions/exec_2/cancel` }),
  row("POST", `${V1}/executions/:id/rerun`, EITHER, { at: `${V1}/executions/exec_1/rerun`, body: {}, status: 400 }),
  row("GET", `${V1}/artifacts`, EITHER),
  row("GET", `${V1}/artifacts/:id`, EITHER, { at: `${V1}/artifacts/art_1` }),
  row("GET", `${V1}/artifacts/:id/download`, EITHER, { at: `${V1}/artifacts/art_1/download` }),
  row("DELETE", `${V1}/artifacts/:id`, EITHER, { at: `${V1}/artifacts/art_1` }),
  row("GET", `${V1}/secrets`, EITHER),
  row("POST", `${V1}/secrets`, EITHER, { body: { name: "OPENAI_KEY", value: "sk-canary" } }),
  row("PATCH", `${V1}/secrets/:id`, EITHER, { at: `${V1}/secrets/sec_1`, body: { name: "OTHER_KEY" } }),
  row("POST", `${V1}/skills/:slug/secrets`, EITHER, {
    at: `${V1}/skills/summarize/secrets`,
    body: { secretId: 1, envVar: "OPENAI_API_KEY" },
  }),
  row("GET", `${V1}/skills/:slug/secrets`, EITHER, { at: `${V1}/skills/summarize/secrets` }),
  row("DELETE", `${V1}/skills/:slug/secrets/:id`, EITHER, { at: `${V1}/skills/summarize/secrets/sec_1` }),
  row("DELETE", `${V1}/secrets/:id`, EITHER, { at: `${V1}/secrets/sec_1` }),
  row("GET", `${V1}/workflows/definitions`, EITHER),
  row("POST", `${V1}/workflows/:id/launch`, EITHER, { at: `${V1}/workflows/no-such/launch`, status: 404 }),
  row("GET", `${V1}/workflows/runs`, EITHER),
  row("POST", `${V1}/workflows/runs/:id/cancel`, EITHER, { at: `${V1}/workflows/runs/run_9/cancel`, status: 404 }),
  row("POST", `${V1}/workflows/runs/:id/resume`, EITHER, {
    at: `${V1}/workflows/runs/run_9/resume`,
    body: { step: "x", resumeData: {} },
    status: 404,
  }),
  row("GET", `${V1}/workspaces`, EITHER),
  row("POST", `${V1}/workspaces`, EITHER, { body: { name: "ACME Bank", slug: "acme-bank" } }),
  row("GET", `${V1}/workspaces/current`, EITHER),
  row("GET", `${V1}/workspaces/:id/members`, EITHER, { at: `${V1}/workspaces/ws_1/members` }),
  row("POST", `${V1}/workspaces/:id/invitations`, EITHER, {
    at: `${V1}/workspaces/1/invitations`,
    body: { email: "engineer@acme.bank", role: "member" },
  }),
  row("GET", `${V1}/audit-logs`, EITHER, { at: `${V1}/audit-logs?limit=50&action=execution.create` }),
  row("GET", `${V1}/profile`, EITHER),
  row("PATCH", `${V1}/profile`, EITHER, { body: { name: "New Display Name" } }),
  row("GET", `${V1}/api-keys`, EITHER),
  row("POST", `${V1}/api-keys`, EITHER, { body: { name: "CI Pipeline Key" } }),
  row("POST", `${V1}/api-keys/:id/revoke`, EITHER, { at: `${V1}/api-keys/key_1/revoke` }),
  row("GET", `${V1}/billing/balance`, EITHER),
  row("GET", `${V1}/billing/transactions`, EITHER),
  row("GET", `${V1}/billing/subscription/tier`, EITHER),
  row("GET", `${V1}/byok`, EITHER),
  row("PUT", `${V1}/byok`, EITHER, { body: { anthropicKey: 5 }, status: 400 }),
  row("DELETE", `${V1}/byok`, EITHER),
  row("GET", `${V1}/skills`, EITHER),
  row("POST", `${V1}/skills/:slug/install`, EITHER, { at: `${V1}/skills/code-review/install` }),
  row("POST", `${V1}/skills/:slug/uninstall`, EITHER, { at: `${V1}/skills/code-review/uninstall` }),
  row("GET", `${V1}/memory`, EITHER),
  row("PUT", `${V1}/memory`, EITHER, { body: { content: "..." } }),
  row("GET", "/mcp/sse", "key"),
  row("POST", "/mcp/", "key", {
    body: {
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } },
    },
  }),
  row("GET", "/api/events", "key or token"),
  row("POST", `${V1}/activate`, "none", { body: { client_label: "my-agent" } }),
  row("POST", `${V1}/activate/poll`, "none", { body: { device_code: "..." } }),
  row("GET", `${V1}/activate/lookup`, "session", { at: `${V1}/activate/lookup?code=ABCD-EFGH`, status: 404 }),
  row("POST", `${V1}/activate/confirm`, "session", { body: { code: "ABCD-EFGH" }, status: 404 }),
  row("POST", `${V1}/activate/deny`, "session", { body: { code: "ABCD-EFGH" }, status: 404 }),
  row("POST", `${V1}/agents/connect`, "key", {
    body: { requestedScopes: ["memory:read"], agentDisplayName: "My Agent", reason: "Drafting your replies" },
  }),
  row("GET", `${V1}/agents/connect/poll/:id`, "key", { at: `${V1}/agents/connect/poll/con_1` }),
  // The last one: the key is in the other workspace afterwards.
  row("PUT", `${V1}/workspaces/current`, "key", { body: { workspace: "acme-bank" } }),
];

type Here = Awaited<ReturnType<typeof serveHere>>;

/** A server whose workspace has a skill, two executions and an artifact. */
async function furnished() {
  const here = await serveHere();
  const agent = await connectHttp("streamable", here.url, here.key);
  await ask(agent, "install-skill", { slug: "summarize" });
  await ask(agent, "execute-skill", { slug: "summarize", input: "one" });
  await ask(agent, "complete-execution", {
    id: "exec_1",
    output: "done",
    artifacts: [{ name: "a.md", mime_type: "text/markdown", content: "{}" }],
  });
  await ask(agent, "execute-skill", { slug: "summarize", input: "two" });
  await ask(agent, "create-workspace-key", { name: "first", scopes: ["*"] });
  const { key: mine } = await ask(agent, "create-workspace-key", { name: "mine", scopes: ["*"] });
  await agent.close();
  const person = await signIn(here.url, (await here.app.services.signIns.linkFor(1)).url);
  return { here, key: mine as string, person };
}

/** The status and, of a refusal, its code; a stream is not listened to. */
async function tell({ url }: Here, { method, at, body }: Row, headers: Record<string, string>) {
  const leave = new AbortController();
  const response = await fetch(url + at, {
    method,
    headers: {
      accept: "application/json, text/event-stream",
      ...(body && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
    signal: leave.signal,
  });
  const { status } = response;
  const text = status === 200 ? "" : await response.text();
  leave.abort();
  const error = text === "" ? undefined : JSON.parse(text).error;
  return { status, code: typeof error === "string" ? error : (error?.data?.code ?? error?.code), response };
}

const wants = (...auths: Auth[]) =>
  TABLE.filter(({ auth }) => auths.includes(auth)).map((one) => [`${one.method} ${one.path}`, one] as const);
const session = ({ token }: Person) => ({ "x-auth-token": token });

describe("the endpoint table", () => {
  let byKey: Awaited<ReturnType<typeof furnished>>;
  let bySession: Awaited<ReturnType<typeof furnished>>;
  beforeAll(async () => {
    [byKey, bySession] = [await furnished(), await furnished()];
  });
  afterAll(async () => {
    await byKey.here.close();
    await bySession.here.close();
  });

  it("has routes of the catalogue, and two doors for MCP", () => {
    const routes = new Set(catalogue.map(({ route }) => `${route?.method} ${route?.path.replaceAll(/:\w+/g, ":")}`));
    const missing = TABLE.filter(({ method, path }) => !routes.has(`${method} ${path.replaceAll(/:\w+/g, ":")}`));
    expect(missing.map(({ path }) => path)).toEqual(["/mcp/sse", "/mcp/"]);
  });

  it.each(wants("none"))("%s wants no credential", async (_, one) => {
    expect(await tell(byKey.here, one, {})).toMatchObject({ status: one.status });
  });

  it.each(wants(EITHER, "key", "session", "key or token"))("%s is 401 without a credential", async (_, one) => {
    const { status, code, response } = await tell(byKey.here, one, {});
    expect([status, code]).toEqual([401, "AUTH_REQUIRED"]);
    expect(response.headers.get("x-request-id")).toMatch(/./);
  });

  it.each(wants(EITHER, "key", "key or token"))("%s takes a key", async (_, one) => {
    expect(await tell(byKey.here, one, { "x-api-key": byKey.key })).toMatchObject({ status: one.status });
  });

  it.each(wants("session"))("%s takes no key", async (_, one) => {
    const told = await tell(byKey.here, one, { "x-api-key": byKey.here.key });
    expect([told.status, told.code]).toEqual([403, "PERSON_REQUIRED"]);
  });

  it.each(wants(EITHER, "session", "key or token"))("%s takes a session", async (_, one) => {
    const told = await tell(bySession.here, one, session(bySession.person));
    expect(told).toMatchObject({ status: one.status });
    expect(told.code).not.toBe("AUTH_REQUIRED");
  });

  it.each(wants("key"))("%s takes no session", async (_, one) => {
    const told = await tell(bySession.here, one, session(bySession.person));
    expect(["AUTH_REQUIRED", "ACCESS_DENIED", "INVALID_INPUT"]).toContain(told.code);
  });

  it("/api/events takes either in its address", async () => {
    for (const credential of [bySession.here.key, bySession.person.token]) {
      const at = `/api/events?apiKey=${credential}&sources=api`;
      expect(await tell(bySession.here, row("GET", "/api/events", "none", { at }), {})).toMatchObject({ status: 200 });
    }
    const told = await request(bySession.here.url, "GET", `${V1}/profile?apiKey=${bySession.here.key}`);
    expect(told.status).toBe(401);
    expect(await ask(connectRest(bySession.here.url, bySession.here.key), "get-profile")).toBeDefined();
  });
});
