import { randomUUID } from "node:crypto";
import { createIfAbsent } from "../../store/atomic.js";
import type { Store } from "../../store/port.js";

const COLLECTION = "leases";

/**
 * Takes a lease that nobody else has, in any process, for so many milliseconds at most; undefined where somebody has it.
 * What is answered gives it back.
 */
export async function takeLease(store: Store, id: string, ms: number): Promise<(() => Promise<void>) | undefined> {
  const holder = randomUUID();
  if (!(await createIfAbsent(store, { collection: COLLECTION, id, value: { holder }, ttlMs: ms }))) return undefined;
  return async () => {
    const found = await store.get<{ holder: string }>(COLLECTION, id);
    if (found?.value.holder !== holder) return;
    await store.commit([{ kind: "remove", collection: COLLECTION, id, version: found.version }]);
  };
}
