import type { Caller } from "./caller.js";
import { toAppError } from "./errors.js";
import type { Call, Stage } from "./invoke.js";
import type { Concern } from "./operation.js";
import { codeOf } from "./stages.js";

/** What is known of a mutation before it runs. */
export interface Deed {
  readonly caller: Caller;
  readonly operation: string;
  readonly tool?: string | undefined;
  /** What was done, resource.verb, such as `artifact.delete`. */
  readonly action: string;
  readonly resource: string;
  readonly resourceId?: string | undefined;
  readonly effect: "write" | "destroy";
}

/** How a mutation ended. */
export interface DeedEnd {
  /** `ok` or the code of its error. */
  readonly outcome: string;
  readonly resourceId?: string | undefined;
  /** How long the call took, in milliseconds. */
  readonly ms: number;
}

/** Where mutations are written down, before and after. */
export interface AuditTrail {
  /** Notes that a mutation is about to run, so that a process that dies in it leaves a trace; throws where the store cannot take the note. */
  intend(deed: Deed): Promise<string>;
  /** Writes the entry, in place of the note where there is one. Never throws: what was done is done. */
  conclude(deed: Deed, end: DeedEnd, intention: string | undefined): Promise<void>;
}

/**
 * Writes an entry for every call that is not a read into the log of its caller's workspace, and of those it concerns:
 * one that ran, and one that was refused. Comes after `find`, around whatever refuses; {@link auditIntent} stands just before `run`.
 */
export function auditTrail<Services>(trail: AuditTrail, now: () => number): Stage<Services> {
  return async (call, next) => {
    const started = now();
    const conclude = async (outcome: string, answer?: unknown): Promise<void> => {
      const deed = deedOf(call);
      if (!deed) return;
      const end = { outcome, resourceId: idIn(answer, ANSWER_IDS), ms: Math.max(0, now() - started) };
      // An answer that nothing ran for is one that was kept from an earlier call.
      const isNews = outcome !== "ok" || call.intention !== undefined;
      if (isNews && deed.caller.workspace !== 0) await trail.conclude(deed, end, call.intention);
      for (const [workspace, concern] of call.concerned) {
        if (workspace === deed.caller.workspace && concern.action === undefined) continue;
        await trail.conclude(asFor(deed, workspace, concern), { ...end, ...idOf(concern) }, undefined);
      }
    };
    return concluded(next, (thrown) => codeOf(thrown, call.signal), conclude);
  };
}

/**
 * Runs a mutation that comes through no stage, such as a command typed at the terminal, with its note before and its
 * entry after; where it cannot be noted, it does not run. `now` gives milliseconds.
 */
export async function audited<T>(trail: AuditTrail, deed: Deed, now: () => number, run: () => Promise<T>): Promise<T> {
  const started = now();
  const intention = await trail.intend(deed);
  return concluded(
    run,
    (thrown) => toAppError(thrown).code,
    (outcome, answer) => {
      const resourceId = idIn(answer, ANSWER_IDS);
      return trail.conclude(deed, { outcome, resourceId, ms: Math.max(0, now() - started) }, intention);
    },
  );
}

/** Says how something ended, whichever way it does. */
async function concluded<T>(
  run: () => Promise<T>,
  codeFor: (thrown: unknown) => string,
  conclude: (outcome: string, answer?: T) => Promise<void>,
): Promise<T> {
  let answer: T;
  try {
    answer = await run();
  } catch (thrown) {
    await conclude(codeFor(thrown));
    throw thrown;
  }
  await conclude("ok", answer);
  return answer;
}

/** What a mutation was for another workspace. */
function asFor({ caller, ...deed }: Deed, workspace: number, { person, action, resource }: Concern): Deed {
  // A key that calls in a person's name is none of the other workspace's.
  const { key: _key, keyPrefix: _prefix, clerkAccount: _account, ...origin } = caller;
  return {
    ...deed,
    caller: person === undefined ? { ...caller, workspace } : { ...origin, kind: "session", person, workspace },
    ...(action !== undefined && { action }),
    ...(resource !== undefined && { resource }),
  };
}

const idOf = ({ resourceId }: Concern) => resourceId !== undefined && { resourceId };

/** Notes a mutation just before it runs: where it cannot be noted, it does not run. */
export function auditIntent<Services>(trail: AuditTrail): Stage<Services> {
  return async (call, next) => {
    const deed = call.caller.workspace === 0 ? undefined : deedOf(call);
    if (deed) call.intention = await trail.intend(deed);
    return next();
  };
}

function deedOf<Services>({ entry, standing, caller, input }: Call<Services>): Deed | undefined {
  if (!entry) return undefined;
  const { operation } = entry;
  const { effect, audit } = standing ?? operation;
  if (effect === "read") return undefined;
  return {
    caller,
    operation: operation.name,
    tool: operation.tool,
    action: audit?.action ?? operation.name,
    resource: audit?.resource ?? operation.toolset,
    resourceId: idIn(input, INPUT_IDS) ?? anyIdIn(input),
    effect,
  };
}

const ANSWER_IDS = ["id", "executionId", "runId"] as const;
const INPUT_IDS = ["id", "slug", "app"] as const;

/** Ids as they are made here and elsewhere; nothing long enough to hold a key or a text. */
const ID = /^[A-Za-z0-9][\w.:-]{0,63}$/;

function idIn(value: unknown, names: readonly string[]): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const found = names.map((name) => (value as Record<string, unknown>)[name]).find(isId);
  return found === undefined ? undefined : String(found);
}

/** The first field that is called an id, such as `user_id`. */
function anyIdIn(input: unknown): string | undefined {
  if (typeof input !== "object" || input === null) return undefined;
  const found = Object.entries(input).find(([name, value]) => /_id$|Id$/.test(name) && isId(value));
  return found && String(found[1]);
}

function isId(value: unknown): value is string | number {
  return typeof value === "number" ? Number.isSafeInteger(value) : typeof value === "string" && ID.test(value);
}
