import type { z } from "zod";
import { BinaryAnswer, CookieAnswer, StreamAnswer } from "./answer.js";
import { needFrom } from "./asking.js";
import { type Caller, isPerson, lenderOf, requireScope } from "./caller.js";
import { AppError, notFound, quote, toAppError } from "./errors.js";
import type { Call, Stage } from "./invoke.js";
import type { Log } from "./log.js";
import type { Context } from "./operation.js";
import type { Standing } from "./standing.js";
import type { Entry, Registry } from "./registry.js";
import { coerce } from "./schema.js";
import { isOn, narrowed, type Surface } from "./surface.js";

/** Makes an `AppError` of whatever a later stage throws, and logs what the caller will not see. */
export function mapErrors<Services>(log: Log): Stage<Services> {
  return async (call, next) => {
    try {
      return await next();
    } catch (thrown) {
      const error = asTold(thrown, call.signal);
      if (error.cause !== undefined && error.code !== "CANCELLED") {
        log.error(
          { request_id: call.caller.requestId, operation: call.operation, code: error.code, err: error.cause },
          error.message,
        );
      }
      throw error;
    }
  };
}

/** What the caller is told of a throw; whatever an abort makes of a call is a cancellation. */
function asTold(thrown: unknown, signal: AbortSignal): AppError {
  if (thrown instanceof AppError || !signal.aborted) return toAppError(thrown);
  if (signal.reason instanceof AppError) return signal.reason;
  return new AppError("CANCELLED", "The caller cancelled this call.", { cause: thrown });
}

/** The code that a caller is told of a throw. */
export function codeOf(thrown: unknown, signal: AbortSignal): string {
  return asTold(thrown, signal).code;
}

/** Writes one line for every call that is not a plain read, refused ones included: who, what, how it ended. */
export function auditLog<Services>(log: Log, now: () => number): Stage<Services> {
  return async (call, next) => {
    const started = now();
    let outcome = "ok";
    try {
      return await next();
    } catch (thrown) {
      outcome = codeOf(thrown, call.signal);
      throw thrown;
    } finally {
      const operation = call.entry?.operation;
      const { effect, audit } = call.standing ?? operation ?? {};
      if (outcome !== "ok" || effect !== "read") {
        const { caller } = call;
        log.info(
          {
            audit: audit?.action ?? call.operation.slice(0, 64),
            resource: audit?.resource,
            operation: operation?.name,
            outcome,
            replayed: call.isReplay,
            ms: now() - started,
            request_id: caller.requestId,
            workspace: caller.workspace,
            actor: caller.kind,
            key: caller.keyPrefix,
            clerk_account: caller.clerkAccount,
            ip: caller.ip,
          },
          "call",
        );
      }
    }
  };
}

/** Looks the operation up by its name. */
export function find<Services>(registry: Registry<Services>): Stage<Services> {
  return (call, next) => {
    const entry = registry.find(call.operation);
    if (!entry) throw notFound("operation", call.operation, "tools/list or /api/openapi.json");
    call.entry = entry;
    return next();
  };
}

/** Refuses what the operator, or the caller's own choice of surface, has left out, whoever asks. */
export function limit<Services>(operator: Surface): Stage<Services> {
  return (call, next) => {
    requireOn(operator, call.caller, found(call).operation);
    return next();
  };
}

/** Finds out what the parsed call stands for, and holds it to the limits of that too; comes after `parse`. */
export function appraise<Services>(operator: Surface): Stage<Services> {
  return (call, next) => {
    const { operation } = found(call);
    if (operation.standsFor) {
      call.standing = operation.standsFor(call.input);
      requireOn(operator, call.caller, call.standing);
    }
    return next();
  };
}

function requireOn(operator: Surface, caller: Caller, what: Pick<Standing, "effect" | "toolset" | "admits">): void {
  const surface = caller.surface ? narrowed(operator, caller.surface) : operator;
  if (isOn(surface, what)) return;
  const why = surface.readOnly && what.effect !== "read" ? "is read-only" : `leaves the toolset ${what.toolset} out`;
  throw new AppError(
    "ACCESS_DENIED",
    `This server or this connection ${why}; ask its operator, or connect without that limit.`,
  );
}

