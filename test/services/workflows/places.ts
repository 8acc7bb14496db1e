import { randomUUID } from "node:crypto";
import { onTestFinished } from "vitest";
import { createBullQueue } from "../../../src/queue/bullmq.js";
import { createLocalQueue } from "../../../src/queue/local.js";
import type { Queue, QueueOptions } from "../../../src/queue/port.js";
import type { Store } from "../../../src/store/port.js";
import { openRedisStore } from "../../../src/store/redis.js";
import { removeKeys, sharedRedis } from "../../support/redis.js";
import { fileStores, memoryStore, recordingLog } from "../../support/services.js";

/** A store that two processes share, as far as one process can show it, with the queue that goes with it. */
export interface Place {
  readonly stores: readonly [Store, Store];
  queue(store: Store, options?: QueueOptions): Queue;
}

const local = (store: Store, options?: QueueOptions): Queue =>
  createLocalQueue({ store, log: recordingLog().log, closeMs: 500, name: "workflows", ...options });

/** The kinds of stores, each opened twice. */
export const PLACES: Readonly<Record<"memory" | "file" | "redis", () => Promise<Place>>> = {
  async memory() {
    const store = memoryStore();
    return { stores: [store, store], queue: local };
  },
  async file() {
    const { stores } = await fileStores(2);
    const [one, two] = stores;
    if (!one || !two) throw new Error("two stores were asked for");
    return { stores: [one, two], queue: local };
  },
  async redis() {
    const url = sharedRedis();
    const prefix = `test:${randomUUID()}:`;
    const [one, two] = await Promise.all([openRedisStore({ url, prefix }), openRedisStore({ url, prefix })]);
    onTestFinished(async () => {
      await Promise.all([one.close(), two.close()]);
      await removeKeys(url, prefix);
    });
    const queue = (_store: Store, options?: QueueOptions) =>
      createBullQueue({
        url,
        prefix: `${prefix}queue`,
        log: recordingLog().log,
        closeMs: 500,
        name: "workflows",
        ...options,
      });
    return { stores: [one, two], queue };
  },
};
