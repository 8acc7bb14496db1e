import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Authenticate } from "../core/authenticate.js";
import { allows, type Caller } from "../core/caller.js";
import { AppError, quote } from "../core/errors.js";
import { formatId } from "../core/ids.js";
import type { Page, PageInput } from "../core/page.js";
import { ALL_SCOPES, READ_SCOPES } from "../core/scopes.js";
import { update } from "../store/atomic.js";
import type { Store } from "../store/port.js";
import { commitFresh, numberedRecords } from "./records.js";
import { OWNER } from "./workspaces.js";

interface KeyRecord {
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
  /** Whether the key that a caller came with is still good; a caller without one in the store always is. */
  isGood(caller: Pick<Caller, "workspace" | "key">): Promise<boolean>;
  /** What is left of a caller's scopes by now; undefined where its key is no longer good. */
  scopesLeft(caller: Pick<Caller, "workspace" | "key" | "scopes">): Promise<ReadonlySet<string> | undefined>;
  /** The key in the clear, this once. Throws `INVALID_INPUT` with the list when a scope does not exist. */
  create(workspace: number, person: number, key: NewKey): Promise<KeyView & { key: string }>;
  page(workspace: number, input: PageInput): Promise<Page<KeyView>>;
  /** Stops the key at once; one that is revoked already stays as it is. */
  revoke(workspace: number, id: string): Promise<KeyView>;
}

/** A key as it is handed out: `ck_` and 32 random bytes in base64url. */
export const newKey = (): string => `ck_${randomBytes(32).toString("base64url")}`;

const OWNER_SCOPES: ReadonlySet<string> = new Set(["*", "clerk:secrets"]);
const NO_SCOPES: ReadonlySet<string> = new Set();
const USE_NOTED_EVERY_MS = 60_000;
const HASHES = "key-hashes";

/** The key service; `ownerKey` is accepted beside the keys in the store and is kept as a hash only. */
export function createKeys(options: { store: Store; ownerKey: string; now: () => number }): Keys {
  const { store, now } = options;
  const ownerHash = sha256(options.ownerKey);
  const ownerPrefix = prefixOf(options.ownerKey);
  const records = numberedRecords<KeyRecord>(store, { kind: "key", called: "key", lister: "clanker-mcp keys list" });

  const isNoted = ({ lastUsedAt }: KeyRecord): boolean =>
    lastUsedAt !== undefined && now() - lastUsedAt < USE_NOTED_EVERY_MS;
  const noteUse = async (workspace: number, number: number, key: KeyRecord): Promise<void> => {
    if (isNoted(key)) return;
    await update<KeyRecord>(store, `key:${workspace}`, String(number), (value) =>
      isNoted(value) ? undefined : { value: { ...value, lastUsedAt: now() } },
    );
  };

  return {
    async authenticate(key, origin) {
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
      const { scopes, person, prefix, clerkAccount } = record.value;
      return {
        ...origin,
        kind: "key",
        workspace,
        person,
        key: number,
        keyPrefix: prefix,
        scopes: new Set(scopes),
        ...(clerkAccount !== undefined && { clerkAccount }),
      };
    },

    async isGood({ workspace, key }) {
      if (key === undefined) return true;
      const found = await records.find(workspace, key);
      return found !== undefined && refusalOf(found.value, now()) === undefined;
    },

    async scopesLeft({ workspace, key, scopes }) {
      if (key === undefined) return scopes;
      const found = await records.find(workspace, key);
      if (!found || refusalOf(found.value, now())) return undefined;
      const held = new Set(found.value.scopes);
      const both = (some: ReadonlySet<string>, others: ReadonlySet<string>) =>
        [...some].filter((scope) => allows(others, scope));
      return new Set([...both(scopes, held), ...both(held, scopes)]);
    },

    async create(workspace, person, wanted) {
      const scopes = wanted.scopes ?? READ_SCOPES;
      requireKnown(scopes);
      requireLife(wanted.expiresIn);
      const key = newKey();
      const hash = sha256(key).toString("hex");
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
      await commitFresh(store, [
        records.insert(workspace, number, record),
        { kind: "insert", collection: HASHES, id: hash, value: { workspace, number } },
      ]);
      return { ...viewOf(record, formatId("key", number)), key };
    },

    page: (workspace, input) => records.page(workspace, input, [], viewOf),

    async revoke(workspace, id) {
      const { id: number } = await records.get(workspace, id);
      const revoked = await update<KeyRecord>(store, `key:${workspace}`, number, (value) =>
        value.revokedAt === undefined ? { value: { ...value, revokedAt: now() } } : undefined,
      );
      if (!revoked) throw new AppError("NOT_FOUND", "This key was removed meanwhile.");
      return viewOf(revoked.value, formatId("key", Number(number)));
    },
  };
}

function refusalOf(key: KeyRecord, now: number): AppError | undefined {
  if (key.revokedAt !== undefined)
    return new AppError("KEY_REVOKED", "This API key was revoked; ask the owner for another.");
  if (key.expiresAt !== undefined && key.expiresAt <= now)
    return new AppError("KEY_REVOKED", "This API key has expired; ask the owner for another.");
  return undefined;
}

function requireKnown(scopes: readonly string[]): void {
  const unknown = scopes.find((scope) => !ALL_SCOPES.includes(scope));
  if (unknown === undefined && scopes.length > 0) return;
  const what = unknown === undefined ? "A key needs at least one scope" : `There is no scope ${quote(unknown)}`;
  throw new AppError("INVALID_INPUT", `${what}; those that exist are ${ALL_SCOPES.join(", ")}.`);
}

/** The longest a key may live, in seconds: a hundred years. */
const LONGEST_LIFE = 36_500 * 86_400;

function requireLife(seconds: number | undefined): void {
  if (seconds === undefined || (seconds >= 0 && seconds <= LONGEST_LIFE)) return;
  throw new AppError("INVALID_INPUT", `A key lives ${LONGEST_LIFE} seconds at most, or until it is revoked.`);
}

const sha256 = (key: string): Buffer => createHash("sha256").update(key).digest();

/** What logs and lists show of a key: eight characters, fewer of an owner's key that is short. */
const prefixOf = (key: string): string => key.slice(0, Math.min(8, Math.floor(key.length / 4)));

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();

function viewOf(record: KeyRecord, id: string): KeyView {
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
