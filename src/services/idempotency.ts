import { createHmac, randomUUID } from "node:crypto";
import { AppError, type ErrorCode } from "../core/errors.js";
import type { IdempotencyKeys, Kept, KeyUse, Running } from "../core/idempotency.js";
import type { Log } from "../core/log.js";
import { createIfAbsent } from "../store/atomic.js";
import type { Store, Stored } from "../store/port.js";
import type { Vault } from "../vault/vault.js";

/** How long answers are kept, in milliseconds. */
const KEPT_MS = 24 * 3600 * 1000;
/** How long the mark of a call outlives the process that ran it, in milliseconds. */
const LEASE_MS = 30_000;

interface KeyRecord {
  /** A keyed hash of the input: what is kept must not tell a secret to who guesses it. */
  readonly fingerprint: string;
  readonly holder: string;
  /** How the call ended, sealed; absent while it runs. */
  readonly sealed?: string;
}

type Sealed =
  | { readonly answer?: unknown }
  | {
      readonly error: {
        readonly code: ErrorCode;
        readonly message: string;
        readonly details?: Readonly<Record<string, unknown>>;
        readonly fields?: Readonly<Record<string, unknown>>;
      };
    };

/** The keys of all workspaces over a store; what is kept of a call is sealed for its workspace. */
export function createIdempotencyKeys(options: {
  readonly store: Store;
  readonly vault: Vault;
  readonly log: Log;
  readonly leaseMs?: number;
}): IdempotencyKeys {
  const { store, vault, log, leaseMs = LEASE_MS } = options;
  const secret = vault.derive("idempotency-keys");
  const hash = (value: unknown) => createHmac("sha256", secret).update(canonical(value)).digest("base64url");

  /** Holds the mark until the call has ended; a mark that was lost meanwhile is somebody else's and stays. */
  const hold = (workspace: number, id: string, record: KeyRecord): Running => {
    const collection = collectionOf(workspace);
    const { holder } = record;
    let renewing: Promise<unknown> = Promise.resolve();
    const change = async (make: (mark: Stored<KeyRecord>) => Promise<Parameters<Store["commit"]>[0]>) => {
      const mark = await store.get<KeyRecord>(collection, id);
      if (mark?.value.holder === holder) await store.commit(await make(mark));
    };
    const renewal = setInterval(() => {
      renewing = change(async ({ version }) => [
        { kind: "replace", collection, id, version, value: record, ttlMs: leaseMs },
      ]).catch((err: unknown) => log.warn({ err }, "the mark of a running call could not be renewed"));
    }, leaseMs / 3).unref();
    const end = async (make: Parameters<typeof change>[0]) => {
      clearInterval(renewal);
      await renewing;
      // What the call came to stands, whether it can be kept or not.
      await change(make).catch((err: unknown) => log.warn({ err }, "how a call with a key ended could not be kept"));
    };
    return {
      keep: (kept) =>
        end(async ({ version }) => {
          const sealed = await vault.seal(workspace, recordId(id), JSON.stringify(plain(kept)));
          return [{ kind: "replace", collection, id, version, value: { ...record, sealed }, ttlMs: KEPT_MS }];
        }),
      forget: () => end(async ({ version }) => [{ kind: "remove", collection, id, version }]),
    };
  };

  return {
    async claim(use) {
      const { workspace, operation, caller, key } = use;
      const id = hash([operation, caller, key]);
      const record: KeyRecord = { fingerprint: hash(use.input ?? null), holder: randomUUID() };
      const collection = collectionOf(workspace);
      if (await createIfAbsent(store, { collection, id, value: record, order: id, ttlMs: leaseMs })) {
        return { running: hold(workspace, id, record) };
      }
      const found = await store.get<KeyRecord>(collection, id);
      if (found && found.value.fingerprint !== record.fingerprint) throw reused(use);
      if (found?.value.sealed === undefined) throw inFlight();
      return { kept: keptOf(JSON.parse(await vault.open(workspace, recordId(id), found.value.sealed)) as Sealed) };
    },
  };
}

const collectionOf = (workspace: number): string => `idempotency:${workspace}`;
const recordId = (id: string): string => `idempotency ${id}`;

/** Where the sealed answers are, for a workspace's new data key. */
export const sealedIdempotencyAnswers = (workspace: number) => ({
  collection: collectionOf(workspace),
  field: "sealed",
  recordId,
});

function plain(kept: Kept): Sealed {
  if ("answer" in kept) return { answer: kept.answer };
  const { code, message, details, fields } = kept.error;
  return { error: { code, message, ...(details && { details }), ...(fields && { fields }) } };
}

function keptOf(sealed: Sealed): Kept {
  if (!("error" in sealed)) return { answer: sealed.answer };
  const { code, message, ...more } = sealed.error;
  return { error: new AppError(code, message, more) };
}

/** JSON whose fields are in one order, however a caller sent them. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)))
      : part,
  );
}

function reused({ operation }: KeyUse): AppError {
  return new AppError(
    "IDEMPOTENCY_KEY_REUSED",
    `This idempotency key was used for ${operation} with other arguments; take a new key for another call.`,
  );
}

function inFlight(): AppError {
  return new AppError(
    "IDEMPOTENCY_IN_FLIGHT",
    "A call with this idempotency key is still running; try again in a moment to get its answer.",
  );
}
