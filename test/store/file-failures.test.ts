import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "libsql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openFileStore } from "../../src/store/file.js";
import { openStore } from "../../src/store/open.js";
import { startStoreProcess } from "../support/store-process.js";

const UNAVAILABLE = { code: "STORE_UNAVAILABLE" };
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

let folder = "";
let files = 0;
const newFile = (): string => join(folder, `${(files += 1)}.db`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "clanker-file-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a file store's file", () => {
  it("is made with its folder, for its user alone", async () => {
    const path = join(folder, "new", "deep", "store.db");
    const store = await openStore(`file:${path}`, silent);
    await store.increment("n");
    for (const file of [path, `${path}-wal`]) expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, "new"))).mode & 0o777).toBe(0o700);
    await store.close();
    const again = await openStore(`file:${path}`, silent);
    expect(await again.counter("n")).toBe(1);
    await again.close();
  });

  it("that is no database is refused with its path and the reason, and left as it is", async () => {
    const path = newFile();
    await writeFile(path, "just a text. ".repeat(200));
    await expect(openFileStore({ path })).rejects.toMatchObject({
      ...UNAVAILABLE,
      message: `The store's file ${path} cannot be used: it is no database.`,
    });
    expect(await readFile(path, "utf8")).toBe("just a text. ".repeat(200));
  });

  it("that is a folder, or lies in a file, is refused with the reason", async () => {
    await mkdir(join(folder, "folder"));
    await expect(openFileStore({ path: join(folder, "folder") })).rejects.toThrow("it is a folder");
    await writeFile(join(folder, "text"), "");
    await expect(openFileStore({ path: join(folder, "text", "x.db") })).rejects.toThrow("is no folder");
  });

  it("that a newer program wrote is refused", async () => {
    const path = newFile();
    const db = new Database(path);
    db.exec("PRAGMA user_version = 99");
    db.close();
    await expect(openFileStore({ path })).rejects.toThrow("another version of this program");
  });

  it("in a folder that is not writable is refused with the reason", async () => {
    const locked = join(folder, "locked");
    await mkdir(locked);
    await chmod(locked, 0o555);
    await chmod(folder, 0o755);
    const root = process.getuid?.() === 0;
    // To root every folder is writable.
    if (root) process.seteuid?.(65534);
    try {
      await expect(openFileStore({ path: join(locked, "x.db") })).rejects.toThrow("permission denied");
    } finally {
      if (root) process.seteuid?.(0);
    }
  });
});

describe("a file store in trouble", () => {
  it("waits for another process's lock without blocking, then refuses, and reads meanwhile", async () => {
    const path = newFile();
    const store = await openFileStore({ path, busyMs: 400 });
    await store.commit([{ kind: "insert", collection: "c", id: "a", value: 1 }]);
    const other = new Database(path);
    other.exec("BEGIN IMMEDIATE");
    let ticks = 0;
    const ticking = setInterval(() => (ticks += 1), 10);
    const refused = store.increment("n").catch((error: unknown) => error);
    expect((await store.get("c", "a"))?.value).toBe(1);
    const error = await refused;
    clearInterval(ticking);
    expect(error).toMatchObject(UNAVAILABLE);
    expect(String(error)).not.toContain(folder);
    expect(ticks).toBeGreaterThan(5);

    const patient = store.increment("n");
    await sleep(100);
    other.exec("COMMIT");
    expect(await patient).toBe(1);
    other.close();
    await store.close();
  });

  it("refuses writes when the disk is full, and still reads all that it acknowledged", async () => {
    const path = newFile();
    const limited = await startStoreProcess(`file:${path}`, "", "trap '' XFSZ; ulimit -f 4000");
    const told = (await limited.ask({ task: "fill" })) as Record<string, unknown>;
    await limited.kill();
    expect(told).toMatchObject({ code: "STORE_UNAVAILABLE", readable: true });
    expect(told["message"]).not.toContain(folder);
    expect(told["written"]).toBeGreaterThan(10);
    const store = await openFileStore({ path });
    for (let n = 0; n < Number(told["written"]); n += 1) expect(await store.get("filled", String(n))).toBeDefined();
    expect(await store.commit([{ kind: "insert", collection: "filled", id: "more", value: 1 }])).toBe(true);
    await store.close();
  });

  it("sweeps away what has expired and messages older than a minute", async () => {
    const path = newFile();
    const first = await openFileStore({ path });
    const kept = { kind: "insert", collection: "c", id: "kept", value: 1 } as const;
    const expiring = { ...kept, id: "gone", order: "1", tags: ["t"], ttlMs: 20 } as const;
    const longer = { ...expiring, id: "longer", order: "2" } as const;
    await first.commit([
      kept,
      expiring,
      longer,
      { kind: "replace", collection: "c", id: "longer", version: 1, value: 1, ttlMs: 60_000 },
    ]);
    await first.documents("d").set("gone", 1, 20);
    await first.documents("d").set("kept", 1);
    await first.publish("news", 1);
    await first.close();
    await sleep(30);
    const db = new Database(path);
    db.exec("INSERT INTO messages (sender, channel, created, body) VALUES ('x', 'news', 1, '1')");
    const second = await openFileStore({ path });
    await second.increment("after the sweep");
    await sleep(100);
    const count = (table: string) => (db.prepare(`SELECT COUNT(*) AS n FROM ${table}`).get() as { n: number }).n;
    expect(["records", "tags", "documents", "messages"].map(count)).toEqual([2, 1, 1, 1]);
    expect(await second.get("c", "longer")).toBeDefined();
    db.close();
    await second.close();
  });
});
