import type { z } from "zod";
import type { StreamAnswer } from "../../core/answer.js";
import { type Caller, type Face, isPerson } from "../../core/caller.js";
import { AppError, notFound, quote } from "../../core/errors.js";
import { formatId } from "../../core/ids.js";
import { invalidCursor, type Page, pageByName, type PageInput } from "../../core/page.js";
import type { RunState, RunSummary, RunView, WorkflowView } from "../../core/shapes/workflow.js";
import type { Store, Stored } from "../../store/port.js";
import type { Events } from "../events.js";
import type { Executions, RunsOn } from "../executions/executions.js";
import type { Outbox } from "../executions/outbox.js";
import type { Skills } from "../skills.js";
import { type AskedRuns, createAskedRuns } from "./asked-runs.js";
import { requireFit } from "./data-schema.js";
import { cancelExecutions } from "./drive.js";
import { keptWorkflows, RUN_CHANNEL, runChannelKey } from "./engine.js";
import { over } from "./moving.js";
import type { RunLedger } from "./run-ledger.js";
import { FINAL_RUN_STATES, runJob, type RunRecord, type RunRef, type Starter, summaryOf } from "./run-record.js";
import { lackingFor, messageOf, runViewOf, type Viewer, workflowView } from "./run-view.js";
import { type RunUpdate, watchRun } from "./run-watch.js";
import type { Knowledge } from "./task.js";
import type { Workflow, WorkflowStep } from "./workflow.js";

/** What a person is asked before a run goes on. */
export interface Suspension {
  readonly step: string;
  readonly message: string;
  /** The form to fill in; undefined where there is nothing but to accept. */
  readonly fields: z.ZodObject | undefined;
}

/** Whoever goes on with a suspended step: `asked` is a person who answered in the client. */
export type Resumer = Viewer & Pick<Caller, "kind" | "person"> & { readonly asked: boolean };

/** Workflows and their runs. */
export interface Workflows {
  list(input: PageInput): Page<WorkflowView>;
  /** Begins a run with the caller's rights; `agent` is whether one listens that runs skills where the server cannot. */
  start(caller: Omit<Caller, "face">, face: Face, id: string, inputData: unknown): Promise<RunSummary>;
  page(
    workspace: number,
    input: PageInput & { readonly status?: RunState | undefined; readonly workflow_id?: string | undefined },
  ): Promise<Page<RunSummary>>;
  get(viewer: Viewer, id: string): Promise<RunView>;
  cancel(viewer: Viewer, id: string): Promise<RunView>;
  /** Cancels a run whose caller left, unless it waits for somebody or is over; never throws. */
  abandon(viewer: Viewer, id: string): Promise<void>;
  /** What is asked of a person at this step, or at the first that waits for one; undefined where none does. */
  suspension(viewer: Viewer, id: string, step?: string): Promise<Suspension | undefined>;
  /** Goes on with a suspended step: one of several that try at once does. */
  resume(resumer: Resumer, id: string, step: string, data: unknown): Promise<RunView>;
  /** The run each time that there is something new of it, until it is paused or over, or the signal is aborted. */
  watch(viewer: Viewer, id: string, signal: AbortSignal): AsyncGenerator<RunUpdate, void, undefined>;
  /** Calls that were left with a question, for clients that answer by calling anew. */
  readonly asked: AskedRuns;
  /** Whether calls end from now on because this process does, and not because their callers leave. */
  readonly leaving: { is: boolean };
  /** A run's updates as an AI SDK UI message stream. */
  stream(updates: AsyncIterable<RunUpdate>): Promise<StreamAnswer>;
}

