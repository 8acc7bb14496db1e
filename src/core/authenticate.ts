import type { Caller, Face } from "./caller.js";

/** What a face knows of a request before it knows who sent it. */
export interface RequestOrigin {
  readonly face: Face;
  readonly requestId: string;
  readonly ip?: string;
  readonly userAgent?: string;
}

/**
 * Who presents this key. Without one the caller is anonymous; a key that is unknown throws `AUTH_REQUIRED`,
 * one that is revoked or expired `KEY_REVOKED`.
 */
export type Authenticate = (key: string | undefined, origin: RequestOrigin) => Promise<Caller>;
