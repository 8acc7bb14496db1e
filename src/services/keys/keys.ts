import { createHash, timingSafeEqual } from "node:crypto";
import type { Authenticate } from "../../core/authenticate.js";
import { allows, type Caller } from "../../core/caller.js";
import { AppError } from "../../core/errors.js";
import { formatId } from "../../core/ids.js";
import type { Page, PageInput } from "../../core/page.js";
import { READ_SCOPES } from "../../core/scopes.js";
import { untilCommitted, update } from "../../store/atomic.js";
import type { Change, Store } from "../../store/port.js";
import { lentForNow, liveGrants, withGrants } from "./grants.js";
import {
  keyRecords,
  type KeyRecord,
  type KeyView,
  keyView,
  refusalOf,
  requireKnownScopes,
  requireLife,
} from "./key-record.js";
import { commitFresh } from "../records.js";
import { hashOf, newSecret } from "../tokens.js";
import { OWNER } from "../workspaces.js";

export interface NewKey {
  readonly name: string;
  /** Defaults to the read-only scopes. */
  readonly scopes?: readonly string[];
  /** The one Clerk account it works with; left out, its holder chooses. */
  readonly clerkAccount?: string;
  /** Seconds the key lives; left out, until it is revoked. */
  readonly expiresIn?: number;
}

/** API keys: kept as hashes, shown once, bound to one workspace. */
export interface Keys {
  authenticate: Authenticate;
  /** Whether the key or the session that a caller came with is still good; a caller without one always is. */
  isGood(caller: Pick<Caller, "workspace" | "key" | "session">): Promise<boolean>;
  /** What is left of a caller's scopes by now; undefined where its key or its session is no longer good. */
  scopesLeft(
    caller: Pick<Caller, "workspace" | "key" | "session" | "scopes">,
  ): Promise<ReadonlySet<string> | undefined>;
  /** The key in the clear, this once. Throws `INVALID_INPUT` with the list when a scope does not exist. */
  create(workspace: number, person: number, key: NewKey): Promise<MadeKey>;
  /** A key that exists once its changes are committed. */
  draft(workspace: number, person: number, key: NewKey): Promise<{ changes: Change[]; made: MadeKey }>;
  page(workspace: number, input: PageInput): Promise<Page<KeyView>>;
  /** Stops the key at once; one that is revoked already stays as it is. */
  revoke(workspace: number, id: string): Promise<KeyView>;
  /**
   * Binds the caller's key to another workspace, without what was granted in the one before and without what its person
   * may not do there: `held` is what they may.
   */
  rebind(caller: Pick<Caller, "workspace" | "key">, workspace: number, held: ReadonlySet<string>): Promise<void>;
  /** Takes what these consents lend a caller's key for one call; false where another call was faster. */
  spend(caller: Pick<Caller, "workspace" | "key">, consents: readonly number[]): Promise<boolean>;
}

/** A new key as its maker sees it. */
export type MadeKey = KeyView & { readonly key: string };

/** A key as it is handed out: `ck_` and 32 random bytes in base64url. */
export const newKey = (): string => newSecret("ck");

const OWNER_SCOPES: ReadonlySet<string> = new Set(["*", "clerk:secrets"]);
const NO_SCOPES: ReadonlySet<string> = new Set();
const USE_NOTED_EVERY_MS = 60_000;
const HASHES = "key-hashes";

