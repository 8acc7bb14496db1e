import { randomUUID } from "node:crypto";
import { AppError } from "../core/errors.js";
import type { Log } from "../core/log.js";
import type { Store, Unsubscribe } from "../store/port.js";
import { type Claimable, jobRecords, MAX_DEATHS } from "./job-records.js";
import { oneAtATime } from "./one-at-a-time.js";
import { Interrupted, type Queue, QUEUE_DEFAULTS, type QueueOptions, type Worker } from "./port.js";
import { settledWithin } from "./settled-within.js";

interface LocalQueueOptions extends QueueOptions {
  readonly store: Store;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** A job that this process has claimed. */
interface Held {
  readonly id: string;
  readonly owner: string;
  readonly stop: AbortController;
  leaseEnds: number;
  /** What is to be done with the job next. */
  task: "run" | "remove" | "abandon" | "hand back";
  finishing: boolean;
}

/** A queue in the store's own records, for stores whose processes share one machine and its clock. */
export function createLocalQueue(options: LocalQueueOptions): Queue {
  const { store, log, now = Date.now } = options;
  const { name, leaseMs, concurrency, closeMs } = { ...QUEUE_DEFAULTS, ...options };
  const jobs = jobRecords(store, name, now);
  const held = new Map<string, Held>();
  const underway = new Set<Promise<void>>();
  let worker: Worker | undefined;
  let closing = false;
  let timer: NodeJS.Timeout | undefined;
  let unsubscribe: Unsubscribe | undefined;

  const hasRoom = () => worker !== undefined && !closing && held.size < concurrency;

  const take = oneAtATime(async () => {
    while (hasRoom()) {
      const queued = await jobs.queued(concurrency - held.size);
      if (queued.length === 0) return;
      for (const job of queued) if (hasRoom()) await claim(job);
    }
  });

  const sweep = oneAtATime(async () => {
    await Promise.all([...held.values()].map(keep));
    if (closing) return;
    for (const job of await jobs.lapsed()) if (hasRoom() || job.deaths >= MAX_DEATHS) await claim(job);
    await take();
  });

  async function claim(job: Claimable): Promise<void> {
    const owner = randomUUID();
    const leaseEnds = now() + leaseMs;
    if (!(await jobs.claim(job, owner, leaseEnds))) return;
    const task = closing ? "hand back" : job.deaths < MAX_DEATHS ? "run" : "abandon";
    const mine: Held = { id: job.id, owner, stop: new AbortController(), leaseEnds, task, finishing: false };
    held.set(job.id, mine);
    const done: Promise<void> = work(mine, job.deaths === 0 ? 1 : 2).finally(() => underway.delete(done));
    underway.add(done);
  }

  async function work(job: Held, attempt: 1 | 2): Promise<void> {
    if (job.task === "run") {
      const task = await outcome(job, attempt);
      if (held.get(job.id) !== job) return;
      job.task = task;
    }
    await finish(job);
  }

  async function outcome(job: Held, attempt: 1 | 2): Promise<Held["task"]> {
    try {
      await worker?.run(job.id, job.stop.signal, attempt);
      return "remove";
    } catch (error) {
      if (job.stop.signal.aborted) return "hand back";
      log.error({ err: error, job: job.id }, "A job failed in a way that it should not; it is given up.");
      return "abandon";
    }
  }

  /** Does what is left to do; where the store does not let it, the next sweep tries again. */
  async function finish(job: Held): Promise<void> {
    const { id, owner, task } = job;
    if (job.finishing) return;
    job.finishing = true;
    const done = await safely("A job's end could not be kept yet.", async () => {
      if (task === "hand back") return jobs.handBack(id, owner);
      if (task === "abandon") {
        if (!(await jobs.giveUp(id, owner, now() + leaseMs))) return;
        await worker?.abandoned(id);
      }
      await jobs.remove(id, owner);
    });
    job.finishing = false;
    if (!done || held.get(id) !== job) return;
    held.delete(id);
    void safely("The next job could not be taken yet.", take);
  }

  /** Renews the lease of a running job; stops a job that is, or may be, another process's by now. */
  async function keep(job: Held): Promise<void> {
    if (job.task !== "run") return finish(job);
    const leaseEnds = now() + leaseMs;
    try {
      if (await jobs.renew(job.id, job.owner, leaseEnds)) job.leaseEnds = leaseEnds;
      else lose(job);
    } catch (error) {
      if (job.leaseEnds <= now()) lose(job);
      throw error;
    }
  }

  function lose(job: Held): void {
    if (held.get(job.id) !== job || job.task !== "run") return;
    held.delete(job.id);
    job.stop.abort(new Interrupted("lease lost"));
  }

  async function safely(sentence: string, task: () => Promise<void>): Promise<boolean> {
    try {
      await task();
      return true;
    } catch (error) {
      const away = error instanceof AppError && error.code === "STORE_UNAVAILABLE";
      log[away ? "warn" : "error"]({ err: error }, sentence);
      return false;
    }
  }

  const sweepSafely = () => safely("The queue could not be looked through; it is tried again.", sweep);

  return {
    async enqueue(id) {
      await jobs.add(id);
      void safely("The next job could not be taken yet.", take);
      await safely("Other processes were not told of a job; they find it later.", () => store.publish(name, { id }));
    },
    async start(doer) {
      worker = doer;
      unsubscribe = await store.subscribe(name, () => void safely("The next job could not be taken yet.", take));
      timer = setInterval(() => void sweepSafely(), leaseMs / 3).unref();
      await sweepSafely();
    },
    async close() {
      closing = true;
      await Promise.all([safely("The queue was closed while it took a job.", take), sweepSafely()]);
      for (const job of held.values()) job.stop.abort(new Interrupted("shutting down"));
      await settledWithin(closeMs, underway);
      clearInterval(timer);
      const left = [...held.values()].filter(({ task }) => task === "run");
      for (const job of left) job.task = "hand back";
      await Promise.all(left.map(finish));
      await unsubscribe?.().catch(() => undefined);
    },
  };
}
