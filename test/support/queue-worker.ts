import { createBullQueue } from "../../src/queue/bullmq.js";
import { createLocalQueue } from "../../src/queue/local.js";
import { openStore } from "../../src/store/open.js";

/** What a queue's test asks of a process of its own. */
export interface QueueWorkerOrder {
  readonly kind: "local" | "bull";
  readonly url: string;
  readonly prefix: string;
  readonly leaseMs: number;
}

const order = JSON.parse(process.argv[2] ?? "{}") as QueueWorkerOrder;
const quiet = () => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const { leaseMs, prefix, url } = order;

const queue =
  order.kind === "bull"
    ? createBullQueue({ url, prefix, log, leaseMs })
    : createLocalQueue({ store: await openStore(url, log), log, leaseMs });

/** Takes jobs, says so on a line of stdout, and never finishes one: this process is made to be killed. */
await queue.start({
  run: (id, _signal, attempt) =>
    new Promise(() => {
      process.stdout.write(`run ${id} ${attempt}\n`);
    }),
  async abandoned(id) {
    process.stdout.write(`abandoned ${id}\n`);
  },
});
process.stdin.resume().on("end", () => process.exit());
