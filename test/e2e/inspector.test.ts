import { execFile } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { node24 } from "../../scripts/node24.mjs";
import { installedFolder } from "../../scripts/npm-folder.mjs";
import { catalogue } from "../../tools/catalogue.js";
import { connectRest } from "../support/faces.js";
import { endPrograms, environmentOf, LAUNCH, type Server, startServer, temporaryFolder } from "../support/program.js";

const TOOLS = catalogue.filter(({ tool }) => tool !== undefined).length;

let inspector: { readonly node: string; readonly script: string };
let server: Server;
let home: string;
beforeAll(async () => {
  const [{ program: node }, modules] = await Promise.all([node24(), installedFolder("inspector")]);
  inspector = { node, script: join(modules, "@modelcontextprotocol/inspector/clients/launcher/build/index.js") };
  home = await temporaryFolder();
  server = await startServer({ env: { CLANKER_STORE: "memory:" } });
  await connectRest(server.url, server.key).call("install-skill", { slug: "algorithmic-art" });
}, 120_000);
afterAll(endPrograms);

/** Runs the Inspector's command line against a door of the server, or against the program over stdio. */
function inspect(door: "/mcp" | "/mcp/sse" | "stdio", ...args: string[]): Promise<{ code: number; stdout: string }> {
  const target =
    door === "stdio"
      ? [process.execPath, LAUNCH, "stdio", "-e", `CLANKER_HOME=${home}`, "-e", "CLANKER_STORE=memory:"]
      : ["--server-url", server.url + door, "--header", `x-api-key: ${server.key}`];
  return new Promise((resolve) => {
    const env = { ...environmentOf(home), NO_COLOR: "1" };
    const options = { env, timeout: 60_000, maxBuffer: 16 * 1024 * 1024 };
    execFile(inspector.node, [inspector.script, "--cli", ...target, ...args], options, (error, stdout, stderr) => {
      const code = error ? Number((error as { code?: number }).code ?? 1) : 0;
      resolve({ code, stdout: stdout === "" ? stderr : stdout });
    });
  });
}

describe.each(["/mcp", "/mcp/sse", "stdio"] as const)("P20: the Inspector at %s", (door) => {
  it("lists every tool, and finds no schema that some client would not take", async () => {
    const { code, stdout } = await inspect(door, "--method", "tools/list", "--strict");
    expect(JSON.parse(stdout).tools).toHaveLength(TOOLS);
    expect(code).toBe(0);
  });

  it("calls a tool", async () => {
    const call = ["--method", "tools/call", "--tool-name", "get-skill-details", "--tool-arg", "slug=summarize"];
    const { code, stdout } = await inspect(door, ...call);
    expect(JSON.parse(stdout)).toMatchObject({ structuredContent: { slug: "summarize" } });
    expect(code).toBe(0);
  });
});

describe("the Inspector", () => {
  it("verifies every digest of the installed skills", async () => {
    const { code, stdout } = await inspect("/mcp", "--method", "skills/list", "--verify", "--require-digests");
    expect(stdout).toContain("algorithmic-art");
    expect(code).toBe(0);
  });

  it("understands that its key is wrong", async () => {
    const key = ["--header", "x-api-key: ck_wrong_0123456789abcdef"];
    const args = ["--server-url", `${server.url}/mcp`, ...key, "--method", "tools/list"];
    const wrong = await new Promise<string>((resolve) => {
      execFile(
        inspector.node,
        [inspector.script, "--cli", ...args],
        { env: environmentOf(home) },
        (_, stdout, stderr) => resolve(stdout + stderr),
      );
    });
    expect(wrong).toContain("auth_required");
  });
});
