import type { Log } from "../../core/log.js";
import type { SessionShelf } from "../../core/session-shelf.js";
import type { Store } from "../../store/port.js";
import type { SealedTexts } from "../../vault/sealed-texts.js";
import { createBus, type Envelope } from "./bus.js";
import { createComplaints } from "./complaints.js";
import { createEventIds, newProcessName, processOf } from "./event-ids.js";
import { createHeartbeat } from "./heartbeat.js";
import { createRecent } from "./recent.js";
import { createSessionRecords } from "./records.js";
import { createSentEvents } from "./sent-events.js";

/** Longer than any store takes to bring a message. */
const UNDER_WAY_MS = 2 * 60_000;

interface SessionShelfOptions {
  readonly store: Store;
  /** How long a session is kept after its last use, in milliseconds. */
  readonly idleMs: number;
  /** Milliseconds since the epoch; the ids of events begin with it. */
  readonly now?: () => number;
  /** What was sent is kept sealed: an answer may hold a key that is shown this once. */
  readonly texts: SealedTexts;
  readonly log: Log;
}

/**
 * Sessions in the store, for every process that has it open. Throws `STORE_UNAVAILABLE` where the store is away, but
 * for `keep`, `send`, `broadcast`, `isAlive` and `close`, which log at most once a minute what they could not do.
 */
export function createSessionShelf({ store, idleMs, now = Date.now, texts, log }: SessionShelfOptions): SessionShelf {
  const clock = () => performance.now();
  const process = newProcessName();
  const complain = createComplaints(log, clock);
  const ids = createEventIds(process, now);
  const records = createSessionRecords(store, idleMs);
  const events = createSentEvents({ store, ids, complain, clock, texts });
  const heartbeat = createHeartbeat({ store, process, complain, clock });
  const bus = createBus({ store, process, heartbeat, complain });

  /** The newest subscriptions this process was told of: messages overtake each other, and answers, on their way. */
  const newest = createRecent<{ readonly version: number; readonly uris: readonly string[] }>(UNDER_WAY_MS, clock);
  const isNews = (session: string, version: number, uris: readonly string[]): boolean => {
    if ((newest.get(session)?.version ?? 0) > version) return false;
    newest.set(session, { version, uris });
    return true;
  };
  const forget = (session: string): void => {
    events.forget(session);
    newest.delete(session);
  };
  const counts = ({ message, version }: Envelope): boolean => {
    if (message.kind === "ended") forget(message.session);
    return message.kind !== "subscriptions" || version === undefined || isNews(message.session, version, message.uris);
  };

  return {
    process,
    put: records.put,
    find: records.find,
    touch: records.touch,
    async subscribe(id, change) {
      const held = await records.subscribe(id, change);
      if (!held) return undefined;
      const { uris, version, changed } = held;
      isNews(id, version, uris);
      if (changed) await bus.broadcast({ message: { kind: "subscriptions", session: id, uris }, version });
      return newest.get(id)?.uris ?? uris;
    },
    async end(id) {
      forget(id);
      if (await records.remove(id)) await bus.broadcast({ message: { kind: "ended", session: id } });
      await events.clear(id);
    },

    nextEventId: ids.next,
    processOf,
    keep: events.keep,
    event: events.event,
    eventsAfter: events.eventsAfter,

    send: (to, message) => bus.send(to, { message }),
    broadcast: (message) => bus.broadcast({ message }),
    listen: (listener) =>
      bus.listen((envelope) => {
        if (counts(envelope)) listener(envelope.message);
      }),
    isAlive: heartbeat.isAlive,
    close: bus.close,
  };
}
