import { isIP } from "node:net";
import type { Request } from "express";
import type { Authenticate, RequestOrigin } from "../../core/authenticate.js";
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

/**
 * Finds the caller by the credential that the route takes, with the Clerk account that the request names; throws
 * `AUTH_REQUIRED` or `KEY_REVOKED`, and whatever refuses the account.
 */
export async function identify(
  req: Request,
  route: Route,
  origin: RequestOrigin,
  doors: {
    readonly authenticate: Authenticate;
    readonly linkCaller: LinkCaller;
    readonly chooseClerkAccount: ChooseClerkAccount;
  },
): Promise<Identified> {
  const query = queryOf(req);
  if (route.auth === "signed-link" && query.has("signature")) {
    const caller = doors.linkCaller(req.path, query, origin);
    if (!caller) throw new AppError("AUTH_REQUIRED", "This link is invalid or has expired; ask for a new one.");
    return { caller, query: new URLSearchParams() };
  }
  const keys = keysInHeaders(req);
  if (route.auth === "query-key") {
    for (const key of query.getAll("apiKey")) if (key !== "") keys.add(key);
    query.delete("apiKey");
  }
  if (keys.size > 1) {
    throw new AppError("AUTH_REQUIRED", "This request carries two different API keys; send one.");
  }
  const [key] = keys;
  const caller = await doors.authenticate(key, origin);
  if (!route.path.startsWith(CLERK_ROUTES)) return { caller, query };
  return { caller: doors.chooseClerkAccount(caller, accountIn(req, query)), query };
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
  return {
    face: "rest",
    requestId,
    ...(ip !== undefined && { ip }),
    ...(userAgent !== undefined && { userAgent }),
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
