import { describe, expect, it } from "vitest";
import type { RequestOrigin } from "../../../src/core/authenticate.js";
import { ALL_SCOPES, READ_SCOPES } from "../../../src/core/scopes.js";
import { newKey } from "../../../src/services/keys/keys.js";
import type { Store } from "../../../src/store/port.js";
import {
  breakable,
  fileStores,
  memoryStore,
  MINE,
  openServices,
  OWNER_KEY,
  refusal,
  standingClock,
  THEIRS,
} from "../../support/services.js";

const origin: RequestOrigin = { face: "rest", requestId: "req_1", ip: "192.0.2.1", userAgent: "test" };

async function bench() {
  const clock = standingClock();
  const opened = await openServices({ now: clock.now });
  return { ...opened, ...clock, keys: opened.services.keys };
}

describe("a key", () => {
  it("is shown once, is random, and is listed without itself", async () => {
    const { keys } = await bench();
    const made = await keys.create(MINE, 1, { name: "laptop" });
    expect(made.key).toMatch(/^ck_[\w-]{43}$/);
    expect(made).toMatchObject({
      id: "key_1",
      name: "laptop",
      prefix: made.key.slice(0, 8),
      last_four: made.key.slice(-4),
      created_at: "2026-01-01T00:00:00.000Z",
    });
    const { data } = await keys.page(MINE, { limit: 20 });
    const { key, ...row } = made;
    expect(data).toEqual([row]);
    expect(JSON.stringify(data)).not.toContain(key.slice(3, -4));
    expect(new Set(Array.from({ length: 1000 }, newKey)).size).toBe(1000);
  });

  it("tells who presents it", async () => {
    const { keys } = await bench();
    const { key } = await keys.create(THEIRS, 5, { name: "theirs", scopes: ["memory:read"] });
    expect(await keys.authenticate(key, origin)).toEqual({
      ...origin,
      kind: "key",
      workspace: THEIRS,
      person: 5,
      key: 1,
      keyPrefix: key.slice(0, 8),
      scopes: new Set(["memory:read"]),
    });
  });

  it("gets the scopes that only read unless its maker chooses others", async () => {
    const { keys } = await bench();
    expect((await keys.create(MINE, 1, { name: "a" })).scopes).toEqual(READ_SCOPES);
    const twice = ["*", "clerk:secrets", "*"];
    expect((await keys.create(MINE, 1, { name: "b", scopes: twice })).scopes).toEqual(["*", "clerk:secrets"]);
  });

  it.each([-1, Number.NaN, 1e14])("with a life of %s seconds is refused, and is not kept", async (expiresIn) => {
    const { keys } = await bench();
    await expect(keys.create(MINE, 1, { name: "a", expiresIn })).rejects.toEqual(refusal("INVALID_INPUT"));
    expect((await keys.page(MINE, { limit: 20 })).data).toEqual([]);
  });

  it.each([[["memory:read", "memory:admin"]], [["constructor"]], [["* "]], [["owner"]], [["none"]], [[]]])(
    "with the scopes %j is refused with the list of those that exist",
    async (scopes) => {
      const { keys } = await bench();
      const refused = await keys.create(MINE, 1, { name: "x", scopes }).catch((error: unknown) => error as Error);
      expect(refused).toEqual(refusal("INVALID_INPUT"));
      for (const scope of ALL_SCOPES) expect((refused as Error).message).toContain(scope);
      expect((await keys.page(MINE, { limit: 20 })).data).toEqual([]);
    },
  );

  it("is kept as a hash only: nothing that the store holds shows it", async () => {
    const { stores, bytes } = await fileStores(1);
    const { services } = await openServices({ store: stores[0] as Store });
    const { key } = await services.keys.create(MINE, 1, { name: "laptop-of-the-test" });
    await services.keys.authenticate(key, origin);
    await services.keys.authenticate(OWNER_KEY, origin);
    const held = await bytes();
    expect(held).toContain("laptop-of-the-test");
    expect(held).not.toContain(key);
    expect(held).not.toContain(key.slice(8, -4));
    expect(held).not.toContain(OWNER_KEY);
    expect(held).not.toContain(OWNER_KEY.slice(8));
  });

  it("works in every process of the store, and stops there too", async () => {
    const { stores } = await fileStores(2);
    const [here, there] = await Promise.all(stores.map((store) => openServices({ store })));
    const made = await here?.services.keys.create(MINE, 1, { name: "a" });
    expect(await there?.services.keys.authenticate(made?.key, origin)).toMatchObject({ key: 1 });
    await here?.services.keys.revoke(MINE, "key_1");
    await expect(there?.services.keys.authenticate(made?.key, origin)).rejects.toEqual(refusal("KEY_REVOKED"));
  });
});

