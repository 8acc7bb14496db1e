import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { initialize, isAnswerTo, isProgress, isQuestion, openByHand, send } from "../../support/by-hand.js";
import { endPrograms, until } from "../../support/program.js";
import { type ScriptedModel, scriptedModel } from "../../support/scripted-model.js";
import { startTwoProcesses, type TwoProcesses } from "../../support/two-processes.js";

let model: ScriptedModel;
let two: TwoProcesses;
let [here, there] = ["", ""];
beforeAll(async () => {
  model = await scriptedModel();
  model.slowly("a long story", 50);
  two = await startTwoProcesses(model.env);
  [here, there] = [two.servers[0].url, two.servers[1].url];
  const owner = await openByHand(here, two.key);
  await (
    await owner.call(here, 1, "install-skill", { slug: "summarize" })
  ).ended;
});
afterAll(async () => {
  await endPrograms();
  await model.stop();
});

const longRun = { slug: "summarize", input: "a long story", wait_seconds: 50 };
const memory = "clanker://memory";
const isUpdate = (message: { method?: string }) => message.method === "notifications/resources/updated";
let content = 0;
const write = { method: "tools/call", params: { name: "write-memory", arguments: {} } };
const nextWrite = () => ({
  ...write,
  params: { ...write.params, arguments: { content: `version ${(content += 1)}` } },
});

