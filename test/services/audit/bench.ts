import { randomUUID } from "node:crypto";
import { onTestFinished } from "vitest";
import type { Deed } from "../../../src/core/audit-trail.js";
import type { Caller } from "../../../src/core/caller.js";
import { type Audit, createAudit } from "../../../src/services/audit/audit.js";
import type { EntryRecord } from "../../../src/services/audit/entry.js";
import { openRedisStore } from "../../../src/store/redis.js";
import type { Store } from "../../../src/store/port.js";
import { removeKeys, sharedRedis } from "../../support/redis.js";
import { callerOf, fileStores, memoryStore, MINE, recordingLog } from "../../support/services.js";

/** One store, opened as often as asked for. */
export const STORES: Readonly<Record<string, (count: number) => Promise<readonly Store[]>>> = {
  memory: (count) => {
    const store = memoryStore();
    return Promise.resolve(Array.from({ length: count }, () => store));
  },
  file: async (count) => (await fileStores(count)).stores,
  redis: async (count) => {
    const [url, prefix] = [sharedRedis(), `audit-${randomUUID()}:`];
    const stores = await Promise.all(Array.from({ length: count }, () => openRedisStore({ url, prefix })));
    onTestFinished(async () => {
      await Promise.all(stores.map((store) => store.close()));
      await removeKeys(url, prefix);
    });
    return stores;
  },
};

/** The audit log over a store, as one process has it. */
export function auditOver(store: Store, more: { now?: () => number; leaseMs?: number } = {}) {
  const { log, lines } = recordingLog();
  const keyOf = (workspace: number) => Buffer.alloc(32, workspace);
  const audit = createAudit({ store, keyOf, exists: () => Promise.resolve(true), log, now: Date.now, ...more });
  return { audit, lines };
}

/** A mutation, of the workspace that the tests have. */
export function deedOf(more: Partial<Deed> = {}, caller: Partial<Caller> = {}): Deed {
  return {
    caller: callerOf(caller),
    operation: "write-memory",
    tool: "write-memory",
    action: "memory.update",
    resource: "memory",
    effect: "write",
    ...more,
  };
}

/** Writes an entry of a mutation that went well. */
export const record = (audit: Audit, workspace: number, deed: Deed): Promise<void> =>
  audit.conclude({ ...deed, caller: { ...deed.caller, workspace } }, { outcome: "ok", ms: 0 }, undefined);

/** Writes entries, one after the other; their resource ids are r1, r2, ... */
export async function writeEntries(audit: Audit, count: number, workspace: number = MINE): Promise<void> {
  for (let at = 1; at <= count; at += 1) await record(audit, workspace, deedOf({ resourceId: `r${at}` }));
}

/** The entries as the store has them, oldest first. */
export async function storedEntries(store: Store, workspace: number = MINE) {
  const page = await store.page<EntryRecord>(`log:${workspace}`, { direction: "ascending", limit: 1000 });
  return page.rows;
}
