import { createRequire } from "node:module";
import type { RateLimiterRedis } from "rate-limiter-flexible";
import { consume, memoryLimiter } from "./limiter.js";
import type { Limiter, LimiterOptions } from "./port.js";
import type { Connection } from "./redis-connection.js";

const load = createRequire(import.meta.url);

/** A limiter that all processes of a Redis share; while that is away, each process counts for itself. */
export function redisLimiter({ client, guard }: Connection, prefix: string, options: LimiterOptions): Limiter {
  const { name, limit, seconds } = options;
  const own = memoryLimiter(options);
  let counting: RateLimiterRedis | undefined;
  return {
    count(key) {
      const Redis = load("rate-limiter-flexible/lib/RateLimiterRedis.js") as typeof RateLimiterRedis;
      const shared = (counting ??= new Redis({
        storeClient: client,
        useRedisPackage: true,
        keyPrefix: `${prefix}${name}`,
        points: limit,
        duration: seconds,
        // Who is over is refused without asking Redis again until the window ends.
        inMemoryBlockOnConsumed: limit + 1,
      }));
      return guard(() => consume(shared, key)).catch(() => own.count(key));
    },
  };
}
