import { afterEach, describe, expect, it } from "vitest";
import { connectStdio } from "../support/faces.js";
import { endPrograms, type Environment, OWNER_KEY, temporaryFolder } from "../support/program.js";
import { serveHere } from "../support/serve-here.js";
import { startTwoProcesses } from "../support/two-processes.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await endPrograms();
});

async function open(env: Environment) {
  const here = await serveHere({ CLANKER_TRUST_PROXY: "1", ...env });
  closing.push(here.close);
  return here;
}

type Server = Awaited<ReturnType<typeof open>>;

interface Sent {
  readonly key?: string;
  /** The address that the proxy saw. */
  readonly from?: string;
  readonly method?: string;
  readonly body?: string;
}

async function send({ url }: Pick<Server, "url">, path: string, { key, from = "203.0.113.1", ...init }: Sent = {}) {
  const headers = {
    "x-forwarded-for": from,
    ...(key !== undefined && { "x-api-key": key }),
    ...(init.body !== undefined && { "content-type": "application/json" }),
  };
  const response = await fetch(url + path, { ...init, headers });
  const limits = ["limit", "remaining", "reset"].map((name) => response.headers.get(`x-ratelimit-${name}`));
  const text = await response.text();
  const body = (text === "" ? undefined : JSON.parse(text)) as { error?: { code?: string; data?: { code: string } } };
  return { status: response.status, headers: response.headers, limits, body };
}

async function times<T>(count: number, work: (at: number) => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  while (all.length < count) {
    const batch = Math.min(20, count - all.length);
    all.push(...(await Promise.all(Array.from({ length: batch }, (_, at) => work(all.length + at)))));
  }
  return all;
}

/** A route that wants no key. */
const PUBLIC = "/api/v1/marketplace/skills/summarize";

const PING = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" });
const post = { method: "POST", body: PING };
const statuses = (answers: readonly { readonly status: number }[]) => {
  const counted: Record<number, number> = {};
  for (const { status } of answers) counted[status] = (counted[status] ?? 0) + 1;
  return counted;
};

async function makeKey({ app }: Server): Promise<string> {
  return (await app.services.keys.create(1, 1, { name: "a client's", scopes: ["*"] })).key;
}

describe("P25: a key that sends too many requests", () => {
  it("is refused over REST with how long to wait, and no other key is, at the same address or elsewhere", async () => {
    const server = await open({ CLANKER_RATE_LIMIT: "20" });
    const [flooding, other] = [await makeKey(server), await makeKey(server)];
    const flood = await times(60, () => send(server, "/api/v1/memory", { key: flooding }));
    expect(statuses(flood)).toEqual({ 200: 20, 429: 40 });
    const refused = flood.find(({ status }) => status === 429);
    expect(refused?.body).toMatchObject({ error: { type: "rate_limit_error", code: "RATE_LIMITED", retryable: true } });
    const wait = Number(refused?.headers.get("retry-after"));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(60);
    for (const key of [other, OWNER_KEY]) {
      for (const from of ["203.0.113.1", "203.0.113.2"]) {
        expect((await send(server, "/api/v1/memory", { key, from })).status).toBe(200);
      }
    }
    const moved = await send(server, "/api/v1/memory", { key: flooding, from: "203.0.113.3" });
    expect(moved.status).toBe(429);
  });

  it("is refused at the MCP door with a JSON-RPC error, in a bucket of its own", async () => {
    const server = await open({ CLANKER_RATE_LIMIT: "20", CLANKER_MCP_RATE_LIMIT: "30" });
    const [flooding, other] = [await makeKey(server), await makeKey(server)];
    for (const path of ["/mcp", "/mcp/messages?sessionId=x"]) {
      const flood = await times(40, () => send(server, path, { ...post, key: flooding }));
      const refused = flood.filter(({ status }) => status === 429);
      expect(refused.length).toBeGreaterThanOrEqual(10);
      expect(refused[0]?.body).toMatchObject({ jsonrpc: "2.0", id: null, error: { data: { code: "RATE_LIMITED" } } });
      expect(Number(refused[0]?.headers.get("retry-after"))).toBeGreaterThan(0);
    }
    expect((await send(server, "/mcp", { ...post, key: other })).status).not.toBe(429);
    expect((await send(server, "/api/v1/memory", { key: flooding })).status).toBe(200);
  });

  it("is counted over all processes of a Redis", { timeout: 60_000 }, async () => {
    const { servers, key } = await startTwoProcesses({ CLANKER_RATE_LIMIT: "20" });
    const flood = await times(60, (at) => send(servers[at % 2 === 0 ? 0 : 1], "/api/v1/memory", { key }));
    expect(statuses(flood)).toEqual({ 200: 20, 429: 40 });
  });

  it("is not counted over stdio", { timeout: 60_000 }, async () => {
    const face = await connectStdio(await temporaryFolder(), { CLANKER_MCP_RATE_LIMIT: "2" });
    for (let call = 0; call < 10; call += 1) expect(await face.call("read-memory")).toHaveProperty("answer");
    await face.close();
  });

  it("is never refused where the limits are 0, and no header speaks of one", async () => {
    const server = await open({});
    const answers = await times(200, () => send(server, "/api/v1/memory", { key: OWNER_KEY }));
    expect(statuses(answers)).toEqual({ 200: 200 });
    expect(answers[0]?.limits).toEqual([null, null, null]);
  });
});

