/** A map that forgets what was not set again for a while; it has no timer, and looks for what is too old when it is written to. */
export interface Recent<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
  delete(key: string): void;
  /** How many it holds, those included that it is about to forget. */
  size(): number;
}

/** Milliseconds that only ever grow, whatever happens to the time of day. */
export type Clock = () => number;

/** An empty {@link Recent}; `lifeMs` in the clock's milliseconds. */
export function createRecent<T>(lifeMs: number, clock: Clock): Recent<T> {
  /** The one set longest ago is first. */
  const entries = new Map<string, { readonly value: T; readonly at: number }>();
  return {
    get(key) {
      const entry = entries.get(key);
      return entry && clock() - entry.at < lifeMs ? entry.value : undefined;
    },
    set(key, value) {
      const at = clock();
      entries.delete(key);
      entries.set(key, { value, at });
      for (const [oldest, entry] of entries) {
        if (at - entry.at < lifeMs) break;
        entries.delete(oldest);
      }
    },
    delete: (key) => void entries.delete(key),
    size: () => entries.size,
  };
}
