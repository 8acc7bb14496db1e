import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { z } from "zod";
import type { Caller } from "../../../src/core/caller.js";
import { createInvoke, type Request } from "../../../src/core/invoke.js";
import { createRegistry, type Registry } from "../../../src/core/registry.js";
import type { RunView } from "../../../src/core/shapes/workflow.js";
import { appraise, authorise, checkOutput, find, limit, mapErrors, parse, run } from "../../../src/core/stages.js";
import { confirm, type ConfirmPolicy } from "../../../src/core/confirm.js";
import { WHOLE_SURFACE } from "../../../src/core/surface.js";
import { createLocalQueue } from "../../../src/queue/local.js";
import type { Queue, QueueOptions } from "../../../src/queue/port.js";
import type { Services } from "../../../src/services/services.js";
import { createEngine } from "../../../src/services/workflows/engine.js";
import { loadWorkflows } from "../../../src/services/workflows/load-workflows.js";
import type { Workflow } from "../../../src/services/workflows/workflow.js";
import type { Store } from "../../../src/store/port.js";
import { catalogue } from "../../../tools/catalogue.js";
import { define } from "../../../tools/define.js";
import { callerOf, memoryStore, MINE, openServices, recordingLog, until } from "../../support/services.js";

/** What a test's operation is told, and how it ends. */
export type Deed = (input: { readonly name: string; readonly value?: unknown }, signal: AbortSignal) => unknown;

/** Operations whose deeds a test makes up: one that reads, one that writes, one that destroys. */
function deeds(deed: Deed) {
  const input = z.strictObject({ name: z.string(), value: z.unknown().optional() });
  const common = { toolset: "deeds", description: "Does it.", input, errors: [] } as const;
  const doing = async (given: z.output<typeof input>, { signal }: { signal: AbortSignal }) => deed(given, signal);
  return [
    define({ ...common, tool: "read-deed", title: "Read", effect: "read", scope: "memory:read", run: doing }),
    define({
      ...common,
      tool: "write-deed",
      title: "Write",
      effect: "write",
      scope: "memory:write",
      audit: { action: "deed.write", resource: "deed" },
      run: doing,
    }),
    define({
      ...common,
      tool: "delete-deed",
      title: "Delete",
      effect: "destroy",
      scope: "memory:write",
      audit: { action: "deed.delete", resource: "deed" },
      run: doing,
    }),
  ];
}

type Options = NonNullable<Parameters<typeof openServices>[0]> & {
  /** Each a file's text; the file is called after its id. */
  readonly files?: readonly string[];
  readonly deed?: Deed;
  readonly confirm?: ConfirmPolicy;
  readonly queue?: Queue;
  readonly queueOptions?: QueueOptions & { readonly now?: () => number };
  readonly limitMs?: number;
};

/** The files as the program reads them. */
async function workflowsOf(files: readonly string[], registry: Registry<Services>): Promise<Workflow[]> {
  const folder = await mkdtemp(join(tmpdir(), "clanker-workflows-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const text of files) await writeFile(join(folder, `${/^id: (\S+)$/m.exec(text)?.[1]}.yaml`), text);
  const { log, lines } = recordingLog();
  const hasSkill = (slug: string) => ["summarize", "code-review", "meeting-notes", "release-notes"].includes(slug);
  const found = await loadWorkflows({ folders: [folder], world: { operations: registry, hasSkill }, log });
  if (lines.length > 0) throw new Error(lines.map(({ message }) => message).join("\n"));
  return found;
}

/** One process: services, queue and engine over a store, which may be another process's too. */
export async function openWorkflows(options: Options = {}) {
  const { files = [], deed = () => ({}), confirm: policy = "auto", queueOptions, limitMs = 20_000, ...rest } = options;
  const store: Store = options.store ?? memoryStore();
  const registry = createRegistry<Services>([...catalogue, ...deeds(deed)]);
  const definitions = await workflowsOf(files, registry);
  const opened = await openServices({
    installed: ["summarize"],
    ...rest,
    store,
    workflows: { definitions, enqueue: (job) => queue.enqueue(job) },
  });
  const { services, log, runs } = opened;
  const queue: Queue =
    options.queue ?? createLocalQueue({ store, log, closeMs: 500, name: "workflows", ...queueOptions });
  const invoke = createInvoke<Services>([
    mapErrors(log),
    find(registry),
    limit(WHOLE_SURFACE),
    authorise(),
    parse(),
    appraise(WHOLE_SURFACE),
    confirm(policy),
    checkOutput(),
    run(services, log),
  ]);
  const { executions, keys } = services;
  const operations = { registry, invoke };
  const engine = createEngine({ store, ledger: runs.ledger, executions, keys, operations, limitMs, now: Date.now });
  onTestFinished(() => queue.close());

  const call = (operation: string, args: object = {}, caller: Partial<Caller> = {}, more: Partial<Request> = {}) =>
    invoke({
      operation,
      args,
      caller: callerOf(caller),
      signal: new AbortController().signal,
      ...more,
      // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are JSON that the tests look into
    }) as Promise<any>;
  const start = async (id: string, inputData: object = {}, caller: Partial<Caller> = {}): Promise<string> => {
    const { face = "mcp", ...as } = callerOf(caller);
    return (await services.workflows.start(as, face, id, inputData)).id;
  };
  const view = (id = "run_1"): Promise<RunView> =>
    services.workflows.get({ workspace: MINE, scopes: new Set(["*", "clerk:secrets"]) }, id);
  /** The run once it is in one of these states. */
  const reached = (states: readonly string[], id = "run_1", ms = 10_000): Promise<RunView> =>
    until(
      `${id} is ${states.join(" or ")}`,
      async () => {
        const now = await view(id);
        return states.includes(now.status) ? now : undefined;
      },
      ms,
    );
  const over = (id = "run_1", ms = 10_000) => reached(["completed", "failed", "cancelled"], id, ms);
  const step = async (name: string, id = "run_1") => (await view(id)).steps.find((found) => found.id === name);
  const begin = async () => {
    await engine.listen();
    await queue.start(engine);
  };
  return { ...opened, registry, queue, engine, invoke, call, start, view, reached, over, step, begin };
}

/** A process that works. */
export async function startWorkflows(options: Options = {}) {
  const opened = await openWorkflows(options);
  await opened.begin();
  return opened;
}

/** A promise that a test settles. */
export function gate<T = void>() {
  let open: (value: T) => void = () => undefined;
  let fail: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}
