import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../src/store/memory.js";
import type { Store } from "../../src/store/port.js";
import { openVault, WrongMasterKey } from "../../src/vault/vault.js";
import { withOtherCharacter } from "../support/forged.js";

const newKey = () => new Uint8Array(randomBytes(32));

async function newVault(store: Store = createMemoryStore(), masterKey = newKey()) {
  return { store, masterKey, vault: await openVault({ store, masterKey }) };
}

const SEAL_BROKEN = expect.objectContaining({ code: "SEAL_BROKEN", status: 500 });

describe("opening a vault", () => {
  it("takes the key that the store was made with and no other", async () => {
    const { store, masterKey } = await newVault();
    await openVault({ store, masterKey });
    const wrong = await openVault({ store, masterKey: newKey() }).catch((error: Error) => error);
    expect(wrong).toBeInstanceOf(WrongMasterKey);
    expect((wrong as Error).message).toMatch(/^[^.\n]*CLANKER_MASTER_KEY[^\n]*CLANKER_HOME\/master\.key[^\n]*\.$/);
  });

  it("of an empty store with different keys at once: one key wins", async () => {
    for (let round = 0; round < 20; round += 1) {
      const store = createMemoryStore();
      const opened = await Promise.allSettled(
        Array.from({ length: 4 }, () => openVault({ store, masterKey: newKey() })),
      );
      expect(opened.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    }
  });

  it("refuses a master key of another length", async () => {
    await expect(openVault({ store: createMemoryStore(), masterKey: new Uint8Array(31) })).rejects.toThrow("32 bytes");
  });
});

describe("a sealed value", () => {
  it.each(["", "sk-ant-123", "ключ 🔑", "x".repeat(100_000)])("comes back as it was", async (plain) => {
    const { vault, store, masterKey } = await newVault();
    const sealed = await vault.seal(1, "sec_1", plain);
    expect(sealed).toMatch(/^v1\.[\w-]+$/);
    expect(await vault.open(1, "sec_1", sealed)).toBe(plain);
    const restarted = await openVault({ store, masterKey });
    expect(await restarted.open(1, "sec_1", sealed)).toBe(plain);
  });

  it("is different every time and shows nothing of the text", async () => {
    const { vault } = await newVault();
    const sealed = await Promise.all(Array.from({ length: 50 }, () => vault.seal(1, "sec_1", "canary-secret")));
    expect(new Set(sealed).size).toBe(50);
    for (const value of sealed)
      expect(Buffer.from(value.slice(3), "base64url").toString("latin1")).not.toContain("canary");
  });

  it("is refused with any byte changed, missing or added", async () => {
    const { vault } = await newVault();
    const sealed = await vault.seal(1, "sec_1", "a secret");
    const body = Buffer.from(sealed.slice(3), "base64url");
    const changed = [...body.keys()].map((at) => {
      const copy = Buffer.from(body);
      copy[at] = (copy[at] ?? 0) ^ 1;
      return `v1.${copy.toString("base64url")}`;
    });
    const characters = [...sealed].flatMap((_, at) => [
      withOtherCharacter(sealed, at),
      sealed.slice(0, at) + sealed.slice(at + 1),
      `${sealed.slice(0, at)}=${sealed.slice(at)}`,
    ]);
    const odd = ["", "v1.", "v2" + sealed.slice(2), sealed + "A", `${sealed}\n`, sealed.slice(3), sealed.slice(0, 20)];
    for (const value of new Set([...changed, ...characters, ...odd])) {
      await expect(vault.open(1, "sec_1", value), value).rejects.toEqual(SEAL_BROKEN);
    }
  });

  it("is refused under another record, another workspace or another store", async () => {
    const { vault } = await newVault();
    const sealed = await vault.seal(1, "sec_1", "a secret");
    await vault.seal(2, "sec_1", "another");
    await expect(vault.open(1, "sec_2", sealed)).rejects.toEqual(SEAL_BROKEN);
    await expect(vault.open(2, "sec_1", sealed)).rejects.toEqual(SEAL_BROKEN);
    await expect(vault.open(3, "sec_1", sealed)).rejects.toEqual(SEAL_BROKEN);
    const other = await newVault();
    await other.vault.seal(1, "sec_1", "theirs");
    await expect(other.vault.open(1, "sec_1", sealed)).rejects.toEqual(SEAL_BROKEN);
  });

  it("does not confuse a workspace's number with the record's id", async () => {
    const { vault } = await newVault();
    const sealed = await vault.seal(1, "1,x", "a secret");
    await expect(vault.open(1, "1", sealed)).rejects.toEqual(SEAL_BROKEN);
    await expect(vault.open(1, '1","x', sealed)).rejects.toEqual(SEAL_BROKEN);
  });

  it("can be read by every process, also where two made the workspace's first one at once", async () => {
    for (let round = 0; round < 20; round += 1) {
      const { store, masterKey } = await newVault();
      const vaults = await Promise.all(Array.from({ length: 3 }, () => openVault({ store, masterKey })));
      const sealed = await Promise.all(vaults.map((vault, at) => vault.seal(7, `sec_${at}`, `secret ${at}`)));
      const fresh = await openVault({ store, masterKey });
      const read = await Promise.all(sealed.map((value, at) => fresh.open(7, `sec_${at}`, value)));
      expect(read).toEqual(["secret 0", "secret 1", "secret 2"]);
    }
  });
});

describe("a workspace's data key", () => {
  it("is wrapped in the store, and refused when it was swapped with another workspace's", async () => {
    const { vault, store, masterKey } = await newVault();
    const sealed = await vault.seal(1, "sec_1", "a secret");
    await vault.seal(2, "sec_2", "another");
    const theirs = await store.get<{ wrapped: string }>("data-keys", "2");
    const ours = await store.get<{ wrapped: string }>("data-keys", "1");
    expect(ours?.value.wrapped).toMatch(/^v1\./);
    expect(ours?.value.wrapped).not.toBe(theirs?.value.wrapped);
    await store.commit([
      { kind: "replace", collection: "data-keys", id: "1", version: ours?.version ?? 0, value: theirs?.value },
    ]);
    const restarted = await openVault({ store, masterKey });
    await expect(restarted.open(1, "sec_1", sealed)).rejects.toEqual(SEAL_BROKEN);
  });
});

describe("a derived key", () => {
  it("is the same for a purpose after a restart, and different for another purpose or master key", async () => {
    const { vault, store, masterKey } = await newVault();
    const links = vault.derive("download links");
    expect(links).toHaveLength(32);
    expect((await openVault({ store, masterKey })).derive("download links")).toEqual(links);
    expect(vault.derive("cursors")).not.toEqual(links);
    expect((await newVault()).vault.derive("download links")).not.toEqual(links);
    expect(Buffer.from(links).equals(masterKey)).toBe(false);
  });
});