describe("the headers of the limit", () => {
  it("are on every answer below /api/v1/, errors too, and count down", async () => {
    const server = await open({ CLANKER_RATE_LIMIT: "50" });
    const sent: [string, Sent, number][] = [
      ["/api/v1/memory", {}, 200],
      ["/api/v1/executions/exec_99", {}, 404],
      ["/api/v1/executions?limit=0", {}, 400],
      ["/api/v1/no/such/route", {}, 404],
      ["/api/v1/memory", { method: "DELETE" }, 405],
      ["/api/v1/memory", { method: "OPTIONS" }, 204],
      ["/api/v1/memory", { method: "PUT", body: "{" }, 400],
    ];
    for (const [at, [path, init, status]] of sent.entries()) {
      const answer = await send(server, path, { key: OWNER_KEY, ...init });
      expect([answer.status, ...answer.limits.slice(0, 2)], path).toEqual([status, "50", String(49 - at)]);
      const reset = Number(answer.limits[2]);
      expect(reset).toBeGreaterThan(0);
      expect(reset).toBeLessThanOrEqual(60);
    }
  });

  it("are there without a valid key too, where the address is counted", async () => {
    const server = await open({ CLANKER_RATE_LIMIT: "50" });
    const version = await fetch(`${server.url}/api/v1/memory`, { headers: { "clanker-version": "yesterday" } });
    expect([version.status, version.headers.get("x-ratelimit-limit")]).toEqual([400, "50"]);
    const host = await fetch(`${server.url}/api/v1/memory`, { headers: { origin: "https://evil.example" } });
    expect([host.status, host.headers.get("x-ratelimit-limit")]).toEqual([403, "50"]);
    const from = "203.0.113.44";
    const counted = [
      await send(server, PUBLIC, { from }),
      await send(server, "/api/v1/memory", { from }),
      await send(server, "/api/v1/memory", { from, key: "ck_wrong-key-0123456789" }),
      await send(server, "/api/v1/no/such/route", { from }),
      await send(server, "/api/v1/no/such/route", { from, key: "ck_wrong-key-0123456789" }),
    ];
    expect(counted.map(({ limits }) => limits[1])).toEqual(["49", "48", "47", "46", "45"]);
    expect(counted.map(({ status }) => status)).toEqual([200, 401, 401, 404, 404]);
  });

  it("an address is refused on public routes when it has sent too many, and a valid key from there is not", async () => {
    const server = await open({ CLANKER_RATE_LIMIT: "5" });
    const path = PUBLIC;
    const flood = await times(10, () => send(server, path));
    expect(flood.filter(({ status }) => status === 429)).toHaveLength(5);
    expect((await send(server, path, { key: OWNER_KEY })).status).not.toBe(429);
    expect((await send(server, path, { from: "203.0.113.2" })).status).not.toBe(429);
  });
});

describe("P26: guessing keys", () => {
  it("is slowed at the doors of REST and MCP together, and the right key is still taken, there and elsewhere", async () => {
    const server = await open({
      CLANKER_RATE_LIMIT: "100000",
      CLANKER_MCP_RATE_LIMIT: "100000",
      CLANKER_FAILED_KEY_LIMIT: "30",
    });
    const right = await makeKey(server);
    const wrong = (at: number) => ({ key: `ck_guess-number-${at}-0123456789` });
    const guesses = await times(1000, (at) =>
      at % 2 === 0 ? send(server, "/api/v1/memory", wrong(at)) : send(server, "/mcp", { ...post, ...wrong(at) }),
    );
    expect(statuses(guesses)).toEqual({ 401: 30, 429: 970 });
    expect(Number(guesses.at(-1)?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(guesses.at(-2)?.limits.slice(0, 2)).toEqual(["30", "0"]);
    for (const from of ["203.0.113.1", "203.0.113.2"]) {
      expect((await send(server, "/api/v1/memory", { key: right, from })).status).toBe(200);
      expect((await send(server, "/mcp", { ...post, key: right, from })).status).not.toBe(429);
    }
    expect((await send(server, "/api/v1/memory", { ...wrong(1), from: "203.0.113.2" })).status).toBe(401);
  });

  it("is slowed at the door that takes keys in the address, and at addresses that do not exist", async () => {
    const server = await open({ CLANKER_FAILED_KEY_LIMIT: "5" });
    const events = await times(10, (at) => send(server, `/api/events?apiKey=ck_guess-${at}-0123456789`));
    expect(statuses(events)).toEqual({ 401: 5, 429: 5 });
    const nowhere = await send(server, "/api/v1/nowhere", { key: "ck_guess-0123456789" });
    expect(nowhere.status).toBe(429);
    expect((await send(server, "/api/v1/nowhere", { key: OWNER_KEY })).status).toBe(404);
  });

  it("tells a revoked key that it is, and counts it", async () => {
    const server = await open({ CLANKER_FAILED_KEY_LIMIT: "3" });
    const { id, key } = await server.app.services.keys.create(1, 1, { name: "old" });
    await server.app.services.keys.revoke(1, id);
    const answers = await times(6, () => send(server, "/api/v1/profile", { key }));
    expect(statuses(answers)).toEqual({ 401: 3, 429: 3 });
  });

  it("is not what a client without any key does", async () => {
    const server = await open({ CLANKER_FAILED_KEY_LIMIT: "3" });
    expect(statuses(await times(10, () => send(server, "/api/v1/memory")))).toEqual({ 401: 10 });
    expect(statuses(await times(10, () => send(server, "/mcp", post)))).toEqual({ 401: 10 });
  });
});
