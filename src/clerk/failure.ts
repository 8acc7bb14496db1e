import { AppError, type ErrorCode } from "../core/errors.js";
import { retryAfterSeconds } from "../outgoing/retries.js";
import type { Captured, Exchange } from "./exchange.js";

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: "INVALID_INPUT",
  404: "NOT_FOUND",
  409: "CONFLICT",
  413: "PAYLOAD_TOO_LARGE",
  422: "INVALID_INPUT",
  429: "RATE_LIMITED",
};

/** What to say of a status where Clerk gives no reason of its own. */
type Sentences = Readonly<Record<number, string>>;

const SENTENCES: Sentences = {
  401: "Clerk refused the secret key; check CLERK_SECRET_KEY.",
  403: "Clerk does not allow this with what it was given.",
  404: "Clerk has no such thing, or no such route; check the id.",
  429: "Clerk takes no more requests for now; wait and try again.",
};

/** A failed call as callers see it: the reason in Clerk's words where it gave one, its codes, and advice on retrying. */
export function failureOf(thrown: unknown, exchange: Exchange): AppError {
  if (exchange.failure) return withEarlierEffect(exchange.failure, exchange);
  // Of two requests at once the one that failed need not be the last to answer.
  const refused = exchange.captured.findLast(({ status }) => status >= 300);
  if (refused) return withEarlierEffect(refusal(refused), exchange);
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof Error && isInput(thrown, exchange))
    return new AppError("INVALID_INPUT", short(thrown.message) ?? "Clerk's SDK refuses this.", { cause: thrown });
  return new AppError("UPSTREAM_FAILED", "The call to Clerk failed; try again in a moment.", { cause: thrown });
}

/** Whether a call that threw was answered all the same, so that the answer holds. */
export function isAnswered(thrown: unknown, { failure, captured }: Exchange): boolean {
  if (failure || isVerification(thrown)) return false;
  const answers = captured.filter(({ url }) => !url.pathname.endsWith("/jwks"));
  return answers.length > 0 && answers.every(({ status }) => status < 300);
}

function isVerification(thrown: unknown): boolean {
  return thrown instanceof Error && /VerificationError$/.test(thrown.constructor.name);
}

/** Checks that the SDK makes before it sends anything, and of tokens that it verifies itself, say what is wrong. */
function isInput(thrown: Error, { captured }: Exchange): boolean {
  if (isVerification(thrown)) return true;
  return captured.length === 0 && thrown.constructor === Error && !thrown.message.includes("Secret Key");
}

/** The error that an answer of Clerk's amounts to. */
export function refusal({ method, status, body, headers }: Captured, others: Sentences = {}): AppError {
  const sentences = { ...SENTENCES, ...others };
  const first = field(field(body, "errors"), "0");
  const told = short(field(first, "long_message")) ?? short(field(first, "message"));
  // What Clerk says of a key is about the server's own, which no caller can mend.
  const message = (status === 401 ? sentences[401] : (told ?? sentences[status])) ?? unexplained(status);
  const seconds = retryAfterSeconds(headers.get("retry-after"));
  const clerkCode = short(field(first, "code"));
  const trace = short(field(body, "clerk_trace_id")) ?? rayOf(headers);
  const parameter = short(field(field(first, "meta"), "param_name"));
  const unknown = method !== "GET" && status >= 500;
  return new AppError(CODES[status] ?? "UPSTREAM_FAILED", unknown ? `${message} ${UNKNOWN_OUTCOME}` : message, {
    fields: {
      ...(clerkCode !== undefined && { clerk_code: clerkCode }),
      ...(trace !== undefined && { clerk_trace_id: trace }),
      status,
      retryable: status === 429 || (status >= 500 && !unknown),
      ...(seconds !== undefined && { retry_after_seconds: seconds }),
      ...(parameter !== undefined && { parameter }),
    },
  });
}

const UNKNOWN_OUTCOME = "Whether the change was made is not known; look at the record before you repeat it.";

function unexplained(status: number): string {
  return status < 400
    ? `Clerk's answer (status ${status}) leads elsewhere, which is not followed; check the address that is set for it.`
    : `Clerk answered with status ${status}.`;
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** The number that Clerk's network gave the request; whatever else stands in its place is left out. */
function rayOf(headers: Headers): string | undefined {
  return /^[0-9a-f]{8,32}(-[A-Z]{3})?$/.exec(headers.get("cf-ray") ?? "")?.[0];
}

/** Clerk's text, which may be anything, as far as an error has room for it. */
function short(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, 1000) : undefined;
}

/** Some functions send two writes; where the second fails, the first has happened. */
function withEarlierEffect(error: AppError, { captured, read }: Exchange): AppError {
  const done = captured.some(({ method, status }) => method !== "GET" && status < 300);
  if (read || !done) return error;
  return new AppError(
    error.code,
    `${error.message} An earlier part of this call has taken effect; read the record before you repeat it.`,
    {
      ...(error.details && { details: error.details }),
      ...(error.fields && { fields: error.fields }),
      ...(error.cause !== undefined && { cause: error.cause }),
    },
  );
}
