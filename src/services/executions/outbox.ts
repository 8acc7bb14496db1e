import type { Log } from "../../core/log.js";
import type { Insert, Store } from "../../store/port.js";
import { orderOf } from "../records.js";

/** Past this age a job that is still here was left behind by a process that died before it could hand it on. */
const LEFT_BEHIND_MS = 10_000;

/** Jobs between the commit that made them and the queue that runs them: none is lost in between. */
export interface Outbox {
  /** To be committed with what the job is about. */
  change(job: string): Insert;
  /** Hands the job to the queue; one that the queue will not take now stays for {@link Outbox.recover}. */
  send(job: string): Promise<void>;
  /** Sends what processes that died left behind. */
  recover(): Promise<void>;
}

/** An outbox in front of `enqueue`, which may be told the same job twice. */
export function createOutbox(options: {
  store: Store;
  /** Where the jobs are kept meanwhile. */
  collection: string;
  enqueue: (job: string) => Promise<void>;
  log: Log;
  now: () => number;
}): Outbox {
  const { store, collection, enqueue, log, now } = options;
  const send = async (job: string): Promise<void> => {
    try {
      await enqueue(job);
      await store.commit([{ kind: "remove", collection, id: job }]);
    } catch (err) {
      log.warn({ err, job }, "the queue does not take this job now; it is sent again later");
    }
  };
  return {
    change: (job) => ({
      kind: "insert",
      collection,
      id: job,
      value: {},
      order: `${orderOf(now())}:${job}`,
    }),
    send,
    async recover() {
      const left = await store.page(collection, {
        direction: "descending",
        limit: 100,
        after: orderOf(now() - LEFT_BEHIND_MS),
      });
      for (const { id } of left.rows) await send(id);
    },
  };
}
