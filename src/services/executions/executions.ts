import { AppError } from "../../core/errors.js";
import { formatId } from "../../core/ids.js";
import type { Page, PageInput } from "../../core/page.js";
import type { ExecutionState, ExecutionStatus, ExecutionView } from "../../core/shapes/execution.js";
import type { Store, Stored } from "../../store/port.js";
import type { NewArtifact } from "../artifacts.js";
import type { Billing } from "../billing.js";
import type { Events, WorkspaceEvent } from "../events.js";
import type { Marketplace } from "../marketplace/marketplace.js";
import type { Pack } from "../marketplace/pack.js";
import type { Memory } from "../memory.js";
import { commitFresh, type NumberedRecords } from "../records.js";
import type { Skills } from "../skills.js";
import { completion } from "./completion.js";
import { instructionsFor } from "./instructions.js";
import { type ExecutionRef, finished, jobId, type Journal } from "./journal.js";
import type { Outbox } from "./outbox.js";
import { type ExecutionInput, type ExecutionRecord, FINAL_STATES, statusOf, viewOf } from "./record.js";

/** Who asks for a run, and how. */
export interface Requester {
  readonly workspace: number;
  readonly person: number;
  /** Kept with the execution, such as `api` or `mcp`. */
  readonly interface: string;
  /** Whether an agent listens that could run the skill itself where the server has no model. */
  readonly agent: boolean;
  /** Whether that agent may read the workspace's memory. */
  readonly readsMemory: boolean;
}

export interface Started {
  readonly ref: ExecutionRef;
  readonly record: ExecutionRecord;
  /** What the calling agent works with; present when it is the one to run the skill. */
  readonly handedOut?: { readonly instructions: string; readonly input: ExecutionInput };
}

/** Runs of skills: started, watched, cancelled, completed by agents, run again. */
export interface Executions {
  start(requester: Requester, slug: string, input: ExecutionInput): Promise<Started>;
  /** As {@link Executions.start} with the input of a finished run, or another text in its place. */
  rerun(requester: Requester, id: string, input?: string): Promise<Started>;
  status(workspace: number, id: string, blocksAfter?: number): Promise<ExecutionStatus>;
  list(
    workspace: number,
    input: PageInput & { readonly status?: ExecutionState | undefined; readonly skill?: string | undefined },
  ): Promise<Page<ExecutionView>>;
  cancel(workspace: number, id: string): Promise<ExecutionView>;
  complete(workspace: number, id: string, output: string, artifacts: readonly NewArtifact[]): Promise<ExecutionView>;
  /** The status once it is final, or after so many milliseconds, or when the signal is aborted; tells of every event until then. */
  wait(
    ref: ExecutionRef,
    ms: number,
    signal: AbortSignal,
    told: (event: WorkspaceEvent) => void,
  ): Promise<ExecutionStatus>;
}

/** Where a process that runs an execution hears that it was cancelled; messages are job ids. */
export const CANCEL_CHANNEL = "execution-cancel";

const LOOK_EVERY_MS = 2000;

