import { type FormQuestion, InputRequired, type Reply } from "../../src/core/asking.js";
import { AppError } from "../../src/core/errors.js";
import type { Context } from "../../src/core/operation.js";
import type { RunView } from "../../src/core/shapes/workflow.js";
import type { Services } from "../../src/services/services.js";
import type { StartCall } from "../../src/services/workflows/asked-runs.js";
import type { Suspension } from "../../src/services/workflows/workflows.js";

/** How long a call waits for a step that its user could be asked about, in milliseconds. */
const WAIT_MS = 10_000;

/** Starts a run; where a step of it waits for a person and the client's user can be asked, goes on with the answer. */
export async function startRun(context: Context<Services>, id: string, inputData: Record<string, unknown>) {
  const { services, caller, face = "rest" } = context;
  const call: StartCall = { caller, workflow: id, inputData };
  const again = face === "mcp" ? await takenUp(context, call) : undefined;
  const runId = again ?? (await services.workflows.start(caller, face, id, inputData)).id;
  const first = await services.workflows.get(caller, runId);
  const { view, note } = face === "mcp" ? await asking(context, first, call) : { view: first };
  return { runId, status: view.status, message: note ?? messageOf(view) };
}

/** Goes on with a suspended step; one that waits for a person takes what the client's user answers. */
export async function resumeRun(
  context: Context<Services>,
  id: string,
  step: string,
  resumeData: Record<string, unknown>,
): Promise<RunView> {
  const { services, caller } = context;
  const suspension = await services.workflows.suspension(caller, id, step);
  const reply = suspension && (await context.need(questionOf(await idOf(context, id), suspension)));
  if (reply?.action === "decline" || reply?.action === "cancel") throw declined(reply.action);
  const asked = reply?.action === "accept";
  const data = asked ? reply.content : resumeData;
  const view = await services.workflows.resume({ ...caller, asked }, id, step, data);
  return asked ? (await asking(context, view)).view : view;
}

/** The id in its one form: a question is found again by it. */
async function idOf({ services, caller }: Context<Services>, id: string): Promise<string> {
  return (await services.workflows.get(caller, id)).id;
}

const keyOf = (run: string, step: string): string => `${run} ${step}`;

function questionOf(run: string, { step, message, fields }: Suspension): FormQuestion {
  return { key: keyOf(run, step), message, ...(fields && { fields }) };
}

/** The run that this call has begun already, where it comes again with its user's answer. */
async function takenUp({ services, need }: Context<Services>, call: StartCall): Promise<string | undefined> {
  for (const { run, step } of await services.workflows.asked.find(call)) {
    try {
      const reply = await need({ key: keyOf(run, step), message: "Go on?" });
      if (reply.action !== "unasked") return run;
    } catch (thrown) {
      // No answer to that question came along: it belongs to another call.
      if (!(thrown instanceof InputRequired)) throw thrown;
    }
  }
  return undefined;
}

/** Waits for steps that wait for a person, and asks the client's user about each; how the run stands in the end. */
async function asking(
  context: Context<Services>,
  first: RunView,
  call?: StartCall,
): Promise<{ readonly view: RunView; readonly note?: string }> {
  const { services, caller, need } = context;
  for (let view = first; ;) {
    if (view.steps.some(mayWait)) view = await settled(context, view);
    if (view.status !== "paused") return { view };
    const suspension = await services.workflows.suspension(caller, view.id);
    if (!suspension) return { view };
    let reply: Reply;
    try {
      reply = await need(questionOf(view.id, suspension));
    } catch (thrown) {
      if (thrown instanceof InputRequired && call) {
        await services.workflows.asked.note(call, { run: view.id, step: suspension.step });
      }
      // The run is there and waits: what came back is told, not thrown.
      if (!(thrown instanceof InputRequired) && thrown instanceof AppError && thrown.code === "INVALID_INPUT")
        return { view, note: `${thrown.message} Call resume-workflow-run to have the user asked again.` };
      throw thrown;
    }
    if (reply.action !== "accept") return { view };
    view = await goOn(context, view, suspension.step, reply.content);
  }
}

/** The run after the person's answer; where somebody else was faster, as that left it. */
async function goOn(
  { services, caller }: Context<Services>,
  view: RunView,
  step: string,
  content: Readonly<Record<string, unknown>>,
): Promise<RunView> {
  try {
    return await services.workflows.resume({ ...caller, asked: true }, view.id, step, content);
  } catch (thrown) {
    if (!(thrown instanceof AppError && thrown.code === "STEP_NOT_SUSPENDED")) throw thrown;
    return services.workflows.get(caller, view.id);
  }
}

const mayWait = ({ kind, by, status }: RunView["steps"][number]): boolean =>
  kind === "suspend" && by === "person" && (status === "pending" || status === "suspended");

/** The run once it waits or is over, or after a while; a caller that leaves meanwhile cancels it. */
async function settled(context: Context<Services>, first: RunView): Promise<RunView> {
  const { services, caller, signal, progress } = context;
  let view = first;
  const until = AbortSignal.any([signal, AbortSignal.timeout(WAIT_MS)]);
  for await (const update of services.workflows.watch(caller, view.id, until)) {
    view = update.view;
    const over = view.steps.filter(({ status }) => !["pending", "running", "suspended"].includes(status)).length;
    progress({ progress: over, total: view.steps.length });
    // It waits for this very caller, who is waiting for it.
    if (view.steps.some(({ handed_out: handedOut }) => handedOut)) break;
  }
  const hasHeard = view.status === "paused";
  if (signal.aborted && !hasHeard && !services.workflows.leaving.is) await services.workflows.abandon(caller, view.id);
  signal.throwIfAborted();
  return view;
}

function messageOf({ id, status, steps, error }: RunView): string {
  const waiting = steps.find((step) => step.status === "suspended");
  if (steps.some(({ handed_out: handedOut }) => handedOut))
    return `A skill is yours to run: get-workflow-run shows what is handed_out of ${id}.`;
  if (status === "paused" && waiting) return `The step ${waiting.id} waits for ${waitsFor(waiting.by)}.`;
  if (status === "failed") return `The run failed: ${error?.message ?? "get-workflow-run says why"}`;
  if (status === "completed") return "The run is completed; get-workflow-run shows what it gave.";
  return "The run goes on. Poll get-workflow-run, or listen to workflow-state events.";
}

function waitsFor(by: "person" | "agent" | undefined): string {
  return by === "agent" ? "you: call resume-workflow-run" : "a person: resume-workflow-run asks the user";
}

function declined(action: "decline" | "cancel"): AppError {
  const said = action === "decline" ? "declined" : "did not answer";
  return new AppError(
    "DECLINED",
    `The user ${said}, so the step still waits; do not try again unless they ask for it.`,
  );
}
