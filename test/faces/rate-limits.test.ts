import { expect, it } from "vitest";
import { addressBucket, bucketOf, createRateLimits, rateLimited } from "../../src/faces/rate-limits.js";
import { createMemoryStore } from "../../src/store/memory.js";
import { callerOf } from "../support/services.js";

it.each([
  ["203.0.113.9", "address 203.0.113.9"],
  ["::ffff:203.0.113.9", "address 203.0.113.9"],
  ["2001:db8:1:2:3:4:5:6", "address 2001:db8:1:2::/64"],
  ["2001:db8:1:2:ffff::", "address 2001:db8:1:2::/64"],
  ["2001:0DB8:0001:0002::9", "address 2001:db8:1:2::/64"],
  ["2001:db8::1", "address 2001:db8:0:0::/64"],
  ["::1", "address 0:0:0:0::/64"],
  ["fe80::1%eth0", "address fe80:0:0:0::/64"],
  [undefined, "address unknown"],
])("counts the address %s as %s: who has one IPv6 address has a whole network of them", (ip, bucket) => {
  expect(addressBucket(ip)).toBe(bucket);
});

it("counts keys and people for themselves, wherever they are, and others by address", () => {
  const at = { ip: "203.0.113.9", person: 4 };
  expect(bucketOf(callerOf({ ...at, kind: "key", key: 7 }))).toBe("key 7");
  expect(bucketOf(callerOf({ ...at, kind: "key" }))).toBe("key owner");
  expect(bucketOf(callerOf({ ...at, kind: "session" }))).toBe("person 4");
  expect(bucketOf(callerOf({ ...at, kind: "anonymous" }))).toBe("address 203.0.113.9");
  expect(bucketOf(callerOf({ ...at, kind: "link" }))).toBe("address 203.0.113.9");
});

it("counts nothing where a limit is 0", async () => {
  const store = createMemoryStore();
  const limits = createRateLimits({ limiter: (options) => store.limiter(options), rest: 0, mcp: 0, failedKeys: 0 });
  expect(await Promise.all([limits.rest("x"), limits.mcp("x"), limits.failedKey("x")])).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  await store.close();
});

it("says how many seconds to wait, one at least", () => {
  expect(rateLimited({ limit: 1, remaining: 0, resetMs: 4001, isOver: true })).toMatchObject({
    code: "RATE_LIMITED",
    fields: { retry_after_seconds: 5 },
  });
  expect(rateLimited({ limit: 1, remaining: 0, resetMs: 0, isOver: true }).message).toContain("wait 1 second");
});