export function createExecutions(options: {
  store: Store;
  records: NumberedRecords<ExecutionRecord>;
  journal: Journal;
  outbox: Outbox;
  skills: Skills;
  marketplace: Marketplace;
  memory: Memory;
  billing: Billing;
  events: Events;
  /** Whether the server has a model to run skills with. */
  hasModel: boolean;
  now: () => number;
}): Executions {
  const { store, records, journal, outbox, skills, marketplace, memory, billing, events, hasModel, now } = options;
  const inputs = (workspace: number) => `execution-input:${workspace}`;
  const refTo = (workspace: number, found: Stored): ExecutionRef => ({ workspace, number: Number(found.id) });

  const create = async (
    requester: Requester,
    pack: Pack,
    input: ExecutionInput,
    rerunOf?: number,
  ): Promise<Started> => {
    requireConnected(input);
    if (!hasModel && !requester.agent) throw noModel();
    if (hasModel) await billing.requireCredits(requester.workspace);
    // Made before the record: an execution that waits for an agent which never got it would wait for ever.
    const handedOut = hasModel ? undefined : { instructions: await handOut(requester, pack), input };
    const number = await records.next();
    const ref = { workspace: requester.workspace, number };
    const record: ExecutionRecord = {
      skill: pack.slug,
      skillName: pack.title,
      status: hasModel ? "queued" : "awaiting_agent",
      interface: requester.interface,
      person: requester.person,
      createdAt: now(),
      ...(!hasModel && { startedAt: now() }),
      cost: 0,
      ...(rerunOf !== undefined && { rerunOf }),
    };
    await commitFresh(store, [
      records.insert(ref.workspace, number, record),
      { kind: "insert", collection: inputs(ref.workspace), id: String(number), value: input },
      ...(hasModel ? [outbox.change(jobId(ref))] : []),
    ]);
    await journal.tell(ref, record);
    if (hasModel) await outbox.send(jobId(ref));
    return { ref, record, ...(handedOut && { handedOut }) };
  };

  const handOut = async ({ workspace, readsMemory }: Requester, pack: Pack): Promise<string> => {
    const { content } = pack.memory && readsMemory ? await memory.read(workspace) : { content: "" };
    return instructionsFor(pack, content);
  };

  return {
    async start(requester, slug, input) {
      return create(requester, await skills.requireInstalled(requester.workspace, slug), input);
    },

    async rerun(requester, id, text) {
      const found = await records.get(requester.workspace, id);
      if (!FINAL_STATES.has(found.value.status)) throw stillRunning(found);
      const before = await store.get<ExecutionInput>(inputs(requester.workspace), found.id);
      if (!before) throw new AppError("NOT_FOUND", "The input of this execution is gone; start the skill anew.");
      const pack = await skills.requireInstalled(requester.workspace, found.value.skill);
      const input = text === undefined ? before.value : { ...before.value, input: text };
      return create(requester, pack, input, Number(found.id));
    },

    async status(workspace, id, blocksAfter) {
      const found = await records.get(workspace, id);
      // Read before the blocks: a status that says "completed" then never comes with blocks missing.
      const blocks = await journal.blocks(refTo(workspace, found), blocksAfter);
      return statusOf(found.value, Number(found.id), blocks, now());
    },

    list(workspace, { status, skill, ...input }) {
      const tags = [...(status ? [`status:${status}`] : []), ...(skill ? [`skill:${skill}`] : [])];
      return records.page(workspace, input, tags, (record, id) => viewOf(record, Number(id.split("_")[1]), now()));
    },

    async cancel(workspace, id) {
      const ref = refTo(workspace, await records.get(workspace, id));
      const { record, ended } = await journal.end(ref, { status: "cancelled", tokens: 0 });
      if (!ended) throw finished(ref.number, record.status);
      // A run that does not hear of it learns it with its next block.
      await store.publish(CANCEL_CHANNEL, jobId(ref)).catch(() => undefined);
      return viewOf(record, ref.number, now());
    },

    async complete(workspace, id, output, artifacts) {
      const found = await records.get(workspace, id);
      const ref = refTo(workspace, found);
      if (FINAL_STATES.has(found.value.status)) throw finished(ref.number, found.value.status);
      if (found.value.status !== "awaiting_agent") throw stillRunning(found);
      const pack = marketplace.pack(found.value.skill);
      const result = await journal.appending(ref, 0, completion(pack, output, artifacts));
      const { record, ended } = await journal.end(ref, { status: "completed", tokens: 0 }, result);
      if (!ended) throw finished(ref.number, record.status);
      return viewOf(record, ref.number, now());
    },

    async wait(ref, ms, signal, told) {
      const id = formatId("execution", ref.number);
      const deadline = now() + ms;
      let news = false;
      let wake: () => void = () => undefined;
      const stir = () => {
        news = true;
        wake();
      };
      const unsubscribe = await events.subscribe(ref.workspace, (event) => {
        if (event.data["executionId"] !== id) return;
        told(event);
        stir();
      });
      signal.addEventListener("abort", stir, { once: true });
      try {
        for (;;) {
          news = false;
          const status = (await records.find(ref.workspace, ref.number))?.value.status;
          const left = deadline - now();
          if (!status || FINAL_STATES.has(status) || left <= 0 || signal.aborted)
            return await this.status(ref.workspace, id);
          // An event may be lost with a connection, so look again now and then.
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, Math.min(left, LOOK_EVERY_MS));
            wake = () => {
              clearTimeout(timer);
              resolve();
            };
            // It came while the record was read, which may have been before.
            if (news) wake();
          });
        }
      } finally {
        signal.removeEventListener("abort", stir);
        await unsubscribe();
      }
    },
  };
}

function requireConnected({ connector }: ExecutionInput): void {
  if (connector?.type !== "github") return;
  throw new AppError(
    "TOOL_NOT_CONNECTED",
    "GitHub is not connected to this workspace; run the skill without a connector.",
  );
}

function noModel(): AppError {
  return new AppError(
    "MODEL_NOT_CONFIGURED",
    "This server has no model to run skills with: set CLANKER_MODEL, or run the skill over MCP, where the calling agent does it.",
  );
}

function stillRunning(found: Stored<ExecutionRecord>): AppError {
  const id = formatId("execution", Number(found.id));
  return new AppError(
    "EXECUTION_RUNNING",
    `${id} is ${found.value.status}; wait for its end, or cancel it with cancel-execution.`,
  );
}
