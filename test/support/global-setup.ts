import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { ensureBuilt } from "../../scripts/build.mjs";
import { compiledRoot } from "./compiled.js";
import { CHECKOUT } from "./program.js";
import { type PrivateRedis, startRedis } from "./redis.js";

/** Brings what programs and processes of the tests are made from, and the run's Redis: the one at REDIS_URL, else one of its own that ends with the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // In a fresh checkout this takes longer than many a test that starts the program may take.
  if (!existsSync(join(CHECKOUT, "dist"))) await ensureBuilt(CHECKOUT);
  await compiledRoot();
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
