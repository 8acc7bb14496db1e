import { describe, expect, it } from "vitest";
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
