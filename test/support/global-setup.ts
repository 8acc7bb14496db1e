import type { TestProject } from "vitest/node";
import { type PrivateRedis, startRedis } from "./redis.js";

/** Brings the run's Redis: the one at REDIS_URL, else one of its own that ends with the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env["REDIS_URL"];
  if (given) {
    project.provide("redis", { url: given });
    return async () => undefined;
  }
  let own: PrivateRedis | undefined;
  try {
    own = await startRedis();
    project.provide("redis", { url: own.url });
  } catch (error) {
    project.provide("redis", { missing: error instanceof Error ? error.message : String(error) });
  }
  return async () => own?.stop();
}
