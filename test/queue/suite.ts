import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Queue, QueueOptions } from "../../src/queue/port.js";
import {
  because,
  LEASE_MS,
  type Place,
  type SharedPlace,
  recordingWorker,
  startWorkerProcess,
  until,
  untilStopped,
} from "./bench.js";

/** A place for each test, with what was opened there closed afterwards. */
function usePlace<P extends Place>(openPlace: () => Promise<P>) {
  let place: P;
  let queues: Queue[];

  beforeEach(async () => {
    place = await openPlace();
    queues = [];
  });
  afterEach(async () => {
    await Promise.all(queues.map((queue) => queue.close()));
    await place.clean();
  });

  const open = (options: QueueOptions = {}): Queue => {
    const queue = place.queue({ leaseMs: LEASE_MS, closeMs: 500, ...options });
    queues.push(queue);
    return queue;
  };
  return { open, place: () => place };
}

/** What every queue promises. */
export function queueSuite(openPlace: () => Promise<Place>): void {
  const { open } = usePlace(openPlace);

  it("runs a job that was queued after the start, once", async () => {
    const { worker, runs, finished } = recordingWorker();
    const queue = open();
    await queue.start(worker);
    await queue.enqueue("exec_1");
    await until("it is done", () => finished.length === 1);
    await sleep(LEASE_MS);
    expect(runs).toMatchObject([{ id: "exec_1", attempt: 1 }]);
  });

  it("keeps jobs until a process starts, and runs the oldest first", async () => {
    const ids = Array.from({ length: 12 }, (_, at) => `exec_${at + 1}`);
    const producer = open();
    for (const id of ids) {
      await producer.enqueue(id);
      await sleep(2);
    }
    await producer.close();
    const { worker, runs, finished } = recordingWorker();
    await open({ concurrency: 1 }).start(worker);
    await until("all are done", () => finished.length === ids.length);
    expect(runs.map(({ id }) => id)).toEqual(ids);
  });

  it("wakes another process that has nothing to do", async () => {
    const { worker, finished } = recordingWorker();
    await open().start(worker);
    await sleep(200);
    await open().enqueue("exec_1");
    await until("the other ran it", () => finished.length === 1, 1400);
  });

  it("keeps a job that is queued twice only once", async () => {
    const queue = open();
    await Promise.all([queue.enqueue("exec_1"), queue.enqueue("exec_1"), open().enqueue("exec_1")]);
    let finish = (): void => undefined;
    const told = new Promise<void>((resolve) => (finish = resolve));
    const { worker, runs, finished } = recordingWorker(() => told);
    await queue.start(worker);
    await until("it runs", () => runs.length === 1);
    await queue.enqueue("exec_1");
    finish();
    await until("it is done", () => finished.length === 1);
    await sleep(400);
    expect(runs).toHaveLength(1);
  });

  it("runs as many at once as it may, and no more", async () => {
    let now = 0;
    let most = 0;
    const { worker, finished } = recordingWorker(async () => {
      most = Math.max(most, (now += 1));
      await sleep(100);
      now -= 1;
    });
    const queue = open({ concurrency: 3 });
    await queue.start(worker);
    await Promise.all(Array.from({ length: 10 }, (_, at) => queue.enqueue(`exec_${at}`)));
    await until("all are done", () => finished.length === 10);
    expect(most).toBe(3);
  });

  it("gives each job to one of several processes, and each process gets some", async () => {
    const ids = Array.from({ length: 60 }, (_, at) => `exec_${at}`);
    const workers = [1, 2, 3].map(() => recordingWorker(() => sleep(20)));
    for (const { worker } of workers) await open({ concurrency: 2 }).start(worker);
    const producer = open();
    await Promise.all(ids.map((id) => producer.enqueue(id)));
    const runs = () => workers.flatMap((each) => each.runs.map(({ id }) => id));
    await until("all are done", () => workers.flatMap(({ finished }) => finished).length >= ids.length);
    await sleep(300);
    expect(runs().sort()).toEqual(ids.sort());
    for (const each of workers) expect(each.runs.length).toBeGreaterThan(0);
  });

  it("renews the lease of a long job, so that nobody else runs it", async () => {
    const long = recordingWorker(() => sleep(LEASE_MS * 3));
    const other = recordingWorker();
    const queue = open();
    await queue.start(long.worker);
    await queue.enqueue("exec_1");
    await until("it runs", () => long.runs.length === 1);
    await open().start(other.worker);
    await until("it is done", () => long.finished.length === 1);
    expect(long.runs).toMatchObject([{ attempt: 1, signal: { aborted: false } }]);
    expect(other.runs).toEqual([]);
  });

  it("abandons a job whose run throws, and does not run it again", async () => {
    const { worker, runs, abandoned } = recordingWorker(() => Promise.reject(new Error("a fault of ours")));
    const queue = open();
    await queue.start(worker);
    await queue.enqueue("exec_1");
    await until("it is abandoned", () => abandoned.length > 0);
    await sleep(LEASE_MS * 1.5);
    expect(runs).toHaveLength(1);
    expect(new Set(abandoned)).toEqual(new Set(["exec_1"]));
    await queue.enqueue("exec_1");
    await until("the id can be queued again", () => runs.length === 2);
  });

  it("tells of an abandoned job again until that succeeds", async () => {
    const { worker, abandoned } = recordingWorker(() => Promise.reject(new Error("a fault of ours")));
    let told = 0;
    const abandon = async (id: string) => {
      told += 1;
      if (told < 3) throw new Error("not now");
      await worker.abandoned(id);
    };
    const queue = open();
    await queue.start({ ...worker, abandoned: abandon });
    await queue.enqueue("exec_1");
    await until("it is abandoned", () => abandoned.length === 1);
    await sleep(LEASE_MS);
    expect(told).toBe(3);
  });

  it("hands running and waiting jobs to another process when it is closed, as if they had not run", async () => {
    const first = recordingWorker(untilStopped);
    const queue = open({ concurrency: 2 });
    await queue.start(first.worker);
    for (const id of ["exec_1", "exec_2", "exec_3"]) await queue.enqueue(id);
    await until("two run", () => first.runs.length === 2);
    const started = Date.now();
    await queue.close();
    expect(Date.now() - started).toBeLessThan(1000);
    expect(first.runs.map(because)).toEqual(["shutting down", "shutting down"]);
    const second = recordingWorker();
    await open().start(second.worker);
    await until("all are done", () => second.finished.length === 3, 3000);
    expect(second.runs.map(({ id }) => id).sort()).toEqual(["exec_1", "exec_2", "exec_3"]);
    expect(second.runs.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
    expect(first.abandoned).toEqual([]);
  });

  it("hands back a job that does not heed its signal, after a while", async () => {
    const deaf = recordingWorker(() => sleep(4000));
    const queue = open({ closeMs: 300 });
    await queue.start(deaf.worker);
    await queue.enqueue("exec_1");
    await until("it runs", () => deaf.runs.length === 1);
    const started = Date.now();
    await queue.close();
    expect(Date.now() - started).toBeLessThan(2000);
    const second = recordingWorker();
    await open().start(second.worker);
    await until("it is done", () => second.finished.length === 1, 3000);
    expect(second.runs).toMatchObject([{ id: "exec_1", attempt: 1 }]);
  });

  it("does not run a job again that finished while its process was closed", async () => {
    const { worker, runs, finished } = recordingWorker((run) => untilStopped(run).catch(() => sleep(100)));
    const queue = open();
    await queue.start(worker);
    await queue.enqueue("exec_1");
    await until("it runs", () => runs.length === 1);
    await queue.close();
    expect(finished).toEqual(["exec_1"]);
    const second = recordingWorker();
    await open().start(second.worker);
    await sleep(LEASE_MS * 2);
    expect(second.runs).toEqual([]);
  });

  it("can be closed without a start, and twice", async () => {
    const queue = open();
    await queue.enqueue("exec_1");
    await queue.close();
    await queue.close();
  });
}

/** What a queue promises besides, where several processes meet. */
export function killedProcessSuite(openPlace: () => Promise<SharedPlace>): void {
  const { open, place } = usePlace(openPlace);
  const children: { kill(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.kill()));
  });
  const child = async () => {
    const started = await startWorkerProcess(place().order);
    children.push(started);
    return started;
  };

  it("runs a killed process's job once more, and abandons it when that process is killed too", async () => {
    const producer = open();
    const first = await child();
    await producer.enqueue("exec_1");
    await until("the first process runs it", () => first.lines().includes("run exec_1 1"));
    const second = await child();
    await first.kill();
    await until("the second process runs it", () => second.lines().includes("run exec_1 2"));
    await second.kill();
    const last = recordingWorker();
    const queue = open();
    await queue.start(last.worker);
    await until("it is abandoned", () => last.abandoned.length > 0);
    expect(last.runs).toEqual([]);
    await queue.enqueue("exec_1");
    await until("the job is gone, so that its id is free", () => last.finished.length === 1);
  }, 40_000);

  it("runs a killed process's job to its end in another one, which had no part in it before", async () => {
    const killed = await child();
    await open().enqueue("exec_1");
    await until("the process runs it", () => killed.lines().includes("run exec_1 1"));
    await killed.kill();
    const { worker, runs, finished, abandoned } = recordingWorker();
    await open().start(worker);
    await until("it is done", () => finished.length === 1);
    await sleep(LEASE_MS * 2);
    expect(runs).toMatchObject([{ id: "exec_1", attempt: 2 }]);
    expect(abandoned).toEqual([]);
  }, 40_000);
}
