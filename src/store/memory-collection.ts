import type { Change, Insert, PageQuery, RecordPage, Replace, Stored } from "./port.js";

interface Entry {
  readonly id: string;
  text: string;
  version: number;
  readonly order: string | undefined;
  tags: ReadonlySet<string>;
  expires: number;
}

/** The records of one collection, by id and in order. */
export interface Collection {
  get<T>(id: string): Stored<T> | undefined;
  version(id: string): number | undefined;
  /** Does a change that was found to fit; `text` is its value as JSON. */
  apply(change: Change, text: string): void;
  page<T>(query: PageQuery): RecordPage<T>;
  /** Forgets what has expired; answers whether anything is left. */
  sweep(): boolean;
}

/** An empty collection. */
export function createCollection(): Collection {
  const byId = new Map<string, Entry>();
  /** Entries that have an order, sorted by it and then by id. */
  const ordered: Entry[] = [];

  const live = (id: string): Entry | undefined => {
    const entry = byId.get(id);
    if (entry && entry.expires <= Date.now()) {
      remove(entry);
      return undefined;
    }
    return entry;
  };
  const remove = (entry: Entry): void => {
    byId.delete(entry.id);
    if (entry.order !== undefined) ordered.splice(placeOf(ordered, entry.order, entry.id), 1);
  };

  return {
    get: (id) => stored(live(id)),
    version: (id) => live(id)?.version,
    apply(change, text) {
      const entry = live(change.id);
      if (change.kind === "insert") {
        const fresh: Entry = {
          id: change.id,
          text,
          version: 1,
          order: change.order,
          tags: new Set(change.tags),
          expires: expiryOf(change, Infinity),
        };
        byId.set(fresh.id, fresh);
        if (fresh.order !== undefined) ordered.splice(placeOf(ordered, fresh.order, fresh.id), 0, fresh);
      } else if (entry && change.kind === "replace") {
        entry.text = text;
        entry.version += 1;
        if (change.tags) entry.tags = new Set(change.tags);
        entry.expires = expiryOf(change, entry.expires);
      } else if (entry) {
        remove(entry);
      }
    },
    page({ direction, limit, after, before, tags = [] }) {
      const ascending = direction === "ascending";
      const [above, below] = ascending ? [after, before] : [before, after];
      const from = above === undefined ? 0 : firstBehind(ordered, above);
      const to = below === undefined ? ordered.length : placeOf(ordered, below, "");
      const forward = ascending === (before === undefined);
      const found: Entry[] = [];
      const now = Date.now();
      for (let step = 0; step < to - from && found.length <= limit; step += 1) {
        const entry = ordered[forward ? from + step : to - 1 - step];
        if (entry && entry.expires > now && tags.every((tag) => entry.tags.has(tag))) found.push(entry);
      }
      const rows = found.slice(0, limit).flatMap((entry) => stored<never>(entry) ?? []);
      return { rows: before === undefined ? rows : rows.reverse(), more: found.length > limit };
    },
    sweep() {
      for (const id of [...byId.keys()]) live(id);
      return byId.size > 0;
    },
  };
}

function expiryOf({ ttlMs }: Insert | Replace, otherwise: number): number {
  return ttlMs === undefined ? otherwise : Date.now() + ttlMs;
}

function stored<T>(entry: Entry | undefined): Stored<T> | undefined {
  return entry && { id: entry.id, value: JSON.parse(entry.text) as T, version: entry.version };
}

/** The index of the first entry that is not in front of this order and id. */
function placeOf(ordered: readonly Entry[], order: string, id: string): number {
  return firstThat(ordered, (entry) => (entry.order !== order ? (entry.order ?? "") > order : entry.id >= id));
}

/** The index of the first entry with a greater order. */
function firstBehind(ordered: readonly Entry[], order: string): number {
  return firstThat(ordered, (entry) => (entry.order ?? "") > order);
}

function firstThat(ordered: readonly Entry[], holds: (entry: Entry) => boolean): number {
  let low = 0;
  let high = ordered.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = ordered[middle];
    if (entry && holds(entry)) high = middle;
    else low = middle + 1;
  }
  return low;
}
