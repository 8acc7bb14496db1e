import { describe, expect, it } from "vitest";
import type { Services } from "../../src/services/services.js";
import { redisStores } from "../support/redis-stores.js";
import { fileStores, memoryStore, MINE, openServices, refusal, standingClock, THEIRS } from "../support/services.js";

describe("the owner's workspace", () => {
  it("is there from the start, with the owner in it", async () => {
    const { now } = standingClock();
    const { workspaces, people } = (await openServices({ now })).services;
    expect(await workspaces.exists(MINE)).toBe(true);
    expect(await workspaces.current(MINE, 1)).toEqual({
      id: "ws_1",
      name: "Personal",
      slug: "personal",
      role: "owner",
    });
    expect(await people.profile(1)).toEqual({
      id: "usr_1",
      name: "Owner",
      created_at: "2026-01-01T00:00:00.000Z",
      version: 1,
    });
  });

  it("is made once, however often the server starts", async () => {
    const store = memoryStore();
    const clock = standingClock();
    await openServices({ store, credits: 5, now: clock.now });
    clock.forward(1000);
    const { services } = await openServices({ store, credits: 5, now: clock.now });
    await services.workspaces.ensureOwner();
    expect((await services.people.profile(1)).created_at).toBe("2026-01-01T00:00:00.000Z");
    expect((await services.billing.transactions(MINE, { limit: 20 })).data).toHaveLength(1);
  });

  it("is made once by processes that start at the same moment", async () => {
    const { stores } = await fileStores(3);
    const layers = await Promise.all(stores.map((store) => openServices({ store, credits: 5 })));
    for (const { services } of layers) {
      expect(await services.workspaces.current(MINE, 1)).toMatchObject({ role: "owner" });
      expect(await services.billing.balance(MINE)).toMatchObject({ balance: 5 });
      expect((await services.billing.transactions(MINE, { limit: 20 })).data).toHaveLength(1);
    }
  });

  it("calls somebody who is no member of it a member, not the owner", async () => {
    const { workspaces } = (await openServices()).services;
    expect(await workspaces.current(MINE, 2)).toMatchObject({ role: "member" });
  });
});

describe("a workspace or a person that is gone", () => {
  it("is told as one", async () => {
    const { workspaces, people } = (await openServices()).services;
    expect(await workspaces.exists(THEIRS)).toBe(false);
    await expect(workspaces.current(THEIRS, 1)).rejects.toEqual(refusal("NOT_FOUND", "another key"));
    await expect(people.profile(2)).rejects.toEqual(refusal("NOT_FOUND", "another key"));
  });
});

describe("a workspace that somebody makes", () => {
  it("is theirs, is found by id and slug, and by nobody who does not belong to it", async () => {
    const { workspaces } = (await openServices()).services;
    expect(await workspaces.create(1, { name: "Team", slug: "team" })).toMatchObject({ id: "ws_2", role: "owner" });
    for (const named of ["team", "ws_2", "2"]) {
      expect(await workspaces.find(1, named)).toBe(2);
      await expect(workspaces.find(5, named)).rejects.toEqual(refusal("NOT_FOUND"));
    }
  });

  it("has a slug of its own, which people's own workspaces keep to themselves", async () => {
    const { workspaces } = (await openServices()).services;
    const make = (slug: string) => workspaces.create(1, { name: "x", slug });
    const made = await Promise.allSettled(Array.from({ length: 8 }, () => make("team")));
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const slug of ["team", "personal", "personal-2"])
      await expect(make(slug)).rejects.toEqual(refusal("CONFLICT"));
    expect(await make("personal-affairs")).toMatchObject({ slug: "personal-affairs" });
  });
});

describe("a key that moves to another workspace", () => {
  const origin = { face: "rest", requestId: "req_1" } as const;

  it("keeps its id, and works there and nowhere else", async () => {
    const { keys, workspaces } = (await openServices()).services;
    await workspaces.create(1, { name: "Team", slug: "team" });
    const { key, id } = await keys.create(MINE, 1, { name: "a", scopes: ["*"] });
    const before = await keys.authenticate(key, origin);
    await keys.rebind(before, 2, new Set(["*"]));
    expect(await keys.authenticate(key, origin)).toMatchObject({ workspace: 2, key: 1, scopes: new Set(["*"]) });
    expect(await keys.isGood(before)).toBe(false);
    expect((await keys.page(MINE, { limit: 20 })).data).toEqual([]);
    expect((await keys.page(2, { limit: 20 })).data).toMatchObject([{ id }]);
  });

  it("gives up what its person may not do there", async () => {
    const { keys, signIns, invitations } = (await openServices()).services;
    const invited = await invitations.create(MINE, 1, { email: "bob@example.com", role: "member" });
    const bob = await signIns.signIn(invited.url.split("#token=")[1] ?? "", "Bob", undefined);
    const { key } = await keys.create(2, bob.person, { name: "bob's", scopes: ["*", "clerk:secrets"] });
    const caller = await keys.authenticate(key, origin);
    await keys.rebind(caller, MINE, await signIns.scopesIn(MINE, bob.person));
    const { scopes, workspace } = await keys.authenticate(key, origin);
    expect(workspace).toBe(MINE);
    expect(scopes).toContain("memory:write");
    expect(scopes).not.toContain("*");
    expect(scopes).not.toContain("clerk:secrets");
  });

  it.each(["a file", "Redis"])(
    "is in one place, whatever two processes over %s do at the same moment",
    async (kind) => {
      const stores = kind === "Redis" ? await redisStores(2) : (await fileStores(2)).stores;
      const layers = await Promise.all(stores.map((store) => openServices({ store })));
      const [{ keys, workspaces }] = layers.map(({ services }) => services) as [Services, Services];
      for (const slug of ["one", "two"]) await workspaces.create(1, { name: slug, slug });
      const { key } = await keys.create(MINE, 1, { name: "a", scopes: ["*"] });
      const caller = await keys.authenticate(key, origin);
      await Promise.allSettled(
        Array.from({ length: 6 }, async (_, n) =>
          layers[n % 2]?.services.keys.rebind(caller, 2 + (n % 3 === 0 ? 1 : 0), new Set(["*"])),
        ),
      );
      const { workspace } = await keys.authenticate(key, origin);
      const lists = await Promise.all([MINE, 2, 3].map((at) => keys.page(at, { limit: 20 })));
      expect(lists.map(({ data }) => data.length)).toEqual([MINE, 2, 3].map((at) => (at === workspace ? 1 : 0)));
    },
  );
});
