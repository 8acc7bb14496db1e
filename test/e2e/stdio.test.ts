import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { execFile, spawn } from "node:child_process";
import { copyFile, mkdir, readFile, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Json } from "../support/faces.js";
import {
  CHECKOUT,
  endPrograms,
  environmentOf,
  type Environment,
  LAUNCH,
  type Program,
  startProgram,
  temporaryFolder,
  until,
} from "../support/program.js";
import { type ScriptedModel, scriptedModel } from "../support/scripted-model.js";

let model: ScriptedModel;
beforeAll(async () => {
  model = await scriptedModel();
  model.mock.onMessage("greet", { content: "Good morning." });
  model.mock.onMessage("fail", { error: { message: "no", type: "some_error" }, status: 400 });
});
afterAll(() => model.stop());
afterEach(endPrograms);

/** A client that sees every line. */
function wire(program: Program) {
  let id = 0;
  const send = (message: object) => program.child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  /** Every line of stdout; throws at one that is no JSON-RPC message. */
  const messages = (): Json[] =>
    program
      .stdout()
      .split("\n")
      .slice(0, -1)
      .map((line) => {
        const message = JSON.parse(line);
        if (message.jsonrpc !== "2.0" || !("id" in message || "method" in message))
          throw new Error(`no message: ${line}`);
        return message;
      });
  return {
    send,
    messages,
    async request(method: string, params: object = {}): Promise<Json> {
      const mine = (id += 1);
      send({ id: mine, method, params });
      return until(() => messages().find((message) => message.id === mine && !("method" in message)));
    },
    async open(): Promise<void> {
      const clientInfo = { name: "tests", version: "1" };
      await this.request("initialize", { protocolVersion: "2025-06-18", capabilities: {}, clientInfo });
      send({ method: "notifications/initialized" });
    },
    call(name: string, args: object = {}, _meta?: object): Promise<Json> {
      return this.request("tools/call", { name, arguments: args, ...(_meta && { _meta }) });
    },
  };
}

/** Every kind of request there is, answered and refused. */
async function converse(program: Program): Promise<ReturnType<typeof wire>> {
  const client = wire(program);
  await client.open();
  for (const method of ["ping", "tools/list", "prompts/list", "resources/list", "no/such/method"]) {
    await client.request(method);
  }
  await client.call("install-skill", { slug: "summarize" });
  const token = { progressToken: "t" };
  await client.call("execute-skill", { slug: "summarize", input: "greet", wait_seconds: 10 }, token);
  await client.call("execute-skill", { slug: "summarize", input: "fail", wait_seconds: 10 }, token);
  await client.call("execute-skill", { slug: "no-such-skill", input: "x" });
  await client.call("write-memory", { content: "line\nline\r\nline \u2028 end", mode: "append" });
  await client.call("no-such-tool");
  return client;
}

async function endsWithin(ms: number, program: Program): Promise<number | null> {
  const began = performance.now();
  const { code } = await program.ended;
  expect(performance.now() - began).toBeLessThan(ms);
  return code;
}

describe("P57: over stdio, stdout carries the protocol only", () => {
  it.each<[string, () => Environment]>([
    ["without a model", () => ({})],
    ["with a model", () => model.env],
    ["with every log line there is", () => ({ ...model.env, CLANKER_LOG_LEVEL: "debug" })],
    [
      "at an address where no model is",
      () => ({ ...model.env, OPENAI_BASE_URL: "http://127.0.0.1:1", CLANKER_RUN_SECONDS: "2" }),
    ],
  ])("%s", async (_, env) => {
    const program = await startProgram(["stdio"], { env: env() });
    const client = await converse(program);
    expect(client.messages().length).toBeGreaterThan(10);
    for (const line of program.stderr().split("\n").slice(0, -1)) expect(JSON.parse(line)).toHaveProperty("level");
    program.child.stdin.end();
    expect(await endsWithin(2000, program)).toBe(0);
    client.messages();
  });

  it("whatever comes in on stdin", async () => {
    const program = await startProgram(["stdio"]);
    const client = wire(program);
    await client.open();
    for (const line of [
      "this is no JSON",
      "",
      "[]",
      "null",
      "5",
      '{"jsonrpc":"1.0"}',
      "{}",
      '{"id":1}',
      "\u0000",
      '{"a":',
    ])
      program.child.stdin.write(`${line}\n`);
    program.child.stdin.write(`${"[".repeat(100_000)}\n`);
    client.send({ id: 77, method: 5 });
    client.send({ id: {}, method: "ping" });
    client.send({ method: "notifications/cancelled", params: { requestId: 12345 } });
    expect(await client.request("ping")).toMatchObject({ result: {} });
    expect(await client.call("read-memory")).toMatchObject({ result: { structuredContent: { content: "" } } });
    expect(program.stderr()).not.toMatch(/\n\s+at /);
  });
});

