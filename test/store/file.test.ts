import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe } from "vitest";
import { openFileStore } from "../../src/store/file.js";
import { describeStore } from "./conformance.js";

describe("file store", () => {
  const folders: string[] = [];
  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

  describeStore(async () => {
    const folder = await mkdtemp(join(tmpdir(), "clanker-store-"));
    folders.push(folder);
    return openFileStore({ path: join(folder, "store.db") });
  });
});
