import type { Log } from "../../core/log.js";
import type { Clock } from "./recent.js";

/** Logs what went wrong, each sentence at most once a minute: an outage would otherwise fill the log. */
export type Complain = (err: unknown, sentence: string) => void;

const SILENT_MS = 60_000;

/** Warnings to `log`; meant for a handful of fixed sentences. */
export function createComplaints(log: Log, clock: Clock): Complain {
  const last = new Map<string, number>();
  return (err, sentence) => {
    const before = last.get(sentence);
    if (before !== undefined && clock() - before < SILENT_MS) return;
    last.set(sentence, clock());
    log.warn({ err }, sentence);
  };
}