describe("a key that is not accepted", () => {
  it("is missing: the caller is nobody", async () => {
    const { keys } = await bench();
    expect(await keys.authenticate(undefined, origin)).toEqual({
      ...origin,
      kind: "anonymous",
      workspace: 0,
      person: 0,
      scopes: new Set(),
    });
  });

  it.each(["", "ck_", "x".repeat(100_000), newKey(), `${OWNER_KEY} `, OWNER_KEY.toUpperCase(), "\0"])(
    "is unknown: %#",
    async (key) => {
      const { keys } = await bench();
      await expect(keys.authenticate(key, origin)).rejects.toEqual(refusal("AUTH_REQUIRED", "not known here"));
    },
  );

  it("is not a key's hash, its id or its prefix", async () => {
    const { keys, store } = await bench();
    const { key, id, prefix } = await keys.create(MINE, 1, { name: "a" });
    const record = await store.get<{ hash: string }>(`key:${MINE}`, "1");
    expect(record?.value.hash).toMatch(/^[0-9a-f]{64}$/);
    for (const wrong of [record?.value.hash, id, prefix, key.slice(0, -1), `${key}A`]) {
      await expect(keys.authenticate(wrong, origin)).rejects.toEqual(refusal("AUTH_REQUIRED"));
    }
  });

  it("was revoked; it stays revoked since the first time", async () => {
    const { keys, forward } = await bench();
    const { key } = await keys.create(MINE, 1, { name: "a", scopes: ["*"] });
    const revoked = await keys.revoke(MINE, "key_1");
    expect(revoked).toMatchObject({ id: "key_1", revoked_at: "2026-01-01T00:00:00.000Z" });
    expect(revoked).not.toHaveProperty("hash");
    await expect(keys.authenticate(key, origin)).rejects.toEqual(refusal("KEY_REVOKED", "was revoked"));
    forward(5000);
    expect(await keys.revoke(MINE, "1")).toEqual(revoked);
  });

  it("has expired, to the millisecond", async () => {
    const { keys, forward } = await bench();
    const { key, expires_at } = await keys.create(MINE, 1, { name: "a", expiresIn: 60 });
    expect(expires_at).toBe("2026-01-01T00:01:00.000Z");
    forward(59_999);
    expect(await keys.authenticate(key, origin)).toMatchObject({ key: 1 });
    forward(1);
    await expect(keys.authenticate(key, origin)).rejects.toEqual(refusal("KEY_REVOKED", "expired"));
  });

  it.each(["key_9", "9", "sec_1", "nonsense"])("cannot be revoked as %j where there is none", async (id) => {
    const { keys } = await bench();
    await keys.create(MINE, 1, { name: "a" });
    await expect(keys.revoke(MINE, id)).rejects.toEqual(refusal("NOT_FOUND", "list-workspace-keys"));
  });

  it("is not revoked from another workspace", async () => {
    const { keys } = await bench();
    const { key } = await keys.create(MINE, 1, { name: "a" });
    await expect(keys.revoke(THEIRS, "key_1")).rejects.toEqual(refusal("NOT_FOUND"));
    expect((await keys.page(THEIRS, { limit: 20 })).data).toEqual([]);
    expect(await keys.authenticate(key, origin)).toMatchObject({ workspace: MINE });
  });
});

describe("the owner's key", () => {
  it("may do everything, in the owner's workspace", async () => {
    const { keys } = await bench();
    expect(await keys.authenticate(OWNER_KEY, origin)).toEqual({
      ...origin,
      kind: "key",
      workspace: MINE,
      person: 1,
      keyPrefix: "ck_own",
      scopes: new Set(["*", "clerk:secrets"]),
    });
  });

  it("shows a quarter of itself to the logs at most, for it may be short", async () => {
    const ownerKey = "sixteen-letters!";
    const { keys } = (await openServices({ ownerKey })).services;
    expect((await keys.authenticate(ownerKey, origin)).keyPrefix).toBe("sixt");
  });
});

describe("a key's last use", () => {
  const lastUse = async ({ keys }: Awaited<ReturnType<typeof bench>>) =>
    (await keys.page(MINE, { limit: 20 })).data[0]?.last_used_at;

  it("is noted at most once a minute", async () => {
    const place = await bench();
    const { keys, forward } = place;
    const { key } = await keys.create(MINE, 1, { name: "a" });
    expect(await lastUse(place)).toBeUndefined();
    await keys.authenticate(key, origin);
    expect(await lastUse(place)).toBe("2026-01-01T00:00:00.000Z");
    forward(59_999);
    await keys.authenticate(key, origin);
    expect(await lastUse(place)).toBe("2026-01-01T00:00:00.000Z");
    forward(1);
    await keys.authenticate(key, origin);
    expect(await lastUse(place)).toBe("2026-01-01T00:01:00.000Z");
  });

  it("is written once for many calls at the same moment", async () => {
    const place = await bench();
    const { key } = await place.keys.create(MINE, 1, { name: "a" });
    const before = await place.store.get(`key:${MINE}`, "1");
    await Promise.all(Array.from({ length: 50 }, () => place.keys.authenticate(key, origin)));
    const after = await place.store.get(`key:${MINE}`, "1");
    expect((after?.version ?? 0) - (before?.version ?? 0)).toBe(1);
  });

  it("does not bring a key back that is revoked meanwhile", async () => {
    const { keys } = await bench();
    const { key } = await keys.create(MINE, 1, { name: "a" });
    await Promise.allSettled([
      ...Array.from({ length: 20 }, () => keys.authenticate(key, origin)),
      keys.revoke(MINE, "key_1"),
      ...Array.from({ length: 20 }, () => keys.authenticate(key, origin)),
    ]);
    await expect(keys.authenticate(key, origin)).rejects.toEqual(refusal("KEY_REVOKED"));
  });

  it("is no reason to refuse a key when the store cannot take it", async () => {
    const { store, broken } = breakable(memoryStore(), ["commit"]);
    const { services } = await openServices({ store });
    const { key } = await services.keys.create(MINE, 1, { name: "a" });
    broken.is = true;
    expect(await services.keys.authenticate(key, origin)).toMatchObject({ key: 1 });
  });
});

describe("the list of keys", () => {
  it("is newest first, in pages", async () => {
    const { keys } = await bench();
    for (const name of ["a", "b", "c"]) await keys.create(MINE, 1, { name });
    const first = await keys.page(MINE, { limit: 2 });
    expect(first).toMatchObject({ data: [{ name: "c" }, { name: "b" }], last_id: "key_2", has_more: true });
    expect(await keys.page(MINE, { limit: 2, after_id: "key_2" })).toMatchObject({
      data: [{ name: "a" }],
      has_more: false,
    });
  });
});
