import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../core/errors.js";
import type { Store, Stored } from "../store/port.js";
import { walk } from "../store/walk.js";
import { FRESH_MS } from "./data-keys.js";
import type { OpenedVault } from "./vault.js";

/** Where sealed values of one workspace are kept. */
export interface SealedPlace {
  readonly collection: string;
  /** The field of a record that holds the sealed value. */
  readonly field: string;
  /** What the value of the record of this id is sealed for. */
  readonly recordId: (id: string) => string;
  /** The records' ids where the collection has no order. */
  readonly ids?: readonly string[];
  /** A record's place in the collection's order; its id where left out. */
  readonly orderOf?: (id: string) => string;
  /** What the workspace's records are labelled with in a collection that others share. */
  readonly tags?: readonly string[];
}

/** How a rotation went. */
export interface Rotated {
  readonly renewed: number;
  /** Values that no key of the workspace opens: they were changed, and stay as they are. */
  readonly unreadable: number;
}

/** Long enough for every process to have noticed the new key, and to have written what it sealed with the old one. */
const SETTLE_MS = 3 * FRESH_MS;
const PASSES = 20;
const PAGE = 100;

/**
 * Gives a workspace a new data key and seals everything in these places anew; the old key is gone afterwards. Both keys
 * open what is sealed until then, so that a call that dies in the middle has broken nothing, and a second one finishes.
 * Throws `CONFLICT` where other processes keep sealing with the old key.
 */
export async function rotateDataKey(
  { store, vault, settleMs = SETTLE_MS }: { store: Store; vault: OpenedVault; settleMs?: number },
  workspace: number,
  places: readonly SealedPlace[],
): Promise<Rotated> {
  await vault.rotation.begin(workspace);
  await sleep(settleMs);
  let renewed = 0;
  for (let pass = 0; pass < PASSES; pass += 1) {
    const { done, unreadable } = await renewAll(store, vault, workspace, places);
    renewed += done;
    if (done > 0) continue;
    await vault.rotation.finish(workspace);
    return { renewed, unreadable };
  }
  throw new AppError("CONFLICT", "Other processes keep sealing with the old key; run secrets rotate again.");
}

async function renewAll(store: Store, vault: OpenedVault, workspace: number, places: readonly SealedPlace[]) {
  let done = 0;
  let unreadable = 0;
  for (const place of places) {
    for await (const record of recordsOf(store, place)) {
      const sealed = record.value[place.field];
      if (typeof sealed !== "string") continue;
      const outcome = await renewOne(store, vault, workspace, place, record, sealed);
      if (outcome === "renewed") done += 1;
      if (outcome === "unreadable") unreadable += 1;
    }
  }
  return { done, unreadable };
}

/** One that somebody else has just changed counts as renewed: the next pass looks at it again. */
async function renewOne(
  store: Store,
  vault: OpenedVault,
  workspace: number,
  { collection, field, recordId }: SealedPlace,
  { id, version, value }: Stored<Readonly<Record<string, unknown>>>,
  sealed: string,
): Promise<"renewed" | "current" | "unreadable"> {
  try {
    const anew = await vault.rotation.renew(workspace, recordId(id), sealed);
    if (anew === undefined) return "current";
    await store.commit([{ kind: "replace", collection, id, version, value: { ...value, [field]: anew } }]);
    return "renewed";
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === "SEAL_BROKEN") return "unreadable";
    throw thrown;
  }
}

async function* recordsOf(store: Store, { collection, ids, orderOf = (id) => id, tags }: SealedPlace) {
  type Sealed = Readonly<Record<string, unknown>>;
  for (const id of ids ?? []) {
    const found = await store.get<Sealed>(collection, id);
    if (found) yield found;
  }
  if (ids) return;
  const course = { limit: PAGE, orderOf: ({ id }: Stored) => orderOf(id), ...(tags && { tags }) };
  yield* walk<Sealed>(store, collection, course);
}
