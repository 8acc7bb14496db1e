import { jsonIn } from "../core/decoding.js";
import { AppError, type ErrorCode } from "../core/errors.js";
import { visible } from "../core/visible.js";
import { retryAfterSeconds } from "../outgoing/retries.js";
import type { Incoming } from "../outgoing/send.js";
import type { App } from "./app.js";

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: "INVALID_INPUT",
  403: "ACCESS_DENIED",
  404: "NOT_FOUND",
  409: "CONFLICT",
  410: "NOT_FOUND",
  412: "CONFLICT",
  413: "PAYLOAD_TOO_LARGE",
  415: "UNSUPPORTED_MEDIA_TYPE",
  422: "INVALID_INPUT",
  429: "RATE_LIMITED",
  451: "ACCESS_DENIED",
};

const ADVICE: Partial<Record<ErrorCode, string>> = {
  INVALID_INPUT: "does not take this input; change it",
  ACCESS_DENIED: "does not let the connected account do this; check its rights and what it was granted",
  NOT_FOUND: "has no such thing, or does not show it to the connected account; check the name or id",
  CONFLICT: "has it in another state than this call expects; read it again first",
  PAYLOAD_TOO_LARGE: "does not take or give this much at once; ask for less",
  UNSUPPORTED_MEDIA_TYPE: "does not take this kind of content",
  RATE_LIMITED: "takes no more requests for now; wait and try again",
  UPSTREAM_FAILED: "failed",
};

/** Reasons of Google's that say with 403 what others say with 429. */
const RATE_REASONS = new Set(["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"]);

/** The error that a provider's refusal amounts to, with its own words as far as they say something. */
export function providerFailure(
  app: App,
  { status, headers, content }: Incoming,
  call: { readonly read: boolean; readonly token: string },
): AppError {
  const body = jsonIn(content.toString());
  const code = isRateLimit(status, headers, body) ? "RATE_LIMITED" : (CODES[status] ?? "UPSTREAM_FAILED");
  const unknown = !call.read && status >= 500;
  const told = withoutToken(toldBy(body), call.token);
  const sentences = [
    `${app.title} ${ADVICE[code]} (status ${status})${told === undefined ? "." : `. It says: ${JSON.stringify(told)}`}`,
    ...(unknown ? ["Whether the change was made is not known; look before you repeat it."] : []),
  ];
  const seconds = code === "RATE_LIMITED" ? waitSeconds(headers) : undefined;
  const facts = {
    status,
    ...(code === "UPSTREAM_FAILED" && { retryable: status >= 500 && !unknown }),
    ...(seconds !== undefined && { retry_after_seconds: seconds }),
  };
  return new AppError(code, sentences.join(" "), code === "ACCESS_DENIED" ? { details: facts } : { fields: facts });
}

/** A text that does not repeat the token; one so short that it may be any word is no secret. */
export function withoutToken<Text extends string | undefined>(text: Text, token: string): Text {
  return (token.length < 6 ? text : text?.replaceAll(token, "[blanked]")) as Text;
}

function isRateLimit(status: number, headers: Incoming["headers"], body: unknown): boolean {
  if (status === 429) return true;
  if (status !== 403) return false;
  if (headers["retry-after"] !== undefined || headers["x-ratelimit-remaining"] === "0") return true;
  const reason = field(field(field(field(body, "error"), "errors"), "0"), "reason");
  if (typeof reason === "string" && RATE_REASONS.has(reason)) return true;
  // GitHub's secondary limit need not say how long it lasts.
  return /\bexceeded a secondary rate limit\b/i.test(toldBy(body) ?? "");
}

function waitSeconds(headers: Incoming["headers"]): number | undefined {
  const advised = retryAfterSeconds(headers["retry-after"]);
  if (advised !== undefined) return advised;
  const reset = headers["x-ratelimit-reset"] ?? "";
  return /^\d{10}$/.test(reset) ? Math.max(0, Number(reset) - Math.floor(Date.now() / 1000)) : undefined;
}

/** The sentence in the forms that GitHub, Google, Notion and OAuth have for it. */
function toldBy(body: unknown): string | undefined {
  const first = field(field(body, "errors"), "0");
  const found = [
    [field(body, "message"), field(first, "message")].filter(isText).join(": "),
    field(field(body, "error"), "message"),
    field(body, "error_description"),
    field(body, "error"),
  ].find(isText);
  return found === undefined ? undefined : visible(found).slice(0, 300);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "";
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
