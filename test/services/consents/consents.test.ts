import { describe, expect, it } from "vitest";
import type { Caller } from "../../../src/core/caller.js";
import { READ_SCOPES } from "../../../src/core/scopes.js";
import type { Wish } from "../../../src/services/consents/asking.js";
import type { Approval } from "../../../src/services/consents/deciding.js";
import type { Store } from "../../../src/store/port.js";
import { redisStores } from "../../support/redis-stores.js";
import { fileStores, memoryStore, MINE, openServices, refusal, standingClock, THEIRS } from "../../support/services.js";

const owner = { workspace: MINE, person: 1, scopes: new Set(["*"]) };
const member = { workspace: MINE, person: 2, scopes: new Set(READ_SCOPES) };
const wish: Wish = { scopes: ["memory:read"], agent: "Scribe", reason: "to read the notes", mode: "persistent" };
const origin = { face: "mcp", requestId: "req_1" } as const;

async function bench(store: Store = memoryStore(), clock = standingClock()) {
  const { services } = await openServices({ store, now: clock.now });
  const { keys, consents } = services;
  const make = async (scopes: readonly string[], person = 1) => {
    const { key } = await keys.create(MINE, person, { name: "agent", scopes });
    const as = (more: { grant?: string; holder?: string } = {}): Promise<Caller> =>
      keys.authenticate(key, { ...origin, ...more });
    const scopesOf = async (more = {}) => [...(await as(more)).scopes].sort();
    return { key, as, scopesOf };
  };
  /** Asks and has the owner approve; answers what the agent polls then. */
  const granted = async (caller: Caller, asked: Wish, approval: Approval = { confirmed: true }) => {
    const view = await consents.ask(caller, asked);
    await consents.approve(owner, view?.id ?? "", approval);
    return { id: view?.id ?? "", poll: await consents.poll(caller, view?.id ?? "") };
  };
  return { services, keys, consents, clock, make, granted };
}

