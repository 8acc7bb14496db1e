import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "vitest";
import { createLocalQueue } from "../../src/queue/local.js";
import { openFileStore } from "../../src/store/file.js";
import { LEASE_MS, recordingLog, type SharedPlace } from "./bench.js";
import { killedProcessSuite, queueSuite } from "./suite.js";

async function openPlace(): Promise<SharedPlace> {
  const folder = await mkdtemp(join(tmpdir(), "clanker-queue-"));
  const path = join(folder, "clanker.db");
  const { log } = recordingLog();
  const store = await openFileStore({ path });
  return {
    queue: (options) => createLocalQueue({ store, log, ...options }),
    order: { kind: "local", url: `file:${path}`, prefix: "", leaseMs: LEASE_MS },
    async clean() {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

describe("the queue in a file store", () => {
  queueSuite(openPlace);
  killedProcessSuite(openPlace);
});
