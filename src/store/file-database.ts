import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "libsql";
import { AppError } from "../core/errors.js";
import { closed, unavailable } from "./unavailable.js";

type Value = string | number | null;

/** A statement that is prepared once and used again. */
interface Statement {
  run(...values: Value[]): { changes: number };
  get(...values: Value[]): unknown;
  all(...values: Value[]): unknown[];
}

/** The file as the store's parts use it; every failure of the file is `STORE_UNAVAILABLE`. */
export interface FileDatabase {
  statement(sql: string): Statement;
  read<T>(work: () => T): Promise<T>;
  /**
   * Does `work` inside a transaction and resolves when it is on the disk. Works that wait at the same time
   * share one transaction; the one that throws {@link Undo} is undone alone.
   */
  write<T>(work: () => T): Promise<T>;
  /** Like `write`, without waiting for the disk: survives the death of the process, not of the machine. */
  writeSoon<T>(work: () => T): Promise<T>;
  /** Finishes what was begun and closes the file. */
  close(): Promise<void>;
}

/** Thrown by a work that finds it must leave no trace. */
export class Undo extends Error {}

const SCHEMA_VERSION = 1;
const SCHEMA = `
  CREATE TABLE records (
    row INTEGER PRIMARY KEY, collection TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
    ord TEXT, expires INTEGER, value TEXT NOT NULL, UNIQUE (collection, id)
  );
  CREATE INDEX records_in_order ON records (collection, ord, id) WHERE ord IS NOT NULL;
  CREATE INDEX records_expiring ON records (expires) WHERE expires IS NOT NULL;
  CREATE TABLE tags (
    collection TEXT NOT NULL, tag TEXT NOT NULL, ord TEXT NOT NULL, id TEXT NOT NULL, record INTEGER NOT NULL,
    PRIMARY KEY (collection, tag, ord, id)
  ) WITHOUT ROWID;
  CREATE INDEX tags_of_record ON tags (record);
  CREATE TABLE documents (
    namespace TEXT NOT NULL, key TEXT NOT NULL, expires INTEGER, value TEXT NOT NULL, UNIQUE (namespace, key)
  );
  CREATE INDEX documents_expiring ON documents (expires) WHERE expires IS NOT NULL;
  CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, sender TEXT NOT NULL, channel TEXT NOT NULL, created INTEGER NOT NULL,
    body TEXT NOT NULL
  );
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** How long SQLite itself waits, and blocks this process, for another one's lock. */
const BLOCKING_WAIT_MS = 20;
const WORKS_PER_TRANSACTION = 64;

interface Pending {
  readonly work: () => unknown;
  readonly durable: boolean;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Opens the file, made with its folder for this user alone where missing. Throws `STORE_UNAVAILABLE` that
 * names the path and the reason. `busyMs`: how long to wait for another process's lock.
 */
export async function openFileDatabase(path: string, busyMs: number): Promise<FileDatabase> {
  let db: Database.Database | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, "a", 0o600));
    const opened = new Database(path, { timeout: BLOCKING_WAIT_MS });
    db = opened;
    await unlessBusy(() => prepare(opened), busyMs);
    return over(opened, busyMs);
  } catch (error) {
    db?.close();
    throw new AppError("STORE_UNAVAILABLE", `The store's file ${path} cannot be used: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
}

function prepare(db: Database.Database): void {
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  // What was deleted must not be found in the file.
  db.exec("PRAGMA secure_delete = ON;");
  const version = (): number => (db.pragma("user_version") as { user_version: number }[])[0]?.user_version ?? 0;
  if (version() === 0) {
    db.transaction(() => {
      if (version() === 0) db.exec(SCHEMA);
    }).immediate();
  }
  if (version() !== SCHEMA_VERSION) throw new Error("it was written by another version of this program");
  db.exec("BEGIN IMMEDIATE; COMMIT;");
}