/** The workflow service; `definitions` must have different ids and be sorted by them. */
export function createWorkflows(options: {
  definitions: readonly Workflow[];
  store: Store;
  ledger: RunLedger;
  outbox: Outbox;
  executions: Executions;
  skills: Skills;
  events: Events;
  runsOn: (workspace: number) => Promise<RunsOn>;
  stream: Workflows["stream"];
  now: () => number;
}): Workflows {
  const { definitions, store, ledger, outbox, executions, skills, events, runsOn, stream, now } = options;
  const byId = new Map(definitions.map((workflow) => [workflow.definition.id, workflow]));
  const views = definitions.map(workflowView);
  const workflowOf = keptWorkflows();
  const { records } = ledger;

  const knowledgeOf = async (ref: RunRef): Promise<Knowledge> => {
    const [{ definition, inputData }, values] = await Promise.all([ledger.input(ref), ledger.values(ref)]);
    return { workflow: workflowOf(definition), inputData, values };
  };
  const refTo = (workspace: number, found: Stored): RunRef => ({ workspace, number: Number(found.id) });
  const viewOf = async (viewer: Viewer, ref: RunRef, record: RunRecord): Promise<RunView> =>
    runViewOf(viewer, ref, record, await knowledgeOf(ref), executions);
  /** Has a process that works on the run look at it at once. */
  const stir = (ref: RunRef) => store.publish(RUN_CHANNEL, runChannelKey(ref)).catch(() => undefined);

  /** Whether a skill can be run at all, found out before anything is done. */
  const requireSkills = async (workspace: number, face: Face, { definition }: Workflow): Promise<void> => {
    const steps = definition.steps.flatMap((spec) => (spec.kind === "skill" ? [spec.skill] : []));
    if (steps.length === 0) return;
    if (face !== "mcp" && (await runsOn(workspace)) === "agent") throw noModel();
    const installs = definition.steps.some((spec) => spec.kind === "operation" && spec.operation === "install-skill");
    if (!installs) for (const slug of new Set(steps)) await skills.requireInstalled(workspace, slug);
  };

  /** The run, cancelled where it may be as it stands at that moment. */
  const ended = async (viewer: Viewer, id: string, may: (record: RunRecord) => boolean): Promise<RunView> => {
    const ref = refTo(viewer.workspace, await records.get(viewer.workspace, id));
    let job: string | undefined;
    const { value } = await ledger.change(ref, (record) => {
      job = undefined;
      if (FINAL_RUN_STATES.has(record.status)) throw finished(ref, record);
      if (!may(record)) return undefined;
      // Should this process end before the executions are cancelled, whoever takes the job does it.
      const runs = Object.values(record.steps).some(({ tasks }) => tasks.some(({ execution }) => execution));
      job = runs ? runJob(ref, record.jobs + 1) : undefined;
      const cancelled = { ...over(record, "cancelled", now()), jobs: record.jobs + (runs ? 1 : 0) };
      return { record: cancelled, more: job === undefined ? [] : [outbox.change(job)] };
    });
    await stir(ref);
    await cancelExecutions(executions, ref, value).catch(() => undefined);
    if (job !== undefined) await outbox.send(job);
    await ledger.tell(ref, value);
    return viewOf(viewer, ref, value);
  };

  const service: Workflows = {
    asked: createAskedRuns(store),
    leaving: { is: false },
    stream,

    list(input) {
      const cursor = input.after_id ?? input.before_id;
      if (cursor !== undefined && !byId.has(cursor)) throw invalidCursor(cursor);
      return pageByName(views, ({ id }) => id, input);
    },

    async start(caller, face, id, inputData) {
      const workflow = byId.get(id);
      if (!workflow) throw notFound("workflow", id, "list-workflows");
      const data = requireFit(workflow.input, inputData, "inputData");
      await requireSkills(caller.workspace, face, workflow);
      const number = await records.next();
      const ref: RunRef = { workspace: caller.workspace, number };
      const job = runJob(ref, 1);
      const record: RunRecord = {
        workflow: id,
        title: workflow.definition.title,
        status: "queued",
        interface: face === "mcp" ? "mcp" : "api",
        starter: starterOf(caller, face),
        steps: Object.fromEntries([...workflow.steps.keys()].map((step) => [step, { status: "pending", tasks: [] }])),
        jobs: 1,
        wakes: 0,
        createdAt: now(),
      };
      const { definition } = workflow;
      await ledger.create(ref, record, { definition, inputData: data }, [outbox.change(job)]);
      await ledger.tell(ref, record);
      await outbox.send(job);
      return summaryOf(record, number);
    },

    page(workspace, { status, workflow_id: workflow, ...input }) {
      const tags = [...(status ? [`status:${status}`] : []), ...(workflow ? [`workflow:${workflow}`] : [])];
      return records.page(workspace, input, tags, (record, id) => summaryOf(record, Number(id.split("_")[1])));
    },

    async get(viewer, id) {
      const found = await records.get(viewer.workspace, id);
      return viewOf(viewer, refTo(viewer.workspace, found), found.value);
    },

    cancel: (viewer, id) => ended(viewer, id, () => true),

    async abandon(viewer, id) {
      await ended(viewer, id, ({ status }) => status !== "paused").catch(() => undefined);
    },

    async suspension(viewer, id, wanted) {
      const found = await records.get(viewer.workspace, id);
      const knowledge = await knowledgeOf(refTo(viewer.workspace, found));
      for (const [step, compiled] of knowledge.workflow.steps) {
        const { spec, resume } = compiled;
        if ((wanted !== undefined && step !== wanted) || found.value.steps[step]?.status !== "suspended") continue;
        if (spec.kind !== "suspend" || spec.suspend.by !== "person") continue;
        requireSight(viewer, found.value, compiled);
        const message = messageOf(knowledge, found.value, compiled);
        return { step, message, fields: resume && Object.keys(resume.shape).length > 0 ? resume : undefined };
      }
      return undefined;
    },

    async resume(resumer, id, step, data) {
      const found = await records.get(resumer.workspace, id);
      const ref = refTo(resumer.workspace, found);
      const { workflow } = await knowledgeOf(ref);
      const compiled = workflow.steps.get(step);
      if (!compiled)
        throw new AppError("NOT_FOUND", `The run has no step ${quote(step)}; get-workflow-run shows those it has.`);
      requireSuspended(ref, found.value, step);
      requireSight(resumer, found.value, compiled);
      const byPerson = resumer.asked || isPerson(resumer);
      if (compiled.spec.kind === "suspend" && compiled.spec.suspend.by === "person" && !byPerson) throw personWanted();
      const value = compiled.resume ? requireFit(compiled.resume, data, "resumeData") : data;
      let job: string | undefined;
      const { value: record } = await ledger.change(ref, (before) => {
        requireSuspended(ref, before, step);
        job = before.driver ? undefined : runJob(ref, before.jobs + 1);
        return {
          record: resumedAt(before, step, { person: resumer.person, byPerson, now: now() }, job !== undefined),
          values: [{ key: step, value }],
          more: job === undefined ? [] : [outbox.change(job)],
        };
      });
      await ledger.tell(ref, record);
      if (job === undefined) await stir(ref);
      else await outbox.send(job);
      return viewOf(resumer, ref, record);
    },

    async *watch(viewer, id, signal) {
      const ref = refTo(viewer.workspace, await records.get(viewer.workspace, id));
      yield* watchRun(ref, { events, executions, signal, view: () => service.get(viewer, id) });
    },
  };
  return service;
}

