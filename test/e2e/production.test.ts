import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { afterEach, describe, expect, it } from "vitest";
import { readConfig, requireSafe } from "../../src/config.js";
import { connectStdio } from "../support/faces.js";
import { freePort } from "../support/listening.js";
import { endPrograms, type Environment, runProgram, startServer, temporaryFolder } from "../support/program.js";
import { rawRequest } from "../support/raw-request.js";

afterEach(endPrograms);

const OWN_KEY = "ck_4f7d0c2b9ae8416c85d3e1f6a7b2090d";
const withoutKey: Environment = { NODE_ENV: "production", PORT: "0" };
const production: Environment = { ...withoutKey, CLANKER_OWNER_KEY: OWN_KEY };
const everywhere = (host: string) => ({ ...production, HOST: host });

const unsafe: readonly (readonly [string, Environment, RegExp])[] = [
  ["fixtures", { ...production, CLANKER_FIXTURES: "1" }, /CLANKER_FIXTURES/],
  ["an owner's key that nobody chose", withoutKey, /CLANKER_OWNER_KEY/],
  ["a placeholder for a key", { ...production, CLANKER_OWNER_KEY: "please-change-me-0123456789" }, /CLANKER_OWNER_KEY/],
  ["every address and no public URL", everywhere("0.0.0.0"), /CLANKER_PUBLIC_URL/],
];

describe("P63: production refuses to start", () => {
  it.each(unsafe)(
    "with %s, with a sentence that names the setting, before it makes anything",
    async (_what, env, setting) => {
      const home = await temporaryFolder();
      const { code, stdout, stderr } = await runProgram(["serve"], { env, home });
      expect(stderr).toMatch(/^clanker-mcp: [^\n]{20,300}\.\n$/);
      expect(stderr).toMatch(setting);
      expect(stderr).not.toContain(env["CLANKER_OWNER_KEY"] ?? "a key");
      expect(stdout).toBe("");
      expect(code).toBe(2);
      expect(await readdir(home)).toEqual([]);
    },
  );

  const judge = (env: Environment) => () => requireSafe(readConfig(env));

  it.each([
    "CHANGEME-9f8e7d6c5b4a3210",
    "ck_example_4f7d0c2b9ae8416c",
    "default-4f7d0c2b9ae8416c85d3",
    "ck_placeholder_4f7d0c2b9ae8",
    "my-Secret-4f7d0c2b9ae8416c",
    "password-4f7d0c2b9ae8416c",
    "ck_TEST_4f7d0c2b9ae8416c85",
    "sample-4f7d0c2b9ae8416c85d3",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "12341234123412341234",
    "abcabcdabcdeabcdefabcdefg",
  ])("with the owner's key %s, which it does not repeat", (key) => {
    expect(judge({ ...production, CLANKER_OWNER_KEY: key })).toThrow(/^CLANKER_OWNER_KEY must /);
    expect(judge({ ...production, CLANKER_OWNER_KEY: key })).not.toThrow(key);
    expect(judge({ ...production, NODE_ENV: "staging", CLANKER_OWNER_KEY: key })).not.toThrow();
  });

  it.each(["0.0.0.0", "::", "0", "0x0", "0:0:0:0:0:0:0:0", "[::]", "::ffff:0.0.0.0"])(
    "on %s, which is every address, unless it has a public URL",
    (host) => {
      const names = { CLANKER_ALLOWED_HOSTS: "clanker.example" };
      expect(judge({ ...everywhere(host), ...names })).toThrow(/^CLANKER_PUBLIC_URL must /);
      expect(judge({ ...everywhere(host), CLANKER_PUBLIC_URL: "https://clanker.example" })).not.toThrow();
    },
  );

  it("not on one address, nor with a key that is only long or only of hex", () => {
    for (const host of ["127.0.0.1", "::1", "10.0.0.7", "clanker.example", "0.0.0.1"]) {
      expect(judge(everywhere(host))).not.toThrow();
    }
    for (const key of [`ck_${randomBytes(32).toString("hex")}`, randomBytes(32).toString("hex")]) {
      expect(judge({ ...production, CLANKER_OWNER_KEY: key })).not.toThrow();
    }
  });
});

describe("P63: production starts", () => {
  it("on this machine with a key of its own", async () => {
    const server = await startServer({ env: production });
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    expect((await fetch(`${server.url}/api/v1/memory`, { headers: { "x-api-key": OWN_KEY } })).status).toBe(200);
  });

  it("on every address with a public URL, by whose name it is then reached", async () => {
    const port = await freePort();
    const env = { ...everywhere("0.0.0.0"), PORT: String(port), CLANKER_PUBLIC_URL: "http://clanker.example" };
    await startServer({ env });
    const url = `http://127.0.0.1:${port}`;
    const statusOf = async (host: string) => {
      return (await rawRequest(url, { path: "/healthz", headers: [["Host", host]] })).status;
    };
    expect(await statusOf("clanker.example")).toBe(200);
    expect(await statusOf(`127.0.0.1:${port}`)).toBe(200);
    expect(await statusOf(`0.0.0.0:${port}`)).toBe(403);
    expect(await statusOf("other.example")).toBe(403);
  });

  it("its stdio and its keys command without any of that", async () => {
    const home = await temporaryFolder();
    const env = { NODE_ENV: "production", CLANKER_FIXTURES: "0" };
    const face = await connectStdio(home, env);
    expect(await face.call("read-memory")).toMatchObject({ answer: { content: "" } });
    await face.close();
    expect((await runProgram(["keys", "list"], { env, home })).code).toBe(0);
  });
});

describe("a server that is not in production", () => {
  it("may do all of it, and names an address that its own guard lets through", async () => {
    const server = await startServer({ env: { HOST: "0.0.0.0", CLANKER_FIXTURES: "1" } });
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });
});
