import type { Ask } from "./asking.js";
import type { Caller } from "./caller.js";
import type { Concern, Progress } from "./operation.js";
import type { Standing } from "./standing.js";
import type { Entry } from "./registry.js";

/** A call as a face hands it over. */
export interface Request {
  /** The operation's name. */
  readonly operation: string;
  /** Arguments as they came: stages coerce and validate them. */
  readonly args: unknown;
  readonly caller: Caller;
  readonly signal: AbortSignal;
  readonly progress?: (progress: Progress) => void;
  /** How to ask the person behind the client; absent where there is no way. */
  readonly ask?: Ask;
  /** The caller's own name for this call, as it came; only operations that take one look at it. */
  readonly idempotencyKey?: unknown;
  /** Told before the answer that it is the kept one of an earlier call. */
  readonly onReplay?: () => void;
}

/** A call on its way through the stages; each fills in what it finds out. */
export interface Call<Services> extends Request {
  entry?: Entry<Services>;
  input?: unknown;
  /** What the call stands for, where its definition says so. */
  standing?: Standing;
  /** Other workspaces that the call concerns, and what it was for them where that is something else. */
  readonly concerned: Map<number, Concern>;
  /** Whether the answer, or the error, is that of an earlier call: nothing was done. */
  isReplay?: boolean;
  /** The audit's note that the call is about to change something. */
  intention?: string;
}

/** One step around every call: does its part before and after `next`, or refuses by throwing. */
export type Stage<Services> = (call: Call<Services>, next: () => Promise<unknown>) => Promise<unknown>;

/** Runs a request through every stage and answers what `run` answered; throws only `AppError`. */
export type Invoke = (request: Request) => Promise<unknown>;

/** The one way into every operation: the stages in their order, outermost first. */
export function createInvoke<Services>(stages: readonly Stage<Services>[]): Invoke {
  const enter = (call: Call<Services>, position: number): Promise<unknown> => {
    const stage = stages[position];
    if (!stage) return Promise.reject(new Error("the last stage must not call next"));
    return stage(call, () => enter(call, position + 1));
  };
  return (request) => enter({ ...request, concerned: new Map() }, 0);
}
