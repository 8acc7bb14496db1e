import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SentEvent, SessionShelf } from "../../../src/core/session-shelf.js";
import { createEventLog, type EventLog } from "../../../src/faces/mcp/legacy/event-log.js";
import { relayAnswer } from "../../../src/faces/mcp/legacy/relay.js";
import { createSessionShelf } from "../../../src/services/sessions/session-shelf.js";
import { createMemoryStore } from "../../../src/store/memory.js";
import { eventually, silent } from "./workbench.js";
import { sealedTexts } from "../../support/services.js";

/** How long the shelf takes to keep an event, in milliseconds. */
const KEEP_MS = 60;

/** A client's connection, its answer, and a transport that sends what it is told on one request's stream. */
async function bench() {
  const shelf = createSessionShelf({ store: createMemoryStore(), idleMs: 60_000, texts: sealedTexts(), log: silent });
  const kept: SentEvent[] = [];
  let announced = 0;
  const slow: SessionShelf = {
    ...shelf,
    async keep(session, events) {
      await sleep(KEEP_MS);
      kept.push(...events);
      await shelf.keep(session, events);
    },
    broadcast: async () => void (announced += 1),
  };
  const log = createEventLog(slow, "session");
  let answer: ServerResponse | undefined;
  const server = createServer((_req, res) => (answer = res));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  let read = "";
  client.setEncoding("utf8").on("data", (text: string) => (read += text));
  client.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  await eventually(() => answer !== undefined);
  const transport = new TransformStream<Uint8Array, Uint8Array>();
  const writer = transport.writable.getWriter();
  const ids: string[] = [];
  let abandoned = 0;

  return {
    log,
    ids,
    kept,
    client,
    announced: () => announced,
    abandoned: () => abandoned,
    /** The ids and messages that reached the client, in order. */
    received: () => [...read.matchAll(/^(?:id|data): (\S+)/gm)].map(([, text]) => text),
    async send(message: object) {
      const id = await log.storeEvent("stream", message as Parameters<EventLog["storeEvent"]>[1]);
      ids.push(id);
      const isEmpty = Object.keys(message).length === 0;
      const text = isEmpty
        ? `id: ${id}\ndata: \n\n`
        : `event: message\nid: ${id}\ndata: ${JSON.stringify(message)}\n\n`;
      void writer.write(new TextEncoder().encode(text));
    },
    relay: (patienceMs: number) =>
      relayAnswer({
        response: new Response(transport.readable),
        res: answer as ServerResponse,
        session: "session",
        log,
        request: 7,
        patienceMs,
        onAbandoned: () => (abandoned += 1),
        isOpen: () => true,
        lastWords: () => "{}",
      }),
    async close() {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const progress = (step: number) => ({ jsonrpc: "2.0", method: "notifications/progress", params: { step } });
const answer = { jsonrpc: "2.0", id: 7, result: {} };

describe("the relay of a request's stream", () => {
  let it_: Awaited<ReturnType<typeof bench>>;
  beforeEach(async () => {
    it_ = await bench();
  });
  afterEach(() => it_.close());

  it("keeps the order when patience ends while the first event is on its way to the shelf", async () => {
    const relayed = it_.relay(20);
    await it_.send({});
    await sleep(20 + KEEP_MS / 2);
    await it_.send(answer);
    expect(await relayed).toBe(true);
    await eventually(() => it_.received().length === 3);
    expect(it_.received()).toEqual([it_.ids[0], it_.ids[1], JSON.stringify(answer)]);
    expect(it_.kept.map(({ id, last }) => [id, last])).toEqual([
      [it_.ids[0], false],
      [it_.ids[1], true],
    ]);
  });

  it("forgets what is sent after a client left that cannot resume, and keeps nothing of it", async () => {
    const relayed = it_.relay(10_000);
    await it_.send({});
    await sleep(10);
    it_.client.destroy();
    await eventually(() => it_.abandoned() === 1);
    for (const message of [progress(1), progress(2), answer]) await it_.send(message);
    expect(await relayed).toBe(true);
    expect(it_.kept).toEqual([]);
    for (const id of it_.ids) expect(it_.log.take(id)).toBeUndefined();
  });

  it("goes on for a client that can resume, whose events go to the shelf and are announced", async () => {
    const relayed = it_.relay(10_000);
    for (const message of [{}, progress(1)]) await it_.send(message);
    await eventually(() => it_.received().length >= 3);
    it_.client.destroy();
    await once(it_.client, "close");
    await sleep(10);
    for (const message of [progress(2), answer]) await it_.send(message);
    expect(await relayed).toBe(true);
    expect(it_.abandoned()).toBe(0);
    expect(it_.kept.map(({ id }) => id)).toEqual(it_.ids);
    expect(it_.kept.map(({ request, stream }) => [request, stream])).toEqual(it_.ids.map(() => [7, "stream"]));
    expect(it_.announced()).toBeGreaterThan(0);
    for (const id of it_.ids) expect(it_.log.take(id)).toBeUndefined();
  });
});
