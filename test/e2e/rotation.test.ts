import { randomBytes } from "node:crypto";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { openFileStore } from "../../src/store/file.js";
import type { Store } from "../../src/store/port.js";
import { rotateMasterKey } from "../../src/vault/master-key.js";
import { openVault } from "../../src/vault/vault.js";
import { endPrograms, type Environment, runProgram, type Server, startServer } from "../support/program.js";

afterEach(endPrograms);

async function post(server: Server, path: string, body: object): Promise<unknown> {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method: "POST",
    headers: { "x-api-key": server.key, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
  return response.json();
}

/** The store of a home without a server, as a process with this master key would have it. */
async function withStore<T>(home: string, use: (store: Store) => Promise<T>): Promise<T> {
  const store = await openFileStore({ path: join(home, "clanker.db") });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

const secretOf = (home: string, masterKey: string, number = 1) =>
  withStore(home, async (store) => {
    const vault = await openVault({ store, masterKey: Buffer.from(masterKey, "base64") });
    const kept = await store.get<{ sealed: string }>("secret-values:1", String(number));
    return vault.open(1, `secret:${number}`, kept?.value.sealed ?? "");
  });

const masterKeyOf = async (home: string) => (await readFile(join(home, "master.key"), "utf8")).trim();

describe("clanker-mcp secrets rotate", () => {
  it("gives a workspace a new data key beside a running server, which goes on with it", async () => {
    const server = await startServer();
    await post(server, "/secrets", { name: "one", value: "first" });
    const dataKey = () => withStore(server.home, (store) => store.get<object>("data-keys", "1"));
    const before = await dataKey();
    const { code, stdout, stderr } = await runProgram(["secrets", "rotate"], { home: server.home });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe("ws_1 has a new data key; 1 sealed values were sealed anew, the old key is gone.\n");
    const after = await dataKey();
    expect(after?.value).not.toEqual(before?.value);
    expect(Object.keys(after?.value ?? {})).toEqual(["wrapped"]);
    await post(server, "/secrets", { name: "two", value: "second" });
    const key = await masterKeyOf(server.home);
    expect(await secretOf(server.home, key, 1)).toBe("first");
    expect(await secretOf(server.home, key, 2)).toBe("second");
    const logged = await runProgram(["audit", "export"], { home: server.home });
    expect(logged.stdout).toContain('"action":"secret.rotate"');
    const unknown = await runProgram(["secrets", "rotate", "--workspace", "ws_99"], { home: server.home });
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("--workspace takes") });
  }, 60_000);
});

describe("clanker-mcp master-key rotate", () => {
  /** A home with a secret in it, whose server has ended. */
  async function home(env: Environment = {}) {
    const server = await startServer({ env });
    await post(server, "/secrets", { name: "one", value: "first" });
    await server.kill();
    return server.home;
  }
  const rotate = (folder: string, env: Environment = {}) => runProgram(["master-key", "rotate"], { home: folder, env });

  it("puts a new key into its file, for its owner only, and the server starts with it", async () => {
    const folder = await home();
    const before = await masterKeyOf(folder);
    const { code, stdout, stderr } = await rotate(folder);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^1 data keys are wrapped with the new master key\.\n.*master\.key holds the new key/);
    const after = await masterKeyOf(folder);
    expect(after).not.toBe(before);
    expect(stdout).not.toContain(after);
    expect((await stat(join(folder, "master.key"))).mode & 0o777).toBe(0o600);
    await expect(stat(join(folder, "master.key.new"))).rejects.toThrow("ENOENT");
    expect(await secretOf(folder, after)).toBe("first");
    await expect(secretOf(folder, before)).rejects.toThrow("another master key");
    const server = await startServer({ home: folder });
    await post(server, "/secrets", { name: "two", value: "second" });
  });

  it("finishes what was killed before the store had the key, and after", async () => {
    const folder = await home();
    const before = await masterKeyOf(folder);
    const draft = randomBytes(32).toString("base64");
    await writeFile(join(folder, "master.key.new"), `${draft}\n`, { mode: 0o600 });
    expect(await secretOf(folder, before)).toBe("first");
    expect((await rotate(folder)).code).toBe(0);
    expect(await masterKeyOf(folder)).toBe(draft);

    const next = randomBytes(32).toString("base64");
    await writeFile(join(folder, "master.key.new"), `${next}\n`, { mode: 0o600 });
    const keys = [draft, next].map((key) => Buffer.from(key, "base64")) as [Buffer, Buffer];
    await withStore(folder, (store) => rotateMasterKey(store, ...keys));
    const refused = await runProgram(["keys", "list"], { home: folder });
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("master-key rotate again") });
    expect(await rotate(folder)).toMatchObject({ code: 0, stdout: expect.stringContaining("already") });
    expect(await masterKeyOf(folder)).toBe(next);
    expect(await secretOf(folder, next)).toBe("first");
  });

  it("takes both keys from settings, and leaves files alone then", async () => {
    const [before, after] = [randomBytes(32).toString("base64"), randomBytes(32).toString("base64")];
    const folder = await home({ CLANKER_MASTER_KEY: before });
    expect(await rotate(folder, { CLANKER_MASTER_KEY: before })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("CLANKER_NEW_MASTER_KEY must be set"),
    });
    const env = { CLANKER_MASTER_KEY: before, CLANKER_NEW_MASTER_KEY: after };
    expect(await rotate(folder, env)).toMatchObject({ code: 0, stderr: "" });
    expect(await rotate(folder, env)).toMatchObject({ code: 0, stdout: expect.stringContaining("already") });
    expect(await secretOf(folder, after)).toBe("first");
    await expect(stat(join(folder, "master.key"))).rejects.toThrow("ENOENT");
  });

  it("is refused with a key that is not the store's", async () => {
    const folder = await home();
    await rm(join(folder, "master.key"));
    expect(await rotate(folder)).toMatchObject({ code: 2, stderr: expect.stringContaining("another master key") });
  });
});