function over(db: Database.Database, busyMs: number): FileDatabase {
  const statements = new Map<string, Statement>();
  const pending: Pending[] = [];
  let flushing: Promise<void> | undefined;
  let open = true;

  const statement = (sql: string): Statement => {
    const known = statements.get(sql);
    if (known) return known;
    const fresh = db.prepare(sql) as unknown as Statement;
    statements.set(sql, fresh);
    return fresh;
  };

  /** One transaction over the works, each in a savepoint; answers what to tell whom once it is committed. */
  const transact = (works: readonly Pending[]): (() => void)[] => {
    const durable = works.some((work) => work.durable);
    if (!durable) db.exec("PRAGMA synchronous = NORMAL");
    try {
      statement("BEGIN IMMEDIATE").run();
      const outcomes = works.map((work) => attempt(work));
      statement("COMMIT").run();
      return outcomes;
    } catch (error) {
      if (db.inTransaction) db.exec("ROLLBACK");
      throw error;
    } finally {
      if (!durable) db.exec("PRAGMA synchronous = FULL");
    }
  };
  const attempt = ({ work, resolve, reject }: Pending): (() => void) => {
    statement("SAVEPOINT work").run();
    try {
      const result = work();
      statement("RELEASE work").run();
      return () => resolve(result as never);
    } catch (error) {
      if (!(error instanceof Undo)) throw error;
      statement("ROLLBACK TO work").run();
      statement("RELEASE work").run();
      return () => reject(error);
    }
  };
  const flush = async (): Promise<void> => {
    while (pending.length > 0) {
      const works = pending.splice(0, WORKS_PER_TRANSACTION);
      try {
        for (const tell of await unlessBusy(() => transact(works), busyMs)) tell();
      } catch (error) {
        for (const { reject } of works) reject(inOperation(error));
      }
    }
    flushing = undefined;
  };
  const enqueue = <T>(work: () => T, durable: boolean): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (!open) {
        reject(closed());
        return;
      }
      pending.push({ work, durable, resolve, reject });
      flushing ??= new Promise<void>((turn) => setImmediate(turn)).then(flush);
    });

  return {
    statement,
    async read(work) {
      if (!open) throw closed();
      try {
        return await unlessBusy(work, busyMs);
      } catch (error) {
        throw inOperation(error);
      }
    },
    write: (work) => enqueue(work, true),
    writeSoon: (work) => enqueue(work, false),
    async close() {
      if (!open) return;
      open = false;
      await flushing;
      statements.clear();
      // So that a copy of the file alone is whole; another process at work keeps its journal, and this one quiet.
      db.pragma("wal_checkpoint(TRUNCATE)");
      db.close();
    },
  };
}

/** Repeats `work` while another process holds the file, without blocking this one in between. */
async function unlessBusy<T>(work: () => T, busyMs: number): Promise<T> {
  const deadline = performance.now() + busyMs;
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!codeOf(error).startsWith("SQLITE_BUSY") || performance.now() >= deadline) throw error;
    }
    await sleep(1 + Math.random() * 10);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

function inOperation(error: unknown): AppError {
  const code = codeOf(error);
  if (code === "SQLITE_FULL") {
    return unavailable(error, "The store has no room left on its disk; free some space on the server and try again.");
  }
  if (code.startsWith("SQLITE_READONLY")) {
    return unavailable(error, "The store may not be written to; make its file writable on the server and try again.");
  }
  if (code.startsWith("SQLITE_BUSY")) {
    return unavailable(error, "Another process kept the store busy for too long; try again in a moment.");
  }
  return unavailable(error);
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "its disk is read-only",
  ENOSPC: "its disk is full",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is no folder",
  EEXIST: "a part of its path is no folder",
  ENOENT: "its folder cannot be made",
  SQLITE_NOTADB: "it is no database",
  SQLITE_FULL: "its disk is full",
};

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code.startsWith("SQLITE_READONLY")) return "it is read-only";
  if (code.startsWith("SQLITE_BUSY")) return "another process keeps it locked";
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}
