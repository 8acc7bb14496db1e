import { AppError, COMMON_ERRORS, encodeError, type ErrorCode, ERRORS, type ErrorType } from "../../core/errors.js";
import { LATEST_VERSION } from "./version.js";

/** A part of an OpenAPI document. */
export type Part = Record<string, unknown>;

/** A reference to a reusable part. */
export const ref = (kind: keyof typeof components, name: string): Part => ({ $ref: `#/components/${kind}/${name}` });

const text = { type: "string" };

const header = (name: string, description: string, schema: Part) => ({
  name,
  in: "header",
  required: false,
  description,
  schema,
});

const requestId = { type: "string", pattern: "^[A-Za-z0-9._:-]{1,128}$", maxLength: 128 };
const count = { type: "integer", minimum: 0 };
const version = { type: "string", format: "date", default: LATEST_VERSION };

/** The reusable parts of the document. */
export const components = {
  securitySchemes: {
    apiKey: { type: "apiKey", in: "header", name: "x-api-key", description: "An API key of the workspace." },
    bearer: { type: "http", scheme: "bearer", description: "The same API key as Authorization: Bearer." },
    queryKey: { type: "apiKey", in: "query", name: "apiKey", description: "For clients that cannot set headers." },
    signedLink: { type: "apiKey", in: "query", name: "signature", description: "A signed link, until it expires." },
  },
  parameters: {
    RequestId: header("x-request-id", "Names this request in the answer and the logs; made up if left out.", requestId),
    IdempotencyKey: header(
      "idempotency-key",
      "Your own name for this call: sent again within 24 hours with the same input, nothing is done twice.",
      { ...text, minLength: 1, maxLength: 255 },
    ),
    Version: header("clanker-version", "The API version to answer in; the latest if left out.", version),
  },
  headers: {
    RequestId: { description: "The request's id; quote it when something is wrong.", schema: requestId },
    Version: { description: "The API version of the answer.", schema: version },
    Replayed: {
      description: "Present where this is the kept answer of an earlier call.",
      schema: { ...text, enum: ["true"] },
    },
    RateLimit: { description: "Requests a minute; on every answer below /api/v1/, errors too.", schema: count },
    RateLimitRemaining: { description: "How many more in this minute.", schema: count },
    RetryAfter: { description: "Seconds to wait.", schema: count },
    RateLimitReset: { description: "Seconds until the count starts anew.", schema: count },
  },
  schemas: {
    Error: {
      type: "object",
      required: ["error"],
      properties: {
        error: {
          type: "object",
          required: ["type", "message", "code", "retryable", "request_id"],
          properties: {
            type: { type: "string", enum: [...errorTypes()] },
            message: { ...text, description: "What went wrong and what to do next; its wording may change." },
            code: { ...text, description: "Stable; decide by this." },
            retryable: { type: "boolean", description: "Whether the same call may succeed later." },
            request_id: text,
            details: { type: "object", description: "Facts that help, such as the fields that do not fit." },
          },
        },
      },
    },
    PermissionError: {
      type: "object",
      required: ["error", "message", "retryable", "request_id"],
      properties: {
        error: { type: "string", enum: (Object.keys(ERRORS) as ErrorCode[]).filter(isFlat) },
        message: text,
        scope: { ...text, description: "The scope that the key lacks." },
        request_url: text,
        retryable: { type: "boolean" },
        request_id: text,
      },
    },
  },
};

/** Headers that every answer under `/api` carries. */
export const answerHeaders = (): Part => ({
  "x-request-id": ref("headers", "RequestId"),
  "clanker-version": ref("headers", "Version"),
});

/** Those of the limit, on every answer below `/api/v1/`; the document names them where a client looks for them. */
export const limitHeaders = (): Part => ({
  "x-ratelimit-limit": ref("headers", "RateLimit"),
  "x-ratelimit-remaining": ref("headers", "RateLimitRemaining"),
  "x-ratelimit-reset": ref("headers", "RateLimitReset"),
});

/** Codes that any request may meet before it gets to its operation. */
const AT_THE_DOOR = [
  "INVALID_VERSION",
  "HOST_REFUSED",
  "ORIGIN_REFUSED",
  "RATE_LIMITED",
] as const satisfies readonly ErrorCode[];

/** One response for each status that these codes and the common ones have. */
export function errorResponses(codes: readonly ErrorCode[]): Part {
  const all = [...new Set<ErrorCode>([...COMMON_ERRORS, ...AT_THE_DOOR, ...codes])];
  const statuses = [...new Set(all.map((code) => ERRORS[code].status))].sort((a, b) => a - b);
  return Object.fromEntries(
    statuses.map((status) => [String(status), errorResponse(all.filter((code) => ERRORS[code].status === status))]),
  );
}

/** The response of some codes that share a status. */
export function errorResponse(codes: readonly ErrorCode[]): Part {
  const names = new Set(codes.map((code) => (isFlat(code) ? "PermissionError" : "Error")));
  const forms = [...names].map((name) => ref("schemas", name));
  return {
    description: codes.join(", "),
    headers: {
      ...answerHeaders(),
      ...(codes.includes("RATE_LIMITED") && { ...limitHeaders(), "retry-after": ref("headers", "RetryAfter") }),
    },
    content: { "application/json": { schema: forms.length === 1 ? forms[0] : { oneOf: forms } } },
  };
}

/** Whether the code's error is sent in the flat form; the encoder decides. */
function isFlat(code: ErrorCode): boolean {
  return typeof encodeError(new AppError(code, ""), "")["error"] === "string";
}

function errorTypes(): Set<ErrorType> {
  return new Set(Object.values(ERRORS).map((kind) => kind.type));
}
