import { requireGrantable } from "../../core/caller.js";
import { AppError } from "../../core/errors.js";
import { READ_SCOPES } from "../../core/scopes.js";
import { createIfAbsent, untilCommitted, update } from "../../store/atomic.js";
import type { Store, Stored } from "../../store/port.js";
import { canonicalCode, newCode } from "../codes.js";
import { requireKnownScopes } from "./key-record.js";
import type { Keys } from "./keys.js";
import { hashOf, newToken } from "../tokens.js";

interface DeviceRecord {
  readonly userCode: string;
  readonly label: string;
  readonly ip?: string;
  readonly userAgent?: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly status: "pending" | "approved" | "completed" | "denied";
  /** Seconds that a device has to wait between two polls. */
  readonly interval: number;
  readonly polledAt?: number;
  /** Whom and what the person chose when they approved. */
  readonly approved?: { readonly workspace: number; readonly person: number; readonly scopes: readonly string[] };
}

/** A device as the person sees it who decides. */
export interface DeviceView {
  readonly user_code: string;
  readonly client_label: string;
  readonly status: "pending" | "approved" | "completed" | "denied";
  readonly ip?: string;
  readonly user_agent?: string;
  readonly created_at: string;
  readonly expires_at: string;
}

/** What a device that polls is told. */
export interface DevicePoll {
  readonly status: "pending" | "slow_down" | "completed" | "denied" | "expired";
  readonly interval?: number;
  readonly api_key?: string;
}

/** A key that was made by a poll: for whom, and where. */
export interface KeyForDevice {
  readonly workspace: number;
  readonly person: number;
  readonly id: string;
}

/** Device authorization (RFC 8628): a device gets a key that a person made for it elsewhere. */
export interface Activation {
  begin(device: {
    readonly label: string;
    readonly ip?: string | undefined;
    readonly userAgent?: string | undefined;
  }): Promise<{
    readonly device_code: string;
    readonly user_code: string;
    readonly expires_in: number;
    readonly interval: number;
  }>;
  /** Polled faster than the interval, `slow_down`, and the interval grows by 5 s; the key is given once. */
  poll(deviceCode: string): Promise<DevicePoll & { readonly made?: KeyForDevice }>;
  /** By the code that the person typed; throws `NOT_FOUND`, and `RATE_LIMITED` after twenty wrong ones in ten minutes. */
  lookup(person: number, code: string): Promise<DeviceView>;
  /**
   * Lets the device have a key with these scopes, or those that only read. `held` is what the person may do there. Throws
   * `CONFLICT` where somebody decided already, `PERMISSION_REQUIRED` where they lack what they would grant.
   */
  approve(
    person: number,
    code: string,
    chosen: { readonly workspace: number; readonly scopes?: readonly string[]; readonly held: ReadonlySet<string> },
  ): Promise<DeviceView>;
  deny(person: number, code: string): Promise<DeviceView>;
}

const LIFETIME_SECONDS = 600;
const INTERVAL_SECONDS = 2;
const SLOWER_SECONDS = 5;
/** How much sooner than asked a poll may come, in milliseconds: requests do not all take equally long on their way. */
const LEEWAY_MS = 100;
const GUESSES = 20;
const DEVICES = "devices";
const CODES = "device-codes";
const WRONG = "device-guesses";

interface Guesses {
  readonly count: number;
  readonly until: number;
}

