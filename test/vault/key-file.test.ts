import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigError } from "../../src/config.js";
import { loadKeyFile } from "../../src/vault/key-file.js";

const MASTER_KEY = /^[A-Za-z0-9+/]{43}=$/;
const newMasterKey = () => randomBytes(32).toString("base64");
const newOwnerKey = () => `ck_${randomBytes(32).toString("base64url")}`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "clanker-key-"));
});
afterEach(() => rm(folder, { recursive: true }));

const failureOf = (path: string, fits?: RegExp) =>
  loadKeyFile(path, newMasterKey, fits).then(
    () => expect.unreachable(),
    (error: Error) => error,
  );

describe("a key file", () => {
  it("is made once, readable by its owner alone, in a folder of its owner alone", async () => {
    const path = join(folder, "home", "deeper", "owner.key");
    const first = await loadKeyFile(path, newOwnerKey);
    expect(first).toEqual({ value: expect.stringMatching(/^ck_[\w-]{43}$/), created: true });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, "home", "deeper"))).mode & 0o777).toBe(0o700);
    expect(await loadKeyFile(path, () => expect.unreachable())).toEqual({ value: first.value, created: false });
    expect(await readdir(join(folder, "home", "deeper"))).toEqual(["owner.key"]);
  });

  it("is the same for all that start at once, and one of them made it", async () => {
    const path = join(folder, "home", "master.key");
    const loaded = await Promise.all(Array.from({ length: 24 }, () => loadKeyFile(path, newMasterKey, MASTER_KEY)));
    expect(new Set(loaded.map(({ value }) => value)).size).toBe(1);
    expect(loaded.filter(({ created }) => created)).toHaveLength(1);
    expect((await readFile(path, "utf8")).trim()).toBe(loaded[0]?.value);
  });

  it("is taken without the white space that an editor leaves", async () => {
    const path = join(folder, "master.key");
    const key = newMasterKey();
    await writeFile(path, `\n ${key}\r\n`);
    expect(await loadKeyFile(path, newMasterKey, MASTER_KEY)).toEqual({ value: key, created: false });
  });

  it.each([
    ["empty", "", /is empty: .*remove the file/],
    ["blank", " \n", /is empty/],
    ["too short", "c2hvcnQ=", /does not hold a key of the right form/],
    ["two lines", `${newMasterKey()}\n${newMasterKey()}`, /does not hold a key of the right form/],
  ])("that is %s is refused in one sentence that names it, and left as it is", async (_, content, sentence) => {
    const path = join(folder, "master.key");
    await writeFile(path, content);
    const error = await failureOf(path, MASTER_KEY);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toMatch(sentence);
    expect(error.message).toContain(path);
    if (content.trim()) expect(error.message).not.toContain(content.trim());
    expect(await readFile(path, "utf8")).toBe(content);
  });

  it("that is a folder, or lies where no folder can be, is refused in one sentence that names it", async () => {
    await mkdir(join(folder, "master.key"));
    await writeFile(join(folder, "file"), "");
    for (const path of [
      join(folder, "master.key"),
      join(folder, "file", "master.key"),
      join(folder, `${"x".repeat(300)}.key`),
    ]) {
      const error = await failureOf(path);
      expect(error).toBeInstanceOf(ConfigError);
      expect(error.message).toMatch(/^\S+ cannot be (read|written): [^.\n]+\.$/);
      expect(error.message).toContain(path);
    }
  });
});
