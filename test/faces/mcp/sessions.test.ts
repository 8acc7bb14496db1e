import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { AppError } from "../../../src/core/errors.js";
import { callerWith, callOf, eventually, initialize, openSession, serveHttp, type HttpBench } from "./workbench.js";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("sessions over HTTP", () => {
  let bench: HttpBench;
  afterEach(() => bench.close());

  const listen = (headers: Record<string, string>, more: object = {}) =>
    fetch(`${bench.base}/mcp`, { headers: { ...headers, accept: "text/event-stream", ...more } });

  it("have random ids that no client chooses", async () => {
    bench = await serveHttp();
    const ids = await Promise.all(Array.from({ length: 20 }, () => openSession(bench)));
    expect(new Set(ids.map((headers) => headers["mcp-session-id"])).size).toBe(20);
    expect(ids.every((headers) => UUID.test(headers["mcp-session-id"] ?? ""))).toBe(true);
    const own = await bench.post(initialize(), { "mcp-session-id": "chosen-by-me" });
    expect(own.status).toBe(404);
    expect(bench.face.sessions()).toBe(20);
  });

  it("are 404 when unknown, and 400 where none is named", async () => {
    bench = await serveHttp();
    const unknown = { "mcp-session-id": "00000000-0000-4000-8000-000000000000" };
    const key = { "x-api-key": "key-of-ada" };
    expect((await bench.post(callOf(2, "say", { marker: "x" }), unknown)).status).toBe(404);
    expect((await listen({ ...key, ...unknown })).status).toBe(404);
    const end = (headers: object) => fetch(`${bench.base}/mcp`, { method: "DELETE", headers: { ...key, ...headers } });
    expect((await end(unknown)).status).toBe(404);
    expect((await bench.post({}, {}, "/mcp/messages?sessionId=nope")).status).toBe(404);

    expect((await bench.post(callOf(2, "say", { marker: "x" }))).status).toBe(400);
    expect((await listen(key)).status).toBe(400);
    expect((await end({})).status).toBe(400);
    expect((await bench.post({}, {}, "/mcp/messages")).status).toBe(400);
  });

  it("belong to the caller who opened them, on both transports", async () => {
    bench = await serveHttp();
    const { client, transport } = await bench.streamable("key-of-ada");
    const sse = await bench.sse("key-of-ada");
    const endpoint = new URL(
      bench.requests.findLast((request) => request.url?.startsWith("/mcp/messages"))?.url ?? "",
      bench.base,
    );
    bench.keys.set("ada-in-another-workspace", callerWith({ workspace: 9 }));
    for (const key of ["key-of-bob", "key-of-eve", "ada-in-another-workspace"]) {
      const stolen = { "mcp-session-id": transport.sessionId ?? "", "x-api-key": key };
      expect((await bench.post(callOf(9, "say", { marker: "x" }), stolen)).status).toBe(404);
      expect((await listen(stolen)).status).toBe(404);
      expect((await fetch(`${bench.base}/mcp`, { method: "DELETE", headers: stolen })).status).toBe(404);
      const message = await bench.post(
        callOf(9, "say", { marker: "x" }),
        { "x-api-key": key },
        endpoint.pathname + endpoint.search,
      );
      expect(message.status).toBe(404);
    }
    for (const own of [client, sse.client]) {
      const { structuredContent } = await own.callTool({ name: "say", arguments: { marker: "mine" } });
      expect(structuredContent).toEqual({ marker: "mine", workspace: 1 });
    }
  });

  it("do not mix the two transports' sessions", async () => {
    bench = await serveHttp();
    const session = await openSession(bench);
    const path = `/mcp/messages?sessionId=${session["mcp-session-id"]}`;
    expect((await bench.post(callOf(2, "say", { marker: "x" }), session, path)).status).toBe(404);
  });

  it("give each call the scopes that its key has now", async () => {
    bench = await serveHttp();
    const { client } = await bench.streamable();
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain("write-note");
    bench.keys.set("key-of-ada", callerWith({ scopes: new Set(["memory:read"]) }));
    expect((await client.listTools()).tools.map(({ name }) => name)).not.toContain("write-note");
    const refused = await client.callTool({ name: "write-note", arguments: {} });
    expect(refused.isError).toBe(true);
    expect(refused.content).toMatchObject([{ text: expect.stringContaining('"PERMISSION_REQUIRED"') as string }]);
    expect((await client.listResources()).resources.map(({ uri }) => uri)).toEqual(["clanker://memory"]);
    expect((await client.listResourceTemplates()).resourceTemplates.map(({ name }) => name)).toEqual(["skill-file"]);
  });

  it("hide what the scopes do not reach: tools, memory, artifacts and their changes", async () => {
    bench = await serveHttp();
    const art = await bench.addArtifact(1, "a.txt", "text/plain", Buffer.from("a"));
    const { client } = await bench.streamable("key-of-eve");
    expect((await client.listResources()).resources).toEqual([]);
    for (const uri of ["clanker://memory", `clanker://artifacts/${art.id}`]) {
      const refused = { code: -32000, data: { code: "PERMISSION_REQUIRED" } };
      await expect(client.readResource({ uri })).rejects.toMatchObject(refused);
      await expect(client.subscribeResource({ uri })).rejects.toMatchObject(refused);
    }
    const told: string[] = [];
    client.fallbackNotificationHandler = async ({ method }) => void told.push(method);
    await eventually(() => bench.subscriptions.open === 1);
    await bench.addArtifact(1, "b.txt", "text/plain", Buffer.from("b"));
    await bench.install({ slug: "x", title: "X", description: "x", instructions: "x" });
    await eventually(() => told.length > 1);
    expect(told).toEqual(["notifications/prompts/list_changed", "notifications/resources/list_changed"]);
  });

  it("are capped, on both transports together, with 503 and Retry-After", async () => {
    bench = await serveHttp({ maxSessions: 2 });
    const first = await openSession(bench);
    await bench.sse();
    for (const refused of [await bench.post(initialize()), await fetch(`${bench.base}/mcp/sse`, { headers: first })]) {
      expect(refused.status).toBe(503);
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(await refused.json()).toMatchObject({ error: { data: { code: "TOO_MANY_SESSIONS" } } });
    }
    await fetch(`${bench.base}/mcp`, { method: "DELETE", headers: first });
    expect((await bench.post(initialize())).status).toBe(200);
  });

  it("cannot be opened past the cap by asking all at once", async () => {
    bench = await serveHttp({ maxSessions: 3 });
    const answers = await Promise.all(Array.from({ length: 12 }, () => bench.post(initialize())));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
    expect(bench.face.sessions()).toBe(3);
  });

  it("end when they are idle, but not while a call runs or a stream is open", async () => {
    bench = await serveHttp({ idleMs: 1000, sweepMs: 20 });
    let finish = (): void => undefined;
    bench.services.held = new Promise((resolve) => (finish = resolve));
    const idle = await openSession(bench);
    const listening = await openSession(bench);
    const calling = await openSession(bench);
    const stream = await listen(listening);
    const call = bench.post(callOf(2, "wait", { ms: 0 }), calling);
    await bench.sse();
    await eventually(() => bench.face.sessions() === 3);
    expect((await bench.post(callOf(3, "say", { marker: "x" }), idle)).status).toBe(404);
    await sleep(1200);
    expect(bench.face.sessions()).toBe(3);
    finish();
    expect(await (await call).json()).toMatchObject({ result: { structuredContent: { waited: 0 } } });
    await stream.body?.cancel();
    await eventually(() => bench.face.sessions() === 1);
  });

  it("end with DELETE, and abort what they were doing", async () => {
    bench = await serveHttp();
    const session = await openSession(bench);
    const call = bench.post(callOf(2, "wait", { ms: 20_000 }), session);
    await eventually(() => bench.services.seen.includes("started"));
    const ended = await fetch(`${bench.base}/mcp`, { method: "DELETE", headers: session });
    expect(ended.status).toBe(200);
    const answer = await call;
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ error: { code: -32001, data: { code: "NOT_FOUND" } } });
    await eventually(() => bench.services.seen.includes("aborted"));
    expect(bench.face.sessions()).toBe(0);
  });

  it("lose their streams within two seconds of their key's end, and only they", async () => {
    bench = await serveHttp();
    const revoked = await openSession(bench);
    const other = await openSession(bench, "key-of-bob");
    const ended: string[] = [];
    const watch = async (name: string, response: Promise<Response>) => {
      await (await response).text().catch(() => undefined);
      ended.push(name);
    };
    void watch("streamable", listen(revoked));
    void watch("sse", fetch(`${bench.base}/mcp/sse`, { headers: { "x-api-key": "key-of-ada" } }));
    void watch("call", bench.post(callOf(2, "wait", { ms: 20_000, steps: 200 }, { progressToken: 1 }), revoked));
    void watch("bob", listen(other));
    await eventually(() => bench.services.seen.includes("started") && bench.subscriptions.open === 2);
    bench.keys.delete("key-of-ada");
    const revokedAt = Date.now();
    await eventually(() => ended.length === 3);
    expect(Date.now() - revokedAt).toBeLessThan(2000);
    expect(ended).not.toContain("bob");
    expect(bench.services.seen).toContain("aborted");
    expect((await bench.post(callOf(3, "say", { marker: "x" }), revoked)).status).toBe(401);
  });

  it("survive a store that cannot say whether the key is good", async () => {
    let away = false;
    bench = await serveHttp({
      sweepMs: 20,
      authenticate: async (_key, origin) => {
        if (away) throw new AppError("STORE_UNAVAILABLE", "The store is away; try again in a moment.");
        return { ...callerWith(), ...origin };
      },
    });
    const session = await openSession(bench);
    const stream = await listen(session);
    away = true;
    await sleep(100);
    const refused = await bench.post(callOf(2, "say", { marker: "x" }), session);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ error: { data: { code: "STORE_UNAVAILABLE" } } });
    away = false;
    expect((await bench.post(callOf(2, "say", { marker: "x" }), session)).status).toBe(200);
    await stream.body?.cancel();
  });

  it("share one subscription a workspace, made when the first can be told and ended with the last", async () => {
    bench = await serveHttp();
    await openSession(bench);
    expect(bench.subscriptions).toEqual({ open: 0, made: 0 });
    const [ada, second, bob] = [await bench.streamable(), await bench.sse(), await bench.streamable("key-of-bob")];
    await eventually(() => bench.subscriptions.open === 2);
    await ada.transport.terminateSession();
    await bob.transport.terminateSession();
    await eventually(() => bench.subscriptions.open === 1);
    await second.client.close();
    await eventually(() => bench.subscriptions.open === 0);
    expect(bench.subscriptions.made).toBe(2);
  });

  it("wait no longer than three seconds for calls when the face ends, however late its timers are", async () => {
    bench = await serveHttp();
    const session = await openSession(bench);
    const call = bench.post(callOf(2, "wait", { ms: 20_000 }), session);
    await eventually(() => bench.services.seen.includes("started"));
    const began = performance.now();
    const busy = setInterval(() => {
      const end = performance.now() + 50;
      while (performance.now() < end);
    }, 1);
    await bench.face.close();
    clearInterval(busy);
    expect(performance.now() - began).toBeLessThan(4000);
    expect(await (await call).json()).toMatchObject({ error: { data: { code: "SHUTTING_DOWN" } } });
  });

  it("all end with the face, which then takes no new ones", async () => {
    bench = await serveHttp();
    const session = await openSession(bench);
    const stream = await listen(session);
    const sse = await fetch(`${bench.base}/mcp/sse`, { headers: session });
    await bench.face.close();
    await Promise.all([stream.text(), sse.text()]);
    expect(bench.face.sessions()).toBe(0);
    expect((await bench.post(initialize())).status).toBe(503);
  });
});
