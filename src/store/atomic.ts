import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../core/errors.js";
import type { Insert, Replace, Store, Stored } from "./port.js";

/** Creates a record unless its id is taken; true for the one caller that did. */
export function createIfAbsent(store: Store, record: Omit<Insert, "kind">): Promise<boolean> {
  return store.commit([{ kind: "insert", ...record }]);
}

/** Removes a record and answers its value to exactly one caller; undefined to everyone else. */
export async function takeOnce<T>(store: Store, collection: string, id: string): Promise<T | undefined> {
  for (;;) {
    const found = await store.get<T>(collection, id);
    if (!found) return undefined;
    if (await store.commit([{ kind: "remove", collection, id, version: found.version }])) return found.value;
  }
}

const ATTEMPTS = 200;

/**
 * Repeats read, change, compare-and-set until it holds: `attempt` reads, commits and answers its result,
 * or undefined when another writer was faster. Ends with `CONFLICT` after 200 lost races.
 */
export async function untilCommitted<T>(attempt: () => Promise<{ readonly result: T } | undefined>): Promise<T> {
  for (let lost = 0; lost < ATTEMPTS; lost += 1) {
    const done = await attempt();
    if (done) return done.result;
    await sleep(Math.random() * Math.min(2 ** lost, 25));
  }
  throw new AppError("CONFLICT", "Too many writers change this at once; try again in a moment.");
}

/** Compare-and-set on one record: `change` answers the new value, or undefined to leave it as it is. */
export function update<T>(
  store: Store,
  collection: string,
  id: string,
  change: (value: T) => (Pick<Replace, "tags" | "ttlMs"> & { readonly value: T }) | undefined,
): Promise<Stored<T> | undefined> {
  return untilCommitted(async () => {
    const found = await store.get<T>(collection, id);
    if (!found) return { result: undefined };
    const next = change(found.value);
    if (!next) return { result: found };
    const held = await store.commit([{ kind: "replace", collection, id, version: found.version, ...next }]);
    return held ? { result: { id, value: next.value, version: found.version + 1 } } : undefined;
  });
}
