import { setTimeout as sleep } from "node:timers/promises";
import type { Dispatcher } from "undici";
import { AppError } from "../core/errors.js";
import { type AddressGuardOptions, guarded } from "./public-addresses.js";
import { ATTEMPTS, delayMs, neverSent, RETRIED, retryAfterSeconds } from "./retries.js";

/** One request to another service. */
export interface OutgoingRequest {
  /** What sentences call the service. */
  readonly who: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** An address that the operator has set: it alone may be private, and only where `within` is left out. */
  readonly url: URL;
  /** Origins that redirects must not leave, for an address that comes from elsewhere. */
  readonly within?: ReadonlySet<string>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Changes nothing and is sent again where that may help; whatever else is sent once. */
  readonly read: boolean;
  /** Most bytes of the answer. */
  readonly maxBytes: number;
  /** Milliseconds that it may take, repetitions and redirects included. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** An answer, whatever its status. */
export interface Incoming {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly content: Buffer;
}

/** The way out of this process. */
export interface Outgoing {
  /**
   * Sends a request in time. Throws `TIMEOUT`, `CANCELLED`, `UPSTREAM_FAILED` where there is no answer,
   * `PAYLOAD_TOO_LARGE` for one of more than `maxBytes`, `ACCESS_DENIED` where a redirect, or an address from elsewhere, leads into a private network.
   */
  send(request: OutgoingRequest): Promise<Incoming>;
  close(): Promise<void>;
}

const MAX_REDIRECTS = 3;

/** One attempt of a request, wherever redirects have led it. */
interface Hop extends OutgoingRequest {
  readonly trusted: boolean;
  readonly deadline: number;
  readonly timedOut: () => boolean;
}

/** Requests through undici, which is loaded at the first one. */
export function createOutgoing(guard: AddressGuardOptions = {}): Outgoing {
  let agents: Promise<Agents> | undefined;

  const once = async (hop: Hop): Promise<Incoming> => {
    const { request, own, open } = await (agents ??= load(guard));
    const { method, headers, body, signal } = hop;
    const dispatcher = hop.trusted ? own : open;
    const answer = await request(hop.url, { method, headers, body: body ?? null, signal, dispatcher });
    return { status: answer.statusCode, headers: single(answer.headers), content: await contentOf(hop, answer) };
  };

  const repeated = async (hop: Hop): Promise<Incoming> => {
    for (let attempt = 1; ; attempt += 1) {
      const { answer, cause } = await once(hop).then(
        (answer) => ({ answer, cause: undefined }),
        (cause: unknown) => ({ answer: undefined, cause }),
      );
      if (cause instanceof AppError) throw cause;
      const wait = delayMs(retryAfterSeconds(answer?.headers["retry-after"]), attempt);
      const mayHelp = !answer || RETRIED.has(answer.status);
      if (!hop.read || attempt === ATTEMPTS || !mayHelp || hop.signal.aborted || Date.now() + wait > hop.deadline) {
        if (answer) return answer;
        throw lost(hop, cause);
      }
      await sleep(wait, undefined, { signal: hop.signal }).catch((reason: unknown) => {
        throw lost(hop, reason);
      });
    }
  };

  return {
    async send(request) {
      const limit = AbortSignal.timeout(request.timeoutMs);
      let hop: Hop = {
        ...request,
        signal: AbortSignal.any([request.signal, limit]),
        trusted: request.within === undefined,
        deadline: Date.now() + request.timeoutMs,
        timedOut: () => limit.aborted && !request.signal.aborted,
      };
      for (let redirects = 0; ; redirects += 1) {
        const answer = await repeated(hop);
        const next = redirects < MAX_REDIRECTS ? redirected(hop, answer) : undefined;
        if (!next) return answer;
        hop = next;
      }
    },
    async close() {
      const open = await agents;
      await Promise.all([open?.own.destroy(), open?.open.destroy()]);
    },
  };
}

type Agents = Awaited<ReturnType<typeof load>>;

async function load(guard: AddressGuardOptions) {
  const { Agent, buildConnector, request } = await import("undici");
  return { request, own: new Agent(), open: new Agent({ connect: guarded(buildConnector, guard) }) };
}

/**
 * Where an answer leads, if it may be followed: a GET anywhere, whatever else only within the same server. What proves who
 * we are goes to no other server, and nothing that came from elsewhere may lead into a private network.
 */
function redirected(hop: Hop, { status, headers }: Incoming): Hop | undefined {
  const location = headers["location"];
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined;
  if (!URL.canParse(location, hop.url.href)) return undefined;
  const url = new URL(location, hop.url);
  const stays = url.origin === hop.url.origin;
  if (hop.method !== "GET" && !(stays && (status === 307 || status === 308))) return undefined;
  if (hop.within && !hop.within.has(url.origin)) return undefined;
  const isPlain = /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
  const isSafer = hop.url.protocol === "http:" || url.protocol === "https:";
  if (!isPlain || !isSafer) return undefined;
  return stays ? { ...hop, url } : { ...hop, url, headers: withoutCredentials(hop.headers), trusted: false };
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept = new Set(["accept", "user-agent"]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => kept.has(name.toLowerCase())));
}

async function contentOf(hop: Hop, { headers, body }: Dispatcher.ResponseData): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = Number(headers["content-length"] ?? 0);
  if (size <= hop.maxBytes) {
    size = 0;
    for await (const chunk of body) {
      const bytes = chunk as Buffer;
      size += bytes.length;
      if (size > hop.maxBytes) break;
      chunks.push(bytes);
    }
  }
  if (size <= hop.maxBytes) return Buffer.concat(chunks);
  body.on("error", () => undefined).destroy();
  throw new AppError(
    "PAYLOAD_TOO_LARGE",
    `${hop.who}'s answer is larger than the ${hop.maxBytes} bytes that are read of it; ask for less.`,
    { details: { limit: hop.maxBytes } },
  );
}

function single(headers: Dispatcher.ResponseData["headers"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(", ") : value]],
    ),
  );
}

/** What a read may do now, and what a write must do before it is sent again: nobody knows what became of it. */
function lost(hop: Hop, cause: unknown): AppError {
  const unknown = !hop.read && !neverSent(cause);
  const advice = unknown
    ? "Whether the change was made is not known; look before you repeat it."
    : "Try again in a moment.";
  const options = { ...(unknown && { fields: { retryable: false } }), cause };
  if (hop.timedOut()) return new AppError("TIMEOUT", `${hop.who} did not answer in time. ${advice}`, options);
  if (hop.signal.aborted) return new AppError("CANCELLED", `The caller cancelled this call. ${advice}`, options);
  return new AppError("UPSTREAM_FAILED", `${hop.who} cannot be reached or broke its answer off. ${advice}`, options);
}
