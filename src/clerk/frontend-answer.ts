import { withoutSecrets, withoutTokens } from "./blank.js";
import type { Captured } from "./exchange.js";

/** An answer that sends a browser on, without what would let somebody act as the client. */
export interface Redirected {
  readonly [name: string]: unknown;
  readonly status: number;
  readonly location?: string;
  /** Names of the cookies that the answer sets, there and then or through its handshake. */
  readonly cookies: readonly string[];
  readonly session_id?: string;
  readonly expires_at?: string;
}

/** Tokens as they may stand in a header or an address. */
const TOKEN = /^[\w.-]{8,8192}$/;

const HANDSHAKE = "__clerk_handshake";

/** Text that can be one of Clerk's tokens; undefined for anything else. */
export function tokenIn(value: unknown): string | undefined {
  return typeof value === "string" && TOKEN.test(value) ? value : undefined;
}

/** The client token that an answer hands out; null where it takes the client away, undefined where it says nothing. */
export function clientTokenOf({ headers }: Captured): string | null | undefined {
  const token = tokenIn(headers.get("authorization")?.replace(/^Bearer /i, ""));
  if (token !== undefined) return token;
  const cookie = headers.getSetCookie().findLast((line) => line.startsWith("__client="));
  if (cookie === undefined) return undefined;
  const { value } = readCookie(cookie);
  return value === "" || /;\s*max-age=(0|-\d+)\s*(;|$)/i.test(cookie) ? null : tokenIn(value);
}

/** Where an answer leads and what it sets, these secrets blanked in it. */
export function redirectOf({ status, headers, url }: Captured, secrets: readonly string[]): Redirected {
  const target = headers.get("location");
  const location = target === null ? undefined : withoutTokens(target, url.href);
  const sent = headers.getSetCookie().map(readCookie);
  const handshake = sent.find(({ name }) => name === HANDSHAKE)?.value ?? handshakeIn(target, url);
  const cookies = [...sent, ...cookiesOfHandshake(handshake)];
  const claims = claimsOf(cookies.findLast(({ name, value }) => /^__session(_|$)/.test(name) && value !== "")?.value);
  const session = claims["sid"];
  const expiry = claims["exp"];
  return {
    status,
    ...(location !== undefined && { location: withoutSecrets(location, secrets) }),
    cookies: [...new Set(cookies.map(({ name }) => name))].filter(
      (name) => /^[\w-]{1,128}$/.test(name) && withoutSecrets(name, secrets) === name,
    ),
    ...(typeof session === "string" && /^[\w-]{1,255}$/.test(session) && { session_id: session }),
    ...(typeof expiry === "number" && Math.abs(expiry) < 8e12 && { expires_at: new Date(expiry * 1000).toISOString() }),
  };
}

function readCookie(line: string): { name: string; value: string } {
  const [pair = ""] = line.split(";", 1);
  const at = pair.indexOf("=");
  return { name: pair.slice(0, Math.max(at, 0)).trim(), value: pair.slice(at + 1).trim() };
}

function handshakeIn(target: string | null, base: URL): string | undefined {
  if (target === null || !URL.canParse(target, base.href)) return undefined;
  return new URL(target, base).searchParams.get(HANDSHAKE) ?? undefined;
}

function cookiesOfHandshake(token: string | undefined): { name: string; value: string }[] {
  const lines = claimsOf(token)["handshake"];
  return Array.isArray(lines) ? lines.filter((line) => typeof line === "string").map(readCookie) : [];
}

/** What a signed token says; it came from Clerk itself and decides nothing here, so nobody verifies it. */
function claimsOf(token: string | undefined): Record<string, unknown> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token?.split(".")[1] ?? "", "base64url").toString());
    return typeof claims === "object" && claims !== null ? (claims as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
