/** The six error types of the Clanker API document. */
export type ErrorType =
  | "invalid_request_error"
  | "authentication_error"
  | "permission_error"
  | "not_found_error"
  | "rate_limit_error"
  | "api_error";

interface ErrorKind {
  readonly status: number;
  readonly type: ErrorType;
  /** Whether the same call may succeed later without being changed. */
  readonly retryable: boolean;
}

const kind = (status: number, type: ErrorType, retryable = false): ErrorKind => ({ status, type, retryable });

/** Every code a caller can meet, with its HTTP status and type. Codes are stable; sentences are not. */
export const ERRORS = {
  INVALID_INPUT: kind(400, "invalid_request_error"),
  INVALID_CURSOR: kind(400, "invalid_request_error"),
  INVALID_VERSION: kind(400, "invalid_request_error"),
  SKILL_NOT_INSTALLED: kind(400, "invalid_request_error"),
  MODEL_NOT_CONFIGURED: kind(400, "invalid_request_error"),
  CLERK_NOT_CONFIGURED: kind(400, "invalid_request_error"),
  CONNECTOR_NOT_CONFIGURED: kind(400, "invalid_request_error"),
  AUTH_REQUIRED: kind(401, "authentication_error"),
  KEY_REVOKED: kind(401, "authentication_error"),
  PERMISSION_REQUIRED: kind(403, "permission_error", true),
  ACCESS_DENIED: kind(403, "permission_error"),
  ACTIVATION_REQUIRED: kind(403, "permission_error", true),
  INSUFFICIENT_CREDITS: kind(403, "permission_error"),
  CONFIRMATION_REQUIRED: kind(403, "permission_error"),
  DECLINED: kind(403, "permission_error"),
  PERSON_REQUIRED: kind(403, "permission_error"),
  HOST_REFUSED: kind(403, "permission_error"),
  ORIGIN_REFUSED: kind(403, "permission_error"),
  NOT_FOUND: kind(404, "not_found_error"),
  METHOD_NOT_ALLOWED: kind(405, "invalid_request_error"),
  TOOL_NOT_CONNECTED: kind(409, "invalid_request_error", true),
  EXECUTION_RUNNING: kind(409, "invalid_request_error", true),
  EXECUTION_FINISHED: kind(409, "invalid_request_error"),
  IDEMPOTENCY_IN_FLIGHT: kind(409, "invalid_request_error", true),
  STEP_NOT_SUSPENDED: kind(409, "invalid_request_error"),
  CONFLICT: kind(409, "invalid_request_error", true),
  PAYLOAD_TOO_LARGE: kind(413, "invalid_request_error"),
  UNSUPPORTED_MEDIA_TYPE: kind(415, "invalid_request_error"),
  IDEMPOTENCY_KEY_REUSED: kind(422, "invalid_request_error"),
  RATE_LIMITED: kind(429, "rate_limit_error", true),
  CANCELLED: kind(499, "invalid_request_error"),
  INTERNAL: kind(500, "api_error", true),
  SEAL_BROKEN: kind(500, "api_error"),
  UPSTREAM_FAILED: kind(502, "api_error", true),
  MODEL_REFUSED: kind(502, "api_error"),
  STORE_UNAVAILABLE: kind(503, "api_error", true),
  TOO_MANY_SESSIONS: kind(503, "api_error", true),
  SHUTTING_DOWN: kind(503, "api_error", true),
  TIMEOUT: kind(504, "api_error", true),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

/** Codes that any operation may meet, so that no definition has to repeat them. */
export const COMMON_ERRORS = [
  "INVALID_INPUT",
  "ACCESS_DENIED",
  "AUTH_REQUIRED",
  "KEY_REVOKED",
  "PERMISSION_REQUIRED",
  "STORE_UNAVAILABLE",
  "CANCELLED",
  "INTERNAL",
] as const satisfies readonly ErrorCode[];

interface ErrorOptions {
  /** Public facts that help the caller: sent to it as they are. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Public facts that stand beside the code, and may say better than it whether to retry. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** What really happened: logged, never sent. */
  readonly cause?: unknown;
}

/** The one error a caller sees: a code of {@link ERRORS} and a sentence that says what to do next. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly fields: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.details = options.details;
    this.fields = options.fields;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
}

/** Any throw as an {@link AppError}: an unknown one becomes `INTERNAL`, its text hidden and kept as the cause. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError("INTERNAL", "Something failed on the server; try again, and quote the request id if it stays.", {
    cause: thrown,
  });
}

/** Codes that the Clanker document sends in a flat form, with what a client calls to get past them. */
const FLAT: Partial<Record<ErrorCode, Readonly<Record<string, string>>>> = {
  PERMISSION_REQUIRED: { request_url: "/api/v1/agents/request-permission" },
  ACCESS_DENIED: {},
  ACTIVATION_REQUIRED: {},
  TOOL_NOT_CONNECTED: {},
};

/** The form of the errors of an address: the Clanker document gives every one of `/agents/*` in the flat form. */
export function formAt(path: string | undefined): "flat" | undefined {
  return path?.startsWith("/api/v1/agents/") ? "flat" : undefined;
}

/** The error as every face sends it; `form` asks for the flat form whatever the code. */
export function encodeError(error: AppError, requestId: string, form?: "flat"): Record<string, unknown> {
  const { code, message, details, fields } = error;
  const { type, retryable } = ERRORS[code];
  const flat = FLAT[code] ?? (form === "flat" ? { type } : undefined);
  if (flat) return { ...details, ...flat, error: code, message, retryable, request_id: requestId };
  return { error: { type, message, code, retryable, ...fields, request_id: requestId, ...(details && { details }) } };
}

/** `NOT_FOUND` in one sentence that names what was looked for and the tool that lists what exists. */
export function notFound(what: string, name: string, lister: string): AppError {
  return new AppError("NOT_FOUND", `There is no ${what} ${quote(name)} here; ${lister} shows those that exist.`);
}

/** Caller's text inside a sentence: quoted, short, on one line. */
export function quote(text: string): string {
  const line = text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "?");
  return JSON.stringify(line.length > 80 ? `${line.slice(0, 77)}...` : line);
}
