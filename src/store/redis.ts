import KeyvRedis from "@keyv/redis";
import { createClient } from "redis";
import type { Log } from "../core/log.js";
import { type DocumentTable, documentsOf } from "./documents.js";
import type { Change, PageQuery, RecordPage, Store, Stored } from "./port.js";
import { redisChannels } from "./redis-channels.js";
import { type Connection, connectRedis } from "./redis-connection.js";
import { redisLimiter } from "./redis-limiter.js";
import { CLEAR, COMMIT, GET, PAGE, type Script, SWEEP } from "./redis-scripts.js";
import { fromSortKey, toSortKey } from "./sort-key.js";
import { textOf } from "./texts.js";

const SWEEP_MS = 60_000;
const SWEPT_AT_ONCE = 200;

interface RedisStoreOptions {
  readonly url: string;
  readonly log?: Log;
  /** In front of every key and channel, so that several stores fit into one Redis. */
  readonly prefix?: string;
  /** How long to try at open; milliseconds. */
  readonly openMs?: number;
  /** How long one command may take; milliseconds. */
  readonly commandMs?: number;
}

/** A store in a Redis, which every process shares. Throws `STORE_UNAVAILABLE` when none answers in time. */
export async function openRedisStore(options: RedisStoreOptions): Promise<Store> {
  const { prefix = "clanker:", log } = options;
  const connection = await connectRedis(createClient, options);
  const { client, guard } = connection;
  const run = (script: Script, ...args: string[]) => runScript(connection, script, [prefix, ...args]);
  const table = documentTable(connection, `${prefix}document\0`);
  const counterKey = (counter: string): string => `${prefix}counter\0${toSortKey(counter)}`;

  const sweep = async (): Promise<void> => {
    while (Number(await run(SWEEP, String(SWEPT_AT_ONCE))) === SWEPT_AT_ONCE);
  };
  const timer = setInterval(() => {
    sweep().catch((error: unknown) => log?.warn({ err: error }, "What expired in the store stays for now."));
  }, SWEEP_MS).unref();

  return {
    kind: "redis",
    documents: (namespace) => documentsOf(table, namespace),
    async get<T>(collection: string, id: string) {
      const found = (await run(GET, toSortKey(collection), toSortKey(id))) as [string, string] | null;
      return found ? { id, value: JSON.parse(found[0]) as T, version: Number(found[1]) } : undefined;
    },
    async commit(changes) {
      const values = changes.map((change) => (change.kind === "remove" ? "" : textOf(change.value)));
      return (await run(COMMIT, JSON.stringify(changes.map(forScript)), ...values)) === 1;
    },
    page: async <T>(collection: string, query: PageQuery) =>
      pageFrom<T>((await run(PAGE, pageArguments(collection, query))) as [number, ...string[]], query),
    async clear(collection) {
      await run(CLEAR, toSortKey(collection));
    },
    increment: (counter, by = 1) => guard(() => client.incrBy(counterKey(counter), by)),
    counter: async (counter) => Number(await guard(() => client.get(counterKey(counter)))),
    async forget(name) {
      await guard(() => client.del(counterKey(name)));
    },
    ...redisChannels(connection, `${prefix}channel\0`, log),
    limiter: (limits) => redisLimiter(connection, `${prefix}limit\0`, limits),
    async ping() {
      await guard(() => client.ping());
    },
    async close() {
      clearInterval(timer);
      await connection.close();
    },
  };
}

async function runScript({ client, guard }: Connection, script: Script, args: readonly string[]): Promise<unknown> {
  return guard(async () => {
    try {
      return await client.sendCommand(["EVALSHA", script.sha, "0", ...args]);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
      return client.sendCommand(["EVAL", script.source, "0", ...args]);
    }
  });
}

function forScript(change: Change): Record<string, unknown> {
  const base = { k: change.kind, c: toSortKey(change.collection), i: toSortKey(change.id) };
  if (change.kind === "remove") return { ...base, n: change.version };
  const x = change.ttlMs === undefined ? undefined : Math.ceil(change.ttlMs);
  if (change.kind === "replace") return { ...base, n: change.version, t: change.tags?.map(toSortKey), x };
  return {
    ...base,
    o: change.order === undefined ? undefined : toSortKey(change.order),
    t: (change.tags ?? []).map(toSortKey),
    x,
  };
}

/** Members are `order NUL id`: NUL after an order is in front of all of them, the character 1 behind. */
function pageArguments(collection: string, { direction, limit, after, before, tags = [] }: PageQuery): string {
  const ascending = direction === "ascending";
  const [above, below] = ascending ? [after, before] : [before, after];
  return JSON.stringify({
    c: toSortKey(collection),
    tags: [...new Set(tags)].map(toSortKey),
    low: above === undefined ? "-" : `[${toSortKey(above)}\u0001`,
    high: below === undefined ? "+" : `(${toSortKey(below)}\0`,
    forward: ascending === (before === undefined),
    limit,
  });
}

function pageFrom<T>([more, ...flat]: [number, ...string[]], { before }: PageQuery): RecordPage<T> {
  const rows: Stored<T>[] = [];
  for (let at = 0; at + 2 < flat.length; at += 3) {
    const [id = "", version, value = "null"] = flat.slice(at, at + 3);
    rows.push({ id: fromSortKey(id), value: JSON.parse(value) as T, version: Number(version) });
  }
  return { rows: before === undefined ? rows : rows.reverse(), more: more === 1 };
}

function documentTable({ client, guard }: Connection, prefix: string): DocumentTable {
  const keyv = new KeyvRedis<string>(client, { throwOnErrors: true });
  const keyOf = (namespace: string, key: string): string => `${prefix}${toSortKey(namespace)}\0${toSortKey(key)}`;
  return {
    read: (namespace, key) => guard(() => keyv.get(keyOf(namespace, key))),
    write: (namespace, key, text, ttlMs) => guard(() => keyv.set(keyOf(namespace, key), text, ttlMs)),
    remove: (namespace, key) => guard(() => keyv.delete(keyOf(namespace, key))),
    async clear(namespace) {
      // The adapter's own clear hides errors and takes a namespace for a pattern.
      const match = `${keyOf(namespace, "").replaceAll(/[*?[\]\\]/g, "\\$&")}*`;
      let cursor = "0";
      do {
        const found = await guard(() => client.scan(cursor, { MATCH: match, COUNT: 1000 }));
        cursor = String(found.cursor);
        if (found.keys.length > 0) await guard(() => client.unlink(found.keys));
      } while (cursor !== "0");
    },
  };
}