function starterOf(caller: Omit<Caller, "face">, face: Face): Starter {
  const { kind, person, key, keyPrefix, clerkAccount, scopes, surface } = caller;
  return {
    kind,
    face,
    person,
    scopes: [...scopes],
    ...(key !== undefined && { key }),
    ...(keyPrefix !== undefined && { keyPrefix }),
    ...(clerkAccount !== undefined && { clerkAccount }),
    ...(surface && {
      surface: { readOnly: surface.readOnly, ...(surface.toolsets && { toolsets: [...surface.toolsets] }) },
    }),
  };
}

function resumedAt(
  record: RunRecord,
  id: string,
  { person, byPerson, now }: { readonly person: number; readonly byPerson: boolean; readonly now: number },
  hasJob: boolean,
): RunRecord {
  const step = record.steps[id];
  if (!step) throw new Error(`the run has no step ${id}`);
  const resumedBy = { person, how: byPerson ? "person" : "agent" } as const;
  return {
    ...record,
    status: "running",
    jobs: record.jobs + (hasJob ? 1 : 0),
    steps: { ...record.steps, [id]: { ...step, status: "completed", finishedAt: now, resumedBy } },
  };
}

function requireSuspended(ref: RunRef, record: RunRecord, id: string): void {
  if (FINAL_RUN_STATES.has(record.status)) throw finished(ref, record);
  const status = record.steps[id]?.status;
  if (status === "suspended") return;
  throw new AppError(
    "STEP_NOT_SUSPENDED",
    `The step ${quote(id)} of ${formatId("run", ref.number)} is ${status}, so nobody can go on with it now.`,
  );
}

/** Nobody goes on with what they may not see. */
function requireSight(viewer: Viewer, record: RunRecord, step: WorkflowStep): void {
  const [scope] = lackingFor(viewer, record, step.origins);
  if (scope === undefined) return;
  throw new AppError(
    "PERMISSION_REQUIRED",
    `What this step is about needs the scope ${scope} to be seen; ask the owner for a key that has it.`,
    { details: { scope } },
  );
}

function finished({ number }: RunRef, { status }: RunRecord): AppError {
  const message = `${formatId("run", number)} is ${status} already; start-workflow begins another run.`;
  return new AppError("EXECUTION_FINISHED", message);
}

function personWanted(): AppError {
  return new AppError(
    "PERSON_REQUIRED",
    "This step waits for a person, and a key is none: call resume-workflow-run from a client that can ask its user.",
  );
}

function noModel(): AppError {
  return new AppError(
    "MODEL_NOT_CONFIGURED",
    "This server has no model to run the skills of this workflow with: set CLANKER_MODEL, give the workspace a key with set-byok-key, or start it over MCP, where the calling agent runs them.",
  );
}
