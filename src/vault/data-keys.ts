import { createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { untilCommitted } from "../store/atomic.js";
import type { Store } from "../store/port.js";
import { DATA_KEYS, type DataKeyRecord, dataKeyContext, dataKeyOrder } from "./data-key-record.js";
import type { Unlocked } from "./master-key.js";
import { openBytes, sealBytes } from "./sealed-box.js";

/** The keys of one workspace: what is sealed from now on is sealed with `current`. */
export interface DataKeys {
  readonly current: KeyObject;
  /** Only while a rotation goes on. */
  readonly previous?: KeyObject;
}

/** The workspaces' data keys, unwrapped and kept in memory. */
export interface DataKeyring {
  /** As they were read last, or now; undefined for a workspace that has sealed nothing yet. */
  known(workspace: number): Promise<DataKeys | undefined>;
  /** As they are in the store. */
  reread(workspace: number): Promise<DataKeys | undefined>;
  /** To seal with: at most {@link FRESH_MS} old, made where there are none. */
  obtain(workspace: number): Promise<DataKeys>;
  /** Has a new key be the current one, the one before kept beside it; goes on with a rotation that broke off. */
  begin(workspace: number): Promise<void>;
  /** Forgets the key before. */
  finish(workspace: number): Promise<void>;
}

/** Milliseconds that a process may seal with a key before it looks whether that still is the current one. */
export const FRESH_MS = 1000;

const DATA_KEY_BYTES = 32;

/** The data keys of a store under an unlocked master key. */
export function dataKeyring(store: Store, { wrapping, stillMine }: Unlocked, now: () => number): DataKeyring {
  const held = new Map<number, DataKeys & { readonly version: number; readonly readAt: number }>();

  const unwrap = (workspace: number, wrapped: string) =>
    createSecretKey(openBytes(wrapping, wrapped, dataKeyContext(workspace)));
  const fresh = (workspace: number) => sealBytes(wrapping, randomBytes(DATA_KEY_BYTES), dataKeyContext(workspace));

  const reread = async (workspace: number): Promise<DataKeys | undefined> => {
    const readAt = now();
    const kept = await store.get<DataKeyRecord>(DATA_KEYS, String(workspace));
    const before = held.get(workspace);
    if (!kept) {
      held.delete(workspace);
      return undefined;
    }
    const same = before?.version === kept.version ? before : undefined;
    const { wrapped, previous } = kept.value;
    const keys = same ?? {
      current: await mine(() => unwrap(workspace, wrapped)),
      ...(previous !== undefined && { previous: await mine(() => unwrap(workspace, previous)) }),
    };
    held.set(workspace, { ...keys, version: kept.version, readAt });
    return keys;
  };

  /** What cannot be unwrapped was changed, or wrapped with a master key that came after this process's. */
  const mine = async <T>(unwrapped: () => T): Promise<T> => {
    try {
      return unwrapped();
    } catch (thrown) {
      await stillMine();
      throw thrown;
    }
  };

  const keyring: DataKeyring = {
    known: async (workspace) => held.get(workspace) ?? reread(workspace),
    reread,

    async obtain(workspace) {
      const cached = held.get(workspace);
      if (cached && now() - cached.readAt < FRESH_MS) return cached;
      const found = await reread(workspace);
      if (found) return found;
      return untilCommitted(async () => {
        const guard = await stillMine();
        const value: DataKeyRecord = { wrapped: fresh(workspace) };
        await store.commit([
          guard,
          { kind: "insert", collection: DATA_KEYS, id: String(workspace), value, order: dataKeyOrder(workspace) },
        ]);
        const agreed = await reread(workspace);
        return agreed && { result: agreed };
      });
    },

    async begin(workspace) {
      await keyring.obtain(workspace);
      await untilCommitted(async () => {
        const kept = await store.get<DataKeyRecord>(DATA_KEYS, String(workspace));
        if (!kept) throw new Error(`the data key of workspace ${workspace} vanished`);
        if (kept.value.previous !== undefined) return { result: undefined };
        const value: DataKeyRecord = { wrapped: fresh(workspace), previous: kept.value.wrapped };
        const guard = await stillMine();
        const change = { kind: "replace", collection: DATA_KEYS, id: kept.id, version: kept.version, value } as const;
        return (await store.commit([guard, change])) ? { result: undefined } : undefined;
      });
      await reread(workspace);
    },

    async finish(workspace) {
      await untilCommitted(async () => {
        const kept = await store.get<DataKeyRecord>(DATA_KEYS, String(workspace));
        if (kept?.value.previous === undefined) return { result: undefined };
        const value: DataKeyRecord = { wrapped: kept.value.wrapped };
        const change = { kind: "replace", collection: DATA_KEYS, id: kept.id, version: kept.version, value } as const;
        return (await store.commit([change])) ? { result: undefined } : undefined;
      });
      await reread(workspace);
    },
  };
  return keyring;
}
