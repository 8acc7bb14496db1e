import { createIfAbsent, update } from "../../store/atomic.js";
import type { Store } from "../../store/port.js";
import type { Complain } from "./complaints.js";
import { isProcessName } from "./event-ids.js";
import { type Clock, createRecent } from "./recent.js";

const PROCESSES = "session-processes";
const BEAT_MS = 1500;
/** With the time an answer is remembered, a process that stopped is missed within 5 s. */
const LIFE_MS = 4500;
const REMEMBERED_MS = 500;

/** Which processes of the store are there. */
export interface Heartbeat {
  /** Shows that this process is there, until as many `leave`; throws where the store is away. */
  enter(): Promise<void>;
  leave(): Promise<void>;
  /**
   * Whether a process is there: one that shows it is, until it leaves or was silent for 5 s. While the store is away,
   * and for 5 s after it, when nobody can have shown anything, every process is.
   */
  isAlive(process: string): Promise<boolean>;
}

interface HeartbeatOptions {
  readonly store: Store;
  /** This process. */
  readonly process: string;
  readonly complain: Complain;
  readonly clock: Clock;
}

/** A record with a short lifetime, by the store's own clock, which is renewed while somebody is entered. */
export function createHeartbeat({ store, process, complain, clock }: HeartbeatOptions): Heartbeat {
  /** Who is in this process's memory stops when it does: nothing has to be renewed. */
  const life = store.kind === "memory" ? {} : { ttlMs: LIFE_MS };
  const answers = createRecent<Promise<boolean>>(REMEMBERED_MS, clock);
  let entered = 0;
  let shown = false;
  let timer: NodeJS.Timeout | undefined;
  /** Until then a process that shows nothing may be there. */
  let doubtUntil = -Infinity;
  const doubt = (): void => void (doubtUntil = clock() + LIFE_MS);

  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  };
  const beat = async (): Promise<void> => {
    if (await update(store, PROCESSES, process, (value) => ({ value, ...life }))) return;
    // This process was silent, or the store lost what it had: then the others' heartbeats are missing as well.
    if (shown) doubt();
    await createIfAbsent(store, { collection: PROCESSES, id: process, value: {}, ...life });
  };
  let renewing = false;
  const renew = async (): Promise<void> => {
    if (renewing) return;
    renewing = true;
    try {
      await inTurn(async () => (shown ? beat() : undefined));
    } catch (err) {
      doubt();
      complain(err, "Other processes may take this one for stopped until the store is back.");
    } finally {
      renewing = false;
    }
  };
  /** Brings the store in line with whether anybody is entered. */
  const align = (): Promise<void> =>
    inTurn(async () => {
      if (entered > 0 === shown) return;
      if (shown) {
        shown = false;
        clearInterval(timer);
        await store.commit([{ kind: "remove", collection: PROCESSES, id: process }]);
      } else {
        await beat();
        shown = true;
        if (store.kind !== "memory") timer = setInterval(() => void renew(), BEAT_MS).unref();
      }
    });

  const ask = async (name: string): Promise<boolean> => {
    try {
      if (await store.get(PROCESSES, name)) return true;
      if (shown && !(await store.get(PROCESSES, process))) doubt();
    } catch {
      doubt();
    }
    return clock() < doubtUntil;
  };

  return {
    async enter() {
      entered += 1;
      try {
        await align();
      } catch (error) {
        entered -= 1;
        throw error;
      }
    },
    async leave() {
      entered -= 1;
      await align().catch((err: unknown) => complain(err, "Other processes miss this one only in a few seconds."));
    },
    async isAlive(name) {
      if (name === process) return true;
      if (!isProcessName(name)) return false;
      const known = answers.get(name);
      if (known) return known;
      const answer = ask(name);
      answers.set(name, answer);
      return answer;
    },
  };
}
