import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Store } from "../../src/store/port.js";
import { isMasterKeyOf, rotateMasterKey } from "../../src/vault/master-key.js";
import { rotateDataKey, type SealedPlace } from "../../src/vault/rotate-data-key.js";
import { openVault, WrongMasterKey } from "../../src/vault/vault.js";
import { withOtherCharacter } from "../support/forged.js";
import { fileStores, memoryStore, refusal } from "../support/services.js";

const newKey = () => new Uint8Array(randomBytes(32));

interface DataKey {
  readonly wrapped: string;
  readonly previous?: string;
}
const dataKey = async (store: Store, workspace = 1) =>
  (await store.get<DataKey>("data-keys", String(workspace)))?.value;

const place = (workspace: number): SealedPlace => ({
  collection: `sealed:${workspace}`,
  field: "sealed",
  recordId: (id) => `thing:${id}`,
});

/** A store with so many sealed things, and as many processes as are asked for. */
async function bench(things = 3, store = memoryStore()) {
  const masterKey = newKey();
  const vault = await openVault({ store, masterKey });
  const put = async (id: string, text: string, by = vault, workspace = 1) => {
    const sealed = await by.seal(workspace, `thing:${id}`, text);
    const change = { collection: `sealed:${workspace}`, id, value: { sealed, kind: "kept" } };
    const found = await store.get(change.collection, id);
    await store.commit([
      found ? { kind: "replace", ...change, version: found.version } : { kind: "insert", ...change, order: id },
    ]);
  };
  const sealedAt = async (id: string, workspace = 1) =>
    (await store.get<{ sealed: string; kind: string }>(`sealed:${workspace}`, id))?.value.sealed ?? "";
  const read = async (id: string, by = vault, workspace = 1) =>
    by.open(workspace, `thing:${id}`, await sealedAt(id, workspace));
  for (let at = 0; at < things; at += 1) await put(`t${at}`, `text ${at}`);
  const process = (key = masterKey) => openVault({ store, masterKey: key });
  const rotate = (by = vault, over = store, settleMs = 1100) =>
    rotateDataKey({ store: over, vault: by, settleMs }, 1, [place(1)]);
  return { store, masterKey, vault, put, read, sealedAt, process, rotate };
}

describe("a new data key", () => {
  it("seals everything anew and leaves nothing that the old key opens", async () => {
    const { store, read, rotate, sealedAt, process, masterKey } = await bench(250);
    const before = await dataKey(store);
    const old = await sealedAt("t0");
    const otherProcess = await process();
    expect(await read("t1", otherProcess)).toBe("text 1");

    expect(await rotate()).toEqual({ renewed: 250, unreadable: 0 });
    const after = await dataKey(store);
    expect(after?.wrapped).not.toBe(before?.wrapped);
    expect(after).not.toHaveProperty("previous");
    for (const reader of [await process(), otherProcess]) {
      for (const at of [0, 99, 100, 249]) expect(await read(`t${at}`, reader)).toBe(`text ${at}`);
    }
    expect((await store.get<object>("sealed:1", "t0"))?.value).toHaveProperty("kind", "kept");
    const fresh = await openVault({ store, masterKey });
    await expect(fresh.open(1, "thing:t0", old)).rejects.toEqual(refusal("SEAL_BROKEN"));
  });

  it("leaves other workspaces as they are", async () => {
    const { store, put, read, rotate } = await bench();
    await put("t0", "theirs", undefined, 2);
    const [before, sealed] = [await dataKey(store, 2), await store.get("sealed:2", "t0")];
    await rotate();
    expect(await dataKey(store, 2)).toEqual(before);
    expect(await store.get("sealed:2", "t0")).toEqual(sealed);
    expect(await read("t0", undefined, 2)).toBe("theirs");
  });

  it("is finished by a second call where the first died at any point: everything can be read in between", async () => {
    for (let survived = 0; survived < 8; survived += 1) {
      const { store, masterKey, read, rotate, process } = await bench(4);
      let commits = -Infinity;
      const dying: Store = {
        ...store,
        commit(changes) {
          commits += 1;
          return commits > survived ? Promise.reject(new Error("killed")) : store.commit(changes);
        },
      };
      const doomed = await openVault({ store: dying, masterKey });
      commits = 0;
      const ended = await rotate(doomed, dying, 0).catch(() => "killed");
      expect(ended === "killed").toBe(survived < 6);
      for (let at = 0; at < 4; at += 1) expect(await read(`t${at}`, await process())).toBe(`text ${at}`);
      await rotate(await process(), store, 0);
      expect(await dataKey(store)).not.toHaveProperty("previous");
      for (let at = 0; at < 4; at += 1) expect(await read(`t${at}`, await process())).toBe(`text ${at}`);
    }
  });

  it("loses nothing that other processes write meanwhile with the key that they had in memory", async () => {
    const { store, put, read, rotate, process } = await bench(20);
    const others = await Promise.all([process(), process()]);
    let written = 0;
    const over = { is: false };
    const writing = others.map(async (vault, number) => {
      while (!over.is) {
        written += 1;
        await put(`t${written % 20}`, `new ${number}`, vault);
        await put(`w${number}-${written}`, "added", vault);
        await sleep(20);
      }
    });
    await rotate();
    over.is = true;
    await Promise.all(writing);
    const fresh = await process();
    for (let at = 0; at < 20; at += 1) expect(await read(`t${at}`, fresh)).toMatch(/^(text|new) \d+$/);
    const { rows } = await store.page<{ sealed: string }>("sealed:1", { direction: "ascending", limit: 10_000 });
    expect(rows.length).toBeGreaterThan(40);
    for (const { id, value } of rows) await fresh.open(1, `thing:${id}`, value.sealed);
  });

  it("goes on past what was tampered with, and says so", async () => {
    const { store, rotate, read } = await bench();
    const found = await store.get<{ sealed: string }>("sealed:1", "t1");
    const value = { sealed: withOtherCharacter(found?.value.sealed ?? "", -2) };
    await store.commit([{ kind: "replace", collection: "sealed:1", id: "t1", version: found?.version ?? 0, value }]);
    expect(await rotate()).toEqual({ renewed: 2, unreadable: 1 });
    expect(await read("t2")).toBe("text 2");
  });

  it("reads ids where a collection has no order, and labels where workspaces share one", async () => {
    const { store, vault } = await bench(0);
    const insert = async (collection: string, id: string, workspace: number, more: object) => {
      const value = { sealed: await vault.seal(workspace, `thing:${id}`, id) };
      await store.commit([{ kind: "insert", collection, id, value, ...more }]);
    };
    await insert("apps", "gmail", 1, {});
    await insert("shared", "mine", 1, { order: "mine", tags: ["workspace:1"] });
    await insert("shared", "theirs", 2, { order: "theirs", tags: ["workspace:2"] });
    const shape = { field: "sealed", recordId: (id: string) => `thing:${id}` };
    const places = [
      { ...shape, collection: "apps", ids: ["drive", "gmail"] },
      { ...shape, collection: "shared", tags: ["workspace:1"] },
    ];
    expect(await rotateDataKey({ store, vault, settleMs: 0 }, 1, places)).toEqual({ renewed: 2, unreadable: 0 });
  });
});

