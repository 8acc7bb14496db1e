import { describe, expect, it } from "vitest";
import { costOf } from "../../src/services/billing.js";
import { memoryStore, MINE, openServices, refusal, standingClock, THEIRS } from "../support/services.js";

const page = { limit: 20 };

describe("a new workspace's account", () => {
  it("opens with a grant of the configured credits", async () => {
    const { now } = standingClock();
    const { billing } = (await openServices({ credits: 50, now })).services;
    expect(await billing.balance(MINE)).toEqual({
      balance: 50,
      unlimited: false,
      unit: "dollarino",
      tier: "self-hosted",
    });
    expect((await billing.transactions(MINE, page)).data).toEqual([
      { id: "txn_1", type: "grant", amount: 50, balance_after: 50, created_at: "2026-01-01T00:00:00.000Z" },
    ]);
  });

  it("is unlimited, without a grant, where nothing is configured", async () => {
    const { billing } = (await openServices()).services;
    expect(await billing.balance(MINE)).toMatchObject({ balance: null, unlimited: true });
    expect((await billing.transactions(MINE, page)).data).toEqual([]);
    await expect(billing.requireCredits(MINE)).resolves.toBeUndefined();
  });

  it("can have nothing at all to spend", async () => {
    const { billing } = (await openServices({ credits: 0 })).services;
    expect(await billing.balance(MINE)).toMatchObject({ balance: 0, unlimited: false });
    expect((await billing.transactions(MINE, page)).data).toEqual([]);
    await expect(billing.requireCredits(MINE)).rejects.toEqual(
      refusal("INSUFFICIENT_CREDITS", "no model was called; ask the owner"),
    );
  });

  it("opens once, with the credits of its time, though the server starts again with others", async () => {
    const store = memoryStore();
    await openServices({ store, credits: 50 });
    const { billing } = (await openServices({ store, credits: 80 })).services;
    expect(await billing.balance(MINE)).toMatchObject({ balance: 50 });
    expect((await billing.transactions(MINE, page)).data).toHaveLength(1);
  });
});

describe("a debit", () => {
  it.each([
    [0, 0],
    [1, 1],
    [999, 1],
    [1000, 1],
    [1001, 2],
    [123_456, 124],
  ])("for %i tokens is %i: 1 for each started 1,000", (tokens, cost) => {
    expect(costOf(tokens)).toBe(cost);
  });

  it("takes the cost, and says for which execution", async () => {
    const { services, store } = await openServices({ credits: 50 });
    expect(await store.commit(await services.billing.debitChanges(MINE, 4, 3))).toBe(true);
    expect(await services.billing.balance(MINE)).toMatchObject({ balance: 47 });
    expect((await services.billing.transactions(MINE, page)).data[0]).toMatchObject({
      type: "debit",
      amount: -3,
      balance_after: 47,
      execution_id: "exec_4",
    });
  });

  it("of nothing changes nothing", async () => {
    const { billing } = (await openServices({ credits: 50 })).services;
    expect(await billing.debitChanges(MINE, 4, 0)).toEqual([]);
  });

  it("stops at 0 and then lets nobody spend", async () => {
    const { services, store } = await openServices({ credits: 2 });
    await store.commit(await services.billing.debitChanges(MINE, 4, 5));
    expect(await services.billing.balance(MINE)).toMatchObject({ balance: 0 });
    expect((await services.billing.transactions(MINE, page)).data[0]).toMatchObject({ amount: -2, balance_after: 0 });
    await expect(services.billing.requireCredits(MINE)).rejects.toEqual(refusal("INSUFFICIENT_CREDITS"));
  });

  it("that was made from an old balance does not hold", async () => {
    const { services, store } = await openServices({ credits: 10 });
    const [first, second] = await Promise.all([
      services.billing.debitChanges(MINE, 1, 6),
      services.billing.debitChanges(MINE, 2, 6),
    ]);
    expect([await store.commit(first), await store.commit(second)]).toEqual([true, false]);
    expect(await services.billing.balance(MINE)).toMatchObject({ balance: 4 });
  });

  it("is noted where credits are unlimited, too", async () => {
    const { services, store } = await openServices();
    await store.commit(await services.billing.debitChanges(MINE, 4, 3));
    expect(await services.billing.balance(MINE)).toMatchObject({ balance: null, unlimited: true });
    expect((await services.billing.transactions(MINE, page)).data).toMatchObject([{ amount: -3, balance_after: null }]);
  });
});

describe("transactions", () => {
  it("are listed newest first, in pages, and are nobody else's", async () => {
    const { services, store } = await openServices({ credits: 50 });
    const { billing } = services;
    for (let at = 1; at <= 5; at += 1) await store.commit(await billing.debitChanges(MINE, at, 1));
    await store.commit(await billing.debitChanges(THEIRS, 99, 1));
    const first = await billing.transactions(MINE, { limit: 4 });
    expect(first.data.map(({ execution_id }) => execution_id)).toEqual(["exec_5", "exec_4", "exec_3", "exec_2"]);
    expect(first.has_more).toBe(true);
    const rest = await billing.transactions(MINE, { limit: 4, after_id: first.last_id ?? "" });
    expect(rest.data.map(({ type }) => type)).toEqual(["debit", "grant"]);
    expect(rest.has_more).toBe(false);
  });
});
