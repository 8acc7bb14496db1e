import { get as httpGet } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SessionShelf } from "../../../src/core/session-shelf.js";
import { createSessionShelf } from "../../../src/services/sessions/session-shelf.js";
import { callOf, eventually, initialize, openSession, serveHttp, type HttpBench, silent } from "./workbench.js";
import { sealedTexts } from "../../support/services.js";

const memory = "clanker://memory";

describe("two faces over one shelf", () => {
  let here: HttpBench;
  let there: HttpBench;
  /** Something that the second face's shelf waits for before it says what it found. */
  let held: Promise<void> | undefined;

  beforeEach(async () => {
    held = undefined;
    here = await serveHttp();
    const shelf = createSessionShelf({ store: here.store, idleMs: 60_000, texts: sealedTexts(), log: silent });
    const slow: SessionShelf = {
      ...shelf,
      async find(id) {
        const found = await shelf.find(id);
        await held;
        return found;
      },
    };
    there = await serveHttp({ shelf: slow, events: here.options.events });
  });
  afterEach(async () => {
    await there.close();
    await here.close();
  });

  /** Has the second face read what the store has, and go on with it only when it is told to. */
  function hold(): () => void {
    let release = (): void => undefined;
    held = new Promise<void>((resolve) => (release = resolve));
    return () => {
      held = undefined;
      release();
    };
  }

  const subscribe = { jsonrpc: "2.0", id: 8, method: "resources/subscribe", params: { uri: memory } };

  it("do not take up a session that ended while it was taken up", async () => {
    const session = await openSession(here);
    const release = hold();
    const late = there.post(callOf(2, "say", { marker: "x" }), session);
    await sleep(50);
    await fetch(`${here.base}/mcp`, { method: "DELETE", headers: session });
    release();
    expect((await late).status).toBe(404);
    expect(there.face.sessions()).toBe(0);
  });

  it("take a session up with what it subscribed to meanwhile", async () => {
    const session = await openSession(here);
    const release = hold();
    const listening = fetch(`${there.base}/mcp`, { headers: { ...session, accept: "text/event-stream" } });
    await sleep(50);
    expect((await here.post(subscribe, session)).status).toBe(200);
    release();
    const stream = await listening;
    await here.memory.write(1, "changed", "replace");
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("resources/updated")) text += (await reader?.read())?.value ?? "";
    await reader?.cancel();
  });

  it("take a session up once, however many requests ask at once", async () => {
    const session = await openSession(here);
    const release = hold();
    const calls = Array.from({ length: 5 }, (_, n) => there.post(callOf(10 + n, "wait", { ms: 20_000 }), session));
    await sleep(50);
    release();
    await eventually(() => there.services.seen.length === 5);
    // All of them are known to the one session that there is: each can be cancelled.
    for (let n = 0; n < 5; n += 1) {
      const params = { requestId: 10 + n };
      await there.post({ jsonrpc: "2.0", method: "notifications/cancelled", params }, session);
    }
    for (const call of calls) expect(await (await call).json()).toMatchObject({ error: { code: -32800 } });
  });

  it("replay at most a thousand notifications", async () => {
    const session = await openSession(here);
    await here.post(subscribe, session);
    for (let n = 0; n < 1100; n += 1) await here.memory.write(1, `version ${n}`, "replace");
    const stream = await fetch(`${there.base}/mcp`, {
      headers: { ...session, accept: "text/event-stream", "last-event-id": "w3" },
    });
    let text = "";
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    while (!text.includes("id: w1100.0")) text += (await reader?.read())?.value ?? "";
    await reader?.cancel();
    expect(text.match(/^data: \{/gm)).toHaveLength(1000);
    expect(text.indexOf("id: w101.0")).toBeGreaterThan(0);
    expect(text).not.toContain("id: w100.0");
  });

  it("listen afresh where the named event is of a store that has lost its changes", async () => {
    const session = await openSession(here);
    await here.post(subscribe, session);
    const stream = await fetch(`${there.base}/mcp`, {
      headers: { ...session, accept: "text/event-stream", "last-event-id": "w500.0" },
    });
    await here.memory.write(1, "changed", "replace");
    let text = "";
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    while (!text.includes("resources/updated")) text += (await reader?.read())?.value ?? "";
    expect(text).toContain("id: w1.0");
    await reader?.cancel();
  });

  describe("a session over HTTP+SSE whose stream is the other's", () => {
    /** Opens a stream at the first face that is read only when it is told to. */
    async function openStream(read: boolean) {
      let text = "";
      const request = httpGet(`${here.base}/mcp/sse`, { headers: { "x-api-key": "key-of-ada" } }, (response) => {
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
          if (!read) response.pause();
        });
      });
      request.on("error", () => undefined);
      await eventually(() => /^data: /m.test(text));
      const endpoint = /^data: (.*)$/m.exec(text)?.[1] ?? "";
      return { endpoint, text: () => text, close: () => request.destroy() };
    }

    it("refuses here what is refused there: no message, and another surface", async () => {
      const stream = await openStream(true);
      for (const message of [{}, { jsonrpc: "1.0", id: 1, method: "ping" }, { jsonrpc: "2.0" }]) {
        expect((await there.post(message, {}, stream.endpoint)).status).toBe(400);
      }
      expect((await there.post(initialize(), {}, `${stream.endpoint}&readonly=true`)).status).toBe(400);
      expect((await there.post(initialize(), {}, stream.endpoint)).status).toBe(202);
      await eventually(() => stream.text().includes('"protocolVersion"'));
      stream.close();
    });

    it("ends when its client does not read what it asks for there", async () => {
      const stream = await openStream(false);
      const status = async () =>
        (await there.post(callOf(2, "long-text", { length: 1_000_000 }), {}, stream.endpoint)).status;
      let last = 202;
      for (let n = 0; n < 40 && last === 202; n += 1) {
        last = await status();
        await sleep(20);
      }
      expect(last).toBe(404);
      expect(here.face.sessions()).toBe(0);
      stream.close();
    });
  });
});

describe("a stream over HTTP+SSE that the shelf cannot keep", () => {
  it("is refused and leaves nothing behind", async () => {
    const bench = await serveHttp({ sweepMs: 20, keepAliveMs: 20 });
    const shelf = createSessionShelf({ store: bench.store, idleMs: 60_000, texts: sealedTexts(), log: silent });
    const broken = await serveHttp({
      sweepMs: 20,
      keepAliveMs: 20,
      shelf: { ...shelf, put: () => Promise.reject(new Error("the store is away")) },
    });
    const refused = await fetch(`${broken.base}/mcp/sse`, { headers: { "x-api-key": "key-of-ada" } });
    expect(refused.status).toBe(500);
    const seen = broken.presented.length;
    await sleep(150);
    // Nobody watches the key of a stream that there is not.
    expect(broken.presented.length).toBe(seen);
    expect(broken.face.sessions()).toBe(0);
    await broken.close();
    await bench.close();
  });
});
