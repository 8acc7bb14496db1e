import { describe, expect, it } from "vitest";
import { ALL_SCOPES } from "../../../src/core/scopes.js";
import type { Store } from "../../../src/store/port.js";
import { redisStores } from "../../support/redis-stores.js";
import { fileStores, memoryStore, MINE, openServices, refusal, standingClock, THEIRS } from "../../support/services.js";

const origin = { face: "rest", requestId: "req_1" } as const;
const DAY = 86_400_000;
const tokenOf = (url: string) => /#token=(.+)$/.exec(url)?.[1] ?? "";

async function bench(store: Store = memoryStore(), clock = standingClock()) {
  const { services } = await openServices({ store, now: clock.now });
  const { signIns, invitations } = services;
  const link = async () => tokenOf((await signIns.linkFor(1)).url);
  const invite = async (role: "admin" | "member" = "member") =>
    tokenOf((await invitations.create(MINE, 1, { email: "bob@example.com", role })).url);
  const caller = (token: string, workspace?: string) => signIns.authenticate(token, workspace, origin);
  return { ...services, link, invite, caller, ...clock };
}

describe("a link", () => {
  it("signs its person in once, into their own workspace", async () => {
    const { link, signIns, caller } = await bench();
    const token = await link();
    expect(token).toMatch(/^cl_[\w-]{43}$/);
    const signedIn = await signIns.signIn(token, undefined, undefined);
    expect(signedIn).toMatchObject({ person: 1, workspace: MINE, token: expect.stringMatching(/^cs_[\w-]{43}$/) });
    expect(await caller(signedIn.token)).toMatchObject({ kind: "session", person: 1, workspace: MINE });
    await expect(signIns.signIn(token, undefined, undefined)).rejects.toEqual(refusal("AUTH_REQUIRED", "used already"));
    await expect(signIns.signIn("cl_none", undefined, undefined)).rejects.toEqual(refusal("AUTH_REQUIRED"));
    await expect(signIns.linkFor(9)).rejects.toEqual(refusal("NOT_FOUND"));
  });

  it.each(["a file", "Redis"])("is taken once by two processes over %s at the same moment", async (kind) => {
    const stores = kind === "Redis" ? await redisStores(2) : (await fileStores(2)).stores;
    const [here, there] = await Promise.all(stores.map((store) => bench(store)));
    const tokens = [await here?.link(), await here?.invite()];
    for (const token of tokens) {
      const tries = await Promise.allSettled(
        Array.from({ length: 8 }, async (_, n) =>
          (n % 2 ? here : there)?.signIns.signIn(token ?? "", "Bob", undefined),
        ),
      );
      expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const one of tries) if (one.status === "rejected") expect(one.reason).toEqual(refusal("AUTH_REQUIRED"));
    }
    expect((await here?.workspaces.members(MINE, { limit: 20 }))?.data).toHaveLength(2);
  });
});

describe("an invitation", () => {
  it("wants a name, is not used up by asking for it, and makes a person with a workspace of their own", async () => {
    const { invite, signIns, caller, workspaces, people } = await bench();
    const token = await invite();
    const nameless = signIns.signIn(token, undefined, undefined);
    await expect(nameless).rejects.toMatchObject({ code: "INVALID_INPUT", details: { issues: [{ field: "name" }] } });
    const bob = await signIns.signIn(token, "Bob", undefined);
    expect(bob).toMatchObject({ person: 2, workspace: MINE });
    expect(await people.profile(2)).toMatchObject({ id: "usr_2", name: "Bob", email: "bob@example.com" });
    expect((await workspaces.page(2, { limit: 20 })).data).toMatchObject([
      { slug: "personal-2", role: "owner" },
      { id: "ws_1", role: "member" },
    ]);
    const scopes = new Set(ALL_SCOPES.filter((scope) => scope !== "*" && scope !== "clerk:secrets"));
    expect(await caller(bob.token, "ws_1")).toMatchObject({ workspace: MINE, scopes });
    expect(await caller(bob.token)).toMatchObject({ workspace: 2, scopes: new Set(["*"]) });
  });

  it("lets in who is signed in already, without a new person", async () => {
    const { invite, link, signIns, workspaces, invitations, caller } = await bench();
    const bob = await signIns.signIn(await invite(), "Bob", undefined);
    const team = await workspaces.create(1, { name: "Team", slug: "team" });
    const { url } = await invitations.create(3, 1, { email: "b@example.com", role: "admin" });
    expect(team.id).toBe("ws_3");
    const again = await signIns.signIn(tokenOf(url), undefined, bob.person);
    expect(again).toMatchObject({ person: 2, workspace: 3 });
    expect(await caller(again.token, "3")).toMatchObject({ scopes: new Set(["*"]) });
    const other = await invite();
    await expect(signIns.signIn(other, undefined, 1)).rejects.toEqual(refusal("CONFLICT", "belong"));
    expect(await signIns.signIn(other, "Cleo", undefined)).toMatchObject({ person: 3 });
    expect(await link()).toMatch(/^cl_/);
  });
});