/** Refuses a caller without a credential where one is wanted, and one whose scopes do not reach. */
export function authorise<Services>(): Stage<Services> {
  return (call, next) => {
    const { operation } = found(call);
    if (operation.scope !== "public" && call.caller.kind === "anonymous") {
      throw new AppError("AUTH_REQUIRED", "Send an API key as the x-api-key header or as Authorization: Bearer.");
    }
    if (operation.scope === "session" && !isPerson(call.caller)) {
      throw new AppError("PERSON_REQUIRED", "Only a person who is signed in can do this; open the server's pages.");
    }
    if (typeof operation.scope === "string") requireScope(call.caller, operation.scope);
    return next();
  };
}

/** Coerces text by the published schema, validates in full, then checks a scope that depends on the input. */
export function parse<Services>(): Stage<Services> {
  return (call, next) => {
    const { operation, inputSchema } = found(call);
    const parsed = operation.input.safeParse(coerce(inputSchema, call.args ?? {}));
    if (!parsed.success) throw invalidInput(parsed.error);
    call.input = parsed.data;
    if (typeof operation.scope !== "string") {
      for (const scope of [operation.scope.of(parsed.data)].flat()) requireScope(call.caller, scope);
    }
    return next();
  };
}

/** `INVALID_INPUT` with the fields that do not fit; `within` names the argument that they are part of. */
export function invalidInput(error: z.ZodError, within?: string): AppError {
  const issues = error.issues.slice(0, 8).map((issue) => ({
    field:
      [...(within === undefined ? [] : [within]), ...issue.path.map(String)].join(".").slice(0, 128) || "(arguments)",
    problem: issue.message.slice(0, 300),
  }));
  const [first] = issues;
  return new AppError("INVALID_INPUT", `The arguments do not fit: ${first?.field ?? "?"}: ${first?.problem ?? "?"}.`, {
    details: { issues },
  });
}

/** Refuses an answer that is not what the definition promises: a fault of ours, told as one. */
export function checkOutput<Services>(): Stage<Services> {
  return async (call, next) => {
    const answer = await next();
    const { output, name } = found(call).operation;
    if (!output || answer instanceof BinaryAnswer || answer instanceof StreamAnswer) return answer;
    const checked = output.safeParse(answer instanceof CookieAnswer ? answer.body : answer);
    if (!checked.success) throw new Error(`${name} answered what its schema does not allow: ${checked.error.message}`);
    return answer instanceof CookieAnswer ? new CookieAnswer(checked.data, answer.cookies) : checked.data;
  };
}

/** Takes what was granted for one call, once: of two calls that need it only one goes on. */
export function spendGrants<Services>(
  spend: (caller: Caller, consents: readonly number[]) => Promise<boolean>,
): Stage<Services> {
  return async (call, next) => {
    const { caller, input } = call;
    if (caller.oneTime === undefined) return next();
    const { scope } = found(call).operation;
    const wanted = typeof scope === "string" ? [scope] : [scope.of(input)].flat();
    const consents = [...new Set(wanted.flatMap((one) => lenderOf(caller, one) ?? []))];
    if (consents.length > 0 && !(await spend(caller, consents))) {
      const [first = ""] = wanted;
      throw new AppError("PERMISSION_REQUIRED", "What was granted for one call has been used; ask for it again.", {
        details: { scope: first },
      });
    }
    return next();
  };
}

/** The last stage: calls the operation's own `run`. */
export function run<Services>(services: Services, log: Log): Stage<Services> {
  return (call) => {
    const { operation } = found(call);
    if (operation.standsFor && !call.standing) throw new Error(`no stage has appraised ${quote(operation.name)} yet`);
    const { face, ...caller } = call.caller;
    const context: Context<Services> = {
      services,
      caller,
      ...(operation.dependsOnFace !== undefined && { face }),
      signal: call.signal,
      progress: call.progress ?? (() => undefined),
      need: needFrom(call.ask),
      concerns: (workspace, concern = {}) => void call.concerned.set(workspace, concern),
      log,
    };
    return operation.run(call.input, context);
  };
}

function found<Services>(call: Call<Services>): Entry<Services> {
  if (!call.entry) throw new Error(`no stage has found ${quote(call.operation)} yet`);
  return call.entry;
}
