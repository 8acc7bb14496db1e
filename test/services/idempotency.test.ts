import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { AppError } from "../../src/core/errors.js";
import type { Kept, KeyUse, Running } from "../../src/core/idempotency.js";
import { createIdempotencyKeys } from "../../src/services/idempotency.js";
import type { Store } from "../../src/store/port.js";
import { openRedisStore } from "../../src/store/redis.js";
import { openVault } from "../../src/vault/vault.js";
import { removeKeys, sharedRedis } from "../support/redis.js";
import { breakable, fileStores, memoryStore, recordingLog, refusal } from "../support/services.js";

const CANARY = "canary-in-an-answer-7341";

async function keysOver(store: Store, leaseMs = 5000) {
  const vault = await openVault({ store, masterKey: Buffer.alloc(32, 7) });
  const { log, lines } = recordingLog();
  return { keys: createIdempotencyKeys({ store, vault, log, leaseMs }), lines };
}

const use = (more: Partial<KeyUse> = {}): KeyUse => ({
  workspace: 1,
  operation: "create-secret",
  caller: "key 3",
  key: "k-1",
  input: { name: "API", value: "hunter2hunter2" },
  ...more,
});

type Claimed = { readonly running: Running } | { readonly kept: Kept };

function running(claimed: Claimed): Running {
  if ("kept" in claimed) throw new Error("the key was used before");
  return claimed.running;
}

function kept(claimed: Claimed): Kept {
  if ("running" in claimed) throw new Error("the key is free");
  return claimed.kept;
}

const prefix = `test:${randomUUID()}:`;
afterAll(() => removeKeys(sharedRedis(), prefix));

describe.each<[string, () => Promise<Store | undefined>]>([
  ["memory", async () => memoryStore()],
  ["file", async () => (await fileStores(1)).stores[0]],
  [
    "redis",
    async () => {
      const store = await openRedisStore({ url: sharedRedis(), prefix: `${prefix}${randomUUID()}:` });
      onTestFinished(() => store.close());
      return store;
    },
  ],
])("keys over a %s store", (_kind, open) => {
  const opened = async () => {
    const store = await open();
    if (!store) throw new Error("no store was opened");
    return { store, ...(await keysOver(store)) };
  };

  it("P14: the first call runs, every later one gets what it answered", async () => {
    const { keys } = await opened();
    await running(await keys.claim(use())).keep({ answer: { id: "sec_1", nested: [1, null] } });
    for (let again = 0; again < 3; again += 1) {
      expect(kept(await keys.claim(use()))).toEqual({ answer: { id: "sec_1", nested: [1, null] } });
    }
  });

  it("P15: another input is refused, while the first call runs and afterwards; the order of fields is no matter", async () => {
    const { keys } = await opened();
    const first = running(await keys.claim(use()));
    const other = use({ input: { name: "API", value: "hunter3hunter3" } });
    await expect(keys.claim(other)).rejects.toEqual(refusal("IDEMPOTENCY_KEY_REUSED", "create-secret"));
    await first.keep({ answer: 1 });
    await expect(keys.claim(other)).rejects.toEqual(refusal("IDEMPOTENCY_KEY_REUSED"));
    expect(kept(await keys.claim(use({ input: { value: "hunter2hunter2", name: "API" } })))).toEqual({ answer: 1 });
  });

  it("P16: of ten at once one runs, and the others hear that it does", async () => {
    const { keys } = await opened();
    const claims = await Promise.allSettled(Array.from({ length: 10 }, () => keys.claim(use())));
    const refused = claims.filter((claim) => claim.status === "rejected").map(({ reason }) => reason as AppError);
    expect(refused).toHaveLength(9);
    for (const error of refused) expect(error.code).toBe("IDEMPOTENCY_IN_FLIGHT");
    const [first] = claims.filter((claim) => claim.status === "fulfilled");
    if (first) await running(first.value).forget();
  });

  it("a key belongs to one workspace, one operation and one caller", async () => {
    const { keys } = await opened();
    await running(await keys.claim(use())).keep({ answer: CANARY });
    for (const other of [{ workspace: 2 }, { operation: "create-workspace" }, { caller: "key 4" }, { key: "k-2" }]) {
      await running(await keys.claim(use(other))).forget();
    }
  });

  it("an error is kept as it was, with what it told", async () => {
    const { keys } = await opened();
    const error = new AppError("SKILL_NOT_INSTALLED", "Install it first.", {
      details: { slug: "x" },
      fields: { y: 1 },
    });
    await running(await keys.claim(use())).keep({ error });
    expect(kept(await keys.claim(use()))).toEqual({ error });
    expect(kept(await keys.claim(use()))).toMatchObject({ error: { details: { slug: "x" }, fields: { y: 1 } } });
  });

  it("a call that is forgotten leaves the key free", async () => {
    const { keys } = await opened();
    await running(await keys.claim(use())).forget();
    await running(await keys.claim(use({ input: "another" }))).forget();
  });
});

it("a running call holds its mark however long it takes, and one whose process died lets go of it soon", async () => {
  const store = memoryStore();
  const { keys } = await keysOver(store, 700);
  const first = running(await keys.claim(use()));
  await sleep(1600);
  await expect(keys.claim(use())).rejects.toEqual(refusal("IDEMPOTENCY_IN_FLIGHT"));
  await first.keep({ answer: 1 });
  await sleep(1000);
  expect(kept(await keys.claim(use()))).toEqual({ answer: 1 });

  const { store: dying, broken } = breakable(store, ["commit"]);
  const { keys: lost } = await keysOver(dying, 700);
  running(await lost.claim(use({ key: "k-lost" })));
  broken.is = true;
  await expect(keys.claim(use({ key: "k-lost" }))).rejects.toEqual(refusal("IDEMPOTENCY_IN_FLIGHT"));
  await sleep(900);
  await running(await keys.claim(use({ key: "k-lost" }))).forget();
});

it("a call that lost its mark to another does not overwrite what that one keeps", async () => {
  const store = memoryStore();
  const { store: stalled, broken } = breakable(store, ["commit"]);
  const slow = running(await (await keysOver(stalled, 200)).keys.claim(use()));
  broken.is = true;
  await sleep(300);
  const { keys } = await keysOver(store);
  await running(await keys.claim(use())).keep({ answer: "the second" });
  broken.is = false;
  await slow.keep({ answer: "the first" });
  expect(kept(await keys.claim(use()))).toEqual({ answer: "the second" });
});

it("answers and inputs lie in the store as nobody can read them, each sealed for its own workspace", async () => {
  const { stores, bytes } = await fileStores(1);
  const [store] = stores;
  if (!store) throw new Error("no store was opened");
  const { keys } = await keysOver(store);
  // Shorter words may be in any sealed text by chance.
  const key = "canary-for-a-key-2860";
  await running(await keys.claim(use({ key }))).keep({ answer: { key: CANARY } });
  await running(await keys.claim(use({ key, workspace: 2 }))).keep({ answer: 1 });
  const all = await bytes();
  for (const secret of [CANARY, "hunter2hunter2", key]) expect(all).not.toContain(secret);
});

it("what a call came to is answered even where it cannot be kept", async () => {
  const { store, broken } = breakable(memoryStore(), ["commit"]);
  const { keys, lines } = await keysOver(store);
  const first = running(await keys.claim(use()));
  broken.is = true;
  await first.keep({ answer: 1 });
  expect(lines).toMatchObject([{ level: "warn" }]);
});
