import { describe, expect, it } from "vitest";
import { READ_SCOPES } from "../../../src/core/scopes.js";
import type { Store } from "../../../src/store/port.js";
import { redisStores } from "../../support/redis-stores.js";
import { fileStores, memoryStore, MINE, openServices, refusal, standingClock } from "../../support/services.js";

const held = new Set(["*"]);
const origin = { face: "rest", requestId: "req_1" } as const;

async function bench(store: Store = memoryStore(), clock = standingClock()) {
  const { services } = await openServices({ store, now: clock.now });
  const { activation, keys } = services;
  const begin = () => activation.begin({ label: "laptop", ip: "192.0.2.1", userAgent: "curl" });
  return { activation, keys, begin, ...clock };
}

describe("a device that wants a key", () => {
  it("gets a code without look-alikes, and says who it is", async () => {
    const { activation, begin } = await bench();
    const device = await begin();
    expect(device).toMatchObject({ expires_in: 600, interval: 2 });
    expect(device.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    const typed = ` ${device.user_code.toLowerCase().replace("-", " ")} `;
    expect(await activation.lookup(1, typed)).toEqual({
      user_code: device.user_code,
      client_label: "laptop",
      status: "pending",
      ip: "192.0.2.1",
      user_agent: "curl",
      created_at: "2026-01-01T00:00:00.000Z",
      expires_at: "2026-01-01T00:10:00.000Z",
    });
  });

  it("P37: keeps the interval, and each poll that comes too soon adds five seconds to it", async () => {
    const { activation, begin, forward } = await bench();
    const { device_code: code } = await begin();
    const pending = (interval: number) => ({ status: "pending", interval });
    const slow = (interval: number) => ({ status: "slow_down", interval });
    expect(await activation.poll(code)).toEqual(pending(2));
    forward(2000);
    expect(await activation.poll(code)).toEqual(pending(2));
    forward(1500);
    expect(await activation.poll(code)).toEqual(slow(7));
    forward(6500);
    expect(await activation.poll(code)).toEqual(slow(12));
    forward(12_000);
    expect(await activation.poll(code)).toEqual(pending(12));
  });

  it("P38: gets its key once, bound to the workspace, with the scopes that only read unless others are chosen", async () => {
    const { activation, keys, begin } = await bench();
    const { device_code: code, user_code: typed } = await begin();
    expect(await activation.approve(1, typed, { workspace: MINE, held })).toMatchObject({ status: "approved" });
    const { status, api_key: key } = await activation.poll(code);
    expect(status).toBe("completed");
    expect(await keys.authenticate(key, origin)).toMatchObject({
      workspace: MINE,
      person: 1,
      scopes: new Set(READ_SCOPES),
    });
    expect(await activation.poll(code)).toEqual({ status: "completed" });
    expect((await keys.page(MINE, { limit: 20 })).data).toMatchObject([{ name: "laptop" }]);
    for (const decide of [activation.approve(1, typed, { workspace: MINE, held }), activation.deny(1, typed)]) {
      await expect(decide).rejects.toEqual(refusal("CONFLICT", "decided on already"));
    }
  });

  it("P38: stays denied", async () => {
    const { activation, keys, begin } = await bench();
    const { device_code: code, user_code: typed } = await begin();
    await activation.deny(1, typed);
    await expect(activation.approve(1, typed, { workspace: MINE, held })).rejects.toEqual(refusal("CONFLICT"));
    expect(await activation.poll(code)).toEqual({ status: "denied" });
    expect((await keys.page(MINE, { limit: 20 })).data).toEqual([]);
  });

  it("P38: is too late after ten minutes, approved or not", async () => {
    const { activation, keys, begin, forward } = await bench();
    const [one, two] = [await begin(), await begin()];
    await activation.approve(1, two.user_code, { workspace: MINE, held });
    forward(600_000);
    await expect(activation.approve(1, one.user_code, { workspace: MINE, held })).rejects.toEqual(refusal("NOT_FOUND"));
    for (const { device_code: code } of [one, two]) expect(await activation.poll(code)).toEqual({ status: "expired" });
    expect(await activation.poll("cd_never")).toEqual({ status: "expired" });
    expect((await keys.page(MINE, { limit: 20 })).data).toEqual([]);
  });

  it("is given nothing that its person lacks, and no scope that does not exist", async () => {
    const { activation, begin } = await bench();
    const { user_code: typed, device_code: code } = await begin();
    const choose = (scopes: string[], has = held) =>
      activation.approve(1, typed, { workspace: MINE, scopes, held: has });
    await expect(choose(["*"], new Set(READ_SCOPES))).rejects.toEqual(refusal("PERMISSION_REQUIRED"));
    await expect(choose(["clerk:secrets"])).rejects.toEqual(refusal("PERMISSION_REQUIRED"));
    await expect(choose(["root"])).rejects.toEqual(refusal("INVALID_INPUT"));
    expect(await activation.poll(code)).toMatchObject({ status: "pending" });
  });
});

describe("P39: wrong codes", () => {
  it("lock after twenty, the right one too, until ten minutes have gone by; right ones between do not help", async () => {
    const { activation, begin, forward } = await bench();
    const { user_code: right } = await begin();
    for (let wrong = 0; wrong < 20; wrong += 1) {
      if (wrong % 5 === 0) await activation.lookup(1, right);
      await expect(activation.lookup(1, `BBBB-BBB${"BCDF"[wrong % 4]}`)).rejects.toEqual(refusal("NOT_FOUND"));
    }
    const tries = [
      () => activation.lookup(1, right),
      () => activation.deny(1, right),
      () => activation.approve(1, right, { workspace: MINE, held }),
    ];
    for (const attempt of tries) await expect(attempt()).rejects.toEqual(refusal("RATE_LIMITED", "600 seconds"));
    expect(await activation.lookup(2, right)).toMatchObject({ status: "pending" });
    forward(599_999);
    await expect(activation.lookup(1, right)).rejects.toEqual(refusal("RATE_LIMITED", "1 seconds"));
    forward(1);
    const { user_code: next } = await begin();
    expect(await activation.lookup(1, next)).toMatchObject({ status: "pending" });
  });
});

const places: Record<string, () => Promise<Store[]>> = {
  "a file": async () => (await fileStores(2)).stores,
  Redis: () => redisStores(2),
};

describe.each(Object.entries(places))("two processes over %s", (_name, open) => {
  const both = async () => {
    const clock = standingClock();
    const [here, there] = await Promise.all((await open()).map((store) => bench(store, clock)));
    if (!here || !there) throw new Error("two were wanted");
    return { here, at: (n: number) => (n % 2 ? here : there).activation };
  };

  it("P38: give the key once, though they are asked at the same moment", async () => {
    const { here, at } = await both();
    const { device_code: code, user_code: typed } = await here.begin();
    const decided = await Promise.allSettled(
      Array.from({ length: 4 }, (_, n) => at(n).approve(1, typed, { workspace: MINE, held })),
    );
    expect(decided.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const polls = await Promise.all(Array.from({ length: 10 }, (_, n) => at(n).poll(code)));
    expect(polls.filter(({ api_key: key }) => key !== undefined)).toHaveLength(1);
    expect(polls.every(({ status }) => status === "completed")).toBe(true);
    expect((await here.keys.page(MINE, { limit: 20 })).data).toHaveLength(1);
  });

  it("P39: look at twenty wrong codes together, though many more come at the same moment", async () => {
    const { at } = await both();
    const guesses = await Promise.allSettled(Array.from({ length: 60 }, (_, n) => at(n).lookup(1, "BBBB-BBBB")));
    const codes = guesses.map((guess) => guess.status === "rejected" && (guess.reason as { code: string }).code);
    expect(codes.filter((code) => code === "NOT_FOUND")).toHaveLength(20);
    expect(codes.filter((code) => code === "RATE_LIMITED")).toHaveLength(40);
  });
});
