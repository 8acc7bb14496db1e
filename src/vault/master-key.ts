import { createSecretKey, hkdfSync, type KeyObject, randomBytes, timingSafeEqual } from "node:crypto";
import { ConfigError } from "../config.js";
import { createIfAbsent, untilCommitted } from "../store/atomic.js";
import type { Replace, Store, Stored } from "../store/port.js";
import { walk } from "../store/walk.js";
import { DATA_KEYS, type DataKeyRecord, dataKeyContext, dataKeyOrder } from "./data-key-record.js";
import { openBytes, sealBytes } from "./sealed-box.js";

/** The store was made with another master key; its message is one sentence for the person who started the program. */
export class WrongMasterKey extends ConfigError {
  override readonly name = "WrongMasterKey";

  constructor() {
    super(
      "This store was made with another master key: set CLANKER_MASTER_KEY to that key or put its file back as " +
        "CLANKER_HOME/master.key, run clanker-mcp master-key rotate again where a rotation broke off, or name an " +
        "empty store in CLANKER_STORE.",
    );
  }
}

/** What the master key opens: the wrapping of data keys, and the root that keys for signing are derived from. */
export interface Unlocked {
  readonly wrapping: KeyObject;
  /** Random, and the same under every master key that the store has had. */
  readonly root: KeyObject;
  /** Commits only while the store still has this master key; throws {@link WrongMasterKey} once it has another. */
  stillMine(): Promise<Replace>;
}

const MASTER_KEY_BYTES = 32;
const ROOT_BYTES = 32;
const VAULT = "vault";
const CHECK = "check";
const ROOT = "root";
const ROOT_CONTEXT = ["root key"];
const PAGE = 200;

interface CheckRecord {
  readonly check: string;
}
interface RootRecord {
  readonly wrapped: string;
}

/** 32 bytes from a key for one purpose. */
export const deriveBytes = (key: KeyObject, purpose: string): Uint8Array =>
  new Uint8Array(hkdfSync("sha256", key, "", purpose, 32));

function partsOf(masterKey: Uint8Array) {
  if (masterKey.length !== MASTER_KEY_BYTES) throw new Error("the master key must have 32 bytes");
  const master = createSecretKey(masterKey);
  return {
    check: Buffer.from(deriveBytes(master, "clanker vault check")).toString("base64url"),
    wrapping: createSecretKey(deriveBytes(master, "clanker vault data keys")),
  };
}

/** Proves the master key against the store, which keeps the first one that it is given; makes its root where it has none. */
export async function unlock(store: Store, masterKey: Uint8Array): Promise<Unlocked> {
  const { check, wrapping } = partsOf(masterKey);
  const stillMine = async (): Promise<Replace> => {
    const kept = await store.get<CheckRecord>(VAULT, CHECK);
    if (!kept || !isSame(kept.value.check, check)) throw new WrongMasterKey();
    return { kind: "replace", collection: VAULT, id: CHECK, version: kept.version, value: kept.value };
  };
  await createIfAbsent(store, { collection: VAULT, id: CHECK, value: { check } satisfies CheckRecord });
  await stillMine();
  const wrapped = sealBytes(wrapping, randomBytes(ROOT_BYTES), ROOT_CONTEXT);
  await createIfAbsent(store, { collection: VAULT, id: ROOT, value: { wrapped } satisfies RootRecord });
  const kept = await store.get<RootRecord>(VAULT, ROOT);
  return { wrapping, root: createSecretKey(openOwn(wrapping, kept?.value.wrapped ?? "", ROOT_CONTEXT)), stillMine };
}

/** A rotation by another process in this very moment leaves a root that this master key does not open. */
function openOwn(wrapping: KeyObject, wrapped: string, context: readonly (string | number)[]): Buffer {
  try {
    return openBytes(wrapping, wrapped, context);
  } catch {
    throw new WrongMasterKey();
  }
}

/** Whether this is the master key that the store has now; false for a store that has none yet. */
export async function isMasterKeyOf(store: Store, masterKey: Uint8Array): Promise<boolean> {
  const kept = await store.get<CheckRecord>(VAULT, CHECK);
  return kept !== undefined && isSame(kept.value.check, partsOf(masterKey).check);
}

/**
 * Wraps whatever the old master key wraps with the new one, the check value with it, in one commit: a process that dies
 * in the middle has changed nothing. Keys for signing stay as they are. Answers how many workspaces have a data key;
 * throws {@link WrongMasterKey} where the old key is not the store's.
 */
export async function rotateMasterKey(store: Store, oldKey: Uint8Array, newKey: Uint8Array): Promise<number> {
  const { stillMine, wrapping: from } = await unlock(store, oldKey);
  const { check, wrapping: to } = partsOf(newKey);
  return untilCommitted(async () => {
    const guard = await stillMine();
    const root = await store.get<RootRecord>(VAULT, ROOT);
    if (!root) throw new Error("the root key vanished");
    const again = (wrapped: string, context: readonly (string | number)[]) =>
      sealBytes(to, openOwn(from, wrapped, context), context);
    const dataKeys = await allDataKeys(store);
    const held = await store.commit([
      { ...guard, value: { check } satisfies CheckRecord },
      replacing(VAULT, root, { wrapped: again(root.value.wrapped, ROOT_CONTEXT) } satisfies RootRecord),
      ...dataKeys.map((record) => {
        const context = dataKeyContext(Number(record.id));
        const { wrapped, previous } = record.value;
        return replacing(DATA_KEYS, record, {
          wrapped: again(wrapped, context),
          ...(previous !== undefined && { previous: again(previous, context) }),
        } satisfies DataKeyRecord);
      }),
    ]);
    return held ? { result: dataKeys.length } : undefined;
  });
}

const replacing = (collection: string, { id, version }: Stored, value: unknown): Replace => ({
  kind: "replace",
  collection,
  id,
  version,
  value,
});

async function allDataKeys(store: Store): Promise<Stored<DataKeyRecord>[]> {
  const found: Stored<DataKeyRecord>[] = [];
  const course = { limit: PAGE, orderOf: ({ id }: Stored<DataKeyRecord>) => dataKeyOrder(Number(id)) };
  for await (const record of walk<DataKeyRecord>(store, DATA_KEYS, course)) found.push(record);
  // The first workspace's key was once kept without a place in the order.
  const first = found.some(({ id }) => id === "1") ? undefined : await store.get<DataKeyRecord>(DATA_KEYS, "1");
  return first ? [first, ...found] : found;
}

function isSame(kept: string, expected: string): boolean {
  const [one, other] = [Buffer.from(kept), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
