import { AppError } from "../core/errors.js";

/** The settings that a failure's sentence points at, and what it must never repeat. */
export interface ModelFailureContext {
  readonly keySetting: string;
  readonly modelSetting?: string | undefined;
  readonly urlSetting: string;
  readonly secrets: readonly string[];
}

/** Whatever the AI SDK threw as `UPSTREAM_FAILED`; the provider's own words go to the log, cut and without secrets. */
export function modelFailure(thrown: unknown, context: ModelFailureContext): AppError {
  const error = lastOf(thrown);
  const status = statusOf(error);
  return new AppError("UPSTREAM_FAILED", sentence(error, status, context), {
    ...(status !== undefined && { details: { status } }),
    cause: told(error, context.secrets),
  });
}

/** `UPSTREAM_FAILED` for a stream that ended without the provider saying that it was done. */
export function brokenOff(): AppError {
  return new AppError("UPSTREAM_FAILED", "The model's answer broke off before its end; try again.");
}

/** `UPSTREAM_FAILED` for an answer with neither text nor a file. */
export function nothingUsable(): AppError {
  return new AppError("UPSTREAM_FAILED", "The model answered with no text and no file; try again or ask differently.");
}

/** `MODEL_REFUSED`. */
export function refused(): AppError {
  return new AppError("MODEL_REFUSED", "The model declined to answer this; change the input and try again.");
}

function sentence(error: unknown, status: number | undefined, context: ModelFailureContext): string {
  const { keySetting, urlSetting, modelSetting = "CLANKER_MODEL" } = context;
  if (status === undefined) {
    return isConnectionFailure(error)
      ? `The model's provider cannot be reached; check ${urlSetting} and the network, then try again.`
      : "The model's provider broke its answer off or sent one that cannot be read; try again.";
  }
  if (status === 401 || status === 403) {
    return `The model's provider did not accept the key (HTTP ${status}); check ${keySetting}.`;
  }
  if (status === 404) {
    return `The model's provider does not know the model or the address (HTTP 404); check ${modelSetting} and ${urlSetting}.`;
  }
  if (status === 429) return "The model's provider has had too many requests (HTTP 429); try again in a minute.";
  if (status >= 500) return `The model's provider failed (HTTP ${status}); try again later.`;
  if (status >= 400) return `The model's provider did not take the request (HTTP ${status}); check ${modelSetting}.`;
  return `The model's provider sent an answer that cannot be read (HTTP ${status}); check ${urlSetting}.`;
}

/** The AI SDK wraps the failures of its retries; the last one tells most. */
function lastOf(thrown: unknown): unknown {
  return property(thrown, "lastError") ?? thrown;
}

function statusOf(error: unknown): number | undefined {
  const status = property(error, "statusCode");
  return typeof status === "number" ? status : undefined;
}

/** A request that got no answer: the SDK keeps its URL, which a stream that broke later lacks. */
function isConnectionFailure(error: unknown): boolean {
  return typeof property(error, "url") === "string";
}

/** The SDK's errors hold the whole request: only name and message go on. */
function told(error: unknown, secrets: readonly string[]): Error {
  const name = error instanceof Error ? error.name : "provider error";
  const message = property(error, "message");
  const safe = secrets
    .filter((secret) => secret !== "")
    .reduce((text, secret) => text.replaceAll(secret, "***"), typeof message === "string" ? message : "no message");
  return new Error(`${name}: ${safe.slice(0, 300)}`);
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
