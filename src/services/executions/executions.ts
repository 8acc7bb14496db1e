import { AppError } from "../../core/errors.js";
import { formatId } from "../../core/ids.js";
import type { Page, PageInput } from "../../core/page.js";
import type { ExecutionState, ExecutionStatus, ExecutionView } from "../../core/shapes/execution.js";
import type { Store, Stored } from "../../store/port.js";
import type { NewArtifact } from "../artifacts.js";
import type { Billing } from "../billing.js";
import type { Events, WorkspaceEvent } from "../events.js";
import { newsFrom } from "../news.js";
import type { Marketplace } from "../marketplace/marketplace.js";
import type { Pack } from "../marketplace/pack.js";
import type { Memory } from "../memory.js";
import { commitFresh, type NumberedRecords } from "../records.js";
import type { Skills } from "../skills.js";
import type { Connectors } from "../connectors/connectors.js";
import { completion } from "./completion.js";
import { contextForAgent, requireRepository } from "./connector-context.js";
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
  /** Apps that the requester may read; none where left out. */
  readonly apps?: readonly string[];
  /** Aborted when the requester gives up. */
  readonly signal?: AbortSignal;
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
  /** A number for {@link Executions.startStep}. */
  reserve(): Promise<number>;
  /** As {@link Executions.start}, for a step of a workflow's run: under this number, once however often it is asked for. */
  startStep(
    requester: Requester,
    step: { readonly number: number; readonly run: number },
    slug: string,
    input: ExecutionInput,
  ): Promise<ExecutionRecord>;
  /** How an execution stands; undefined where there is none of that number. */
  find(ref: ExecutionRef): Promise<ExecutionRecord | undefined>;
  /** What the agent works with that an execution waits for; undefined where it waits for none. */
  handedOut(
    ref: ExecutionRef,
    readsMemory: boolean,
  ): Promise<{ readonly instructions: string; readonly input: string } | undefined>;
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

/** What runs a skill: the workspace's own key, the server's model, or the agent that calls. */
export type RunsOn = "workspace" | "server" | "agent";

/** Where a process that runs an execution hears that it was cancelled; messages are job ids. */
export const CANCEL_CHANNEL = "execution-cancel";

const LOOK_EVERY_MS = 2000;

