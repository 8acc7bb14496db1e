import { untilCommitted } from "../../store/atomic.js";
import type { Change, Remove, Store } from "../../store/port.js";
import { type EntryRecord, entryTags, type Facts, type Head, isIntact, macOf, placeOf, sealOf } from "./entry.js";
import { PENDING } from "./intentions.js";

/** An entry on its way into a chain. */
export interface NewEntry {
  readonly facts: Facts;
  /** The note that goes with it: removed when the entry is written. */
  readonly intention?: string | undefined;
  /** Written only if the note is still there: whoever removed it has written the entry. */
  readonly once?: boolean;
}

/** Writes entries at the end of workspaces' chains. */
export interface Chain {
  /** Resolves when the entry is kept. Those that come at the same time are kept together. */
  append(workspace: number, entry: NewEntry): Promise<void>;
  /** As {@link Chain.append} for many at once, in their order. */
  appendAll(workspace: number, entries: readonly NewEntry[]): Promise<void>;
}

export const HEADS = "audit-head";
export const entriesOf = (workspace: number): string => `log:${workspace}`;
/** Numbers of entries, over all workspaces. */
const SEQUENCE = "sequence:log";

/** Entries that one commit takes. */
const AT_ONCE = 500;

interface Waiting extends NewEntry {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Where a chain goes on. */
interface End {
  readonly seq: number;
  readonly time: number;
  readonly mac: string;
  /** Of the head in the store; undefined where there is none. */
  readonly version: number | undefined;
}

/** Chains over a store; `keyOf` gives a workspace's key, `exists` whether there is such a workspace. */
export function createChain(options: {
  readonly store: Store;
  readonly keyOf: (workspace: number) => Uint8Array;
  readonly exists: (workspace: number) => Promise<boolean>;
  readonly now: () => number;
}): Chain {
  const { store, keyOf, exists, now } = options;
  const queues = new Map<number, Waiting[]>();

  /** Where the chain ends; undefined where the workspace is gone, whose last calls may still be under way. */
  const endOf = async (workspace: number): Promise<End | undefined> => {
    const found = await store.get<Head>(HEADS, String(workspace));
    const version = found?.version;
    if (found && isIntact(keyOf(workspace), found.value)) {
      const { count, time, mac } = found.value;
      return { seq: count, time, mac, version };
    }
    if (!found && !(await exists(workspace))) return undefined;
    // Without its head a chain goes on as one that begins anew, so that nobody can take it for whole.
    const newest = await store.page<EntryRecord>(entriesOf(workspace), { direction: "descending", limit: 1 });
    const { seq = 0, time = 0 } = newest.rows[0]?.value ?? {};
    return { seq, time, mac: "", version };
  };

  const commit = (workspace: number, entries: readonly NewEntry[], numbers: readonly number[]): Promise<void> => {
    let left = entries.map((entry, at) => ({ ...entry, number: numbers[at] ?? 0 }));
    return untilCommitted(async () => {
      const end = await endOf(workspace);
      if (!end || left.length === 0) {
        const notes = left.flatMap(({ intention }) => intention ?? []);
        for (const id of notes) await store.commit([removal(id)]);
        return { result: undefined };
      }
      if (await store.commit(changesFor(workspace, keyOf(workspace), end, left, now()))) return { result: undefined };
      left = await stillWanted(left);
      return undefined;
    });
  };

  /** What is still to be written: a note may have been taken by a process that thought this one dead. */
  const stillWanted = async <T extends NewEntry>(entries: readonly T[]): Promise<T[]> => {
    const kept: T[] = [];
    for (const entry of entries) {
      const { intention } = entry;
      if (intention === undefined || (await store.get(PENDING, intention))) kept.push(entry);
      else if (!entry.once) kept.push({ ...entry, intention: undefined });
    }
    return kept;
  };

  const write = async (workspace: number, entries: readonly NewEntry[]): Promise<void> => {
    const last = await store.increment(SEQUENCE, entries.length);
    const numbers = entries.map((_, at) => last - entries.length + 1 + at);
    await commit(workspace, entries, numbers);
  };

  const flush = async (workspace: number, queue: Waiting[]): Promise<void> => {
    while (queue.length > 0) {
      const entries = queue.splice(0, AT_ONCE);
      try {
        await write(workspace, entries);
        for (const { resolve } of entries) resolve();
      } catch (error) {
        for (const { reject } of entries) reject(error);
      }
    }
    queues.delete(workspace);
  };

  return {
    append: (workspace, entry) =>
      new Promise((resolve, reject) => {
        const waiting: Waiting = { ...entry, resolve, reject };
        const queue = queues.get(workspace);
        if (queue) {
          queue.push(waiting);
          return;
        }
        const fresh = [waiting];
        queues.set(workspace, fresh);
        // Those that come in the same turn go along.
        setImmediate(() => void flush(workspace, fresh));
      }),
    async appendAll(workspace, entries) {
      for (let at = 0; at < entries.length; at += AT_ONCE) {
        await write(workspace, entries.slice(at, at + AT_ONCE));
      }
    },
  };
}

const removal = (id: string): Remove => ({ kind: "remove", collection: PENDING, id });

function changesFor(
  workspace: number,
  key: Uint8Array,
  end: End,
  entries: readonly (NewEntry & { readonly number: number })[],
  now: number,
): Change[] {
  const time = Math.max(now, end.time);
  const changes: Change[] = [];
  let { seq, mac } = end;
  for (const { facts, number, intention } of entries) {
    seq += 1;
    const entry = { ...facts, number, seq, time };
    mac = macOf(key, entry, mac);
    changes.push({
      kind: "insert",
      collection: entriesOf(workspace),
      id: String(number),
      value: { ...entry, mac } satisfies EntryRecord,
      order: placeOf(entry),
      tags: entryTags(entry),
    });
    if (intention !== undefined) changes.push(removal(intention));
  }
  const sealed = { count: seq, time, mac };
  const head: Head = { ...sealed, seal: sealOf(key, sealed) };
  const place = { collection: HEADS, id: String(workspace), value: head };
  changes.push(
    end.version === undefined ? { kind: "insert", ...place } : { kind: "replace", ...place, version: end.version },
  );
  return changes;
}