/** The key service; `ownerKey` is accepted beside the keys in the store and is kept as a hash only. */
export function createKeys(options: {
  readonly store: Store;
  readonly ownerKey: string;
  readonly isSignedIn: (session: string) => Promise<boolean>;
  readonly now: () => number;
}): Keys {
  const { store, isSignedIn, now } = options;
  const ownerHash = sha256(options.ownerKey);
  const ownerPrefix = prefixOf(options.ownerKey);
  const records = keyRecords(store);

  const isNoted = ({ lastUsedAt }: KeyRecord): boolean =>
    lastUsedAt !== undefined && now() - lastUsedAt < USE_NOTED_EVERY_MS;
  const noteUse = async (workspace: number, number: number, key: KeyRecord): Promise<void> => {
    if (isNoted(key)) return;
    await update<KeyRecord>(store, `key:${workspace}`, String(number), (value) =>
      isNoted(value) ? undefined : { value: { ...value, lastUsedAt: now() } },
    );
  };

  const draft: Keys["draft"] = async (workspace, person, wanted) => {
    const scopes = wanted.scopes ?? READ_SCOPES;
    requireKnownScopes(scopes);
    requireLife(wanted.expiresIn);
    const key = newKey();
    const hash = hashOf(key);
    const number = await records.next();
    const record: KeyRecord = {
      name: wanted.name,
      hash,
      prefix: prefixOf(key),
      lastFour: key.slice(-4),
      scopes: [...new Set(scopes)],
      person,
      ...(wanted.clerkAccount !== undefined && { clerkAccount: wanted.clerkAccount }),
      createdAt: now(),
      ...(wanted.expiresIn !== undefined && { expiresAt: now() + wanted.expiresIn * 1000 }),
    };
    return {
      changes: [
        records.insert(workspace, number, record),
        { kind: "insert", collection: HASHES, id: hash, value: { workspace, number } },
      ],
      made: { ...keyView(record, formatId("key", number)), key },
    };
  };

  return {
    async authenticate(key, { grant, ...origin }) {
      if (key === undefined) return { ...origin, kind: "anonymous", workspace: 0, person: 0, scopes: NO_SCOPES };
      const hash = sha256(key);
      if (timingSafeEqual(hash, ownerHash)) {
        return { ...origin, ...OWNER, kind: "key", keyPrefix: ownerPrefix, scopes: OWNER_SCOPES };
      }
      const place = await store.get<{ workspace: number; number: number }>(HASHES, hash.toString("hex"));
      const record = place && (await records.find(place.value.workspace, place.value.number));
      if (!place || !record || !timingSafeEqual(Buffer.from(record.value.hash, "hex"), hash)) {
        throw new AppError("AUTH_REQUIRED", "This API key is not known here; check it, or ask the owner for one.");
      }
      const refusal = refusalOf(record.value, now());
      if (refusal) throw refusal;
      const { workspace, number } = place.value;
      // A store that can't take the note now must not refuse a key that it could read.
      await noteUse(workspace, number, record.value).catch(() => undefined);
      const { scopes, grants, person, prefix, clerkAccount } = record.value;
      const tokenHash = grant === undefined ? undefined : hashOf(grant);
      const allowed = grants
        ? withGrants(scopes, grants, { tokenHash, holder: origin.holder }, now())
        : { scopes: new Set(scopes) };
      return {
        ...origin,
        kind: "key",
        workspace,
        person,
        key: number,
        keyPrefix: prefix,
        ...allowed,
        ...(clerkAccount !== undefined && { clerkAccount }),
      };
    },

    async isGood({ workspace, key, session }) {
      if (session !== undefined) return isSignedIn(session);
      if (key === undefined) return true;
      const found = await records.find(workspace, key);
      return found !== undefined && refusalOf(found.value, now()) === undefined;
    },

    async scopesLeft({ workspace, key, session, scopes }) {
      if (session !== undefined) return (await isSignedIn(session)) ? scopes : undefined;
      if (key === undefined) return scopes;
      const found = await records.find(workspace, key);
      if (!found || refusalOf(found.value, now())) return undefined;
      const held = new Set([...found.value.scopes, ...lentForNow(found.value.grants, now())]);
      const both = (some: ReadonlySet<string>, others: ReadonlySet<string>) =>
        [...some].filter((scope) => allows(others, scope));
      return new Set([...both(scopes, held), ...both(held, scopes)]);
    },

    draft,

    async create(workspace, person, wanted) {
      const { changes, made } = await draft(workspace, person, wanted);
      await commitFresh(store, changes);
      return made;
    },

    page: (workspace, input) => records.page(workspace, input, [], keyView),

    async revoke(workspace, id) {
      const { id: number } = await records.get(workspace, id);
      const revoked = await update<KeyRecord>(store, `key:${workspace}`, number, (value) =>
        value.revokedAt === undefined ? { value: { ...value, revokedAt: now() } } : undefined,
      );
      if (!revoked) throw new AppError("NOT_FOUND", "This key was removed meanwhile.");
      return keyView(revoked.value, formatId("key", Number(number)));
    },

    async rebind({ workspace, key }, target, held) {
      if (key === undefined) throw new AppError("ACCESS_DENIED", "Only a key that was made here can be bound anew.");
      if (target === workspace) return;
      await untilCommitted(async () => {
        const record = await records.get(workspace, String(key));
        const { grants, consented, ...rest } = record.value;
        const value = { ...rest, scopes: within(held, rest.scopes) };
        const hash = await store.get(HASHES, value.hash);
        if (!hash) throw new AppError("NOT_FOUND", "This key was removed meanwhile.");
        const done = await store.commit([
          records.remove(workspace, record),
          records.insert(target, key, value),
          {
            kind: "replace",
            collection: HASHES,
            id: value.hash,
            version: hash.version,
            value: { workspace: target, number: key },
          },
        ]);
        return done ? { result: undefined } : undefined;
      });
    },

    async spend({ workspace, key }, consents) {
      if (key === undefined) return false;
      return untilCommitted(async () => {
        const found = await records.find(workspace, key);
        const live = liveGrants(found?.value.grants, now());
        if (!found || !consents.every((consent) => live.some((grant) => grant.consent === consent)))
          return { result: false };
        const value = { ...found.value, grants: liveGrants(live, now(), consents) };
        return (await store.commit([records.replace(workspace, found, value)])) ? { result: true } : undefined;
      });
    },
  };
}

/** Scopes of a key without what its person may not do. */
function within(held: ReadonlySet<string>, scopes: readonly string[]): string[] {
  if (held.has("*")) return [...scopes];
  const all = scopes.includes("*") ? [...held, ...scopes] : scopes;
  return [...new Set(all.filter((scope) => held.has(scope)))];
}

const sha256 = (key: string): Buffer => createHash("sha256").update(key).digest();

/** What logs and lists show of a key: eight characters, fewer of an owner's key that is short. */
const prefixOf = (key: string): string => key.slice(0, Math.min(8, Math.floor(key.length / 4)));
