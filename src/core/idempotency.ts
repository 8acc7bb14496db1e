import { InputRequired } from "./asking.js";
import type { Caller } from "./caller.js";
import { AppError } from "./errors.js";
import type { Call, Stage } from "./invoke.js";
import type { AnyOperation } from "./operation.js";
import { KEY_ARGUMENT } from "./key-argument.js";

/** What callers send: printable characters, as a header can carry them. */
const KEY = /^[\x20-\x7e]{1,255}$/;

/** A use of a key: for one operation, by one caller, with one input. */
export interface KeyUse {
  readonly workspace: number;
  readonly operation: string;
  /** Who calls; a session or a grant of the same person or key makes no difference. */
  readonly caller: string;
  readonly key: string;
  readonly input: unknown;
}

/** How a call ended that is kept: with an answer (any JSON value), or with an error of the operation's own. */
export type Kept = { readonly answer: unknown } | { readonly error: AppError };

/** The one call that may run. */
export interface Running {
  /** Keeps how it ended, for whoever comes with the key again. */
  keep(kept: Kept): Promise<void>;
  /** Forgets that it ran: the key is free again. */
  forget(): Promise<void>;
}

/** Keys and what became of their calls, over all processes. */
export interface IdempotencyKeys {
  /**
   * Claims a key, or answers what is kept for it. Throws `IDEMPOTENCY_IN_FLIGHT` while its first call runs, and
   * `IDEMPOTENCY_KEY_REUSED` where that had another input.
   */
  claim(use: KeyUse): Promise<{ readonly running: Running } | { readonly kept: Kept }>;
}

/** Runs a call that has a key once; comes after whatever may refuse the call, and before its answer is checked. */
export function idempotency<Services>(keys: IdempotencyKeys): Stage<Services> {
  return async (call, next) => {
    const operation = call.entry?.operation;
    if (!operation?.idempotent || call.idempotencyKey === undefined) return next();
    const claimed = await keys.claim(useOf(call, operation));
    if ("kept" in claimed) {
      call.isReplay = true;
      call.onReplay?.();
      if ("error" in claimed.kept) throw claimed.kept.error;
      return claimed.kept.answer;
    }
    const { running } = claimed;
    let answer: unknown;
    try {
      answer = await next();
    } catch (thrown) {
      if (isKept(thrown)) await running.keep({ error: thrown });
      else await running.forget();
      throw thrown;
    }
    await running.keep({ answer });
    return answer;
  };
}

function useOf<Services>(call: Call<Services>, { name }: AnyOperation<Services>): KeyUse {
  const { idempotencyKey: key, caller, input } = call;
  if (typeof key !== "string" || !KEY.test(key)) {
    const problem = "an idempotency key is a text of 1 to 255 printable characters";
    throw new AppError("INVALID_INPUT", `The arguments do not fit: ${KEY_ARGUMENT}: ${problem}.`, {
      details: { issues: [{ field: KEY_ARGUMENT, problem }] },
    });
  }
  return { workspace: caller.workspace, operation: name, caller: callerName(caller), key, input };
}

function callerName({ key, person }: Caller): string {
  return key === undefined ? `person ${person}` : `key ${key}`;
}

/** Codes below 500 that say nothing of what a second try would come to. */
const PASSING: ReadonlySet<string> = new Set([
  "INVALID_INPUT",
  "PERMISSION_REQUIRED",
  "CANCELLED",
  "RATE_LIMITED",
  "CONFLICT",
]);

function isKept(thrown: unknown): thrown is AppError {
  return (
    thrown instanceof AppError && !(thrown instanceof InputRequired) && thrown.status < 500 && !PASSING.has(thrown.code)
  );
}
