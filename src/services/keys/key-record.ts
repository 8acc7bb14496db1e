import { AppError, quote } from "../../core/errors.js";
import { ALL_SCOPES } from "../../core/scopes.js";
import { LONGEST_KEY_LIFE } from "../../core/shapes/key.js";
import type { Store } from "../../store/port.js";
import type { Grant } from "./grants.js";
import { type NumberedRecords, numberedRecords } from "../records.js";

/** An API key as the store has it. */
export interface KeyRecord {
  readonly name: string;
  /** SHA-256 of the key, hex: a key has 256 random bits, so nothing slower is needed. */
  readonly hash: string;
  readonly prefix: string;
  readonly lastFour: string;
  readonly scopes: readonly string[];
  readonly person: number;
  readonly clerkAccount?: string;
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly revokedAt?: number;
  readonly lastUsedAt?: number;
  /** Whether a person has decided on what an agent with this key asked for: from then on approvals add to its scopes. */
  readonly consented?: boolean;
  /** What is lent for a while. */
  readonly grants?: readonly Grant[];
}

/** A key as it may be shown: never the key itself. */
export interface KeyView {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly last_four: string;
  readonly scopes: readonly string[];
  readonly clerk_account?: string;
  readonly created_at: string;
  readonly expires_at?: string;
  readonly revoked_at?: string;
  readonly last_used_at?: string;
}

/** The keys of all workspaces as records. */
export function keyRecords(store: Store): NumberedRecords<KeyRecord> {
  return numberedRecords<KeyRecord>(store, { kind: "key", called: "key", lister: "list-workspace-keys" });
}

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** What is shown of a key. */
export function keyView(record: KeyRecord, id: string): KeyView {
  return {
    id,
    name: record.name,
    prefix: record.prefix,
    last_four: record.lastFour,
    scopes: record.scopes,
    ...(record.clerkAccount !== undefined && { clerk_account: record.clerkAccount }),
    created_at: iso(record.createdAt),
    ...(record.expiresAt !== undefined && { expires_at: iso(record.expiresAt) }),
    ...(record.revokedAt !== undefined && { revoked_at: iso(record.revokedAt) }),
    ...(record.lastUsedAt !== undefined && { last_used_at: iso(record.lastUsedAt) }),
  };
}

/** Why a key is not taken at this time, in milliseconds since the epoch; undefined while it is good. */
export function refusalOf(key: KeyRecord, now: number): AppError | undefined {
  if (key.revokedAt !== undefined)
    return new AppError("KEY_REVOKED", "This API key was revoked; ask the owner for another.");
  if (key.expiresAt !== undefined && key.expiresAt <= now)
    return new AppError("KEY_REVOKED", "This API key has expired; ask the owner for another.");
  return undefined;
}

/** Throws `INVALID_INPUT` with the list where a scope does not exist, or none is named. */
export function requireKnownScopes(scopes: readonly string[]): void {
  const unknown = scopes.find((scope) => !ALL_SCOPES.includes(scope));
  if (unknown === undefined && scopes.length > 0) return;
  const what = unknown === undefined ? "Name at least one scope" : `There is no scope ${quote(unknown)}`;
  throw new AppError("INVALID_INPUT", `${what}; those that exist are ${ALL_SCOPES.join(", ")}.`);
}

/** Throws `INVALID_INPUT` for a life, in seconds, that is no date any more. */
export function requireLife(seconds: number | undefined): void {
  if (seconds === undefined || (seconds >= 0 && seconds <= LONGEST_KEY_LIFE)) return;
  throw new AppError("INVALID_INPUT", `A key lives ${LONGEST_KEY_LIFE} seconds at most, or until it is revoked.`);
}