describe("a new master key", () => {
  it("opens everything, keeps the keys for signing, and the old one opens nothing any more", async () => {
    const { stores, bytes } = await fileStores(1);
    const { store, masterKey, vault, put, read, process } = await bench(3, stores[0]);
    for (let workspace = 2; workspace < 302; workspace += 1) await vault.seal(workspace, "x", "y");
    await put("t0", "theirs", undefined, 7);
    const signing = vault.derive("audit");
    const after = newKey();
    expect(await rotateMasterKey(store, masterKey, after)).toBe(301);

    await expect(process()).rejects.toBeInstanceOf(WrongMasterKey);
    const fresh = await process(after);
    expect(fresh.derive("audit")).toEqual(signing);
    expect(await read("t1", fresh)).toBe("text 1");
    expect(await read("t0", fresh, 7)).toBe("theirs");
    expect(await isMasterKeyOf(store, after)).toBe(true);
    expect(await isMasterKeyOf(store, masterKey)).toBe(false);
    expect(await bytes()).not.toContain(Buffer.from(after).toString("base64url"));
  });

  it("comes whole or not at all, however the change dies", async () => {
    for (let survived = 0; survived < 2; survived += 1) {
      const { store, masterKey, vault, read, process } = await bench();
      await vault.seal(9, "x", "y");
      let commits = 0;
      const dying: Store = {
        ...store,
        commit(changes) {
          if (!changes.some(({ kind, collection }) => kind === "replace" && collection === "data-keys"))
            return store.commit(changes);
          commits += 1;
          return commits > survived ? Promise.reject(new Error("killed")) : store.commit(changes);
        },
      };
      const after = newKey();
      await rotateMasterKey(dying, masterKey, after).catch(() => undefined);
      const holds = (await isMasterKeyOf(store, after)) ? after : masterKey;
      expect(holds).toBe(survived === 0 ? masterKey : after);
      expect(await read("t2", await process(holds))).toBe("text 2");
    }
  });

  it("lets no process make a data key under the old one afterwards, and says why", async () => {
    const { store, masterKey, vault, read } = await bench();
    const after = newKey();
    await rotateMasterKey(store, masterKey, after);
    expect(await read("t0", vault)).toBe("text 0");
    await expect(vault.seal(2, "x", "y")).rejects.toEqual(refusal("SEAL_BROKEN", /master key was changed/));
    expect(await dataKey(store, 2)).toBeUndefined();
  });

  it("misses no workspace whose key is made at the same moment", async () => {
    for (let round = 0; round < 10; round += 1) {
      const { store, masterKey, vault } = await bench(0);
      const after = newKey();
      const [, ...made] = await Promise.allSettled([
        rotateMasterKey(store, masterKey, after),
        ...Array.from({ length: 8 }, (_, at) => vault.seal(at + 1, "x", `text ${at}`)),
      ]);
      const fresh = await openVault({ store, masterKey: after });
      for (const [at, seal] of made.entries()) {
        if (seal.status === "fulfilled") expect(await fresh.open(at + 1, "x", seal.value)).toBe(`text ${at}`);
        else expect(seal.reason).toEqual(refusal("SEAL_BROKEN"));
      }
    }
  });

  it("takes a data key along that is between two", async () => {
    const { store, masterKey, vault, read, rotate, process } = await bench();
    await vault.rotation.begin(1);
    const after = newKey();
    await rotateMasterKey(store, masterKey, after);
    const fresh = await process(after);
    expect(await read("t0", fresh)).toBe("text 0");
    await rotate(fresh);
    expect(await read("t0", await process(after))).toBe("text 0");
  });

  it("is refused where the old one is not the store's", async () => {
    const { store } = await bench();
    await expect(rotateMasterKey(store, newKey(), newKey())).rejects.toBeInstanceOf(WrongMasterKey);
  });
});