export function createExecutions(options: {
  store: Store;
  records: NumberedRecords<ExecutionRecord>;
  journal: Journal;
  /** Jobs for the server's model, which only processes with one take, and for workspaces' own keys. */
  outbox: Outbox;
  ownOutbox: Outbox;
  skills: Skills;
  marketplace: Marketplace;
  memory: Memory;
  billing: Billing;
  events: Events;
  connectors: Connectors;
  /** Who runs the skills of a workspace. */
  runsOn: (workspace: number) => Promise<RunsOn>;
  now: () => number;
}): Executions {
  const {
    store,
    records,
    journal,
    outbox,
    ownOutbox,
    skills,
    marketplace,
    memory,
    billing,
    events,
    connectors,
    runsOn,
    now,
  } = options;
  const inputs = (workspace: number) => `execution-input:${workspace}`;
  const refTo = (workspace: number, found: Stored): ExecutionRef => ({ workspace, number: Number(found.id) });

  const create = async (
    requester: Requester,
    pack: Pack,
    given: ExecutionInput,
    more: { readonly number?: number; readonly rerunOf?: number; readonly run?: number } = {},
  ): Promise<Started> => {
    const { apps = [] } = requester;
    if (given.connector?.type === "github") await requireRepository(connectors, requester, given.connector.fields);
    const input = { ...given, ...(given.connector && { apps }) };
    const payer = await runsOn(requester.workspace);
    const hasModel = payer !== "agent";
    const box = payer === "workspace" ? ownOutbox : outbox;
    if (!hasModel && !requester.agent) throw noModel();
    if (payer === "server") await billing.requireCredits(requester.workspace);
    // Made before the record: an execution that waits for an agent which never got it would wait for ever.
    const handedOut = hasModel ? undefined : { instructions: await handOut(requester, pack, input), input };
    const { number = await records.next(), ...origin } = more;
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
      ...(payer === "workspace" && { ownKey: true as const }),
      ...origin,
    };
    await commitFresh(store, [
      records.insert(ref.workspace, number, record),
      { kind: "insert", collection: inputs(ref.workspace), id: String(number), value: input },
      ...(hasModel ? [box.change(jobId(ref))] : []),
    ]);
    await journal.tell(ref, record);
    if (hasModel) await box.send(jobId(ref));
    return { ref, record, ...(handedOut && { handedOut }) };
  };

  const handOut = async (
    {
      workspace,
      readsMemory,
      signal = new AbortController().signal,
    }: Pick<Requester, "workspace" | "readsMemory" | "signal">,
    pack: Pack,
    input: ExecutionInput,
  ): Promise<string> => {
    const { content } = pack.memory && readsMemory ? await memory.read(workspace) : { content: "" };
    return instructionsFor(pack, content, await contextForAgent(connectors, workspace, input, signal));
  };

  return {
    async start(requester, slug, input) {
      return create(requester, await skills.requireInstalled(requester.workspace, slug), input);
    },

    reserve: () => records.next(),

    async startStep(requester, { number, run }, slug, input) {
      const made = async () => (await records.find(requester.workspace, number))?.value;
      const before = await made();
      if (before) return before;
      const pack = await skills.requireInstalled(requester.workspace, slug);
      try {
        return (await create(requester, pack, input, { number, run })).record;
      } catch (thrown) {
        // A process that does not know yet that another goes on with the run may have been faster.
        const meanwhile = await made();
        if (meanwhile) return meanwhile;
        throw thrown;
      }
    },

    find: async ({ workspace, number }) => (await records.find(workspace, number))?.value,

    async handedOut(ref, readsMemory) {
      const found = await records.find(ref.workspace, ref.number);
      if (found?.value.status !== "awaiting_agent") return undefined;
      const pack = marketplace.pack(found.value.skill);
      const input = await store.get<ExecutionInput>(inputs(ref.workspace), found.id);
      if (!pack || !input) return undefined;
      const { workspace } = ref;
      const instructions = await handOut({ workspace, readsMemory }, pack, input.value);
      return { instructions, input: input.value.input };
    },

    async rerun(requester, id, text) {
      const found = await records.get(requester.workspace, id);
      if (!FINAL_STATES.has(found.value.status)) throw stillRunning(found);
      const before = await store.get<ExecutionInput>(inputs(requester.workspace), found.id);
      if (!before) throw new AppError("NOT_FOUND", "The input of this execution is gone; start the skill anew.");
      const pack = await skills.requireInstalled(requester.workspace, found.value.skill);
      const input = text === undefined ? before.value : { ...before.value, input: text };
      return create(requester, pack, input, { rerunOf: Number(found.id) });
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
      const concerns = (event: WorkspaceEvent): boolean => {
        const isOfThis = event.data["executionId"] === id;
        if (isOfThis) told(event);
        return isOfThis;
      };
      const news = await newsFrom({ events, workspace: ref.workspace, concerns, signal });
      try {
        for (;;) {
          news.begin();
          const status = (await records.find(ref.workspace, ref.number))?.value.status;
          const left = deadline - now();
          if (!status || FINAL_STATES.has(status) || left <= 0 || signal.aborted)
            return await this.status(ref.workspace, id);
          await news.next(Math.min(left, LOOK_EVERY_MS));
        }
      } finally {
        await news.close();
      }
    },
  };
}

function noModel(): AppError {
  return new AppError(
    "MODEL_NOT_CONFIGURED",
    "This server has no model to run skills with: set CLANKER_MODEL, give the workspace a key with set-byok-key, or run the skill over MCP, where the calling agent does it.",
  );
}

function stillRunning(found: Stored<ExecutionRecord>): AppError {
  const id = formatId("execution", Number(found.id));
  return new AppError(
    "EXECUTION_RUNNING",
    `${id} is ${found.value.status}; wait for its end, or cancel it with cancel-execution.`,
  );
}
