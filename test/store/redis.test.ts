import { randomUUID } from "node:crypto";
import { afterAll, describe } from "vitest";
import { openRedisStore } from "../../src/store/redis.js";
import { removeKeys, sharedRedis } from "../support/redis.js";
import { describeStore } from "./conformance.js";

describe("redis store", () => {
  const run = `test:${randomUUID()}:`;
  afterAll(() => removeKeys(sharedRedis(), run));

  describeStore(() => openRedisStore({ url: sharedRedis(), prefix: `${run}${randomUUID()}:` }));
});