/** The devices of a store. */
export function createActivation(options: {
  readonly store: Store;
  readonly keys: Keys;
  /** Whether a workspace is still there. */
  readonly exists: (workspace: number) => Promise<boolean>;
  readonly now: () => number;
}): Activation {
  const { store, keys, exists, now } = options;
  const ttlMs = LIFETIME_SECONDS * 1000;

  /**
   * Counts a guess against the person who types it before it is looked at, so that of many at once no more than twenty
   * are: past them the door is shut until ten minutes have gone by without one.
   */
  const countGuess = async (person: number): Promise<void> => {
    const id = String(person);
    const first: Guesses = { count: 1, until: now() + ttlMs };
    if (await createIfAbsent(store, { collection: WRONG, id, value: first, ttlMs })) return;
    await update<Guesses>(store, WRONG, id, ({ count, until }) => {
      if (until <= now()) return { value: first, ttlMs };
      if (count >= GUESSES) throw tooManyGuesses(Math.ceil((until - now()) / 1000));
      return { value: { count: count + 1, until: first.until }, ttlMs };
    });
  };
  const takeBack = (person: number) =>
    update<Guesses>(store, WRONG, String(person), ({ count, until }) => ({
      value: { count: Math.max(count - 1, 0), until },
    }));

  const byCode = async (person: number, typed: string): Promise<Stored<DeviceRecord>> => {
    await countGuess(person);
    const place = await store.get<{ device: string }>(CODES, canonicalCode(typed));
    const device = place && (await store.get<DeviceRecord>(DEVICES, place.value.device));
    if (!device || device.value.expiresAt <= now()) {
      throw new AppError(
        "NOT_FOUND",
        "There is no device with this code, or it is too old; have the device show another.",
      );
    }
    await takeBack(person);
    return device;
  };

  const decide = async (person: number, code: string, decision: Partial<DeviceRecord>): Promise<DeviceView> => {
    const { id } = await byCode(person, code);
    const decided = await update<DeviceRecord>(store, DEVICES, id, (value) => {
      if (value.status !== "pending") throw new AppError("CONFLICT", "This device has been decided on already.");
      return { value: { ...value, ...decision } };
    });
    if (!decided) throw new AppError("NOT_FOUND", "This code has just become too old; have the device show another.");
    return viewOf(decided.value);
  };

  return {
    async begin({ label, ip, userAgent }) {
      const { token, id } = newToken("cd");
      for (;;) {
        const userCode = newCode();
        const value: DeviceRecord = {
          userCode,
          label,
          ...(ip !== undefined && { ip }),
          ...(userAgent !== undefined && { userAgent }),
          createdAt: now(),
          expiresAt: now() + ttlMs,
          status: "pending",
          interval: INTERVAL_SECONDS,
        };
        // Twice as long as it is good: a device that comes late hears that it has expired, and a code is not reused at once.
        const made = await store.commit([
          { kind: "insert", collection: DEVICES, id, value, ttlMs: 2 * ttlMs },
          { kind: "insert", collection: CODES, id: userCode, value: { device: id }, ttlMs: 2 * ttlMs },
        ]);
        if (made)
          return { device_code: token, user_code: userCode, expires_in: LIFETIME_SECONDS, interval: INTERVAL_SECONDS };
      }
    },

    poll: (deviceCode) =>
      untilCommitted<DevicePoll & { readonly made?: KeyForDevice }>(async () => {
        const found = await store.get<DeviceRecord>(DEVICES, hashOf(deviceCode));
        if (!found) return { result: { status: "expired" } };
        const { value, id, version } = found;
        const save = (change: Partial<DeviceRecord>) =>
          ({ kind: "replace", collection: DEVICES, id, version, value: { ...value, ...change } }) as const;
        if (value.status === "denied" || value.status === "completed") return { result: { status: value.status } };
        if (value.expiresAt <= now()) return { result: { status: "expired" } };
        const dueIn = (value.polledAt ?? -Infinity) + value.interval * 1000 - now();
        const tooSoon = dueIn > LEEWAY_MS;
        if (tooSoon) {
          const interval = value.interval + SLOWER_SECONDS;
          const held = await store.commit([save({ interval, polledAt: now() })]);
          return held ? { result: { status: "slow_down", interval } } : undefined;
        }
        if (!value.approved) {
          const held = await store.commit([save({ polledAt: now() })]);
          return held ? { result: { status: "pending", interval: value.interval } } : undefined;
        }
        const { workspace, person, scopes } = value.approved;
        if (!(await exists(workspace))) return { result: { status: "expired" } };
        const { changes, made } = await keys.draft(workspace, person, { name: value.label, scopes });
        const held = await store.commit([...changes, save({ status: "completed" })]);
        if (!held) return undefined;
        return { result: { status: "completed", api_key: made.key, made: { workspace, person, id: made.id } } };
      }),

    lookup: async (person, code) => viewOf((await byCode(person, code)).value),

    async approve(person, code, { workspace, scopes = READ_SCOPES, held }) {
      requireKnownScopes(scopes);
      requireGrantable(held, scopes);
      return decide(person, code, { status: "approved", approved: { workspace, person, scopes } });
    },

    deny: (person, code) => decide(person, code, { status: "denied" }),
  };
}

function tooManyGuesses(seconds: number): AppError {
  return new AppError("RATE_LIMITED", `Too many wrong codes; try again in ${seconds} seconds.`, {
    fields: { retry_after_seconds: seconds },
  });
}

function viewOf(record: DeviceRecord): DeviceView {
  const { userCode, label, status, ip, userAgent, createdAt, expiresAt } = record;
  return {
    user_code: userCode,
    client_label: label,
    status,
    ...(ip !== undefined && { ip }),
    ...(userAgent !== undefined && { user_agent: userAgent }),
    created_at: new Date(createdAt).toISOString(),
    expires_at: new Date(expiresAt).toISOString(),
  };
}
