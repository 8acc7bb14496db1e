import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../core/errors.js";
import { ATTEMPTS, delayMs, neverSent, RETRIED, retryAfterSeconds } from "../outgoing/retries.js";
import { withoutSecrets } from "./blank.js";

/** One answer of Clerk's, as it came. */
export interface Captured {
  readonly method: string;
  readonly url: URL;
  readonly status: number;
  /** The parsed JSON; undefined for an empty body, and for one that is no JSON where the status says enough. */
  readonly body: unknown;
  readonly headers: Headers;
}

/** What one call sends and gets; every request of the call is part of it. */
export interface Exchange {
  /** Aborted by the caller, or when the time limit is over. */
  readonly signal: AbortSignal;
  readonly timedOut: () => boolean;
  /** When the time limit is over, in milliseconds since 1970. */
  readonly deadline: number;
  /** Reads are sent again where that may help; writes never are. */
  readonly read: boolean;
  readonly fetch: typeof globalThis.fetch;
  /** Blanked wherever an answer repeats them. */
  readonly secrets: readonly string[];
  readonly captured: Captured[];
  /** Why a request failed before there was an answer to show; the SDK drops it. */
  failure?: AppError;
}

interface ExchangeOptions {
  readonly read: boolean;
  readonly signal: AbortSignal;
  /** Milliseconds that the whole call may take, its repetitions included. */
  readonly timeoutMs: number;
  readonly secrets: readonly string[];
  /** Replaces Node's own. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

const BODY_LIMIT = 16 * 1024 * 1024;
/** Answers that the platform makes no `Response` with a body of. */
const BODILESS = new Set([204, 205, 304]);

const exchanges = new AsyncLocalStorage<Exchange>();

/** Node's own, whatever stands in front of it later; the SDK's multipart forms are known to no other. */
const nodeFetch = globalThis.fetch;

/** Opens an exchange whose time runs from now. */
export function openExchange(options: ExchangeOptions): Exchange {
  const { read, signal, timeoutMs, secrets, fetch = nodeFetch } = options;
  const limit = AbortSignal.timeout(timeoutMs);
  return {
    signal: AbortSignal.any([signal, limit]),
    timedOut: () => limit.aborted && !signal.aborted,
    deadline: Date.now() + timeoutMs,
    read,
    fetch,
    secrets,
    captured: [],
  };
}

/** Runs something so that every fetch in it belongs to the exchange. */
export function within<T>(exchange: Exchange, run: () => Promise<T>): Promise<T> {
  return exchanges.run(exchange, run);
}

let installed = false;

/**
 * Puts itself in front of the global fetch, once; the SDK has no other place for one. Requests outside an
 * exchange pass through untouched.
 */
export function interceptFetch(): void {
  if (installed) return;
  installed = true;
  const passOn = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    const exchange = exchanges.getStore();
    return exchange && !(input instanceof Request)
      ? exchanged(exchange, new URL(input), init ?? {})
      : passOn(input, init);
  };
}

/**
 * One request of an exchange: in time, small enough, JSON, no redirect followed. A read is sent again after 429,
 * 5xx and lost connections while its time lasts; whatever else there is to say of an answer is in its status.
 */
export async function exchanged(exchange: Exchange, url: URL, init: RequestInit): Promise<Response> {
  const method = (init.method ?? "GET").toUpperCase();
  const mayRepeat = exchange.read && method === "GET";
  for (let attempt = 1; ; attempt += 1) {
    const { answer, cause } = await send(exchange, url, init);
    const wait = delayMs(retryAfterSeconds(answer?.headers.get("retry-after")), attempt);
    const repeat =
      mayRepeat &&
      attempt < ATTEMPTS &&
      (!answer || RETRIED.has(answer.status)) &&
      !exchange.signal.aborted &&
      Date.now() + wait < exchange.deadline;
    if (!repeat) {
      if (!answer) throw lost(exchange, cause);
      return capture(exchange, method, url, answer);
    }
    // What is thrown away may break off as it likes.
    await answer?.body?.cancel().catch(() => undefined);
    await sleep(wait, undefined, { signal: exchange.signal }).catch((reason: unknown) => {
      throw lost(exchange, reason);
    });
  }
}

async function send(exchange: Exchange, url: URL, init: RequestInit): Promise<{ answer?: Response; cause?: unknown }> {
  try {
    return { answer: await exchange.fetch(url, { ...init, redirect: "manual", signal: exchange.signal }) };
  } catch (cause) {
    return { cause };
  }
}

async function capture(exchange: Exchange, method: string, url: URL, answer: Response): Promise<Response> {
  const { status, headers } = answer;
  const text = withoutSecrets(await readText(exchange, answer), exchange.secrets);
  if (status > 599) throw fail(exchange, "UPSTREAM_FAILED", `Clerk answered with the unknown status ${status}.`);
  const body = text === "" ? undefined : parsed(exchange, text, status);
  exchange.captured.push({ method, url, status, body, headers });
  return forSdk(text, body, answer);
}

/** The SDK takes JSON only under exactly one name, and trips over an answer of null. */
function forSdk(text: string, body: unknown, { status, headers }: Response): Response {
  const known = new Headers({ "content-type": "application/json" });
  for (const name of ["retry-after", "cf-ray"]) {
    const value = headers.get(name);
    if (value !== null) known.set(name, value);
  }
  const empty = body === undefined || body === null || BODILESS.has(status);
  if (!empty) return new Response(text, { status, headers: known });
  return new Response(null, { status: status === 200 ? 204 : status, headers: known });
}

function parsed(exchange: Exchange, text: string, status: number): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (status >= 300) return undefined;
    throw fail(exchange, "UPSTREAM_FAILED", "Clerk's answer is no JSON; check the address that is set for it.", cause);
  }
}

async function readText(exchange: Exchange, answer: Response): Promise<string> {
  if (!answer.body) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      if (size > BODY_LIMIT) break;
      chunks.push(chunk);
    }
  } catch (cause) {
    throw lost(exchange, cause, "Clerk broke off its answer");
  }
  if (size <= BODY_LIMIT) return Buffer.concat(chunks).toString("utf8");
  throw fail(exchange, "UPSTREAM_FAILED", `Clerk's answer is larger than ${BODY_LIMIT} bytes; ask for less.`);
}

function lost(exchange: Exchange, cause: unknown, what = "Clerk cannot be reached"): AppError {
  if (exchange.timedOut()) return fail(exchange, "TIMEOUT", "Clerk did not answer in time.", cause);
  if (exchange.signal.aborted) return fail(exchange, "CANCELLED", "The caller cancelled this call.", cause);
  return fail(exchange, "UPSTREAM_FAILED", `${what}.`, cause);
}

/** What a read may do now, and what a write must do before it is sent again: nobody knows what became of it. */
function fail(exchange: Exchange, code: AppError["code"], problem: string, cause?: unknown): AppError {
  const unknown = !exchange.read && !neverSent(cause);
  const advice = unknown
    ? "Whether the change was made is not known; look at the record before you repeat it."
    : "Try again in a moment.";
  exchange.failure = new AppError(code, `${problem} ${advice}`, {
    ...(unknown && { fields: { retryable: false } }),
    ...(cause !== undefined && { cause }),
  });
  return exchange.failure;
}
