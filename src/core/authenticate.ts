import type { Caller, Face } from "./caller.js";

/** The cookie that keeps a person signed in; its value is a session token. */
export const SESSION_COOKIE = "clanker_session";

/** What a face knows of a request before it knows who sent it. */
export interface RequestOrigin {
  readonly face: Face;
  readonly requestId: string;
  readonly ip?: string;
  readonly userAgent?: string;
  /** A grant token as the request's `x-permission-grant` header has it. */
  readonly grant?: string;
  /** The MCP session that the request came in. */
  readonly holder?: string;
}

/**
 * Who presents this key. Without one the caller is anonymous; a key that is unknown throws `AUTH_REQUIRED`,
 * one that is revoked or expired `KEY_REVOKED`.
 */
export type Authenticate = (key: string | undefined, origin: RequestOrigin) => Promise<Caller>;

/**
 * Who signed in with this session token, in the workspace asked for or their personal one. An unknown or ended session
 * throws `AUTH_REQUIRED`, a workspace that the person does not belong to `ACCESS_DENIED`.
 */
export type AuthenticateSession = (
  token: string,
  workspace: string | undefined,
  origin: RequestOrigin,
) => Promise<Caller>;
