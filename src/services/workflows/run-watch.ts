import { formatId, parseId } from "../../core/ids.js";
import type { RunView } from "../../core/shapes/workflow.js";
import type { Events, WorkspaceEvent } from "../events.js";
import type { Executions } from "../executions/executions.js";
import { newsFrom } from "../news.js";
import { FINAL_RUN_STATES, type RunRef } from "./run-record.js";

/** A run as it has become, and what its skills said meanwhile. */
export interface RunUpdate {
  readonly view: RunView;
  readonly said: readonly { readonly execution: string; readonly text: string }[];
}

/** An event may be lost with a connection, so look again now and then. */
const LOOK_EVERY_MS = 2000;

/**
 * A run each time that there is something new of it, the first time at once, until it is paused or over, or the signal
 * is aborted.
 */
export async function* watchRun(
  ref: RunRef,
  around: {
    readonly events: Events;
    readonly executions: Executions;
    readonly view: () => Promise<RunView>;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<RunUpdate, void, undefined> {
  const { events, executions, view, signal } = around;
  const id = formatId("run", ref.number);
  const listening = new Set<string>();
  const heard = new Map<string, number>();
  const concerns = ({ data }: WorkspaceEvent): boolean =>
    data["runId"] === id || listening.has(String(data["executionId"]));
  const news = await newsFrom({ events, workspace: ref.workspace, concerns, signal });
  try {
    for (;;) {
      if (signal.aborted) return;
      news.begin();
      const now = await view();
      for (const execution of now.steps.flatMap((step) => step.executions ?? [])) listening.add(execution);
      yield { view: now, said: await newTexts(ref.workspace, listening, heard, executions) };
      if (now.status === "paused" || FINAL_RUN_STATES.has(now.status)) return;
      await news.next(LOOK_EVERY_MS);
    }
  } finally {
    await news.close();
  }
}

async function newTexts(
  workspace: number,
  ids: ReadonlySet<string>,
  heard: Map<string, number>,
  executions: Executions,
): Promise<RunUpdate["said"]> {
  const said: { execution: string; text: string }[] = [];
  for (const execution of ids) {
    const number = parseId("execution", execution) ?? 0;
    // Its number is known a moment before it is made.
    if (!(await executions.find({ workspace, number }))) continue;
    const { outputBlocks } = await executions.status(workspace, execution, heard.get(execution) ?? -1);
    for (const { index, type, text } of outputBlocks) {
      heard.set(execution, index);
      if (type === "text" && text !== undefined) said.push({ execution, text });
    }
  }
  return said;
}
