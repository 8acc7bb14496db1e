import { describe, expect, it } from "vitest";
import { createEventLog, EVENT_LIFETIME_MS } from "../../../src/faces/mcp/event-log.js";

const note = { jsonrpc: "2.0", method: "notifications/prompts/list_changed" } as const;

async function replayed(log: ReturnType<typeof createEventLog>, last: string): Promise<string[]> {
  const ids: string[] = [];
  await log.replayEventsAfter(last, { send: async (id) => void ids.push(id) });
  return ids;
}

describe("a session's event log", () => {
  it("replays what came after an event on its own stream only", async () => {
    const log = createEventLog(Date.now);
    const [a, , c] = [
      await log.storeEvent("s", note),
      await log.storeEvent("t", note),
      await log.storeEvent("s", note),
    ];
    expect(await replayed(log, a)).toEqual([c]);
  });

  it("keeps a thousand events", async () => {
    const log = createEventLog(Date.now);
    const ids: string[] = [];
    for (let n = 0; n < 1003; n += 1) ids.push(await log.storeEvent("s", note));
    expect(ids.filter((id) => log.has(id))).toEqual(ids.slice(3));
  });

  it("keeps them five minutes", async () => {
    let now = 0;
    const log = createEventLog(() => now);
    const old = await log.storeEvent("s", note);
    now = EVENT_LIFETIME_MS;
    const recent = await log.storeEvent("s", note);
    log.prune();
    expect([log.has(old), log.has(recent)]).toEqual([true, true]);
    now += 1;
    log.prune();
    expect([log.has(old), log.has(recent)]).toEqual([false, true]);
  });
});
