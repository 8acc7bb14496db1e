import { setTimeout as sleep } from "node:timers/promises";
import type { RunRecord } from "./run-record.js";

/** Tells listeners of a run without holding it up: of states that follow each other closely only the newest is told. */
export interface Teller {
  tell(record: RunRecord): void;
  /** Tells the last state at once, and resolves when that is done. */
  done(): Promise<void>;
}

const GAP_MS = 25;

/** A teller over a function that never rejects. */
export function createTeller(tell: (record: RunRecord) => Promise<void>): Teller {
  const hurry = new AbortController();
  let newest: RunRecord | undefined;
  let telling: Promise<void> | undefined;
  const tellAll = async (): Promise<void> => {
    while (newest) {
      const record = newest;
      newest = undefined;
      await tell(record);
      await sleep(GAP_MS, undefined, { signal: hurry.signal }).catch(() => undefined);
    }
    telling = undefined;
  };
  return {
    tell(record) {
      newest = record;
      telling ??= tellAll();
    },
    async done() {
      hurry.abort();
      await telling;
    },
  };
}
