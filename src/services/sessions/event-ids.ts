import { randomBytes } from "node:crypto";

const PROCESS = /^[0-9A-Za-z]{6,22}$/;
/** Time, counter, process; digits and letters of fixed width, so that ids sort as texts. */
const EVENT = /^([0-9a-z]{9})\.([0-9a-z]{4})\.([0-9A-Za-z]{6,22})$/;
const COUNTER_END = 36 ** 4;

/** A name that no other process has: ten digits and small letters. */
export function newProcessName(): string {
  return Array.from(randomBytes(10), (byte) => (byte % 36).toString(36)).join("");
}

/** Whether a text, which a client may have sent, looks like a process's name. */
export function isProcessName(text: string): boolean {
  return PROCESS.test(text);
}

/** The process that an event's id names; empty where the text is no event's id. */
export function processOf(eventId: string): string {
  return EVENT.exec(eventId)?.[3] ?? "";
}

/** One process's ids of events. */
export interface EventIds {
  /** Greater than every id before, whatever the time of day does meanwhile. */
  next(): string;
  /** Lets all ids to come be greater than this one, of a process whose clock may be ahead. */
  follow(id: string): void;
}

/** `now`: milliseconds since the epoch. */
export function createEventIds(process: string, now: () => number): EventIds {
  let time = 0;
  let counter = 0;
  const padded = (number: number, width: number): string => number.toString(36).padStart(width, "0");
  return {
    next() {
      const present = Math.floor(now());
      counter += 1;
      if (present > time || counter === COUNTER_END) {
        time = Math.max(present, time + 1);
        counter = 0;
      }
      return `${padded(time, 9)}.${padded(counter, 4)}.${process}`;
    },
    follow(id) {
      const [, its, count] = EVENT.exec(id) ?? [];
      if (its === undefined || count === undefined) return;
      const [theirs, position] = [parseInt(its, 36), parseInt(count, 36)];
      if (theirs < time || (theirs === time && position < counter)) return;
      time = theirs;
      counter = position;
    },
  };
}
