import type { Job, Queue as BullQueue, Worker as BullWorker } from "bullmq";
import { AppError } from "../core/errors.js";
import type { Log } from "../core/log.js";
import { oneAtATime } from "./one-at-a-time.js";
import { Interrupted, type Queue, QUEUE_DEFAULTS, type QueueOptions, type Worker } from "./port.js";
import { connectRedis, type RedisConnection } from "./redis-connection.js";
import { settledWithin } from "./settled-within.js";

interface BullQueueOptions extends QueueOptions {
  readonly url: string;
  /** In front of every key in Redis. */
  readonly prefix?: string;
  readonly log: Log;
}

interface JobData {
  readonly id: string;
}

/** A job that this process runs. */
interface Held {
  readonly job: Job<JobData>;
  readonly token: string;
  readonly stop: AbortController;
  /** When its lease was last known to be renewed, in milliseconds since 1970. */
  renewedAt: number;
}

const ENQUEUE_MS = 2000;
const PAGE = 100;

/**
 * A queue in Redis, through BullMQ, which is loaded at the first use. A job that failed stays among BullMQ's
 * failed ones until some process has told its worker that it is abandoned, so a death in between loses nothing.
 */
export function createBullQueue(options: BullQueueOptions): Queue {
  const { url, prefix = "clanker:queue", log } = options;
  const { name, leaseMs, concurrency, closeMs } = { ...QUEUE_DEFAULTS, ...options };
  const held = new Set<Held>();
  const connections: RedisConnection[] = [];
  let producing: Promise<BullQueue<JobData>> | undefined;
  let consuming: BullWorker<JobData> | undefined;
  let worker: Worker | undefined;
  let closing = false;
  let timer: NodeJS.Timeout | undefined;

  async function connect(whileAway: "fail" | "wait"): Promise<RedisConnection> {
    const connection = await connectRedis({ url, whileAway, log });
    connections.push(connection);
    return connection;
  }

  async function openProducer(): Promise<BullQueue<JobData>> {
    const [{ Queue }, { client }] = await Promise.all([import("bullmq"), connect("fail")]);
    const queue = new Queue<JobData>(name, { connection: client, prefix, streams: { events: { maxLen: PAGE } } });
    queue.on("error", () => undefined);
    return queue;
  }

  const producer = () => (producing ??= openProducer());

  async function openConsumer(): Promise<BullWorker<JobData>> {
    const [bull, { client }] = await Promise.all([import("bullmq"), connect("wait")]);
    const run = async (job: Job<JobData>, token = "") => {
      const mine: Held = { job, token, stop: new AbortController(), renewedAt: Date.now() };
      held.add(mine);
      try {
        if (closing) stop(mine, "shutting down");
        mine.stop.signal.throwIfAborted();
        await worker?.run(job.data.id, mine.stop.signal, job.stalledCounter === 0 ? 1 : 2);
      } catch (error) {
        if (mine.stop.signal.aborted) {
          await handBack(mine);
          throw new bull.WaitingError();
        }
        log.error({ err: error, job: job.data.id }, "A job failed in a way that it should not; it is given up.");
        throw new bull.UnrecoverableError("the job's run threw");
      } finally {
        held.delete(mine);
      }
    };
    return new bull.Worker<JobData>(name, run, {
      connection: client,
      prefix,
      concurrency,
      lockDuration: leaseMs,
      lockRenewTime: leaseMs / 3,
      stalledInterval: leaseMs / 3,
      maxStalledCount: 1,
      runRetryDelay: 1000,
    });
  }

  /** Gives the job back to Redis; where it is another process's by now, there is nothing to give. */
  async function handBack(mine: Held): Promise<void> {
    held.delete(mine);
    await safely("A job could not be handed back; its lease lapses.", async () => {
      await mine.job.moveToWait(mine.token);
    });
  }

  function stop(mine: Held, because: Interrupted["because"]): void {
    mine.stop.abort(new Interrupted(because));
  }

  const abandonFailed = oneAtATime(async () => {
    for (const job of await (await producer()).getFailed(0, PAGE - 1)) {
      await safely("A job that failed could not be closed; it is tried again.", async () => {
        await worker?.abandoned(job.data.id);
        await job.remove();
      });
    }
  });

  async function sweep(): Promise<void> {
    if (!closing) await safely("Jobs that failed could not be looked up; it is tried again.", abandonFailed);
  }

  async function safely(sentence: string, task: () => Promise<void>): Promise<void> {
    await task().catch((error: unknown) => log.warn({ err: error }, sentence));
  }

  function watch(consumer: BullWorker<JobData>): void {
    const heldAs = (ids: readonly string[]) => [...held].filter(({ job }) => ids.includes(job.id ?? ""));
    consumer.on("error", (error) => log.debug({ err: error }, "BullMQ reports an error."));
    consumer.on("failed", () => void sweep());
    consumer.on("locksRenewed", ({ jobIds }) => {
      for (const mine of heldAs(jobIds)) mine.renewedAt = Date.now();
    });
    consumer.on("lockRenewalFailed", (ids) => {
      for (const mine of heldAs(ids)) stop(mine, "lease lost");
    });
    timer = setInterval(() => {
      for (const mine of held) if (mine.renewedAt + leaseMs < Date.now()) stop(mine, "lease lost");
      void sweep();
    }, leaseMs / 3).unref();
  }

  return {
    async enqueue(id) {
      try {
        const queue = await producer();
        await withinTime(ENQUEUE_MS, queue.add("run", { id }, { jobId: `job_${id}`, removeOnComplete: true }));
      } catch (cause) {
        throw new AppError("STORE_UNAVAILABLE", "The queue does not answer right now; try again in a moment.", {
          cause,
        });
      }
    },
    async start(doer) {
      worker = doer;
      consuming = await openConsumer();
      watch(consuming);
      void sweep();
    },
    async close() {
      closing = true;
      const closed = consuming?.close() ?? Promise.resolve();
      for (const mine of held) stop(mine, "shutting down");
      await settledWithin(closeMs, [closed]);
      clearInterval(timer);
      await settledWithin(closeMs, [...held].map(handBack));
      if (producing) await settledWithin(ENQUEUE_MS, [producing.then((queue) => queue.close())]);
      for (const connection of connections) connection.close();
    },
  };
}

async function withinTime<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
