import type { StreamAnswer } from "../../src/core/answer.js";
import { AppError, notFound } from "../../src/core/errors.js";
import type { Context } from "../../src/core/operation.js";
import type { Services } from "../../src/services/services.js";
import type { RunUpdate } from "../../src/services/workflows/run-watch.js";

interface Wish {
  readonly id: string;
  readonly inputData?: Record<string, unknown> | undefined;
  readonly runId?: string | undefined;
  readonly step?: string | undefined;
  readonly resumeData?: Record<string, unknown> | undefined;
}

/** Starts a run or goes on with one, and answers it as it goes; who hangs up while it goes on cancels it. */
export async function streamRun(context: Context<Services>, wish: Wish): Promise<StreamAnswer> {
  const { services, caller, signal } = context;
  const id = wish.runId === undefined ? await begin(context, wish) : await goOn(context, wish, wish.runId);
  return services.workflows.stream(attached(context, id, services.workflows.watch(caller, id, signal)));
}

async function begin({ services, caller }: Context<Services>, wish: Wish): Promise<string> {
  if (wish.step !== undefined || wish.resumeData !== undefined)
    throw new AppError(
      "INVALID_INPUT",
      "To go on with a run, give runId, step and resumeData; to start one, inputData.",
    );
  return (await services.workflows.start(caller, "rest", wish.id, wish.inputData ?? {})).id;
}

async function goOn({ services, caller }: Context<Services>, wish: Wish, runId: string): Promise<string> {
  const { step, inputData, resumeData = {} } = wish;
  if (step === undefined || inputData !== undefined)
    throw new AppError(
      "INVALID_INPUT",
      "To go on with a run, give runId, step and resumeData; to start one, inputData.",
    );
  const { workflow_id: workflow } = await services.workflows.get(caller, runId);
  if (workflow !== wish.id) throw notFound("run of this workflow", runId, "list-workflow-runs");
  return (await services.workflows.resume({ ...caller, asked: false }, runId, step, resumeData)).id;
}

/** The updates for as long as the caller's key is good and the caller stays. */
async function* attached(
  { services, caller, signal }: Context<Services>,
  id: string,
  updates: AsyncIterable<RunUpdate>,
): AsyncGenerator<RunUpdate, void, undefined> {
  let going = true;
  const leave = () => {
    if (going && !services.workflows.leaving.is) void services.workflows.abandon(caller, id);
  };
  signal.addEventListener("abort", leave, { once: true });
  if (signal.aborted) leave();
  for await (const update of updates) {
    // A run that waits for somebody goes on waiting when its caller leaves.
    going = update.view.status === "queued" || update.view.status === "running";
    if (!(await services.keys.isGood(caller)))
      throw new AppError("KEY_REVOKED", "This API key was revoked or has expired; ask the owner for another.");
    yield update;
  }
}
