import { pino } from "pino";
import type { Config } from "./config.js";
import type { Log } from "./core/log.js";

/** The program's log: one JSON line an entry, on stderr, written before the call returns. */
export function createLog(level: Config["CLANKER_LOG_LEVEL"]): Log {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true }));
}
