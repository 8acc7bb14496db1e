import { randomUUID } from "node:crypto";
import type { Deed } from "../../core/audit-trail.js";
import { AppError } from "../../core/errors.js";
import { createIfAbsent } from "../../store/atomic.js";
import type { Store, Stored } from "../../store/port.js";
import { walk } from "../../store/walk.js";
import { orderOf } from "../records.js";
import { type Facts, factsOf } from "./entry.js";

/** A note that something is about to be changed, by a process that may die over it. */
export interface Intention {
  readonly workspace: number;
  /** As they will be told where nobody learns how it ended. */
  readonly facts: Facts;
  readonly process: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** Notes of what is about to happen, and which processes still see to theirs. */
export interface Intentions {
  note(deed: Deed): Promise<string>;
  /** This process is through with one of its own. */
  over(id: string): void;
  /** Those of other processes that are gone. */
  abandoned(): Promise<readonly Stored<Intention>[]>;
}

/** Where the notes are; tagged with their workspace. */
export const PENDING = "audit-pending";
/** Which processes are there: documents that are renewed while they have notes. */
const PROCESSES = "audit-processes";
const PAGE = 100;

/** Notes in a store; a process that has not renewed itself for `leaseMs` is gone. */
export function createIntentions(options: {
  readonly store: Store;
  readonly leaseMs: number;
  readonly now: () => number;
}): Intentions {
  const { store, leaseMs, now } = options;
  const process = randomUUID();
  const processes = store.documents(PROCESSES);
  const mine = new Set<string>();
  let shownAt = -Infinity;
  let timer: NodeJS.Timeout | undefined;

  const show = async (): Promise<void> => {
    await processes.set(process, true, leaseMs);
    shownAt = performance.now();
  };
  const watch = (): void => {
    // A store that is away for longer than the lease lets others think that this process is gone: see Chain.
    timer ??= setInterval(() => void show().catch(() => undefined), leaseMs / 3).unref();
  };

  return {
    async note(deed) {
      if (performance.now() - shownAt > leaseMs / 3) await show();
      const id = randomUUID();
      const { workspace } = deed.caller;
      const since = now();
      const value: Intention = { workspace, facts: factsOf(deed), process, since };
      const order = `${orderOf(since)}:${id}`;
      if (!(await createIfAbsent(store, { collection: PENDING, id, value, order, tags: [`workspace:${workspace}`] })))
        throw new AppError("CONFLICT", "The audit log could not note this call; try again.");
      mine.add(id);
      watch();
      return id;
    },
    over(id) {
      mine.delete(id);
      if (mine.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    },
    async abandoned() {
      const found: Stored<Intention>[] = [];
      const alive = new Map<string, boolean>([[process, true]]);
      const course = {
        limit: PAGE,
        orderOf: ({ id, value }: Stored<Intention>) => `${orderOf(value.since)}:${id}`,
      };
      for await (const row of walk<Intention>(store, PENDING, course)) {
        const owner = row.value.process;
        if (!alive.has(owner)) alive.set(owner, (await processes.get(owner)) === true);
        if (!alive.get(owner)) found.push(row);
      }
      return found;
    },
  };
}
