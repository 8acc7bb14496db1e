import { createIfAbsent, untilCommitted, update } from "../store/atomic.js";
import type { Store, Stored } from "../store/port.js";
import { walk } from "../store/walk.js";

/** A job as the store keeps it; with an owner it is running, until the lease ends. */
interface Job {
  /** How many processes died while they ran it. */
  readonly deaths: number;
  /** Its place in the collection, which a page continues behind. */
  readonly order: string;
  readonly owner?: string;
  /** Milliseconds since 1970. */
  readonly leaseEnds?: number;
}

/** A queued or lapsed job as it was read, to be claimed where it is still the same. */
export interface Claimable {
  readonly id: string;
  readonly deaths: number;
  readonly record: Stored<Job>;
}

/** The jobs in the store's records: every change is a compare-and-set, and only the owner changes a running job. */
export interface JobRecords {
  add(id: string): Promise<void>;
  /** The oldest queued jobs. */
  queued(limit: number): Promise<Claimable[]>;
  /** Every running job whose lease has ended, counted as one more death. */
  lapsed(): Promise<Claimable[]>;
  /** Whether the job is the owner's from now on. */
  claim(job: Claimable, owner: string, leaseEnds: number): Promise<boolean>;
  /** Whether the job is still the owner's, until the lease's new end. */
  renew(id: string, owner: string, leaseEnds: number): Promise<boolean>;
  /** As {@link JobRecords.renew}, and nobody runs the job again whatever happens to the owner. */
  giveUp(id: string, owner: string, leaseEnds: number): Promise<boolean>;
  handBack(id: string, owner: string): Promise<void>;
  remove(id: string, owner: string): Promise<void>;
}

/** With so many deaths a job is not run again. */
export const MAX_DEATHS = 2;

const QUEUED = ["queued"];
const RUNNING = ["running"];
const PAGE = 100;

/** {@link JobRecords} in a collection of a store; `now` is in milliseconds since 1970. */
export function jobRecords(store: Store, collection: string, now: () => number): JobRecords {
  const change = async (id: string, owner: string, next: (job: Job) => { value: Job; tags?: readonly string[] }) => {
    let mine = false;
    await update<Job>(store, collection, id, (job) => {
      mine = job.owner === owner;
      return mine ? next(job) : undefined;
    });
    return mine;
  };

  return {
    async add(id) {
      const order = `${String(now()).padStart(15, "0")} ${id}`;
      const value: Job = { deaths: 0, order };
      await createIfAbsent(store, { collection, id, value, order, tags: QUEUED });
    },
    async queued(limit) {
      const { rows } = await store.page<Job>(collection, { direction: "ascending", limit, tags: QUEUED });
      return rows.map((record) => ({ id: record.id, deaths: record.value.deaths, record }));
    },
    async lapsed() {
      const found: Claimable[] = [];
      const orderOf = ({ value }: Stored<Job>) => value.order;
      for await (const record of walk<Job>(store, collection, { limit: PAGE, tags: RUNNING, orderOf })) {
        const { deaths, leaseEnds = 0 } = record.value;
        if (leaseEnds <= now()) found.push({ id: record.id, deaths: deaths + 1, record });
      }
      return found;
    },
    claim({ id, deaths, record }, owner, leaseEnds) {
      const value: Job = { deaths, order: record.value.order, owner, leaseEnds };
      const { version } = record;
      return store.commit([{ kind: "replace", collection, id, version, value, tags: RUNNING }]);
    },
    renew: (id, owner, leaseEnds) => change(id, owner, (job) => ({ value: { ...job, leaseEnds } })),
    giveUp: (id, owner, leaseEnds) =>
      change(id, owner, (job) => ({ value: { ...job, leaseEnds, deaths: MAX_DEATHS } })),
    async handBack(id, owner) {
      await change(id, owner, ({ deaths, order }) => ({ value: { deaths, order }, tags: QUEUED }));
    },
    remove: (id, owner) =>
      untilCommitted(async () => {
        const found = await store.get<Job>(collection, id);
        if (found?.value.owner !== owner) return { result: undefined };
        const { version } = found;
        const removed = await store.commit([{ kind: "remove", collection, id, version }]);
        return removed ? { result: undefined } : undefined;
      }),
  };
}
