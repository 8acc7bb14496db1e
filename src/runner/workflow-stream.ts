import type { UIMessageChunk, UIMessageStreamWriter } from "ai";
import { StreamAnswer } from "../core/answer.js";
import { toAppError } from "../core/errors.js";
import type { Log } from "../core/log.js";
import type { RunView, StepView } from "../core/shapes/workflow.js";
import type { RunUpdate } from "../services/workflows/run-watch.js";

/**
 * A run's updates as an AI SDK UI message stream: one message whose id is the run's, with a part `data-run`, a part
 * `data-step` for each step, and what its skills say as text. Ends where the updates do.
 */
export async function workflowStream(updates: AsyncIterable<RunUpdate>, log: Log): Promise<StreamAnswer> {
  const { createUIMessageStream, JsonToSseTransformStream, UI_MESSAGE_STREAM_HEADERS } = await import("ai");
  const header = "x-vercel-ai-ui-message-stream";
  const stream = createUIMessageStream({
    async execute({ writer }) {
      const write = writing(writer);
      for await (const update of updates) write(update);
    },
    onError(thrown) {
      const error = toAppError(thrown);
      if (error.cause !== undefined) log.error({ err: error.cause, code: error.code }, "a run's stream broke off");
      return error.message;
    },
  });
  const sent = stream.pipeThrough(new JsonToSseTransformStream());
  return new StreamAnswer(sent, { [header]: UI_MESSAGE_STREAM_HEADERS[header] });
}

/** Writes what is new of each update. */
function writing(writer: UIMessageStreamWriter): (update: RunUpdate) => void {
  const told = new Map<string, string>();
  const speaking = new Set<string>();
  let begun = false;

  const tell = (type: `data-${string}`, id: string, data: object): void => {
    const text = JSON.stringify(data);
    if (told.get(`${type} ${id}`) === text) return;
    told.set(`${type} ${id}`, text);
    writer.write({ type, id, data });
  };
  const speak = (id: string, delta: string): void => {
    if (!speaking.has(id)) writer.write({ type: "text-start", id });
    speaking.add(id);
    writer.write({ type: "text-delta", id, delta });
  };

  return ({ view, said }) => {
    const run = { runId: view.id, workflowId: view.workflow_id, status: view.status };
    if (!begun) writer.write({ type: "start", messageId: view.id, messageMetadata: run });
    begun = true;
    tell("data-run", view.id, { ...run, ...("output" in view && { output: view.output }) });
    for (const { execution, text } of said) speak(execution, text);
    for (const step of view.steps) tell("data-step", step.id, step);
    for (const id of view.steps.filter(isOver).flatMap(({ executions = [] }) => executions)) {
      if (speaking.delete(id)) writer.write({ type: "text-end", id });
    }
    for (const chunk of endOf(view, run)) writer.write(chunk);
  };
}

const isOver = ({ status }: StepView): boolean => !["pending", "running", "suspended"].includes(status);

/** The last chunks of a run that goes on no further by itself. */
function endOf({ status, error }: RunView, metadata: object): UIMessageChunk[] {
  if (status === "queued" || status === "running") return [];
  return [
    ...(status === "failed" ? [{ type: "error" as const, errorText: error?.message ?? "The run failed." }] : []),
    { type: "finish", messageMetadata: metadata },
  ];
}
