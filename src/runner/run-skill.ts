import { AppError, toAppError } from "../core/errors.js";
import type { Log } from "../core/log.js";
import { visible } from "../core/visible.js";
import type { Attachment } from "../core/shapes/execution.js";
import type { Worker } from "../queue/port.js";
import { Interrupted } from "../queue/port.js";
import type { Billing } from "../services/billing.js";
import { rendered } from "../services/executions/completion.js";
import type { Connectors } from "../services/connectors/connectors.js";
import { remoteTools, repositoryContext } from "../services/executions/connector-context.js";
import { CANCEL_CHANNEL } from "../services/executions/executions.js";
import { instructionsFor } from "../services/executions/instructions.js";
import { type Ending, type ExecutionRef, type Journal, refOf } from "../services/executions/journal.js";
import type { ExecutionInput, ExecutionRecord } from "../services/executions/record.js";
import type { Marketplace } from "../services/marketplace/marketplace.js";
import type { Pack } from "../services/marketplace/pack.js";
import type { Memory } from "../services/memory.js";
import type { Store } from "../store/port.js";
import type { ModelAttachment, ModelGateway } from "./model.js";
import type { HttpRequests } from "./http-request.js";
import { createRunOutput, type RunOutput } from "./run-output.js";

/** Why a run was stopped from outside: somebody cancelled the execution, or another process ended it. */
class Over extends Error {
  override readonly name = "Over";
}

export interface RunnerOptions {
  readonly store: Store;
  readonly journal: Journal;
  readonly marketplace: Marketplace;
  readonly memory: Memory;
  readonly billing: Billing;
  readonly connectors: Connectors;
  /** What runs an execution: the workspace's own key where it was started on that, else the server's model. */
  readonly modelFor: (workspace: number, record: Pick<ExecutionRecord, "ownKey">) => Promise<ModelGateway>;
  readonly httpRequests: HttpRequests;
  readonly log: Log;
  /** Milliseconds that a run may take. */
  readonly runMs: number;
}

/** What makes a queue's jobs into finished executions, with the model that each was started on. */
export interface Runner extends Worker {
  /** Hears of cancellations until the store closes. */
  listen(): Promise<void>;
}

