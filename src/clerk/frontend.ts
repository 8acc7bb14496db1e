import type { Caller } from "../core/caller.js";
import { AppError } from "../core/errors.js";
import { answerOf } from "./answer.js";
import { blanked } from "./blank.js";
import type { ClientHolder, ClientTokens, ClientTokenStore } from "./client-tokens.js";
import { type Captured, type Exchange, exchanged, openExchange } from "./exchange.js";
import { refusal } from "./failure.js";
import { clientTokenOf, type Redirected, redirectOf, tokenIn } from "./frontend-answer.js";

/** Who calls the Frontend API, and which account's. */
export interface FrontendCall {
  readonly account: string | undefined;
  readonly caller: Pick<Caller, "workspace" | "person" | "key">;
  readonly signal: AbortSignal;
}

/** What a handshake may be told; an empty organization means the personal account. */
export interface Handshake {
  readonly proxyUrl: string | undefined;
  readonly query: Readonly<Record<string, string | undefined>>;
}

/** Clerk's Frontend API: each caller has a client of its own, whose tokens stay here; no redirect is followed. */
export interface ClerkFrontend {
  /** GET reads the caller's client, PUT and POST make one, DELETE ends its sessions. */
  client(call: FrontendCall, method: "GET" | "PUT" | "POST" | "DELETE"): Promise<Readonly<Record<string, unknown>>>;
  /** The account's secret key goes along, to the account's own instance. */
  handshake(call: FrontendCall, handshake: Handshake): Promise<Redirected>;
  /** Takes up an agent task, which makes a session for the caller's client. */
  agentTask(call: FrontendCall, ticket: string): Promise<Redirected>;
}

/** Where an account's Frontend API is. */
export interface FrontendInstance {
  /** Without the version. */
  readonly url: string;
  /** A development instance wants to know the browser too. */
  readonly development: boolean;
}

export interface FrontendSettings {
  /** By account. */
  readonly instances: ReadonlyMap<string, FrontendInstance>;
  /** Secret keys by account. */
  readonly accounts: ReadonlyMap<string, string>;
  readonly tokens: ClientTokenStore;
  /** Milliseconds that a call may take, its repetitions included. */
  readonly timeoutMs: number;
  /** Replaces Node's own. */
  readonly fetch?: typeof globalThis.fetch;
}