describe("what an agent asks for", () => {
  it("it has already, for good: active, and no person is asked", async () => {
    const { consents, make } = await bench();
    const { as } = await make(["memory:read", "clerk:read"]);
    expect(await consents.ask(await as(), wish)).toBeUndefined();
    expect((await consents.page(owner, { limit: 20 })).data).toEqual([]);
  });

  it("is pending for a key that could do everything, and tightens it to what is approved", async () => {
    const { make, granted } = await bench();
    const { as, scopesOf } = await make(["*"]);
    const { poll } = await granted(await as(), { ...wish, scopes: ["memory:read", "tool:execute"] });
    expect(poll).toMatchObject({ status: "granted", token_header: "x-permission-grant" });
    expect(await scopesOf()).toEqual(["memory:read", "tool:execute"]);
  });

  it("leaves the owner's own key as it is", async () => {
    const { services, granted } = await bench();
    const asOwner = () => services.keys.authenticate("ck_owner-key-of-the-tests", origin);
    await granted(await asOwner(), wish);
    expect([...(await asOwner()).scopes]).toEqual(["*", "clerk:secrets"]);
  });

  it("becomes the key's scopes at first; what is approved for good later is added", async () => {
    const { make, granted } = await bench();
    const { as, scopesOf } = await make(["memory:read", "clerk:read"]);
    await granted(await as(), { ...wish, scopes: ["billing:read"] });
    expect(await scopesOf()).toEqual(["billing:read"]);
    await granted(await as(), { ...wish, scopes: ["agent:list"] });
    expect(await scopesOf()).toEqual(["agent:list", "billing:read"]);
  });

  it("as one scope more takes nothing away, not from a key that could do everything either", async () => {
    const { consents, make, granted } = await bench();
    const reader = await make(["memory:read"]);
    await granted(await reader.as(), { ...wish, scopes: ["memory:write"], adds: true });
    expect(await reader.scopesOf()).toEqual(["memory:read", "memory:write"]);
    const wild = await make(["*"]);
    const asked = await consents.ask(await wild.as(), { ...wish, scopes: ["clerk:secrets"], adds: true });
    const decider = { ...owner, scopes: new Set(["*", "clerk:secrets"]) };
    await consents.approve(decider, asked?.id ?? "", { confirmed: true });
    expect(await wild.scopesOf()).toEqual(["*", "clerk:secrets"]);
  });

  it("may be granted in part, and never beyond what was asked or what the person has", async () => {
    const { consents, make, granted } = await bench();
    const { as, scopesOf } = await make(["*"]);
    const { poll } = await granted(
      await as(),
      { ...wish, scopes: ["memory:read", "memory:write"] },
      { scopes: ["memory:read"] },
    );
    expect(poll.scopes).toEqual(["memory:read"]);
    expect(await scopesOf()).toEqual(["memory:read"]);
    const { id = "" } = (await consents.ask(await as(), { ...wish, scopes: ["clerk:secrets"] })) ?? {};
    const more = { scopes: ["tool:execute"] };
    await expect(consents.approve(owner, id, more)).rejects.toEqual(refusal("INVALID_INPUT", "not asked for"));
    await expect(consents.approve(owner, id, { confirmed: true })).rejects.toEqual(
      refusal("PERMISSION_REQUIRED", "Nobody grants what they lack"),
    );
    expect((await consents.poll(await as(), id)).status).toBe("pending");
  });

  it("wants a second confirmation where it is sensitive and for good", async () => {
    const { consents, make } = await bench();
    const { as } = await make(["memory:read"]);
    const { id = "" } = (await consents.ask(await as(), { ...wish, scopes: ["memory:write"], adds: true })) ?? {};
    await expect(consents.approve(owner, id, {})).rejects.toEqual(refusal("CONFIRMATION_REQUIRED", "memory:write"));
    await expect(consents.approve(owner, id, { confirmed: false })).rejects.toEqual(refusal("CONFIRMATION_REQUIRED"));
    expect(await consents.approve(owner, id, { mode: "one_time" })).toMatchObject({ status: "granted" });
  });

  it.each([
    [["memory:read"], "persistent"],
    [["memory:read", "memory:write"], "session"],
    [["*"], "persistent"],
  ])("as %j without a mode is %s", async (scopes, mode) => {
    const { consents, make } = await bench();
    const { as } = await make(["agent:list"]);
    expect(await consents.ask(await as(), { ...wish, scopes, mode: undefined })).toMatchObject({ mode });
  });

  it("is the same request when it is asked again, also once it was approved and not yet fetched", async () => {
    const { consents, make } = await bench();
    const { as } = await make(["agent:list"]);
    const asked = { ...wish, mode: "session" } as const;
    const first = await consents.ask(await as(), asked);
    expect(await consents.ask(await as(), asked)).toEqual(first);
    expect((await consents.ask(await as(), { ...asked, reason: "for another reason" }))?.id).not.toBe(first?.id);
    await consents.approve(owner, first?.id ?? "", {});
    expect((await consents.ask(await as(), asked))?.id).toBe(first?.id);
    await consents.poll(await as(), first?.id ?? "");
    expect((await consents.ask(await as(), asked))?.id).not.toBe(first?.id);
  });

  it("is expired after five minutes, for the agent and for the person", async () => {
    const { consents, make, clock } = await bench();
    const { as, scopesOf } = await make(["*"]);
    const { id = "" } = (await consents.ask(await as(), wish)) ?? {};
    clock.forward(5 * 60_000);
    expect(await consents.poll(await as(), id)).toEqual({ status: "expired" });
    for (const decide of [consents.approve(owner, id, {}), consents.deny(owner, id)]) {
      await expect(decide).rejects.toEqual(refusal("CONFLICT", "older than five minutes"));
    }
    expect(await scopesOf()).toEqual(["*"]);
    expect((await consents.page(owner, { limit: 20, status: "expired" })).data).toMatchObject([{ id }]);
    expect((await consents.page(owner, { limit: 20, status: "pending" })).data).toEqual([]);
  });

  it("stays denied", async () => {
    const { consents, make } = await bench();
    const { as, scopesOf } = await make(["*"]);
    const { id = "" } = (await consents.ask(await as(), wish)) ?? {};
    expect(await consents.deny(owner, id)).toMatchObject({ status: "denied" });
    await expect(consents.approve(owner, id, {})).rejects.toEqual(refusal("CONFLICT", "denied already"));
    expect(await consents.poll(await as(), id)).toEqual({ status: "denied" });
    expect(await scopesOf()).toEqual(["*"]);
  });

  it("is decided on by the key's own person or by who manages the workspace, and seen by nobody else", async () => {
    const { consents, make } = await bench();
    const mine = await make(["*"]);
    const theirs = await make(["memory:read"], 2);
    const { id = "" } = (await consents.ask(await mine.as(), wish)) ?? {};
    const other = await consents.ask(await theirs.as(), { ...wish, scopes: ["billing:read"] });
    for (const decide of [consents.approve(member, id, {}), consents.deny(member, id)]) {
      await expect(decide).rejects.toEqual(refusal("ACCESS_DENIED", "another person's"));
    }
    expect((await consents.page(member, { limit: 20 })).data).toMatchObject([{ id: other?.id }]);
    expect((await consents.page(owner, { limit: 20 })).data).toHaveLength(2);
    expect(await consents.approve(member, other?.id ?? "", {})).toMatchObject({ status: "granted" });
    await expect(consents.poll(await theirs.as(), id)).rejects.toEqual(refusal("NOT_FOUND"));
    await expect(consents.approve({ ...owner, workspace: THEIRS }, id, {})).rejects.toEqual(refusal("NOT_FOUND"));
  });

  it("is found by its code, however that is typed", async () => {
    const { consents, make } = await bench();
    const view = await consents.ask(await (await make(["*"])).as(), wish);
    expect(view?.link_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    const typed = view?.link_code.toLowerCase().replace("-", " ");
    expect((await consents.page(owner, { limit: 20, link_code: typed })).data).toMatchObject([{ id: view?.id }]);
    expect((await consents.page(owner, { limit: 20, link_code: "BBBB-BBBB" })).data).toEqual([]);
  });
});

describe("what is lent", () => {
  const hour: Wish = { ...wish, scopes: ["memory:write"], mode: "session", adds: true };
  const once: Wish = { ...hour, mode: "one_time" };

  it("for an hour: by the token, or in the MCP session that asked, and by nothing else", async () => {
    const { make, granted, clock, consents } = await bench();
    const { as, scopesOf } = await make(["memory:read"]);
    const { poll, id } = await granted(await as({ holder: "session-a" }), hour);
    const grant = poll.grant_token ?? "";
    expect(grant).toMatch(/^cg_[\w-]{43}$/);
    expect(await consents.poll(await as(), id)).toEqual({ status: "granted", scopes: ["memory:write"] });
    expect(await scopesOf({ grant })).toEqual(["memory:read", "memory:write"]);
    expect(await scopesOf({ holder: "session-a" })).toEqual(["memory:read", "memory:write"]);
    for (const claim of [{}, { holder: "session-b" }, { grant: "cg_x" }, { grant: "" }]) {
      expect(await scopesOf(claim)).toEqual(["memory:read"]);
    }
    const other = await make(["memory:read"]);
    expect(await other.scopesOf({ grant, holder: "session-a" })).toEqual(["memory:read"]);
    clock.forward(3_600_000 - 1);
    expect(await scopesOf({ grant })).toContain("memory:write");
    clock.forward(1);
    expect(await scopesOf({ grant, holder: "session-a" })).toEqual(["memory:read"]);
  });

  it("to a key that could do everything leaves it with what only reads", async () => {
    const { make, granted } = await bench();
    const { as, scopesOf } = await make(["*"]);
    const { poll } = await granted(await as(), { ...wish, scopes: ["memory:read", "memory:write"], mode: "session" });
    expect(await scopesOf()).toEqual(["memory:read"]);
    expect(await scopesOf({ grant: poll.grant_token ?? "" })).toEqual(["memory:read", "memory:write"]);
  });

  it("as everything is everything by name, and never the right to manage keys", async () => {
    const { make, granted } = await bench();
    const { as } = await make(["memory:read"]);
    for (const mode of ["session", "one_time"] as const) {
      const { poll } = await granted(await as(), { ...wish, scopes: ["*"], mode, adds: true });
      const { scopes: lasting, oneTime = {} } = await as({ grant: poll.grant_token ?? "" });
      const scopes = [...lasting, ...Object.keys(oneTime)];
      expect(scopes).toContain("tool:execute");
      expect(scopes).not.toContain("*");
      expect(scopes).not.toContain("clerk:secrets");
    }
  });

  it("for one call is spent once, even by ten at once, and only within five minutes", async () => {
    const { keys, make, granted, clock } = await bench();
    const { as } = await make(["memory:read"]);
    const grant = (await granted(await as(), once)).poll.grant_token ?? "";
    const caller = await as({ grant });
    expect(caller).toMatchObject({ oneTime: { "memory:write": 1 }, scopes: new Set(["memory:read"]) });
    const spent = await Promise.all(Array.from({ length: 10 }, () => keys.spend(caller, [1])));
    expect(spent.filter(Boolean)).toHaveLength(1);
    expect((await as({ grant })).oneTime).toBeUndefined();
    const late = (await granted(await as(), once)).poll.grant_token ?? "";
    clock.forward(300_000);
    expect((await as({ grant: late })).oneTime).toBeUndefined();
  });

  it("is gone from what a caller has left once the hour is over", async () => {
    const { keys, make, granted, clock } = await bench();
    const { as } = await make(["memory:read"]);
    const caller = await as({ grant: (await granted(await as(), hour)).poll.grant_token ?? "" });
    expect(await keys.scopesLeft(caller)).toEqual(new Set(["memory:read", "memory:write"]));
    clock.forward(3_600_000);
    expect(await keys.scopesLeft(caller)).toEqual(new Set(["memory:read"]));
  });
});

const places: Record<string, () => Promise<Store[]>> = {
  "a file": async () => (await fileStores(2)).stores,
  Redis: () => redisStores(2),
};

describe.each(Object.entries(places))("two processes over %s", (_name, open) => {
  it("give the grant token once, and hold one decision", async () => {
    const clock = standingClock();
    const [here, there] = await Promise.all((await open()).map((store) => bench(store, clock)));
    if (!here || !there) throw new Error("two were wanted");
    const { as } = await here.make(["*"]);
    const { id = "" } = (await here.consents.ask(await as(), { ...wish, mode: "session" })) ?? {};
    const at = (n: number) => (n % 2 ? here : there).consents;
    const decided = await Promise.allSettled(
      Array.from({ length: 6 }, (_, n) => (n < 3 ? at(n).approve(owner, id, {}) : at(n).deny(owner, id))),
    );
    const states = decided.flatMap((one) => (one.status === "fulfilled" ? [one.value.status] : []));
    expect(new Set(states).size).toBe(1);
    for (const one of decided) if (one.status === "rejected") expect(one.reason).toEqual(refusal("CONFLICT"));
    const next = await here.consents.ask(await as(), { ...wish, mode: "session", reason: "once more" });
    await there.consents.approve(owner, next?.id ?? "", {});
    const caller = await as();
    const polls = await Promise.all(Array.from({ length: 10 }, (_, n) => at(n).poll(caller, next?.id ?? "")));
    expect(polls.filter(({ grant_token: token }) => token !== undefined)).toHaveLength(1);
    expect(polls.every(({ status }) => status === "granted")).toBe(true);
  });
});
