/** How often a read is sent at most. */
export const ATTEMPTS = 3;

/** Statuses after which the same read may succeed. */
export const RETRIED: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

const FIRST_DELAY_MS = 200;

/** Whatever is longer is as good as never. */
const LONGEST_SECONDS = 999_999;

/** Failures before anything was sent. */
const NEVER_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"]);

/** Milliseconds to wait before the next attempt: what the provider advised, else ever longer, with jitter. */
export function delayMs(advisedSeconds: number | undefined, attempt: number): number {
  const jitter = 0.5 + Math.random();
  return advisedSeconds === undefined
    ? FIRST_DELAY_MS * 2 ** (attempt - 1) * jitter
    : advisedSeconds * 1000 + 100 * jitter;
}

/** The whole seconds or the date of a Retry-After header, as seconds from now. */
export function retryAfterSeconds(header: string | null | undefined): number | undefined {
  const value = header?.trim();
  if (!value) return undefined;
  if (/^\d+$/.test(value)) return Math.min(Number(value), LONGEST_SECONDS);
  const date = /^[A-Z][a-z]+, .* GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.min(Math.max(0, Math.ceil((date - Date.now()) / 1000)), LONGEST_SECONDS);
}

/** Whether a request failed before any of it went out; fetch keeps the reason in its error's cause. */
export function neverSent(thrown: unknown): boolean {
  return [thrown, thrown instanceof Error ? thrown.cause : undefined].some(
    (reason) =>
      typeof reason === "object" && reason !== null && "code" in reason && NEVER_SENT.has(String(reason.code)),
  );
}
