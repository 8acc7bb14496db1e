import { timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import type { Request } from "express";
import {
  type Authenticate,
  type AuthenticateSession,
  type RequestOrigin,
  SESSION_COOKIE,
} from "../../core/authenticate.js";
import type { Caller } from "../../core/caller.js";
import type { ChooseClerkAccount } from "../../core/clerk-account.js";
import { AppError } from "../../core/errors.js";
import type { Route } from "../../core/operation.js";

/** The caller of a valid signed link, else undefined; the query holds the signature and what it signs. */
export type LinkCaller = (path: string, query: URLSearchParams, origin: RequestOrigin) => Caller | undefined;

const CLERK_ROUTES = "/api/v1/clerk/";

/** Who sent a request, and what of its query is left as arguments. */
interface Identified {
  readonly caller: Caller;
  readonly query: URLSearchParams;
}

/** How the doors find out who calls. */
export interface Credentials {
  readonly authenticate: Authenticate;
  readonly authenticateSession: AuthenticateSession;
  /** What a page of this server sends along to show that it is one; good for as long as the session. */
  readonly csrfToken: (caller: Pick<Caller, "session">) => string;
  readonly linkCaller: LinkCaller;
  readonly chooseClerkAccount: ChooseClerkAccount;
}

/** What a session's token begins with, so that the one door with a key in its address can tell them apart. */
const SESSION_TOKEN = /^cs_/;

/**
 * Finds the caller by the credential that the route takes, with the Clerk account that the request names; throws
 * `AUTH_REQUIRED` or `KEY_REVOKED`, and whatever refuses the account.
 */
export async function identify(
  req: Request,
  route: Route,
  origin: RequestOrigin,
  doors: Credentials,
  isPublic: boolean,
): Promise<Identified> {
  const query = queryOf(req);
  if (route.auth === "signed-link" && query.has("signature")) {
    const caller = doors.linkCaller(req.path, query, origin);
    if (!caller) throw new AppError("AUTH_REQUIRED", "This link is invalid or has expired; ask for a new one.");
    return { caller, query: new URLSearchParams() };
  }
  const keys = keysInHeaders(req);
  const tokens = new Set((req.headersDistinct["x-auth-token"] ?? []).filter((token) => token !== ""));
  if (route.auth === "query-key") {
    for (const key of query.getAll("apiKey")) if (key !== "") (SESSION_TOKEN.test(key) ? tokens : keys).add(key);
    query.delete("apiKey");
  }
  if (keys.size + tokens.size > 1) {
    throw new AppError("AUTH_REQUIRED", "This request carries two different credentials; send one.");
  }
  const [key] = keys;
  const [token] = tokens;
  const caller =
    token !== undefined
      ? await doors.authenticateSession(token, req.get("x-workspace-id"), origin)
      : ((key === undefined ? await byCookie(req, origin, doors, isPublic) : undefined) ??
        (await doors.authenticate(key, origin)));
  if (!route.path.startsWith(CLERK_ROUTES)) return { caller, query };
  return { caller: doors.chooseClerkAccount(caller, accountIn(req, query)), query };
}

/** The person whose browser this is: whatever changes something has to come from a page of this server. */
async function byCookie(req: Request, origin: RequestOrigin, doors: Credentials, isPublic: boolean) {
  const token = cookieOf(req, SESSION_COOKIE);
  if (token === undefined || token === "") return undefined;
  try {
    const caller = await doors.authenticateSession(token, req.get("x-workspace-id"), origin);
    if (req.method !== "GET" && req.method !== "HEAD") requirePage(req, doors.csrfToken(caller));
    return caller;
  } catch (thrown) {
    if (isPublic && thrown instanceof AppError && thrown.status < 500) return undefined;
    throw thrown;
  }
}

function requirePage(req: Request, expected: string): void {
  const [given, wanted] = [Buffer.from(req.get("x-csrf-token") ?? ""), Buffer.from(expected)];
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return;
  throw new AppError(
    "ACCESS_DENIED",
    "A browser's request that changes something needs the x-csrf-token that GET /api/v1/session gives; reload the page.",
  );
}

/** A cookie of the request by its name. */
export function cookieOf(req: Request, name: string): string | undefined {
  const pairs = (req.headers.cookie ?? "").split(";").map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** The account named by header or query, which is no argument; two different ones are refused. */
function accountIn(req: Request, query: URLSearchParams): string | undefined {
  const named = new Set([...(req.headersDistinct["x-clerk-account"] ?? []), ...query.getAll("clerk_account")]);
  query.delete("clerk_account");
  if (named.size > 1) throw new AppError("INVALID_INPUT", "This request names two different Clerk accounts; name one.");
  return [...named][0];
}

/** What is known of a request before its caller is. */
export function originOf(req: Request, requestId: string): RequestOrigin {
  const ip = req.ip !== undefined && isIP(req.ip) !== 0 ? req.ip : req.socket.remoteAddress;
  const userAgent = req.get("user-agent")?.slice(0, 256);
  const grant = req.get("x-permission-grant");
  return {
    face: "rest",
    requestId,
    ...(ip !== undefined && { ip }),
    ...(userAgent !== undefined && { userAgent }),
    ...(grant !== undefined && { grant }),
  };
}

function keysInHeaders(req: Request): Set<string> {
  const { "x-api-key": plain = [], authorization = [] } = req.headersDistinct;
  const bearer = authorization.map((value) => /^bearer +(\S+)$/i.exec(value)?.[1] ?? "");
  return new Set([...plain, ...bearer].filter((key) => key !== ""));
}

function queryOf(req: Request): URLSearchParams {
  const mark = req.url.indexOf("?");
  return new URLSearchParams(mark === -1 ? "" : req.url.slice(mark + 1));
}