describe("a session", () => {
  it("is in no workspace that its person does not belong to", async () => {
    const { link, signIns, caller } = await bench();
    const { token } = await signIns.signIn(await link(), undefined, undefined);
    for (const workspace of ["ws_7", String(THEIRS), "key_1", "no", "", "ws_1, ws_7"]) {
      await expect(caller(token, workspace)).rejects.toEqual(refusal("ACCESS_DENIED", "x-workspace-id"));
    }
    for (const wrong of ["", "cs_none", token.slice(0, -1)]) {
      await expect(caller(wrong)).rejects.toEqual(refusal("AUTH_REQUIRED"));
    }
  });

  it("goes on under another token, and ends for all of them at once", async () => {
    const { link, signIns, caller, keys } = await bench();
    const { token, csrfToken } = await signIns.signIn(await link(), undefined, undefined);
    const before = await caller(token);
    const renewed = await signIns.renew(before, token);
    expect(renewed.token).not.toBe(token);
    expect(renewed.csrfToken).toBe(csrfToken);
    expect(await caller(token)).toEqual(before);
    expect(await keys.isGood(before)).toBe(true);
    await signIns.signOut(before.session ?? "");
    for (const one of [token, renewed.token]) await expect(caller(one)).rejects.toEqual(refusal("AUTH_REQUIRED"));
    expect(await keys.isGood(before)).toBe(false);
    expect(await keys.scopesLeft(before)).toBeUndefined();
  });

  it("is kept as hashes only, and so is a link", async () => {
    const { stores, bytes } = await fileStores(1);
    const { link, signIns } = await bench(stores[0]);
    const open = await link();
    const { token } = await signIns.signIn(await link(), undefined, undefined);
    const held = await bytes();
    expect(held).toContain("person-sessions");
    for (const secret of [open, token]) expect(held).not.toContain(secret.slice(3));
  });

  it("has another proof of its pages than any other session", async () => {
    const { link, signIns } = await bench();
    const [one, two] = [
      await signIns.signIn(await link(), undefined, undefined),
      await signIns.signIn(await link(), undefined, undefined),
    ];
    expect(one.csrfToken).toMatch(/^[\w-]{43}$/);
    expect(one.csrfToken).not.toBe(two.csrfToken);
  });
});

// The store counts lifetimes in real time: what ends them is looked at in the records.
describe("lifetimes", () => {
  it("are fifteen minutes for a link and seven days for an invitation", async () => {
    const { signIns, invitations } = await bench();
    expect((await signIns.linkFor(1)).expires_at).toBe("2026-01-01T00:15:00.000Z");
    const { expires_at: until } = await invitations.create(MINE, 1, { email: "b@example.com", role: "member" });
    expect(Date.parse(until) - Date.UTC(2026, 0, 1)).toBe(7 * DAY);
  });

  it("are a minute for a token that another took the place of, even where it is used after an idle hour", async () => {
    const store = memoryStore();
    const lives = new Map<string, number | undefined>();
    const commit: Store["commit"] = (changes) => {
      for (const change of changes) if ("ttlMs" in change) lives.set(`${change.collection} ${change.id}`, change.ttlMs);
      return store.commit(changes);
    };
    const { signIns, link, caller, forward } = await bench({ ...store, commit });
    const { token } = await signIns.signIn(await link(), undefined, undefined);
    const before = await caller(token);
    const [place] = [...lives.keys()].filter((key) => key.startsWith("session-tokens"));
    forward(DAY / 2);
    await signIns.renew(before, token);
    expect(await caller(token)).toEqual(before);
    expect(lives.get(place ?? "")).toBe(60_000);
  });
});