interface Outgoing {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly path: string;
  /** Whether it changes nothing, and may so be sent again. */
  readonly read: boolean;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What one call works with. */
interface Visit {
  readonly instance: FrontendInstance;
  readonly holder: ClientHolder;
  readonly exchange: Exchange;
  readonly tokens: ClientTokens;
}

const UNKNOWN_CLIENT =
  "The Frontend API refuses this caller's client, which is now forgotten here; frontend_post_client makes a new one.";

const NO_DEV_BROWSER = "The Frontend API gives no dev browser token; check that its address is this instance's.";

/** The Frontend API of the instances that the settings name. */
export function createClerkFrontend(settings: FrontendSettings): ClerkFrontend {
  const { instances, accounts, tokens: kept, timeoutMs, fetch } = settings;

  const instanceOf = (account = "default"): FrontendInstance => {
    const instance = instances.get(account);
    if (instance) return instance;
    const named = account === "default" ? "" : `_${account.toUpperCase()}`;
    throw new AppError(
      "CLERK_NOT_CONFIGURED",
      `Set CLERK_PUBLISHABLE_KEY${named} to the instance's publishable key (pk_...) and start the server again.`,
    );
  };

  /** The client as the last answer left it. */
  const keep = async (visit: Visit, answer: Captured): Promise<void> => {
    const { holder, tokens } = visit;
    if (answer.status === 401) return kept.set(holder, {});
    const given = clientTokenOf(answer);
    if (given === undefined || given === tokens.client) return;
    const { devBrowser } = tokens;
    await kept.set(holder, {
      ...(devBrowser !== undefined && { devBrowser }),
      ...(given !== null && { client: given }),
    });
  };

  const visitOf = async ({ account, caller, signal }: FrontendCall, read: boolean): Promise<Visit> => {
    const instance = instanceOf(account);
    const holder: ClientHolder = {
      workspace: caller.workspace,
      caller: caller.key === undefined ? `person_${caller.person}` : `key_${caller.key}`,
      instance: instance.url,
    };
    const found = await kept.get(holder);
    const secrets = [accounts.get(account ?? "default"), found.client, found.devBrowser];
    const known = secrets.filter((secret) => secret !== undefined);
    const exchange = openExchange({ read, signal, timeoutMs, secrets: known, fetch });
    if (!instance.development || found.devBrowser !== undefined) return { instance, holder, exchange, tokens: found };
    const tokens = { ...found, devBrowser: await newDevBrowser(instance, exchange) };
    known.push(tokens.devBrowser);
    await kept.set(holder, tokens);
    return { instance, holder, exchange, tokens };
  };

  const send = async (call: FrontendCall, outgoing: Outgoing) => {
    const visit = await visitOf(call, outgoing.read);
    const answer = await request(visit, outgoing);
    await keep(visit, answer);
    if (answer.status >= 400) throw refusal({ ...answer, body: blanked(answer.body) }, { 401: UNKNOWN_CLIENT });
    return { answer, redirect: () => redirectOf(answer, visit.exchange.secrets) };
  };

  return {
    async client(call, method) {
      const { answer, redirect } = await send(call, { method, path: "/client", read: method === "GET" });
      if (answer.status >= 300) return redirect();
      return blanked(answerOf([answer])) as Readonly<Record<string, unknown>>;
    },

    async handshake(call, { proxyUrl, query }) {
      const secretKey = accounts.get(call.account ?? "default");
      const headers = {
        ...(secretKey !== undefined && { "clerk-secret-key": secretKey }),
        ...(proxyUrl !== undefined && { "clerk-proxy-url": proxyUrl }),
      };
      const sent = await send(call, { method: "GET", path: "/client/handshake", read: false, query, headers });
      return sent.redirect();
    },

    async agentTask(call, ticket) {
      const sent = await send(call, { method: "GET", path: "/agents/tasks", read: false, query: { ticket } });
      return sent.redirect();
    },
  };
}

/** Sends as a native application does: the client's token in a header, no cookie. */
async function request({ instance, exchange, tokens }: Visit, outgoing: Outgoing): Promise<Captured> {
  const { method, path, query = {}, headers = {} } = outgoing;
  const url = new URL(`${instance.url}/v1${path}`);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
  url.searchParams.set("_is_native", "true");
  if (tokens.devBrowser !== undefined) {
    // Clerk's specification has the first name, Clerk's own programs use the second.
    url.searchParams.set("__dev_session", tokens.devBrowser);
    url.searchParams.set("__clerk_db_jwt", tokens.devBrowser);
  }
  const form = method === "PUT" || method === "POST";
  await exchanged(exchange, url, {
    method,
    headers: {
      ...headers,
      ...(tokens.client !== undefined && { authorization: tokens.client }),
      ...(form && { "content-type": "application/x-www-form-urlencoded" }),
    },
    ...(form && { body: "" }),
  });
  return lastOf(exchange);
}

async function newDevBrowser(instance: FrontendInstance, exchange: Exchange): Promise<string> {
  await exchanged(exchange, new URL(`${instance.url}/v1/dev_browser`), { method: "POST" });
  const answer = lastOf(exchange);
  if (answer.status >= 400) throw refusal({ ...answer, body: blanked(answer.body) }, { 401: NO_DEV_BROWSER });
  const body = typeof answer.body === "object" && answer.body !== null ? answer.body : {};
  const token = tokenIn("token" in body ? body.token : undefined) ?? tokenIn("id" in body ? body.id : undefined);
  if (token !== undefined) return token;
  throw new AppError("UPSTREAM_FAILED", NO_DEV_BROWSER);
}

function lastOf({ captured }: Exchange): Captured {
  const last = captured.at(-1);
  if (!last) throw new Error("a request was answered and its answer not kept");
  return last;
}
