import { randomUUID } from "node:crypto";
import { onTestFinished } from "vitest";
import type { Store } from "../../src/store/port.js";
import { openRedisStore } from "../../src/store/redis.js";
import { removeKeys, sharedRedis } from "./redis.js";

/** One store on the shared Redis, opened as often as asked for, as processes do; it ends with the test. */
export async function redisStores(count: number): Promise<Store[]> {
  const url = sharedRedis();
  const prefix = `test-${randomUUID()}`;
  const stores = await Promise.all(Array.from({ length: count }, () => openRedisStore({ url, prefix })));
  onTestFinished(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await removeKeys(url, prefix);
  });
  return stores;
}
