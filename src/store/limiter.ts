import { createRequire } from "node:module";
import type { RateLimiterAbstract, RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { Limiter, LimiterOptions, Tally } from "./port.js";

// One file of the package: its index loads the drivers of every database that it knows.
const load = createRequire(import.meta.url);

/** A limiter that counts in this process alone. */
export function memoryLimiter({ name, limit, seconds }: LimiterOptions): Limiter {
  let counting: RateLimiterMemory | undefined;
  return {
    count(key) {
      const Memory = load("rate-limiter-flexible/lib/RateLimiterMemory.js") as typeof RateLimiterMemory;
      counting ??= new Memory({ points: limit, duration: seconds, keyPrefix: name });
      return consume(counting, key);
    },
  };
}

/** Counts one; throws only what is no answer of the limiter. */
export async function consume(limiter: RateLimiterAbstract, key: string): Promise<Tally> {
  try {
    return tallyOf(limiter, await limiter.consume(key), false);
  } catch (thrown) {
    // The package rejects with its tally where the limit is passed, and with an error where it could not count.
    if (thrown instanceof Error) throw thrown;
    return tallyOf(limiter, thrown as RateLimiterRes, true);
  }
}

function tallyOf({ points }: RateLimiterAbstract, { remainingPoints, msBeforeNext }: RateLimiterRes, isOver: boolean) {
  return { limit: points, remaining: remainingPoints, resetMs: Math.max(msBeforeNext, 0), isOver };
}
