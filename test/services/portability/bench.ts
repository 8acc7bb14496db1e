import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { createClient } from "redis";
import { onTestFinished } from "vitest";
import { createPortability } from "../../../src/services/portability/portability.js";
import { openFileStore } from "../../../src/store/file.js";
import { openRedisStore } from "../../../src/store/redis.js";
import type { Store } from "../../../src/store/port.js";
import { removeKeys, sharedRedis } from "../../support/redis.js";
import { invokeOver, memoryStore, MINE, openServices, type OpenServices } from "../../support/services.js";

/** A store with a way to look at everything in it, which ends the store. */
export interface Dumpable {
  readonly store: Store;
  /** Every text in it, names included. */
  dump(): Promise<string>;
}

/** Stores that can be looked at from outside. */
export const DUMPABLE: Readonly<Record<string, () => Promise<Dumpable>>> = {
  async file() {
    const folder = await mkdtemp(join(tmpdir(), "clanker-whole-"));
    const store = await openFileStore({ path: join(folder, "clanker.db") });
    onTestFinished(async () => {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    });
    return {
      store,
      async dump() {
        await store.close();
        // Looked into before its files are read: as long as it is open, those beside the database do not go.
        const db = new Database(join(folder, "clanker.db"));
        const tables = ["records", "tags", "documents", "counters", "messages"];
        const rows = tables.map((table) => JSON.stringify(db.prepare(`SELECT * FROM ${table}`).all()));
        const files = await readdir(folder);
        const bytes = await Promise.all(
          files.map(async (file) => (await readFile(join(folder, file))).toString("latin1")),
        );
        db.close();
        return [...rows, ...bytes].join("\n");
      },
    };
  },
  async redis() {
    const [url, prefix] = [sharedRedis(), `whole-${randomUUID()}:`];
    const store = await openRedisStore({ url, prefix });
    onTestFinished(async () => {
      await store.close();
      await removeKeys(url, prefix);
    });
    return { store, dump: () => dumpRedis(url, prefix) };
  },
};

async function dumpRedis(url: string, prefix: string): Promise<string> {
  const client = createClient({ url });
  await client.connect();
  const texts: string[] = [];
  const readers: Readonly<Record<string, (key: string) => Promise<unknown>>> = {
    string: (key) => client.get(key),
    hash: (key) => client.hGetAll(key),
    set: (key) => client.sMembers(key),
    zset: (key) => client.zRange(key, 0, -1),
  };
  for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 })) {
    for (const key of keys) texts.push(key, JSON.stringify(await readers[await client.type(key)]?.(key)));
  }
  client.destroy();
  return texts.join("\n");
}

/** The services with the service of whole workspaces. */
export async function openWhole(store: Store = memoryStore(), more: Parameters<typeof openServices>[0] = {}) {
  const opened = await openServices({ store, installed: ["summarize"], ...more });
  const { services, journal, runs, log } = opened;
  const portability = createPortability({
    store,
    services,
    journal,
    ledger: runs.ledger,
    log,
    now: more.now ?? Date.now,
    settleMs: 10,
  });
  return { ...opened, portability, call: invokeOver(opened) };
}

export type Whole = Awaited<ReturnType<typeof openWhole>>;

/** Leaves `mark` wherever a caller can leave a text. */
export async function fill(
  { call, services }: Pick<Whole, "call"> & OpenServices,
  mark: string,
  workspace: number = MINE,
) {
  const caller = { workspace, keyPrefix: `ck_${mark}`, userAgent: mark };
  await call("write-memory", { content: mark }, caller);
  await call("install-skill", { slug: "summarize" }, caller);
  const run = async (artifact?: string) => {
    const attachments = [{ name: mark, mime_type: "text/plain", content: mark }];
    const { executionId } = await call("execute-skill", { slug: "summarize", input: mark, attachments }, caller);
    const artifacts =
      artifact === undefined ? [] : [{ name: `${mark}.md`, mime_type: "text/markdown", content: artifact }];
    if (artifact !== undefined) await call("complete-execution", { id: executionId, output: mark, artifacts }, caller);
    return String(executionId);
  };
  const first = await run(`# ${mark}`);
  await run(`second ${mark}`);
  const { executionId } = await call("rerun-execution", { id: first, input: mark }, caller);
  await call("complete-execution", { id: executionId, output: mark }, caller);
  await run();
  const { key } = await services.keys.create(workspace, 1, { name: mark });
  return { key };
}

/** All that an export says. */
export async function linesOf(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

export async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
  await Promise.resolve();
}
