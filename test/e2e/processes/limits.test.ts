import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type HandAnswer, type HandSession, initialize, openByHand, send } from "../../support/by-hand.js";
import { endPrograms, until } from "../../support/program.js";
import { startTwoProcesses, type TwoProcesses } from "../../support/two-processes.js";

const MOST = 12;
const IDLE_MS = 3000;

let two: TwoProcesses;
let [here, there] = ["", ""];
beforeAll(async () => {
  two = await startTwoProcesses({
    CLANKER_MAX_SESSIONS: String(MOST),
    CLANKER_SESSION_IDLE_SECONDS: String(IDLE_MS / 1000),
  });
  [here, there] = [two.servers[0].url, two.servers[1].url];
});
afterAll(endPrograms);

const open = () => openByHand(here, two.key);
const openSse = () => send(`${here}/mcp/sse`, "GET", { "x-api-key": two.key });

async function expectFull(): Promise<void> {
  const refused = [await send(`${here}/mcp`, "POST", { "x-api-key": two.key }, initialize()), await openSse()];
  for (const { status, headers, ended } of refused) {
    expect(status).toBe(503);
    expect(Number(headers["retry-after"])).toBeGreaterThan(0);
    expect((await ended).error.data.code).toBe("TOO_MANY_SESSIONS");
  }
}

const list = { id: 1, method: "tools/list" };
const statusAt = async (session: HandSession, at: string) => (await session.post(at, list)).status;

describe("P29: sessions", () => {
  it("are capped, reaped when they are idle on every process, and counted anew", async () => {
    const sessions = await Promise.all(Array.from({ length: MOST - 2 }, open));
    const [listening, sse] = await Promise.all([open(), openSse()]);
    await expectFull();
    // What is held here can be used there: it has room of its own.
    const [used, idle] = sessions as [HandSession, HandSession];
    expect(await statusAt(used, there)).toBe(200);
    expect(await statusAt(idle, there)).toBe(200);
    const stream = await listening.listen(here);
    const enough = performance.now() + IDLE_MS * 1.5;
    for (let n = 0; performance.now() < enough; n += 1) {
      await sleep(250);
      expect(await statusAt(used, n % 2 ? here : there)).toBe(200);
    }
    for (const session of sessions) {
      const alive = session === used ? 200 : 404;
      for (const at of [here, there]) expect(await statusAt(session, at)).toBe(alive);
    }
    // An open stream is a use, wherever the next request goes.
    expect(await statusAt(listening, there)).toBe(200);
    await reopenAll([used, listening], [stream, sse]);
  });

  /** Ends what is left, and waits until all of it can be opened again. */
  async function reopenAll(left: readonly HandSession[], streams: readonly HandAnswer[]): Promise<void> {
    for (const stream of streams) stream.close();
    for (const session of left) await session.end(there);
    const again: HandSession[] = [];
    await until(async () => {
      while (again.length < MOST) {
        const session = await open().catch(() => undefined);
        if (!session) return false;
        again.push(session);
      }
      return true;
    });
    await expectFull();
    for (const session of again) await session.end(there);
    await until(async () => (await openSse().then((sse) => (sse.close(), sse.status))) === 200);
  }
});
