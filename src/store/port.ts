import type Keyv from "keyv";

/** A record as a collection holds it. */
export interface Stored<T = unknown> {
  readonly id: string;
  readonly value: T;
  /** Changes with every replacement; compare-and-set names the one it read. */
  readonly version: number;
}

/** A record to be created. */
export interface Insert {
  readonly kind: "insert";
  readonly collection: string;
  readonly id: string;
  /** Any JSON value. */
  readonly value: unknown;
  /** The place in the collection's order, compared as bytes (code units); a record without one is on no page. */
  readonly order?: string;
  /** Labels a page can be narrowed by, such as `status:running`. */
  readonly tags?: readonly string[];
  /** Lifetime in milliseconds; afterwards the record is gone as if it had been removed. */
  readonly ttlMs?: number;
}

/** A record to be replaced where it still has this version; it keeps its order. */
export interface Replace {
  readonly kind: "replace";
  readonly collection: string;
  readonly id: string;
  readonly version: number;
  readonly value: unknown;
  /** The labels from now on; left out, they stay. */
  readonly tags?: readonly string[];
  /** Lifetime in milliseconds from now on; left out, what is left of its lifetime stays. */
  readonly ttlMs?: number;
}

/** A record to be removed, where it still has this version if one is named. */
export interface Remove {
  readonly kind: "remove";
  readonly collection: string;
  readonly id: string;
  readonly version?: number;
}

export type Change = Insert | Replace | Remove;

/** Which page of a collection. `after` and `before` are orders, exclusive, and need not exist. */
export interface PageQuery {
  readonly direction: "ascending" | "descending";
  readonly limit: number;
  /** Continue behind this order, in the direction of the list. */
  readonly after?: string;
  /** The rows just before this order, in the direction of the list. */
  readonly before?: string;
  /** Only records that have all of these. */
  readonly tags?: readonly string[];
}

export interface RecordPage<T = unknown> {
  /** In the direction of the list, whichever way the page was asked for. */
  readonly rows: Stored<T>[];
  /** Whether more follow in the direction asked for (`before`: in front of these rows). */
  readonly more: boolean;
}

/** What a limiter allows. */
export interface LimiterOptions {
  /** Keeps its counts apart from those of others. */
  readonly name: string;
  /** How often within a window. */
  readonly limit: number;
  /** How long a window is; it begins with the first count. */
  readonly seconds: number;
}

/** How a key stands after it was counted. */
export interface Tally {
  readonly limit: number;
  /** How often more in this window. */
  readonly remaining: number;
  /** Milliseconds until the window ends. */
  readonly resetMs: number;
  /** Whether this time was one too many. */
  readonly isOver: boolean;
}

/** Counts how often something happens, each key for itself. */
export interface Limiter {
  /** Counts one; never throws. */
  count(key: string): Promise<Tally>;
}

/** Ends a subscription; messages already on their way may still arrive. */
export type Unsubscribe = () => Promise<void>;

/**
 * Where everything is kept. Every driver gives the same guarantees, which `test/store/conformance.ts`
 * states: each method is atomic against every other process of the same store, and what was acknowledged
 * survives the death of the process (`memory:` lives and dies with it). A driver whose backend is out of
 * reach throws `AppError("STORE_UNAVAILABLE")` and works again by itself afterwards.
 */
export interface Store {
  readonly kind: "memory" | "file" | "redis";
  /** Plain documents with an optional lifetime, the last writer wins; one Keyv a namespace. */
  documents(namespace: string): Keyv;
  get<T>(collection: string, id: string): Promise<Stored<T> | undefined>;
  /** All changes or none: false where an insert found its id taken, or a replace or remove another version or nothing. */
  commit(changes: readonly Change[]): Promise<boolean>;
  page<T>(collection: string, query: PageQuery): Promise<RecordPage<T>>;
  /** Removes every record of a collection. */
  clear(collection: string): Promise<void>;
  /** Adds to a counter that starts at 0 and answers the sum: no number is answered twice. */
  increment(counter: string, by?: number): Promise<number>;
  /** What the counter stands at, without changing it. */
  counter(counter: string): Promise<number>;
  /** Sets a counter back to 0 and drops what is still kept of the channel of the same name. */
  forget(name: string): Promise<void>;
  /** Tells every subscriber of the channel, in every process of the store (file: within a second); message is JSON. */
  publish(channel: string, message: unknown): Promise<void>;
  subscribe(channel: string, listener: (message: unknown) => void): Promise<Unsubscribe>;
  /** Over all processes where the store is a Redis; else each process counts for itself, which costs no write. */
  limiter(options: LimiterOptions): Limiter;
  /** Resolves when the store answers, else throws `STORE_UNAVAILABLE`. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
