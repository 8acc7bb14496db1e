import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openStore } from "../../src/store/open.js";
import { sharedRedis } from "../support/redis.js";

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

it("opens the store that the setting names, whatever its path looks like", async () => {
  const folder = await mkdtemp(join(tmpdir(), "clanker-open-"));
  const odd = join(folder, "a b", "ünï?mode=memory#%41.db");
  for (const [setting, kind] of [
    ["memory:", "memory"],
    [`file:${odd}`, "file"],
    [`file://${odd}`, "file"],
    [sharedRedis(), "redis"],
  ] as const) {
    const store = await openStore(setting, silent);
    expect(store.kind).toBe(kind);
    await store.ping();
    if (kind === "file") expect(await store.increment("opened")).toBe(setting.startsWith("file://") ? 2 : 1);
    await store.close();
  }
  await rm(folder, { recursive: true });
});
