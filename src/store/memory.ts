import type { Log } from "../core/log.js";
import { createChannels } from "./channels.js";
import { type DocumentTable, documentsOf } from "./documents.js";
import { memoryLimiter } from "./limiter.js";
import { type Collection, createCollection } from "./memory-collection.js";
import type { Change, Store } from "./port.js";
import { textOf } from "./texts.js";
import { closed } from "./unavailable.js";

const SWEEP_MS = 60_000;

interface Document {
  readonly text: string;
  readonly expires: number;
}

/** A store that lives and dies with this process; values are kept as JSON, so nobody shares an object with it. */
export function createMemoryStore({ log }: { readonly log?: Log } = {}): Store {
  const collections = new Map<string, Collection>();
  const documents = new Map<string, Map<string, Document>>();
  const counters = new Map<string, number>();
  const channels = createChannels(log);
  let open = true;

  const sweep = setInterval(() => {
    for (const [name, collection] of collections) if (!collection.sweep()) collections.delete(name);
    for (const [namespace, entries] of documents) {
      for (const [key, { expires }] of entries) if (expires <= Date.now()) entries.delete(key);
      if (entries.size === 0) documents.delete(namespace);
    }
  }, SWEEP_MS).unref();

  const requireOpen = (): void => {
    if (!open) throw closed();
  };
  const collectionOf = (name: string): Collection => {
    const known = collections.get(name);
    if (known) return known;
    const fresh = createCollection();
    collections.set(name, fresh);
    return fresh;
  };
  const table = documentTable(documents, requireOpen);

  return {
    kind: "memory",
    documents: (namespace) => documentsOf(table, namespace),
    async get(collection, id) {
      requireOpen();
      return collections.get(collection)?.get(id);
    },
    async commit(changes) {
      requireOpen();
      const texts = changes.map((change) => (change.kind === "remove" ? "" : textOf(change.value)));
      if (!allHold(changes, (change) => collections.get(change.collection)?.version(change.id))) return false;
      changes.forEach((change, at) => collectionOf(change.collection).apply(change, texts[at] ?? ""));
      return true;
    },
    async page(collection, query) {
      requireOpen();
      return collections.get(collection)?.page(query) ?? { rows: [], more: false };
    },
    async clear(collection) {
      requireOpen();
      collections.delete(collection);
    },
    async increment(counter, by = 1) {
      requireOpen();
      const sum = (counters.get(counter) ?? 0) + by;
      counters.set(counter, sum);
      return sum;
    },
    async counter(counter) {
      requireOpen();
      return counters.get(counter) ?? 0;
    },
    async forget(name) {
      requireOpen();
      counters.delete(name);
    },
    async publish(channel, message) {
      requireOpen();
      channels.deliver(channel, textOf(message));
    },
    async subscribe(channel, listener) {
      requireOpen();
      return channels.add(channel, listener);
    },
    limiter: memoryLimiter,
    async ping() {
      requireOpen();
    },
    async close() {
      open = false;
      clearInterval(sweep);
      channels.clear();
    },
  };
}

/** Whether every change fits the versions as they are, each seeing the ones before it in the list. */
function allHold(changes: readonly Change[], versionOf: (change: Change) => number | undefined): boolean {
  const held = new Map<string, number | undefined>();
  return changes.every((change) => {
    const key = JSON.stringify([change.collection, change.id]);
    const version = held.has(key) ? held.get(key) : versionOf(change);
    if (change.kind === "insert") {
      held.set(key, 1);
      return version === undefined;
    }
    held.set(key, change.kind === "remove" ? undefined : (version ?? 0) + 1);
    return version !== undefined && (change.version === undefined || change.version === version);
  });
}

function documentTable(documents: Map<string, Map<string, Document>>, requireOpen: () => void): DocumentTable {
  return {
    async read(namespace, key) {
      requireOpen();
      const found = documents.get(namespace)?.get(key);
      return found && found.expires > Date.now() ? found.text : undefined;
    },
    async write(namespace, key, text, ttlMs) {
      requireOpen();
      const entries = documents.get(namespace) ?? new Map<string, Document>();
      documents.set(namespace, entries);
      entries.set(key, { text, expires: ttlMs === undefined ? Infinity : Date.now() + ttlMs });
    },
    async remove(namespace, key) {
      requireOpen();
      const found = documents.get(namespace)?.get(key);
      return documents.get(namespace)?.delete(key) === true && found !== undefined && found.expires > Date.now();
    },
    async clear(namespace) {
      requireOpen();
      documents.delete(namespace);
    },
  };
}
