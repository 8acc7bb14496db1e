import { createSecretKey, hkdfSync, randomBytes, timingSafeEqual, type KeyObject } from "node:crypto";
import { ConfigError } from "../config.js";
import { AppError } from "../core/errors.js";
import { createIfAbsent } from "../store/atomic.js";
import type { Store } from "../store/port.js";
import { openBytes, sealBytes } from "./sealed-box.js";

/** Secrets at rest: encrypted with a key of their workspace, which the master key wraps. */
export interface Vault {
  /** The text encrypted for this one record of this workspace: `v1.` and base64url. */
  seal(workspace: number, recordId: string, plaintext: string): Promise<string>;
  /** What was sealed for this record; anything changed, swapped or foreign is `SEAL_BROKEN`. */
  open(workspace: number, recordId: string, sealed: string): Promise<string>;
  /** 32 bytes from the master key, the same for the same purpose, to sign with. */
  derive(purpose: string): Uint8Array;
}

/** The store was made with another master key; its message is one sentence for the person who started the program. */
export class WrongMasterKey extends ConfigError {
  override readonly name = "WrongMasterKey";

  constructor() {
    super(
      "This store was made with another master key: set CLANKER_MASTER_KEY to that key or put its file back as " +
        "CLANKER_HOME/master.key, or name an empty store in CLANKER_STORE.",
    );
  }
}

const MASTER_KEY_BYTES = 32;
const DATA_KEY_BYTES = 32;
const CHECK = { collection: "vault", id: "check" } as const;
const DATA_KEYS = "data-keys";

/** Opens the vault of a store; throws {@link WrongMasterKey} where the store's first process had another key. */
export async function openVault(options: { readonly store: Store; readonly masterKey: Uint8Array }): Promise<Vault> {
  const { store } = options;
  if (options.masterKey.length !== MASTER_KEY_BYTES) throw new Error("the master key must have 32 bytes");
  const master = createSecretKey(options.masterKey);
  const deriveBytes = (info: string) => new Uint8Array(hkdfSync("sha256", master, "", info, 32));
  await proveMasterKey(store, deriveBytes("clanker vault check"));
  const dataKeys = dataKeysOf(store, createSecretKey(deriveBytes("clanker vault data keys")));

  return {
    async seal(workspace, recordId, plaintext) {
      const key = await dataKeys.obtain(workspace);
      return sealBytes(key, Buffer.from(plaintext), ["record", workspace, recordId]);
    },
    async open(workspace, recordId, sealed) {
      const key = await dataKeys.find(workspace);
      return intact(() => {
        if (!key) throw new Error(`workspace ${workspace} has no data key`);
        return openBytes(key, sealed, ["record", workspace, recordId]).toString();
      });
    },
    derive: (purpose) => deriveBytes(`clanker purpose ${purpose}`),
  };
}

async function proveMasterKey(store: Store, check: Uint8Array): Promise<void> {
  await createIfAbsent(store, { ...CHECK, value: { check: Buffer.from(check).toString("base64url") } });
  const kept = await store.get<{ check: string }>(CHECK.collection, CHECK.id);
  const expected = Buffer.from(kept?.value.check ?? "", "base64url");
  if (expected.length !== check.length || !timingSafeEqual(expected, check)) throw new WrongMasterKey();
}

/** The workspaces' keys, made at the first seal and kept unwrapped in memory. */
function dataKeysOf(store: Store, wrappingKey: KeyObject) {
  const unwrapped = new Map<number, KeyObject>();

  async function find(workspace: number): Promise<KeyObject | undefined> {
    const cached = unwrapped.get(workspace);
    if (cached) return cached;
    const kept = await store.get<{ wrapped: string }>(DATA_KEYS, String(workspace));
    if (!kept) return undefined;
    const key = createSecretKey(intact(() => openBytes(wrappingKey, kept.value.wrapped, ["data key", workspace])));
    unwrapped.set(workspace, key);
    return key;
  }

  async function obtain(workspace: number): Promise<KeyObject> {
    const found = await find(workspace);
    if (found) return found;
    const wrapped = sealBytes(wrappingKey, randomBytes(DATA_KEY_BYTES), ["data key", workspace]);
    await createIfAbsent(store, { collection: DATA_KEYS, id: String(workspace), value: { wrapped } });
    const agreed = await find(workspace);
    if (!agreed) throw new Error(`the data key of workspace ${workspace} vanished`);
    return agreed;
  }

  return { find, obtain };
}

function intact<T>(decrypt: () => T): T {
  try {
    return decrypt();
  } catch (cause) {
    throw new AppError(
      "SEAL_BROKEN",
      "This secret cannot be read: what is stored was changed or belongs to another record; set it again.",
      { cause },
    );
  }
}
