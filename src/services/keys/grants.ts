import { allows } from "../../core/caller.js";
import { asLent } from "../../core/scopes.js";

/** What a person lent a key for a while. */
export interface Grant {
  /** Number of the consent that it comes from. */
  readonly consent: number;
  readonly scopes: readonly string[];
  readonly mode: "session" | "one_time";
  readonly expiresAt: number;
  /** SHA-256 of the grant token, hex; absent until the agent has fetched it. */
  readonly tokenHash?: string;
  /** The MCP session that asked for it, which needs no token. */
  readonly holder?: string;
}

/** Milliseconds that a grant of a mode lasts. */
export const GRANT_LIFE_MS = { session: 3_600_000, one_time: 300_000 } as const;

/** Who says that a grant is theirs. */
interface Claim {
  readonly tokenHash: string | undefined;
  readonly holder: string | undefined;
}

/** The scopes of a key with what the grants lend that are claimed, at this time in milliseconds. */
export function withGrants(
  scopes: readonly string[],
  grants: readonly Grant[],
  claim: Claim,
  now: number,
): { readonly scopes: ReadonlySet<string>; readonly oneTime?: Readonly<Record<string, number>> } {
  const claimed = grants.filter((grant) => grant.expiresAt > now && isTheirs(grant, claim));
  const lasting = new Set([...scopes, ...claimed.filter(({ mode }) => mode === "session").flatMap(lentBy)]);
  const oneTime = claimed
    .filter(({ mode }) => mode === "one_time")
    .flatMap((grant) => lentBy(grant).map((scope) => [scope, grant.consent] as const))
    .filter(([scope]) => !allows(lasting, scope));
  if (oneTime.length === 0) return { scopes: lasting };
  return { scopes: lasting, oneTime: Object.fromEntries(oneTime) };
}

const lentBy = ({ scopes }: Grant): readonly string[] => asLent(scopes);

/** What is lent for an hour at this time, to whomever. */
export function lentForNow(grants: readonly Grant[] | undefined, now: number): readonly string[] {
  return liveGrants(grants, now)
    .filter(({ mode }) => mode === "session")
    .flatMap(lentBy);
}

function isTheirs(grant: Grant, { tokenHash, holder }: Claim): boolean {
  return (
    (grant.tokenHash !== undefined && grant.tokenHash === tokenHash) ||
    (grant.holder !== undefined && grant.holder === holder)
  );
}

/** Those that are still good, without the ones of these consents. */
export function liveGrants(grants: readonly Grant[] = [], now: number, without: readonly number[] = []): Grant[] {
  return grants.filter(({ consent, expiresAt }) => expiresAt > now && !without.includes(consent));
}
