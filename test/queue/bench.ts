import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { Log } from "../../src/core/log.js";
import { Interrupted, type Queue, type QueueOptions, type Worker } from "../../src/queue/port.js";
import { compiledRoot } from "../support/compiled.js";
import type { QueueWorkerOrder } from "../support/queue-worker.js";
import { until as untilWithin } from "../support/until.js";

export const LEASE_MS = 1500;

/** The log of a test: its messages by level. */
export function recordingLog() {
  const lines: { level: string; message: string }[] = [];
  const at = (level: string) => (_fields: object, message: string) => void lines.push({ level, message });
  const log: Log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  return { log, lines };
}

export interface Run {
  readonly id: string;
  readonly attempt: 1 | 2;
  readonly signal: AbortSignal;
}

/** A worker that notes what it is told; `job` is what a run does. */
export function recordingWorker(job: (run: Run) => Promise<void> = async () => undefined) {
  const runs: Run[] = [];
  const finished: string[] = [];
  const abandoned: string[] = [];
  const worker: Worker = {
    async run(id, signal, attempt) {
      const run = { id, signal, attempt };
      runs.push(run);
      await job(run);
      finished.push(id);
    },
    async abandoned(id) {
      abandoned.push(id);
    },
  };
  return { worker, runs, finished, abandoned };
}

/** Rejects when the run is told to stop, as a good run does. */
export const untilStopped = ({ signal }: Run): Promise<void> =>
  new Promise((_, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
  });

export const because = ({ signal }: Run) => (signal.reason instanceof Interrupted ? signal.reason.because : undefined);

/** Waits until something of a queue holds, which a lease may have to lapse for. */
export const until = (what: string, holds: () => boolean, ms = 20_000): Promise<boolean> =>
  untilWithin(what, holds, ms);

/** One place where queues meet: each `queue` is another process's, as far as one process can show it. */
export interface Place {
  queue(options?: QueueOptions): Queue;
  clean(): Promise<void>;
}

export interface SharedPlace extends Place {
  /** How a process of its own finds the place. */
  readonly order: QueueWorkerOrder;
}

/** A process that takes jobs and never finishes them. */
export async function startWorkerProcess(order: QueueWorkerOrder) {
  const program = join(await compiledRoot(), "test/support/queue-worker.js");
  const child: ChildProcess = spawn(process.execPath, [program, JSON.stringify(order)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let said = "";
  child.stdout?.on("data", (data: Buffer) => (said += data.toString()));
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return {
    lines: () => said.split("\n").filter(Boolean),
    async kill() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}
