import { resolve } from "node:path";
import type { Log } from "../core/log.js";
import { type DocumentTable, documentsOf } from "./documents.js";
import { type FileDatabase, openFileDatabase } from "./file-database.js";
import { fileMessages } from "./file-messages.js";
import { fileRecords } from "./file-records.js";
import { memoryLimiter } from "./limiter.js";
import type { Store } from "./port.js";
import { toSortKey } from "./sort-key.js";

const SWEEP_MS = 30_000;
const SWEPT_AT_ONCE = 500;
const MESSAGE_LIFE_MS = 60_000;

interface FileStoreOptions {
  readonly path: string;
  readonly log?: Log;
  /** How long to wait for a lock that another process holds; milliseconds. */
  readonly busyMs?: number;
}

/** A store in a SQLite file, which several processes of one user may share. Throws `STORE_UNAVAILABLE`. */
export async function openFileStore({ path, log, busyMs = 5000 }: FileStoreOptions): Promise<Store> {
  const db = await openFileDatabase(resolve(path), busyMs);
  const messages = fileMessages(db, log);
  const table = documentTable(db);

  const sweep = (): void => {
    sweepOnce(db).catch((error: unknown) => log?.warn({ err: error }, "What expired in the store stays for now."));
  };
  const timer = setInterval(sweep, SWEEP_MS).unref();
  sweep();

  return {
    kind: "file",
    documents: (namespace) => documentsOf(table, namespace),
    ...fileRecords(db),
    increment: (counter, by = 1) =>
      db.write(() => {
        const sql = `INSERT INTO counters (name, value) VALUES (?, ?)
          ON CONFLICT (name) DO UPDATE SET value = value + excluded.value`;
        db.statement(sql).run(toSortKey(counter), by);
        return counterOf(db, counter);
      }),
    counter: (counter) => db.read(() => counterOf(db, counter)),
    forget: (name) =>
      db.write(() => {
        db.statement("DELETE FROM counters WHERE name = ?").run(toSortKey(name));
        db.statement("DELETE FROM messages WHERE channel = ?").run(name);
      }),
    publish: messages.publish,
    subscribe: messages.subscribe,
    limiter: memoryLimiter,
    ping: () => db.read(() => void db.statement("SELECT version FROM records LIMIT 1").get()),
    async close() {
      clearInterval(timer);
      messages.stop();
      await db.close();
    },
  };
}

function counterOf(db: FileDatabase, counter: string): number {
  const line = db.statement("SELECT value FROM counters WHERE name = ?").get(toSortKey(counter));
  return (line as { value: number } | undefined)?.value ?? 0;
}

function documentTable(db: FileDatabase): DocumentTable {
  const mine = "namespace = ? AND key = ? AND (expires IS NULL OR expires > ?)";
  return {
    read: (namespace, key) =>
      db.read(() => {
        const sql = `SELECT value FROM documents WHERE ${mine}`;
        const line = db.statement(sql).get(toSortKey(namespace), toSortKey(key), Date.now());
        return (line as { value: string } | undefined)?.value;
      }),
    async write(namespace, key, text, ttlMs) {
      const sql = `INSERT INTO documents (namespace, key, expires, value) VALUES (?, ?, ?, ?)
        ON CONFLICT (namespace, key) DO UPDATE SET expires = excluded.expires, value = excluded.value`;
      const expires = ttlMs === undefined ? null : Date.now() + ttlMs;
      await db.write(() => db.statement(sql).run(toSortKey(namespace), toSortKey(key), expires, text));
    },
    remove: (namespace, key) =>
      db.write(
        () =>
          db.statement(`DELETE FROM documents WHERE ${mine}`).run(toSortKey(namespace), toSortKey(key), Date.now())
            .changes > 0,
      ),
    async clear(namespace) {
      await db.write(() => db.statement("DELETE FROM documents WHERE namespace = ?").run(toSortKey(namespace)));
    },
  };
}

/** Removes what has expired, a bounded number at a time so that no writer waits long; writes only where it must. */
async function sweepOnce(db: FileDatabase): Promise<void> {
  const now = Date.now();
  const due: [select: string, remove: string[], before: number][] = [
    [
      "SELECT row AS id FROM records WHERE expires <= ? LIMIT ?",
      ["DELETE FROM tags WHERE record = ?", "DELETE FROM records WHERE row = ?"],
      now,
    ],
    ["SELECT rowid AS id FROM documents WHERE expires <= ? LIMIT ?", ["DELETE FROM documents WHERE rowid = ?"], now],
    [
      "SELECT seq AS id FROM messages WHERE created <= ? ORDER BY seq LIMIT ?",
      ["DELETE FROM messages WHERE seq = ?"],
      now - MESSAGE_LIFE_MS,
    ],
  ];
  for (const [select, removals, before] of due) {
    const ids = (): number[] =>
      (db.statement(select).all(before, SWEPT_AT_ONCE) as { id: number }[]).map(({ id }) => id);
    while ((await db.read(ids)).length > 0) {
      await db.writeSoon(() => {
        for (const id of ids()) for (const removal of removals) db.statement(removal).run(id);
      });
    }
  }
}
