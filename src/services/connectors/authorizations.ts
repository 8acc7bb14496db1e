import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { AppSlug } from "../../connectors/app.js";
import { AppError } from "../../core/errors.js";
import { createIfAbsent, takeOnce, update } from "../../store/atomic.js";
import type { Store } from "../../store/port.js";
import type { Vault } from "../../vault/vault.js";

/** Seconds that a person has from the link to the provider's answer. */
export const LIFETIME_SECONDS = 600;

/** What a person was asked to agree to, and for whom. */
export interface Authorization {
  readonly app: AppSlug;
  readonly workspace: number;
  readonly person: number;
  /** Exactly as the provider is told it. */
  readonly redirectUri: string;
}

interface AuthorizationRecord extends Authorization {
  readonly sealedVerifier: string;
  /** A hash of what the browser that opened the link was given. */
  readonly browser?: string;
}

/** Authorizations on their way through a browser. Whatever does not fit together is `INVALID_INPUT`. */
export interface Authorizations {
  /** Answers the state: random, good once, for ten minutes. */
  begin(authorization: Authorization): Promise<string>;
  /** Binds the state to the first browser that opens it. A browser has what it was given before, or gets it now. */
  open(
    app: AppSlug,
    state: string,
    browser: string | undefined,
  ): Promise<{ readonly authorization: Authorization; readonly verifier: string; readonly browser: string }>;
  /** Takes the state, once, for the browser that it is bound to. */
  take(
    app: AppSlug,
    state: string,
    browser: string | undefined,
  ): Promise<{ readonly authorization: Authorization; readonly verifier: string }>;
}

const COLLECTION = "connector-authorizations";
const sealedFor = (id: string) => `authorization:${id}`;
const tagOf = (workspace: number) => `workspace:${workspace}`;

/** Where the sealed verifiers are, for a workspace's new data key. */
export const sealedAuthorizations = (workspace: number) => ({
  collection: COLLECTION,
  field: "sealedVerifier",
  recordId: sealedFor,
  tags: [tagOf(workspace)],
});

const BROWSER = /^[A-Za-z0-9_-]{43}$/;

const secret = () => randomBytes(32).toString("base64url");
const hash = (text: string) => createHash("sha256").update(text).digest("base64url");

/** Authorizations over a store that keeps hashes of what callers must know, and what they need not know sealed. */
export function createAuthorizations(store: Store, vault: Vault): Authorizations {
  const verifierOf = ({ workspace, sealedVerifier }: AuthorizationRecord, id: string) =>
    vault.open(workspace, sealedFor(id), sealedVerifier);

  return {
    async begin(authorization) {
      const state = secret();
      const id = hash(state);
      const sealedVerifier = await vault.seal(authorization.workspace, sealedFor(id), secret());
      const value: AuthorizationRecord = { ...authorization, sealedVerifier };
      await createIfAbsent(store, {
        collection: COLLECTION,
        id,
        value,
        order: id,
        tags: [tagOf(authorization.workspace)],
        ttlMs: LIFETIME_SECONDS * 1000,
      });
      return state;
    },

    async open(app, state, given) {
      const id = hash(state);
      const browser = given !== undefined && BROWSER.test(given) ? given : secret();
      const found = await update<AuthorizationRecord>(store, COLLECTION, id, (record) =>
        record.app === app && record.browser === undefined
          ? { value: { ...record, browser: hash(browser) } }
          : undefined,
      );
      if (found?.value.app !== app) throw unknownState();
      if (!isBoundTo(found.value, browser)) throw otherBrowser();
      return { authorization: found.value, verifier: await verifierOf(found.value, id), browser };
    },

    async take(app, state, browser) {
      const id = hash(state);
      const found = await store.get<AuthorizationRecord>(COLLECTION, id);
      if (found?.value.app !== app) throw unknownState();
      if (browser === undefined || !isBoundTo(found.value, browser)) throw otherBrowser();
      const taken = await takeOnce<AuthorizationRecord>(store, COLLECTION, id);
      if (!taken) throw unknownState();
      return { authorization: taken, verifier: await verifierOf(taken, id) };
    },
  };
}

function isBoundTo(record: AuthorizationRecord, browser: string): boolean {
  const [bound, given] = [Buffer.from(record.browser ?? ""), Buffer.from(hash(browser))];
  return bound.length === given.length && timingSafeEqual(bound, given);
}

function unknownState(): AppError {
  return new AppError(
    "INVALID_INPUT",
    "This link was used already, is older than ten minutes, or was never given out; ask for a new one.",
  );
}

function otherBrowser(): AppError {
  return new AppError(
    "INVALID_INPUT",
    "This link belongs to the browser that opened it first; go on there, or ask for a new one.",
  );
}
