import { delimiter, join } from "node:path";
import type { Config } from "./config.js";
import type { Invoke } from "./core/invoke.js";
import type { Log } from "./core/log.js";
import type { Registry } from "./core/registry.js";
import { projectRoot } from "./project.js";
import { openQueue } from "./queue/open.js";
import { workflowStream } from "./runner/workflow-stream.js";
import type { Outbox } from "./services/executions/outbox.js";
import type { Marketplace } from "./services/marketplace/marketplace.js";
import type { ServiceOptions, Services } from "./services/services.js";
import { createEngine } from "./services/workflows/engine.js";
import { loadWorkflows } from "./services/workflows/load-workflows.js";
import type { RunLedger } from "./services/workflows/run-ledger.js";
import type { Store } from "./store/port.js";

/** Workflows as the program has them: read from files, their runs in a queue of their own. */
export interface WiredWorkflows {
  /** What the services are given. */
  readonly options: ServiceOptions["workflows"];
  /** Begins to work on runs in this process; `invoke` is the way of their steps into every operation. */
  start(
    runs: { readonly ledger: RunLedger; readonly outbox: Outbox },
    services: Services,
    invoke: Invoke,
  ): Promise<void>;
  /** Sends what processes that died left behind. */
  recover(): Promise<void>;
  close(): Promise<void>;
}

/** Runs that one process works on at once: most of the time they wait for others. */
const RUNS_AT_ONCE = 32;

/** Reads the workflows and opens their queue. */
export async function wireWorkflows(
  config: Config,
  around: {
    readonly store: Store;
    readonly registry: Registry<Services>;
    readonly marketplace: Marketplace;
    readonly log: Log;
    readonly now: () => number;
  },
): Promise<WiredWorkflows> {
  const { store, registry, marketplace, log, now } = around;
  const more = config.CLANKER_WORKFLOWS_PATH?.split(delimiter).filter((folder) => folder !== "") ?? [];
  const world = { operations: registry, hasSkill: (slug: string) => marketplace.pack(slug) !== undefined };
  const [definitions, queue] = await Promise.all([
    loadWorkflows({ folders: [join(projectRoot, "workflows"), ...more], world, log }),
    openQueue({ store, storeUrl: config.CLANKER_STORE, log, name: "workflows", concurrency: RUNS_AT_ONCE }),
  ]);
  let left: Outbox | undefined;
  return {
    options: {
      definitions,
      enqueue: (job) => queue.enqueue(job),
      stream: (updates) => workflowStream(updates, log),
    },
    async start({ ledger, outbox }, { executions, keys }, invoke) {
      const operations = { registry, invoke };
      const limitMs = config.CLANKER_RUN_SECONDS * 1000;
      const engine = createEngine({ store, ledger, executions, keys, operations, limitMs, now });
      await engine.listen();
      await queue.start(engine);
      await outbox.recover();
      left = outbox;
    },
    recover: async () => left?.recover(),
    close: () => queue.close(),
  };
}
