import Keyv from "keyv";

/** Where a driver keeps documents: texts under a namespace and a key. */
export interface DocumentTable {
  read(namespace: string, key: string): Promise<string | undefined>;
  /** Overwrites; `ttlMs` is a whole number of milliseconds. */
  write(namespace: string, key: string, text: string, ttlMs?: number): Promise<void>;
  /** Whether there was such a document. */
  remove(namespace: string, key: string): Promise<boolean>;
  clear(namespace: string): Promise<void>;
}

/** One namespace of a table as a Keyv that throws what the table throws. */
export function documentsOf(table: DocumentTable, namespace: string): Keyv {
  const store = {
    opts: {},
    namespace,
    on: () => store,
    get: (key: string) => table.read(namespace, key),
    getMany: (keys: string[]) => Promise.all(keys.map((key) => table.read(namespace, key))),
    has: async (key: string) => (await table.read(namespace, key)) !== undefined,
    set: (key: string, text: string, ttl?: number) =>
      table.write(namespace, key, text, ttl === undefined ? undefined : Math.ceil(ttl)),
    delete: (key: string) => table.remove(namespace, key),
    clear: () => table.clear(namespace),
  };
  // Keyv's own key prefix would make `a` and `<namespace>:a` one key; the table keeps namespaces apart.
  return new Keyv({ store, namespace, useKeyPrefix: false, throwOnErrors: true, emitErrors: false });
}