describe("a session over two processes", () => {
  it("P28: has an id of 122 random bits, which no client chooses", async () => {
    const ids: string[] = [];
    for (let hundred = 0; hundred < 10; hundred += 1) {
      const answers = Array.from({ length: 100 }, async (_, n) => {
        const answer = await send(`${n % 2 ? here : there}/mcp`, "POST", { "x-api-key": two.key }, initialize());
        await answer.ended;
        ids.push(answer.headers["mcp-session-id"] ?? "");
      });
      await Promise.all(answers);
    }
    expect(new Set(ids).size).toBe(1000);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    // Of the 122 bits that a version 4 UUID leaves free, each is set in about half.
    const free = ids.map((id) => BigInt(`0x${id.replaceAll("-", "")}`));
    for (let bit = 0n; bit < 128n; bit += 1n) {
      const set = free.filter((id) => (id >> bit) & 1n).length;
      const fixed = (bit >= 76n && bit < 80n) || bit === 62n || bit === 63n;
      if (!fixed) expect(Math.abs(set - 500), `bit ${bit}`).toBeLessThan(100);
    }
    const chosen = "11111111-1111-4111-8111-111111111111";
    const headers = { "x-api-key": two.key, "mcp-session-id": chosen };
    for (const at of [here, there]) {
      expect((await send(`${at}/mcp`, "POST", headers, initialize())).status).toBe(404);
      expect((await send(`${at}/mcp`, "GET", headers)).status).toBe(404);
    }
  });

  it("P03: is 404 to another key on both, on both transports, while its owner goes on", async () => {
    const stranger = await two.makeKey();
    const session = await openByHand(here, two.key);
    const stream = await session.listen(here);
    const sse = await send(`${here}/mcp/sse`, "GET", { "x-api-key": two.key });
    const endpoint = await until(() => sse.endpoint());
    const asked = await session.call(here, 7, "uninstall-skill", { slug: "gone" });
    const question = await asked.next(isQuestion);
    for (const at of [here, there]) {
      const stolen = { ...session.headers, "x-api-key": stranger.key };
      const tried = [
        await send(`${at}/mcp`, "POST", stolen, { jsonrpc: "2.0", id: 1, method: "tools/list" }),
        await send(`${at}/mcp`, "POST", stolen, { jsonrpc: "2.0", id: question.id, result: { action: "accept" } }),
        await send(`${at}/mcp`, "GET", stolen),
        await send(`${at}/mcp`, "GET", { ...stolen, "last-event-id": asked.events[0]?.id ?? "" }),
        await send(`${at}/mcp`, "DELETE", stolen),
        await send(at + endpoint, "POST", { "x-api-key": stranger.key }, initialize()),
      ];
      for (const answer of tried) {
        expect(answer.status).toBe(404);
        expect((await answer.ended).error.data.code).toBe("NOT_FOUND");
      }
    }
    for (const at of [here, there]) {
      const listed = await session.post(at, { id: `list at ${at}`, method: "tools/list" });
      expect((await listed.ended).result.tools.length).toBeGreaterThan(10);
      expect((await send(at + endpoint, "POST", { "x-api-key": two.key }, initialize())).status).toBe(202);
    }
    await sse.next(isAnswerTo("first"));
    await session.reply(there, question, "decline");
    expect(JSON.stringify(await asked.ended)).toContain("DECLINED");
    stream.close();
    sse.close();
  });

  it("ends on both with a DELETE on one, with its streams and what it was doing", async () => {
    const session = await openByHand(here, two.key);
    const listening = await session.listen(here);
    const run = await session.call(there, 2, "execute-skill", longRun);
    await run.next(isProgress);
    const followed = await session.listen(here, run.events.find(({ id }) => id !== undefined)?.id);
    await followed.next(isProgress);
    expect((await session.end(here)).status).toBe(200);
    await listening.ended;
    const over = { error: { code: -32001, data: { code: "NOT_FOUND" } } };
    expect(await run.ended).toMatchObject(over);
    expect(await followed.ended).toMatchObject(over);
    await model.hungUp();
    for (const at of [here, there]) {
      expect((await session.post(at, { id: 3, method: "tools/list" })).status).toBe(404);
      expect((await session.listen(at)).status).toBe(404);
      expect((await session.end(at)).status).toBe(404);
    }
  });

  it("is taken up once by many requests at once, whose questions and answers all arrive", async () => {
    for (let round = 0; round < 5; round += 1) {
      const session = await openByHand(here, two.key);
      const calls = await Promise.all(
        Array.from({ length: 10 }, (_, n) => session.call(there, n, "delete-artifact", { id: `art_${900 + n}` })),
      );
      const answers = calls.map(async (call, n) => {
        const question = await call.next(isQuestion);
        expect(question.params.message).toContain(`art_${900 + n}`);
        await session.reply(n % 2 ? here : there, question, n < 5 ? "decline" : "accept");
        expect(JSON.stringify(await call.ended)).toContain(n < 5 ? "DECLINED" : "NOT_FOUND");
      });
      await Promise.all(answers);
      await session.end(here);
    }
  });

  it("hears on one of what was subscribed to, and changed, on the other", async () => {
    const session = await openByHand(here, two.key);
    const stream = await session.listen(here);
    const subscribe = async (at: string, id: string, verb: string) =>
      (await session.post(at, { id, method: `resources/${verb}`, params: { uri: memory } })).ended;
    await subscribe(there, "s1", "subscribe");
    await session.post(there, { id: "w1", ...nextWrite() });
    expect(await stream.next(isUpdate)).toMatchObject({ params: { uri: memory } });
    await subscribe(there, "s2", "unsubscribe");
    await session.post(there, { id: "w2", ...nextWrite() });
    await subscribe(there, "s3", "subscribe");
    await session.post(here, { id: "w3", ...nextWrite() });
    await until(() => stream.messages().filter(isUpdate).length === 2);
    await session.end(there);
    await stream.ended;
    expect(stream.messages().filter(isUpdate)).toHaveLength(2);
  });

  it("listens at one process at a time, the one where it listened last", async () => {
    const session = await openByHand(here, two.key);
    const first = await session.listen(here);
    const second = await session.listen(there);
    await first.ended;
    expect((await session.listen(there)).status).toBe(409);
    const third = await session.listen(here);
    await second.ended;
    await (
      await session.post(there, { id: 1, method: "resources/subscribe", params: { uri: memory } })
    ).ended;
    await session.post(there, { id: 2, ...nextWrite() });
    await third.next(isUpdate);
    third.close();
  });

  it("P04: loses every stream on every process within 2 s of its key's end, and is 401 then", async () => {
    const { key, id } = await two.makeKey();
    const session = await openByHand(here, key);
    const modern = await listenModern(there, key);
    const run = await session.call(there, 2, "execute-skill", longRun);
    await run.next(isProgress);
    const streams = [
      await session.listen(here),
      await (await openByHand(there, key)).listen(there),
      run,
      await session.listen(here, run.events.find((event) => event.id !== undefined)?.id),
      await send(`${here}/mcp/sse`, "GET", { "x-api-key": key }),
      await send(`${there}/mcp/sse`, "GET", { "x-api-key": key }),
      modern,
    ];
    expect(streams.map(({ status }) => status)).toEqual(streams.map(() => 200));
    const others = await openByHand(there, two.key);
    const untouched = await others.listen(there);
    let over = false;
    void untouched.ended.then(() => (over = true));
    await two.revokeKey(id);
    const revoked = performance.now();
    const ends = streams.map(async ({ ended }) => {
      await ended;
      return performance.now() - revoked;
    });
    for (const took of await Promise.all(ends)) expect(took).toBeLessThan(2000);
    await model.hungUp();
    for (const at of [here, there]) {
      expect((await session.post(at, { id: 3, method: "tools/list" })).status).toBe(401);
      expect((await session.listen(at)).status).toBe(401);
    }
    expect(over).toBe(false);
    untouched.close();
  });
});

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "by hand", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** Opens a `subscriptions/listen` of 2026-07-28. */
function listenModern(url: string, key: string) {
  const headers = { "x-api-key": key, "mcp-protocol-version": "2026-07-28", "mcp-method": "subscriptions/listen" };
  const params = { notifications: { promptsListChanged: true, resourceSubscriptions: [memory] }, _meta: META };
  return send(`${url}/mcp`, "POST", headers, { jsonrpc: "2.0", id: "l", method: "subscriptions/listen", params });
}
