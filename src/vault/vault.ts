import type { KeyObject } from "node:crypto";
import { AppError } from "../core/errors.js";
import type { Store } from "../store/port.js";
import { type DataKeyring, dataKeyring } from "./data-keys.js";
import { deriveBytes, unlock, WrongMasterKey } from "./master-key.js";
import { openBytes, sealBytes } from "./sealed-box.js";

export { WrongMasterKey };

/** Secrets at rest: encrypted with a key of their workspace, which the master key wraps. */
export interface Vault {
  /** The text encrypted for this one record of this workspace: `v1.` and base64url. */
  seal(workspace: number, recordId: string, plaintext: string): Promise<string>;
  /** What was sealed for this record; anything changed, swapped or foreign is `SEAL_BROKEN`. */
  open(workspace: number, recordId: string, sealed: string): Promise<string>;
  /** 32 bytes to sign with, the same for the same purpose, also under the master keys to come. */
  derive(purpose: string): Uint8Array;
}

/** A vault whose workspaces can be given new keys. */
export interface OpenedVault extends Vault {
  /** What `rotateDataKey` works with. */
  readonly rotation: Pick<DataKeyring, "begin" | "finish"> & {
    /** Sealed anew with the current key; undefined for what already is, `SEAL_BROKEN` as with `open`. */
    renew(workspace: number, recordId: string, sealed: string): Promise<string | undefined>;
  };
}

/** Opens the vault of a store; throws {@link WrongMasterKey} where the store's first process had another key. */
export async function openVault(options: {
  readonly store: Store;
  readonly masterKey: Uint8Array;
  readonly now?: () => number;
}): Promise<OpenedVault> {
  const { store, masterKey, now = Date.now } = options;
  const unlocked = await unlock(store, masterKey);
  const keyring = dataKeyring(store, unlocked, now);
  const contextOf = (workspace: number, recordId: string) => ["record", workspace, recordId];

  const open = (workspace: number, recordId: string, sealed: string): Promise<Buffer> =>
    intact(async () => {
      const context = contextOf(workspace, recordId);
      const known = await keyring.known(workspace);
      const plain = known && openWithEither(known, sealed, context);
      if (plain) return plain;
      // Another process may have given the workspace a new key meanwhile.
      const now = await keyring.reread(workspace);
      if (!now) throw new Error(`workspace ${workspace} has no data key`);
      return openWithEither(now, sealed, context) ?? openBytes(now.current, sealed, context);
    });

  return {
    async seal(workspace, recordId, plaintext) {
      const { current } = await intact(() => keyring.obtain(workspace));
      return sealBytes(current, Buffer.from(plaintext), contextOf(workspace, recordId));
    },
    open: async (workspace, recordId, sealed) => (await open(workspace, recordId, sealed)).toString(),
    derive: (purpose) => deriveBytes(unlocked.root, `clanker purpose ${purpose}`),
    rotation: {
      begin: (workspace) => intact(() => keyring.begin(workspace)),
      finish: (workspace) => keyring.finish(workspace),
      async renew(workspace, recordId, sealed) {
        const context = contextOf(workspace, recordId);
        const { current } = await intact(() => keyring.obtain(workspace));
        if (openWith(current, sealed, context)) return undefined;
        return sealBytes(current, await open(workspace, recordId, sealed), context);
      },
    },
  };
}

type Context = readonly (string | number)[];

function openWithEither(
  { current, previous }: { readonly current: KeyObject; readonly previous?: KeyObject },
  sealed: string,
  context: Context,
): Buffer | undefined {
  return openWith(current, sealed, context) ?? (previous && openWith(previous, sealed, context));
}

function openWith(key: KeyObject, sealed: string, context: Context): Buffer | undefined {
  try {
    return openBytes(key, sealed, context);
  } catch {
    return undefined;
  }
}

/** Failures of the store and of the whole vault stay what they are. */
async function intact<T>(decrypt: () => Promise<T>): Promise<T> {
  try {
    return await decrypt();
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    if (cause instanceof WrongMasterKey) {
      const message = "The master key was changed while this server ran; its operator has to start it anew.";
      throw new AppError("SEAL_BROKEN", message, { cause });
    }
    throw new AppError(
      "SEAL_BROKEN",
      "This secret cannot be read: what is stored was changed or belongs to another record; set it again.",
      { cause },
    );
  }
}
