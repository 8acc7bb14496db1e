/** What runs the jobs; a job is an id that says what there is to do. */
export interface Worker {
  /**
   * Does the job. Resolves when there is nothing left to do, also for a job that was already finished. Once the
   * signal is aborted it rejects soon and leaves everything so that the job can be run again. Any other rejection
   * is a fault of ours: the job is abandoned. Attempt 2 follows the death of the process that had attempt 1.
   */
  run(id: string, signal: AbortSignal, attempt: 1 | 2): Promise<void>;
  /** Closes a job that will not be run again; told at least once, and again until it resolves. */
  abandoned(id: string): Promise<void>;
}

/**
 * Jobs that outlive the process that took them, as durable as the store. One process at a time runs a job,
 * under a lease that it renews; where the lease lapses, the job is run once more by any process, then abandoned.
 */
export interface Queue {
  /** Resolves when the job is kept; one that is queued or running already is not kept twice. Works before `start`. */
  enqueue(id: string): Promise<void>;
  /** Begins to take jobs in this process. */
  start(worker: Worker): Promise<void>;
  /** Takes no more jobs, stops the running ones and hands back what did not finish, for another process. */
  close(): Promise<void>;
}

/** What both queues are told about running jobs. */
export interface QueueOptions {
  /** Keeps the jobs of one kind apart from those of others. Default jobs. */
  readonly name?: string;
  /** Milliseconds without a renewal after which a process counts as dead; renewed every third. Default 30000. */
  readonly leaseMs?: number;
  /** Jobs that this process runs at once. Default 8. */
  readonly concurrency?: number;
  /** Milliseconds that `close` waits for stopped jobs. Default 5000. */
  readonly closeMs?: number;
}

/** The queue's defaults; times in milliseconds. */
export const QUEUE_DEFAULTS = { name: "jobs", leaseMs: 30_000, concurrency: 8, closeMs: 5000 } as const;

/** Why a job's signal was aborted: this process ends, or another may hold the job now. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";

  constructor(readonly because: "shutting down" | "lease lost") {
    super(because === "shutting down" ? "The server is shutting down." : "Another process may run this job now.");
  }
}
