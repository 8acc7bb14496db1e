import type { SentEvent, SessionShelf } from "../../core/session-shelf.js";
import type { Change, Insert, Store, Stored } from "../../store/port.js";
import type { SealedTexts } from "../../vault/sealed-texts.js";
import type { Complain } from "./complaints.js";
import type { EventIds } from "./event-ids.js";
import { type Clock, createRecent } from "./recent.js";

const KEPT_MS = 5 * 60_000;
const KEPT = 1000;
/** How many are dropped at once when a session has too many: looking for the oldest costs as much for one. */
const GROUP = 50;
const PAGE = 500;

/** Events that this process kept one after the other, at most {@link GROUP}. */
interface Group {
  readonly first: string;
  size: number;
  /** When the last of them was kept. */
  at: number;
}

/** An event as the store has it: an answer may hold a key that is shown this once. */
interface EventRecord extends Omit<SentEvent, "id" | "data"> {
  readonly sealed: string;
}

/** The events of all sessions, as far as they are kept. */
export interface SentEvents extends Pick<SessionShelf, "keep" | "event" | "eventsAfter"> {
  /** Drops a session's events. */
  clear(session: string): Promise<void>;
  /** Forgets how many this process kept for a session that is over. */
  forget(session: string): void;
}

interface SentEventsOptions {
  readonly store: Store;
  readonly ids: Pick<EventIds, "follow">;
  readonly complain: Complain;
  readonly clock: Clock;
  readonly texts: SealedTexts;
}

/** Events over the store, sealed, where they end by themselves after 5 minutes. */
export function createSentEvents({ store, ids, complain, clock, texts }: SentEventsOptions): SentEvents {
  /** What this process kept for a session within the last 5 minutes, oldest first. */
  const kept = createRecent<Group[]>(KEPT_MS, clock);
  const collectionOf = (session: string): string => `session-events:${session}`;

  const seal = (collection: string, { id, data, ...event }: SentEvent): EventRecord => ({
    ...event,
    sealed: texts.seal([collection, id], data),
  });
  /** Nothing where it was changed: to a client it is an event that is kept no more. */
  const open = (collection: string, { id, value }: Stored<EventRecord>): SentEvent[] => {
    const { sealed, ...event } = value;
    const data = texts.open([collection, id], sealed);
    return data === undefined ? [] : [{ id, ...event, data }];
  };

  /** Counts events that are about to be kept; answers the id that those beyond the newest 1,000 are in front of. */
  const count = (session: string, events: readonly SentEvent[]): string | undefined => {
    const at = clock();
    const groups = (kept.get(session) ?? []).filter((group) => at - group.at < KEPT_MS);
    kept.set(session, groups);
    for (const { id } of events) {
      const last = groups.at(-1);
      if (last && last.size < GROUP) {
        last.size += 1;
        last.at = at;
      } else {
        groups.push({ first: id, size: 1, at });
      }
    }
    let total = groups.reduce((sum, group) => sum + group.size, 0);
    const before = total;
    while (total > KEPT) total -= groups.shift()?.size ?? total;
    return total < before ? groups[0]?.first : undefined;
  };

  const dropBefore = async (collection: string, id: string): Promise<void> => {
    for (;;) {
      const page = await store.page(collection, { direction: "ascending", limit: PAGE, before: id });
      await commitWhatFits(
        store,
        page.rows.map((row) => ({ kind: "remove", collection, id: row.id })),
      );
      if (!page.more) return;
    }
  };

  return {
    async keep(session, events) {
      const newest = events.slice(-KEPT);
      if (newest.length === 0) return;
      const collection = collectionOf(session);
      const insert = (event: SentEvent): Insert => ({
        kind: "insert",
        collection,
        id: event.id,
        value: seal(collection, event),
        order: event.id,
        ttlMs: KEPT_MS,
      });
      try {
        const oldest = count(session, newest);
        if (oldest !== undefined) await dropBefore(collection, oldest);
        await commitWhatFits(store, newest.map(insert));
      } catch (err) {
        complain(
          err,
          "What is sent on sessions' streams cannot be kept: a client that loses its stream misses some of it.",
        );
      }
    },
    async event(session, id) {
      const collection = collectionOf(session);
      const found = await store.get<EventRecord>(collection, id);
      if (!found) return undefined;
      ids.follow(id);
      return open(collection, found)[0];
    },
    async eventsAfter(session, { id, stream }) {
      const collection = collectionOf(session);
      const found: Stored<EventRecord>[] = [];
      let after = id;
      for (;;) {
        const page = await store.page<EventRecord>(collection, {
          direction: "ascending",
          limit: PAGE,
          after,
        });
        found.push(...page.rows.filter(({ value }) => value.stream === stream));
        if (found.length > KEPT) found.splice(0, found.length - KEPT);
        const last = page.rows.at(-1);
        if (last) ids.follow(last.id);
        if (!last || !page.more) return found.flatMap((row) => open(collection, row));
        after = last.id;
      }
    },
    clear: (session) => store.clear(collectionOf(session)),
    forget: (session) => kept.delete(session),
  };
}

/** Commits all of them at once; where one does not fit, because it is done already, the others one by one. */
async function commitWhatFits(store: Store, changes: readonly Change[]): Promise<void> {
  if (changes.length === 0 || (await store.commit(changes))) return;
  for (const change of changes) await store.commit([change]);
}
