import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "redis";
import { afterAll, describe, expect, it } from "vitest";
import { SWEEP } from "../../src/store/redis-scripts.js";
import { openRedisStore } from "../../src/store/redis.js";
import { removeKeys, sharedRedis } from "../support/redis.js";
import { describeStore } from "./conformance.js";

describe("redis store", () => {
  const run = `test:${randomUUID()}:`;
  afterAll(() => removeKeys(sharedRedis(), run));

  describeStore(() => openRedisStore({ url: sharedRedis(), prefix: `${run}${randomUUID()}:` }));

  it("sweeps away what has expired by the lifetime that was given last", async () => {
    const prefix = `${run}${randomUUID()}:`;
    const store = await openRedisStore({ url: sharedRedis(), prefix });
    const client = await createClient({ url: sharedRedis() }).connect();
    const insert = { kind: "insert", collection: "c", value: 1, order: "1", tags: ["t"] } as const;
    const replace = { kind: "replace", collection: "c", value: 1, version: 1 } as const;
    await store.commit([
      { ...insert, id: "longer", ttlMs: 20 },
      { ...insert, id: "shorter", ttlMs: 60_000 },
      { ...insert, id: "first" },
      { ...replace, id: "longer", ttlMs: 60_000 },
      { ...replace, id: "shorter", ttlMs: 20 },
      { ...replace, id: "first", ttlMs: 20 },
    ]);
    await sleep(40);
    const sweep = () => client.sendCommand(["EVAL", SWEEP.source, "0", prefix, "100"]);
    expect([await sweep(), await sweep()]).toEqual([2, 0]);
    expect((await store.get("c", "longer"))?.version).toBe(2);
    await store.commit([{ kind: "remove", collection: "c", id: "longer" }]);
    expect(await client.keys(`${prefix}*`)).toEqual([]);
    client.destroy();
    await store.close();
  });
});
