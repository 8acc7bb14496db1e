import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Log } from "../../../src/core/log.js";
import type { SentEvent, SessionMessage, SessionRecord, SessionShelf } from "../../../src/core/session-shelf.js";
import { createSessionShelf } from "../../../src/services/sessions/session-shelf.js";
import { openFileStore } from "../../../src/store/file.js";
import { createMemoryStore } from "../../../src/store/memory.js";
import type { Store } from "../../../src/store/port.js";
import { openRedisStore } from "../../../src/store/redis.js";
import { removeKeys, sharedRedis } from "../../support/redis.js";
import { sealedTexts } from "../../support/services.js";
import { until as untilWithin } from "../../support/until.js";

export const KINDS = ["memory", "file", "redis"] as const;
export type Kind = (typeof KINDS)[number];

/** A store of a kind that ends with the test, opened as often as asked for; a memory store is one and the same. */
export async function openStores(kind: Kind, count = 1) {
  const prefix = `test:${randomUUID()}:`;
  const folder = await mkdtemp(join(tmpdir(), "clanker-sessions-"));
  const address = kind === "redis" ? sharedRedis() : `file:${join(folder, "store.db")}`;
  const memory = createMemoryStore();
  const open = async (): Promise<Store> =>
    kind === "memory"
      ? memory
      : kind === "file"
        ? openFileStore({ path: address.slice("file:".length) })
        : openRedisStore({ url: address, prefix });
  const stores: Store[] = [];
  onTestFinished(async () => {
    await Promise.all([memory, ...stores].map((store) => store.close()));
    await rm(folder, { recursive: true, force: true });
    if (kind === "redis") await removeKeys(address, prefix);
  });
  for (let at = 0; at < count; at += 1) stores.push(await open());
  return { stores: stores as [Store, Store, Store], address, prefix };
}

interface Options {
  readonly idleMs?: number;
  readonly now?: () => number;
  readonly log?: Log;
}

/** A shelf over a store, which it leaves when the test ends. */
export function shelfOver(store: Store, { idleMs = 60_000, log = recordingLog().log, ...rest }: Options = {}) {
  const shelf = createSessionShelf({ store, idleMs, texts: sealedTexts(), log, ...rest });
  onTestFinished(() => shelf.close());
  return shelf;
}

/** Shelves of three processes, as it were: each has the store open for itself. */
export async function openShelves(kind: Kind, options: Options = {}) {
  const opened = await openStores(kind, 3);
  const [one, two, three] = opened.stores;
  return {
    ...opened,
    shelves: [shelfOver(one, options), shelfOver(two, options), shelfOver(three, options)] as const,
  };
}

/** What a shelf hears from now on. */
export async function hear(shelf: SessionShelf) {
  const heard: SessionMessage[] = [];
  const stop = await shelf.listen((message) => heard.push(message));
  return { heard, stop };
}

/** A log that keeps its lines. */
export function recordingLog() {
  const lines: string[] = [];
  const note = (_: object, message: string) => void lines.push(message);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  return { log, lines };
}

export const recordOf = (more: Partial<SessionRecord> = {}): SessionRecord => ({
  kind: "streamable",
  owner: "key 1 1 1",
  wishes: {},
  subscriptions: [],
  ...more,
});

/** An event that was sent just now. */
export const eventOf = (shelf: Pick<SessionShelf, "nextEventId">, more: Partial<SentEvent> = {}): SentEvent => ({
  id: shelf.nextEventId(),
  stream: "s",
  data: "{}",
  last: false,
  ...more,
});

/** Waits until something holds. */
export const until = (what: string, holds: () => boolean | Promise<boolean>, ms = 5000): Promise<boolean> =>
  untilWithin(what, holds, ms);

/** Ids as a client may send them, none of which is a session's. */
export const HOSTILE = [
  "",
  " ",
  "x".repeat(10_240),
  "../../etc/passwd",
  "nul\0l",
  "new\nline\r\n",
  "*?[x]\\",
  "'; DROP TABLE records; --",
  "\ud800",
  "\u{1F600}",
  "__proto__",
  "constructor",
  ":",
];
