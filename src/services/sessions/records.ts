import type { SessionRecord } from "../../core/session-shelf.js";
import { createIfAbsent, update } from "../../store/atomic.js";
import type { Store } from "../../store/port.js";

const SESSIONS = "sessions";

/** A session's subscriptions as a change left them. */
export interface Subscribed {
  readonly uris: readonly string[];
  /** Of the session's record: grows with every change. */
  readonly version: number;
  /** Whether they are others than before. */
  readonly changed: boolean;
}

/** The records of the sessions of all processes. */
export interface SessionRecords {
  put(id: string, record: SessionRecord): Promise<void>;
  find(id: string): Promise<SessionRecord | undefined>;
  /** False where the session is over. */
  touch(id: string): Promise<boolean>;
  /** Undefined where the session is over; `change` may be called again where another process was faster. */
  subscribe(id: string, change: (uris: readonly string[]) => readonly string[]): Promise<Subscribed | undefined>;
  /** True for the one caller that ended it. */
  remove(id: string): Promise<boolean>;
}

/** Records over the store, each for `idleMs` after its last use. */
export function createSessionRecords(store: Store, idleMs: number): SessionRecords {
  return {
    async put(id, value) {
      const tags = [`workspace:${workspaceOf(value)}`];
      if (!(await createIfAbsent(store, { collection: SESSIONS, id, value, order: id, tags, ttlMs: idleMs }))) {
        throw new Error("A new session was given the id of another.");
      }
    },
    find: async (id) => (await store.get<SessionRecord>(SESSIONS, id))?.value,
    touch: async (id) => {
      const held = await update<SessionRecord>(store, SESSIONS, id, (value) => ({ value, ttlMs: idleMs }));
      return held !== undefined;
    },
    async subscribe(id, change) {
      let changed = false;
      const held = await update<SessionRecord>(store, SESSIONS, id, (record) => {
        const subscriptions = change(record.subscriptions);
        changed = !areSame(subscriptions, record.subscriptions);
        return { value: { ...record, subscriptions }, ttlMs: idleMs };
      });
      return held && { uris: held.value.subscriptions, version: held.version, changed };
    },
    remove: (id) => store.commit([{ kind: "remove", collection: SESSIONS, id }]),
  };
}

/** The owner is the kind of caller, its key, its workspace and its person. */
const workspaceOf = ({ owner }: SessionRecord): string => owner.split(" ")[2] ?? "";

function areSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((one, at) => one === others[at]);
}
