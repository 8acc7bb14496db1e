import { setTimeout as sleep } from "node:timers/promises";
import type { z } from "zod";
import { BinaryAnswer, StreamAnswer } from "../../core/answer.js";
import type { Caller } from "../../core/caller.js";
import { AppError, type ErrorCode, notFound, toAppError } from "../../core/errors.js";
import { formatId } from "../../core/ids.js";
import type { Invoke } from "../../core/invoke.js";
import type { Scope as WantedScope } from "../../core/operation.js";
import { coerce, type JsonSchema } from "../../core/schema.js";
import type { Effect } from "../../core/standing.js";
import type { OperationStep } from "./definition.js";
import type { Scope } from "./expression.js";
import type { RunRecord, RunRef } from "./run-record.js";
import { expressionFailure, failureOf, type Outcome, retriesOf } from "./task.js";
import type { WorkflowStep } from "./workflow.js";
import { confidentialityOf } from "./world.js";

/** An operation as a step uses it. */
interface Callable {
  readonly operation: {
    readonly name: string;
    readonly effect: Effect;
    readonly scope: WantedScope<never>;
    readonly confidential?: true;
    readonly input: z.ZodType;
  };
  readonly inputSchema: JsonSchema;
}

/** How steps reach the operations of the server; known only once those are. */
export interface Operations {
  readonly registry: { findTool(tool: string): Callable | undefined };
  readonly invoke: Invoke;
}

/** Longest answer of an operation that a run keeps, in characters of JSON. */
const ANSWER_LIMIT = 1_048_576;

/** After these nobody knows whether a write took effect: it is not tried again unless doing it twice does no harm. */
const IN_DOUBT: ReadonlySet<ErrorCode> = new Set(["INTERNAL", "STORE_UNAVAILABLE"]);

/** Whether a step may be begun anew where nobody knows how far it came. */
export function isRepeatable({ registry }: Operations, spec: OperationStep): boolean {
  return spec.repeatable === true || registry.findTool(spec.operation)?.operation.effect === "read";
}

/** Who acts in a run's steps: whoever started it, asked by nobody and with nobody to ask. */
export function actorOf({ workspace, number }: RunRef, { starter }: RunRecord, step: string): Caller {
  const { scopes, surface, person, kind, key, keyPrefix, clerkAccount } = starter;
  return {
    kind,
    // An agent's calls are what a person is to be asked about, whichever door the run was started through.
    face: "mcp",
    workspace,
    person,
    scopes: new Set(scopes),
    ...(key !== undefined && { key }),
    ...(keyPrefix !== undefined && { keyPrefix }),
    ...(clerkAccount !== undefined && { clerkAccount }),
    ...(surface && {
      surface: {
        toolsets: surface.toolsets && new Set(surface.toolsets),
        readOnly: surface.readOnly,
        search: false,
      },
    }),
    requestId: `${formatId("run", number)}.${step}`,
  };
}

/** Why something was not even begun: this process is to leave the run to others. */
export class LeftOff extends Error {
  override readonly name = "LeftOff";
}

/** The actor with what its key is still allowed; throws `KEY_REVOKED` where that is nothing any more, or {@link LeftOff}. */
export type CheckRights = (actor: Caller) => Promise<Caller>;

/** Calls the operation of a step, again where its definition says so, and tells how that ended; never throws. */
export async function performOperation(
  step: WorkflowStep & { readonly spec: OperationStep },
  scope: Scope,
  actor: Caller,
  around: {
    readonly operations: Operations;
    readonly rights: CheckRights;
    readonly signal: AbortSignal;
    /** Milliseconds that one attempt may take. */
    readonly limitMs: number;
  },
): Promise<Outcome> {
  const { spec } = step;
  const { times, waitSeconds } = retriesOf(spec);
  let args: unknown;
  try {
    args = step.values.resolve(scope);
  } catch (thrown) {
    return { status: "failed", error: expressionFailure(`with of the step ${spec.id}`, thrown) };
  }
  for (let attempt = 0; ; attempt += 1) {
    const outcome = await once(spec, args, actor, around);
    const again = outcome.status === "failed" && outcome.retryable && !outcome.fatal && attempt < times;
    if (!again || around.signal.aborted) return outcome;
    await sleep(waitSeconds * 1000, undefined, { signal: around.signal }).catch(() => undefined);
  }
}

async function once(
  spec: OperationStep,
  args: unknown,
  actor: Caller,
  { operations, rights, signal, limitMs }: Parameters<typeof performOperation>[3],
): Promise<Outcome> {
  const limit = AbortSignal.timeout(limitMs);
  const both = AbortSignal.any([signal, limit]);
  let scopes: readonly string[] = [];
  try {
    const known = operations.registry.findTool(spec.operation);
    if (!known) throw notFound("operation", spec.operation, "tools/list");
    const caller = await rights(actor);
    scopes = scopesFor(known, args);
    const refused = confidentialityOf(known.operation, scopes);
    if (refused !== undefined) throw new AppError("ACCESS_DENIED", `Here ${refused}; call it from an agent.`);
    signal.throwIfAborted();
    const call = operations.invoke({ operation: known.operation.name, args, caller, signal: both });
    return { status: "completed", output: keepable(await unlessAborted(call, both), spec), scopes };
  } catch (thrown) {
    if (thrown instanceof LeftOff) return { status: "untouched" };
    const error = limit.aborted && !signal.aborted ? timedOut(limitMs) : toAppError(thrown);
    const inDoubt = (limit.aborted || IN_DOUBT.has(error.code)) && !isRepeatable(operations, spec);
    return {
      ...failureOf(error),
      ...(inDoubt && { retryable: false }),
      scopes,
      ...(error.code === "KEY_REVOKED" && { fatal: true }),
    };
  }
}

/** What a caller of the operation must be allowed, and so whoever sees its answer. */
function scopesFor({ operation, inputSchema }: Callable, args: unknown): readonly string[] {
  const { scope, input } = operation;
  if (typeof scope === "string") return [scope];
  const parsed = input.safeParse(coerce(inputSchema, args));
  return parsed.success ? [scope.of(parsed.data as never)].flat() : scope.among;
}

function keepable(answer: unknown, { id, operation }: OperationStep): unknown {
  if (answer instanceof StreamAnswer || answer instanceof BinaryAnswer)
    throw new AppError("INVALID_INPUT", `${operation} answers with a stream or a file, which a step cannot keep.`);
  const text = JSON.stringify(answer ?? null);
  if (text.length > ANSWER_LIMIT)
    throw new AppError(
      "PAYLOAD_TOO_LARGE",
      `The answer to the step ${id} is longer than ${ANSWER_LIMIT} characters; have it ask for less.`,
    );
  return JSON.parse(text);
}

function timedOut(limitMs: number): AppError {
  return new AppError("TIMEOUT", `The step was stopped after its time limit of ${limitMs / 1000} seconds.`);
}

/** The promise's own end, or the signal's reason once that is aborted: an operation may not listen to its signal. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
