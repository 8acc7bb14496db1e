import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError, quote } from "../core/errors.js";

/** By which names this server is known, and which web pages may call it. */
export interface GuardOptions {
  /** The one address that is listened on; left out where it is every one. */
  readonly host?: string | undefined;
  readonly publicUrl?: string | undefined;
  /** Lower-case names; one without a port stands for all its ports. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Lower-case origins. */
  readonly allowedOrigins?: readonly string[] | undefined;
}

/** What becomes of a request before its key is looked at and its body is read. */
interface Verdict {
  readonly refusal?: AppError;
  /** For the answer, whatever it will be. */
  readonly headers: Readonly<Record<string, string>>;
  /** A browser asks whether it may send a request; the headers are the whole answer. */
  readonly preflight?: true;
}

type Head = Pick<IncomingMessage, "method" | "url" | "rawHeaders">;

/** Judges a request by its method, Host and Origin, in this order. */
export type Guard = (req: Head) => Verdict;

/** The methods that some door takes. */
export const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const LOCAL = ["localhost", "127.0.0.1", "[::1]"];

// No URL parser: to one, "evil.example:80@localhost" is localhost.
const NAME = String.raw`[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]{2,45}\]`;
const HOST = new RegExp(`^(${NAME})(?::([0-9]{1,5}))?$`);
const LOCAL_ORIGIN = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?$/;
const TARGET = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i;

const DEFAULT_PORTS: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };

const EXPOSED = [
  "mcp-session-id, mcp-protocol-version, x-request-id, retry-after, www-authenticate",
  "x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, idempotency-replayed, clanker-version",
].join(", ");
const ASKED_FOR = {
  "access-control-allow-methods": METHODS.filter((method) => method !== "OPTIONS").join(", "),
  "access-control-allow-headers": [
    "accept, authorization, content-type, last-event-id, x-api-key, x-request-id, x-clerk-account",
    "x-auth-token, x-workspace-id, x-permission-grant",
    "mcp-session-id, mcp-protocol-version, mcp-method, mcp-name",
    "x-mcp-toolsets, x-mcp-readonly, x-mcp-surface, clanker-version, idempotency-key",
  ].join(", "),
  "access-control-max-age": "600",
};

const PASSED: Verdict = { headers: {} };

/** The guard of every door. It believes no `X-Forwarded-Host`. */
export function createGuard(options: GuardOptions): Guard {
  const isKnownHost = hostList(options);
  const origins = originList(options);

  return ({ method = "", url = "", rawHeaders }) => {
    if (!METHODS.includes(method)) {
      const allow = METHODS.join(", ");
      return { headers: { allow }, refusal: new AppError("METHOD_NOT_ALLOWED", `This server takes ${allow}.`) };
    }
    const [host, ...otherHosts] = valuesOf(rawHeaders, "host");
    if (host === undefined || otherHosts.length > 0) return refused("HOST_REFUSED", "Send exactly one Host header");
    // A request line may hold a whole address; its authority then counts as much as the header.
    const names = url.startsWith("/") ? [host] : [host, TARGET.exec(url)?.[1] ?? host];
    const stranger = names.find((name) => !isKnownHost(name));
    if (stranger !== undefined) return refused("HOST_REFUSED", `This server does not go by ${quote(stranger)}`);
    const [origin, ...otherOrigins] = valuesOf(rawHeaders, "origin");
    if (origin === undefined) return PASSED;
    if (otherOrigins.length > 0) return refused("ORIGIN_REFUSED", "Send one Origin header at most");
    if (!LOCAL_ORIGIN.test(origin.toLowerCase()) && !origins.has(origin.toLowerCase())) {
      return refused("ORIGIN_REFUSED", `Web pages of ${quote(origin)} may not call this server`);
    }
    const headers = { "access-control-allow-origin": origin, "access-control-expose-headers": EXPOSED, vary: "origin" };
    return isPreflight({ method, rawHeaders })
      ? { headers: { ...headers, ...ASKED_FOR }, preflight: true }
      : { headers };
  };
}

/** Whether a browser asks for leave to send a request from another origin. */
export function isPreflight({ method, rawHeaders }: Pick<Head, "method" | "rawHeaders">): boolean {
  return (
    method === "OPTIONS" &&
    valuesOf(rawHeaders, "origin").length > 0 &&
    valuesOf(rawHeaders, "access-control-request-method").length > 0
  );
}

/** Has the guard judge a request: throws its refusal, answers a preflight; says whether the request goes on. */
export function admit(guard: Guard, req: IncomingMessage, res: ServerResponse): boolean {
  const { refusal, headers, preflight } = guard(req);
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  if (refusal) throw refusal;
  if (preflight) res.writeHead(204).end();
  return !preflight;
}

const REMEDIES = {
  HOST_REFUSED: "its other names have to be in CLANKER_PUBLIC_URL or CLANKER_ALLOWED_HOSTS",
  ORIGIN_REFUSED: "the origins that may have to be in CLANKER_ALLOWED_ORIGINS",
};

function refused(code: keyof typeof REMEDIES, what: string): Verdict {
  return { headers: {}, refusal: new AppError(code, `${what}; ${REMEDIES[code]}.`) };
}

function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const header = rawHeaders[at] ?? "";
    if (header.length === name.length && header.toLowerCase() === name) values.push(rawHeaders[at + 1] ?? "");
  }
  return values;
}

function hostList({ host, publicUrl, allowedHosts = [] }: GuardOptions): (text: string) => boolean {
  const names = new Set(LOCAL);
  const places = new Set<string>();
  const listen = host?.toLowerCase();
  if (listen !== undefined) names.add(listen.includes(":") ? canonical(listen) : listen);
  for (const entry of allowedHosts) {
    const [, name = "", port] = HOST.exec(entry) ?? [];
    if (port === undefined) names.add(name);
    // Clients leave out the default port of http and of https.
    else places.add(entry).add(entry.replace(/:(80|443)$/, ""));
  }
  if (publicUrl !== undefined) {
    const { protocol, hostname, host: place } = new URL(publicUrl);
    places.add(place);
    if (place === hostname) places.add(`${hostname}:${DEFAULT_PORTS[protocol]}`);
  }
  return (text) => {
    const place = text.toLowerCase();
    const [, name] = HOST.exec(place) ?? [];
    return name !== undefined && (names.has(name) || places.has(place));
  };
}

/** An IPv6 address in brackets, as clients write it. */
function canonical(address: string): string {
  const bracketed = `[${address.replace(/^\[|\]$/g, "")}]`;
  return URL.canParse(`http://${bracketed}`) ? new URL(`http://${bracketed}`).hostname : bracketed;
}

function originList({ publicUrl, allowedOrigins = [] }: GuardOptions): ReadonlySet<string> {
  const origins = allowedOrigins.map((origin) => origin.replace(/^(http:.*):80$|^(https:.*):443$/, "$1$2"));
  return new Set(publicUrl === undefined ? origins : [...origins, new URL(publicUrl).origin]);
}
