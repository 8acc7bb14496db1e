import type { Log } from "../core/log.js";
import type { Store } from "../store/port.js";
import type { Queue, QueueOptions } from "./port.js";

/** The queue that fits the store: BullMQ where that is a Redis, else the store's own records. */
export async function openQueue(
  options: { readonly store: Store; readonly storeUrl: string; readonly log: Log } & QueueOptions,
): Promise<Queue> {
  const { store, storeUrl, ...rest } = options;
  if (store.kind === "redis") {
    const { createBullQueue } = await import("./bullmq.js");
    return createBullQueue({ ...rest, url: storeUrl });
  }
  const { createLocalQueue } = await import("./local.js");
  return createLocalQueue({ ...rest, store });
}
