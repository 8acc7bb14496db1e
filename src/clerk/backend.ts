import type { ClerkClient } from "@clerk/backend";
import { AppError, quote } from "../core/errors.js";
import { answerOf } from "./answer.js";
import { type Exchange, exchanged, interceptFetch, openExchange, within } from "./exchange.js";
import { failureOf, isAnswered, refusal } from "./failure.js";

/** How one call is made. */
export interface ClerkCall {
  /** Which named account; `default` where left out. */
  readonly account: string | undefined;
  /** Whether it changes nothing, and may so be sent again. */
  readonly read: boolean;
  readonly signal: AbortSignal;
}

/** A request that no function of the SDK stands for. */
export interface RawRequest {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** Below the API's version, beginning with a slash. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body?: unknown;
}

/** Clerk's Backend API for the accounts that the settings name. */
export interface ClerkBackend {
  /** Throws `NOT_FOUND` for an account that no setting names. */
  requireAccount(name: string): void;
  /** What a function of the SDK makes Clerk answer, as Clerk's own JSON. */
  call(call: ClerkCall, run: (clerk: ClerkClient) => Promise<unknown>): Promise<Record<string, unknown>>;
  raw(call: ClerkCall, request: RawRequest): Promise<Record<string, unknown>>;
}

export interface ClerkSettings {
  /** Secret keys by account. */
  readonly accounts: ReadonlyMap<string, string>;
  /** Without the version. */
  readonly apiUrl: string;
  /** Milliseconds that a call may take, its repetitions included. */
  readonly timeoutMs: number;
  /** Replaces Node's own. */
  readonly fetch?: typeof globalThis.fetch;
}

const API_VERSION = "2026-05-12";

/** The Backend API through `@clerk/backend`, which is loaded at the first call. */
export function createClerkBackend(settings: ClerkSettings): ClerkBackend {
  const { accounts, apiUrl, timeoutMs, fetch } = settings;
  const clients = new Map<string, Promise<ClerkClient>>();

  const secretKeyOf = (account = "default"): string => {
    const key = accounts.get(account);
    if (key !== undefined) return key;
    const setting = account === "default" ? "CLERK_SECRET_KEY" : `CLERK_SECRET_KEY_${account.toUpperCase()}`;
    throw new AppError(
      "CLERK_NOT_CONFIGURED",
      `Set ${setting} to a Clerk secret key (sk_...) and start the server again.`,
    );
  };

  const clientOf = (secretKey: string): Promise<ClerkClient> => {
    const made = clients.get(secretKey) ?? load(secretKey);
    clients.set(secretKey, made);
    return made;
  };

  const load = async (secretKey: string): Promise<ClerkClient> => {
    interceptFetch();
    const { createClerkClient } = await import("@clerk/backend");
    return createClerkClient({ secretKey, apiUrl, telemetry: { disabled: true } });
  };

  const exchangeFor = ({ read, signal }: ClerkCall, secretKey: string): Exchange =>
    openExchange({ read, signal, timeoutMs, secrets: [secretKey], fetch });

  return {
    requireAccount(name) {
      if (accounts.has(name)) return;
      throw new AppError(
        "NOT_FOUND",
        `There is no Clerk account ${quote(name)}; those set are ${[...accounts.keys()].join(", ") || "none"}.`,
      );
    },

    async call(call, run) {
      const secretKey = secretKeyOf(call.account);
      const clerk = await clientOf(secretKey);
      const exchange = exchangeFor(call, secretKey);
      let result: unknown;
      try {
        result = await within(exchange, () => run(clerk));
      } catch (thrown) {
        // Clerk has done it and answered: that the SDK's own classes cannot take the answer is of no matter.
        if (!isAnswered(thrown, exchange)) throw failureOf(thrown, exchange);
      }
      return isAnsweredLocally(exchange, result) ? plain(result) : answerOf(exchange.captured);
    },

    async raw(call, { method, path, query, body }) {
      const secretKey = secretKeyOf(call.account);
      const url = below(`${apiUrl}/v1`, path);
      url.search = query.toString();
      const exchange = exchangeFor(call, secretKey);
      const answer = await exchanged(exchange, url, {
        method,
        headers: {
          authorization: `Bearer ${secretKey}`,
          "clerk-api-version": API_VERSION,
          "content-type": "application/json",
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const [captured] = exchange.captured;
      if (captured && !answer.ok) throw refusal(captured);
      return answerOf(exchange.captured);
    },
  };
}

/** The address of a path below the API's root; one that would lead anywhere else is `INVALID_INPUT`. */
function below(root: string, path: string): URL {
  const wanted = new URL(root).href + path;
  const url = new URL(wanted);
  if (url.href === wanted && url.search === "" && url.hash === "") return url;
  throw new AppError("INVALID_INPUT", "The path must stay below /v1: plain segments with / between, nothing encoded.");
}

/** A signed token may be verified here, with nothing fetched but the keys it was signed with. */
function isAnsweredLocally({ captured }: Exchange, result: unknown): boolean {
  return (
    typeof result === "object" &&
    result !== null &&
    captured.every(({ url }) => url.pathname.endsWith("/jwks")) &&
    !("keys" in result)
  );
}

/** A resource of the SDK with the names that Clerk's JSON would have. */
function plain(resource: unknown): Record<string, unknown> {
  const fields = JSON.parse(JSON.stringify(resource)) as Record<string, unknown>;
  const named = Object.entries(fields).filter(([name]) => name !== "_raw");
  return Object.fromEntries(
    named.map(([name, value]) => [name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]),
  );
}
