import { allows } from "../../core/caller.js";
import { isSensitive } from "../../core/scopes.js";
import { type Grant, GRANT_LIFE_MS, liveGrants } from "../keys/grants.js";
import type { KeyRecord } from "../keys/key-record.js";
import type { ConsentRecord } from "./record.js";

/**
 * The key once its request is approved. The first approval of all that an agent needs makes the key's scopes those that
 * were chosen; later ones, and those of one scope more, add to them. A key that could do everything is left with what was
 * chosen, and where that is lent for a while with what of it only reads.
 */
export function approved(key: KeyRecord, consent: number, record: ConsentRecord, now: number): KeyRecord {
  const { scopes, mode, holder, adds = false } = record;
  const wild = key.scopes.includes("*");
  const lacks = scopes.some((scope) => !allows(new Set(key.scopes), scope));
  const replaces = adds ? wild && !lacks : wild || !key.consented;
  const lasting = mode === "persistent" ? scopes : scopes.filter((scope) => !isSensitive(scope));
  const replaced = mode === "persistent" || wild ? lasting : key.scopes;
  const bare = replaces ? replaced : mode === "persistent" ? union(key.scopes, scopes) : key.scopes;
  if (mode === "persistent") return { ...key, consented: true, scopes: bare };
  const grant: Grant = {
    consent,
    scopes,
    mode,
    expiresAt: now + GRANT_LIFE_MS[mode],
    ...(holder !== undefined && { holder }),
  };
  return { ...key, consented: true, scopes: bare, grants: [...liveGrants(key.grants, now), grant] };
}

const union = (some: readonly string[], others: readonly string[]): string[] => [...new Set([...some, ...others])];