/** The loop that runs skills: every way it ends is written to the execution, but for a handing back to the queue. */
export function createRunner(options: RunnerOptions): Runner {
  const { store, journal, marketplace, memory, billing, connectors, modelFor, httpRequests, log, runMs } = options;
  const running = new Map<string, AbortController>();

  const stream = async (
    workspace: number,
    pack: Pack,
    model: ModelGateway,
    input: ExecutionInput,
    notes: string,
    output: RunOutput,
    signal: AbortSignal,
  ) => {
    const [context, tools] = await Promise.all([
      repositoryContext(connectors, workspace, input, signal),
      remoteTools(connectors, workspace, input),
    ]);
    const call = {
      system: wellFormed(instructionsFor(pack, notes)),
      prompt: wellFormed(context === "" ? input.input : `${input.input}\n\n${context}`),
      attachments: input.attachments.map(decode),
      tools: [...tools, ...httpRequests(workspace, pack)],
      signal,
    };
    output.given(call.system.length + call.prompt.length);
    for await (const part of model.stream(call)) {
      signal.throwIfAborted();
      if (part.type === "text") await output.text(part.text);
      else if (part.type === "file") await output.file(part.name, part.mimeType, part.content);
      else if (part.type === "tool") await output.note(part.name, called(part.input, part.answer));
      else output.used(part.totalTokens);
    }
    await output.flush();
    signal.throwIfAborted();
    const artifact = rendered(pack, output.whole());
    if (artifact) await output.file(artifact.name, artifact.mimeType, artifact.content);
  };

  const execute = async (ref: ExecutionRef, record: ExecutionRecord, output: RunOutput, signal: AbortSignal) => {
    const pack = marketplace.pack(record.skill);
    if (!pack) throw new AppError("NOT_FOUND", "The skill's pack is no longer on the server.");
    if (!record.ownKey) await billing.requireCredits(ref.workspace);
    const model = await modelFor(ref.workspace, record);
    const [input, notes] = await Promise.all([
      store.get<ExecutionInput>(`execution-input:${ref.workspace}`, String(ref.number)),
      pack.memory ? memory.read(ref.workspace) : { content: "" },
    ]);
    if (!input) throw new AppError("NOT_FOUND", "The input of this execution is gone; start the skill anew.");
    await stream(ref.workspace, pack, model, input.value, notes.content, output, signal);
  };

  return {
    async listen() {
      await store.subscribe(CANCEL_CHANNEL, (job) => running.get(String(job))?.abort(new Over()));
    },

    async run(job, interrupted, attempt) {
      const ref = refOf(job);
      const over = new AbortController();
      running.set(job, over);
      const limit = AbortSignal.timeout(runMs);
      const signal = AbortSignal.any([interrupted, over.signal, limit]);
      try {
        const record = await journal.begin(ref);
        if (!record) return;
        const output = await createRunOutput(journal, ref, { interrupted, over: () => over.abort(new Over()) });
        if (attempt === 2 || output.continued)
          await output.note("restart", "The process that ran this stopped; the skill was started again.");
        try {
          await execute(ref, record, output, signal);
          await end(ref, { status: "completed", tokens: output.tokens() });
        } catch (thrown) {
          await conclude(ref, output, thrown, { interrupted, over: over.signal, limit });
        }
      } finally {
        // After a lost lease this process may have the job once more already.
        if (running.get(job) === over) running.delete(job);
      }
    },

    async abandoned(job) {
      const error = {
        code: "INTERNAL",
        message: "The server stopped or failed while this ran, and does not try again; start the skill again.",
      } as const;
      await journal.end(refOf(job), { status: "failed", error, tokens: 0 });
    },
  };

  /** What a run used is owed also when somebody cancelled it at the last moment. */
  async function end(ref: ExecutionRef, ending: Ending): Promise<void> {
    const { ended } = await journal.end(ref, ending);
    if (!ended) await journal.settle(ref, ending.tokens);
  }

  async function conclude(
    ref: ExecutionRef,
    output: RunOutput,
    thrown: unknown,
    stops: { interrupted: AbortSignal; over: AbortSignal; limit: AbortSignal },
  ): Promise<void> {
    if (thrown instanceof Interrupted || (stops.interrupted.aborted && !stops.over.aborted)) throw thrown;
    await output.flush();
    if (stops.over.aborted) {
      await journal.settle(ref, output.tokens());
      return;
    }
    const error = stops.limit.aborted ? timedOut(runMs) : toAppError(thrown);
    if (error.cause !== undefined)
      log.warn({ err: error.cause, execution: ref.number, code: error.code }, error.message);
    await output.error(error.message);
    await end(ref, {
      status: "failed",
      error: { code: error.code, message: error.message },
      tokens: output.tokens(),
    });
  }
}

function timedOut(runMs: number): AppError {
  return new AppError("TIMEOUT", `The skill was stopped after its time limit of ${runMs / 1000} seconds.`);
}

/** What is kept of a tool's call: its answer is the app's, and may be long or hostile. */
function called(input: unknown, answer: string): string {
  const asked = JSON.stringify(input ?? {}).slice(0, 500);
  const got = /^[A-Z_]+: /.test(answer) ? answer.slice(0, 500) : `${answer.length} characters`;
  return visible(`${asked}: ${got}`);
}

/** Half a surrogate pair in it, and a provider refuses the whole request. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

function decode(attachment: Attachment): ModelAttachment {
  const { name, mime_type: mimeType, content, encoding } = attachment;
  return { name, mimeType, content: Buffer.from(content, encoding === "base64" ? "base64" : "utf8") };
}
