import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import {
  afterPrograms,
  type Ended,
  endPrograms,
  type Environment,
  MASTER_KEY,
  OWNER_KEY,
  runProgram,
  startServer,
  temporaryFolder,
} from "../support/program.js";
import { startRedis } from "../support/redis.js";
import { smallDisk } from "../support/small-disk.js";

afterEach(endPrograms);

const keys = { CLANKER_OWNER_KEY: OWNER_KEY, CLANKER_MASTER_KEY: MASTER_KEY };

/** What the program says is one sentence for people, and names what it is about. */
function expectSentence({ code, stdout, stderr }: Ended, about: RegExp | string): void {
  expect(stderr).toMatch(/^clanker-mcp: [^\n]{20,300}\.\n$/);
  expect(stderr).toMatch(about);
  expect(stderr).not.toMatch(/\n\s+at |node:internal|Error:/);
  expect(stdout).toBe("");
  expect(code).toBe(2);
}

describe("a setting that makes no sense ends the program with a sentence:", () => {
  it.each<[string, Environment, RegExp]>([
    ["a port that is no number", { PORT: "abc" }, /PORT takes a whole number from 0 to 65535, not "abc"/],
    ["a port that is none", { PORT: "99999" }, /PORT takes/],
    ["a port below zero", { PORT: "-1" }, /PORT takes/],
    ["a host that is not this machine's", { HOST: "192.0.2.1", PORT: "0" }, /HOST 192\.0\.2\.1 is no address/],
    ["a host that is not known", { HOST: "no-such-host.invalid", PORT: "0" }, /HOST no-such-host\.invalid/],
    ["a model of no provider", { CLANKER_MODEL: "foo" }, /CLANKER_MODEL takes anthropic\/<model> or openai-/],
    ["a model without its key", { CLANKER_MODEL: "anthropic/x" }, /ANTHROPIC_API_KEY must be set/],
    ["a model without its address", { CLANKER_MODEL: "openai-compatible/x" }, /OPENAI_BASE_URL must be set/],
    [
      "a model at what is no address",
      { CLANKER_MODEL: "openai-compatible/x", OPENAI_BASE_URL: "localhost:1" },
      /OPENAI_BASE_URL takes an http or https URL/,
    ],
    ["a store of no kind", { CLANKER_STORE: "mysql://user:canary@x" }, /CLANKER_STORE takes file:<path>, memory: or/],
    ["a Redis without keys", { CLANKER_STORE: "redis://127.0.0.1:1" }, /CLANKER_OWNER_KEY must be set/],
    [
      "a Redis without the master key",
      { CLANKER_STORE: "redis://127.0.0.1:1", CLANKER_OWNER_KEY: OWNER_KEY },
      /CLANKER_MASTER_KEY must be set/,
    ],
    ["a master key of 31 bytes", { CLANKER_MASTER_KEY: Buffer.alloc(31, 1).toString("base64") }, /CLANKER_MASTER_KEY/],
    ["an owner's key that is too short", { CLANKER_OWNER_KEY: "canary" }, /CLANKER_OWNER_KEY takes 16 to 256/],
    ["no time to run", { CLANKER_RUN_SECONDS: "0" }, /CLANKER_RUN_SECONDS takes/],
    ["credits that are no number", { CLANKER_CREDITS: "many" }, /CLANKER_CREDITS takes/],
    ["a log level that is none", { CLANKER_LOG_LEVEL: "loud" }, /CLANKER_LOG_LEVEL takes/],
  ])("%s", async (_, env, sentence) => {
    const ended = await runProgram(["serve"], { env });
    expectSentence(ended, sentence);
    expect(ended.stderr).not.toMatch(/canary|AQEBAQEB/);
  });

  it("over stdio too, where stdout stays empty", async () => {
    expectSentence(await runProgram(["stdio"], { env: { CLANKER_MODEL: "foo" } }), /CLANKER_MODEL takes/);
  });

  it("an argument that is none", async () => {
    const { code, stdout, stderr } = await runProgram(["serve", "--port", "1"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/unknown option '--port'/);
  });
});

describe("an address that is taken", () => {
  it("ends the program with a sentence, and leaves the other one running", async () => {
    const other = createServer((_, res) => res.end("still here")).listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    expectSentence(await runProgram(["serve"], { env: { PORT: String(port) } }), `PORT ${port} is taken`);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("still here");
  });
});

describe("a home", () => {
  it("below a file is refused with its path", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "file"), "");
    const home = join(folder, "file", "home");
    expectSentence(await runProgram(["serve"], { home }), `${home}/`);
  });

  it("whose key file is empty is refused, and the file kept", async () => {
    const home = await temporaryFolder();
    await writeFile(join(home, "owner.key"), "");
    expectSentence(await runProgram(["serve"], { home }), /owner\.key is empty/);
  });

  it("on a full disk is refused, and used once there is space", async () => {
    const disk = await smallDisk();
    await disk.fill();
    const home = join(disk.folder, "home");
    expectSentence(await runProgram(["serve"], { home, shell: disk.shell }), home);
    await disk.free();
    const server = await startServer({ home });
    await server.kill("SIGTERM");
  });

  it("on a read-only disk is refused, also when everything is there already", async () => {
    const disk = await smallDisk();
    const home = join(disk.folder, "home");
    const server = await startServer({ home });
    expect((await server.kill("SIGTERM")).code).toBe(0);
    await disk.makeReadOnly();
    expectSentence(await runProgram(["serve"], { home }), /is read-only|permission denied/);
    const other = { CLANKER_HOME: join(disk.folder, "other") };
    expectSentence(await runProgram(["serve"], { env: other }), /is read-only|cannot be made|may not/);
  });
});

describe("a store", () => {
  it("whose file is no database is refused with its path", async () => {
    const home = await temporaryFolder();
    await writeFile(join(home, "clanker.db"), "just a text ".repeat(500));
    expectSentence(
      await runProgram(["serve"], { home }),
      `${join(home, "clanker.db")} cannot be used: it is no database`,
    );
  });

  it("whose file is a folder is refused with its path", async () => {
    const home = await temporaryFolder();
    await mkdir(join(home, "clanker.db"));
    expectSentence(await runProgram(["serve"], { home }), /it is a folder/);
  });

  it("in a Redis that is away is given up after ten seconds", { timeout: 30_000 }, async () => {
    const env = { ...keys, PORT: "0", CLANKER_STORE: "redis://user:canary@127.0.0.1:1" };
    const began = performance.now();
    const ended = await runProgram(["serve"], { env });
    expectSentence(ended, /Redis at 127\.0\.0\.1:1 that cannot be used/);
    expect(ended.stderr).not.toContain("canary");
    expect(performance.now() - began).toBeLessThan(15_000);
  });

  it.each(["file", "redis"])("that another master key made is refused on %s, and goes on for its own", async (kind) => {
    const home = await temporaryFolder();
    const redis = kind === "redis" ? await startRedis() : undefined;
    afterPrograms(async () => redis?.stop());
    const store = redis?.url ?? `file:${join(home, "shared.db")}`;
    const first = await startServer({ home, env: { ...keys, CLANKER_STORE: store } });
    const other = {
      ...keys,
      PORT: "0",
      CLANKER_STORE: store,
      CLANKER_MASTER_KEY: Buffer.alloc(32, 8).toString("base64"),
    };
    expectSentence(await runProgram(["serve"], { env: other }), /made with another master key/);
    expectSentence(await runProgram(["stdio"], { env: other }), /made with another master key/);
    expectSentence(await runProgram(["keys", "list"], { env: other }), /made with another master key/);
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
  });
});