describe("P57: over stdio, the program ends", () => {
  it("when its client closes stdin in the middle of a call, which is then stopped", async () => {
    model.slowly("a long story");
    const program = await startProgram(["stdio"], { env: model.env });
    const client = wire(program);
    await client.open();
    await client.call("install-skill", { slug: "summarize" });
    void client
      .call("execute-skill", { slug: "summarize", input: "a long story", wait_seconds: 50 })
      .catch(() => undefined);
    await until(() => model.mock.getRequests().some(({ body }) => JSON.stringify(body).includes("a long story")));
    program.child.stdin.end();
    expect(await endsWithin(2000, program)).toBe(0);
    await model.hungUp();
    client.messages();
  });

  it.each(["SIGTERM", "SIGINT"] as const)("at a %s", async (signal) => {
    const program = await startProgram(["stdio"]);
    await wire(program).open();
    program.child.kill(signal);
    expect(await endsWithin(2000, program)).toBe(0);
  });

  it("when its client is gone before it has said anything", async () => {
    const program = await startProgram(["stdio"]);
    program.child.stdin.end();
    expect((await program.ended).code).toBe(0);
    expect(program.stdout()).toBe("");
  });

  it("when its parent is killed", async () => {
    const home = await temporaryFolder();
    const script = `
      const child = require("node:child_process").spawn(process.execPath, [${JSON.stringify(LAUNCH)}, "stdio"]);
      child.stdout.once("data", () => process.stdout.write(String(child.pid)));
      child.stdin.write(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }) + "\\n");
    `;
    const parent = spawn(process.execPath, ["-e", script], { env: environmentOf(home) });
    const pid = await new Promise<number>((resolve) => parent.stdout.once("data", (data) => resolve(Number(data))));
    parent.kill("SIGKILL");
    await until(() => !isAlive(pid), 2000);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("mcp.json", () => {
  it("starts the server in a checkout after npm ci, without a build by hand", { timeout: 60_000 }, async () => {
    const checkout = await temporaryFolder();
    await copyCheckout(checkout);
    const { mcpServers } = JSON.parse(await readFile(join(checkout, "mcp.json"), "utf8"));
    const { command, args, env = {} } = mcpServers.clanker;
    const home = await temporaryFolder();
    for (const attempt of ["built", "as it was built"]) {
      const faults: Error[] = [];
      const transport = new StdioClientTransport({
        command,
        args,
        cwd: checkout,
        env: environmentOf(home, env),
        stderr: "pipe",
      });
      const client = new Client({ name: "tests", version: "1" });
      client.onerror = (error) => void faults.push(error);
      await client.connect(transport);
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toContain("execute-skill");
      await client.callTool({ name: "write-memory", arguments: { content: attempt, mode: "append" } });
      await client.close();
      expect(faults).toEqual([]);
    }
  });
});

/** What a clone has, changes that are not committed yet included, with the packages that `npm ci` puts there. */
async function copyCheckout(target: string): Promise<void> {
  const list = ["ls-files", "--cached", "--others", "--exclude-standard"];
  const { stdout } = await promisify(execFile)("git", list, { cwd: CHECKOUT, maxBuffer: 16 * 1024 * 1024 });
  for (const name of stdout.split("\n")) {
    if (name === "" || name === "node_modules") continue;
    await mkdir(dirname(join(target, name)), { recursive: true });
    await copyFile(join(CHECKOUT, name), join(target, name)).catch(ignoreMissing);
  }
  await symlink(join(CHECKOUT, "node_modules"), join(target, "node_modules"), "dir");
}

/** A file that was deleted and not committed is still in Git's list. */
function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
