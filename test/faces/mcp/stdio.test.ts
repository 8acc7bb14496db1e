import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { compiledRoot } from "../../support/compiled.js";
import { openStdio } from "./stdio-bench.js";
import { callOf, eventually, initialize } from "./workbench.js";

const PROCESS = fileURLToPath(new URL("stdio-process.mjs", import.meta.url));
const lines = (...messages: unknown[]) => messages.map((message) => `${JSON.stringify(message)}\n`).join("");

describe("stdio", () => {
  it("serves an official client that starts the process, which ends with its client", async () => {
    const transport = new StdioClientTransport({ command: process.execPath, args: [PROCESS, await compiledRoot()] });
    const client = new Client({ name: "test", version: "1.0.0" });
    await client.connect(transport);
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["say"]);
    const { structuredContent } = await client.callTool({ name: "say", arguments: { marker: "hello" } });
    expect(structuredContent).toEqual({ marker: "hello" });
    await client.close();
  });

  it("answers what was asked before stdin closed, prints protocol only, and ends by itself", async () => {
    const child = spawn(process.execPath, [PROCESS, await compiledRoot()], { stdio: ["pipe", "pipe", "inherit"] });
    const exit = once(child, "exit");
    child.stdin.end(lines(initialize()) + "this is no JSON\n" + lines(callOf(2, "say", { marker: "x" })));
    const printed = (await text(child.stdout)).trim().split("\n");
    expect(await exit).toEqual([0, null]);
    expect(printed.map((line) => JSON.parse(line).id)).toEqual([1, 2]);
    expect(printed.every((line) => JSON.parse(line).jsonrpc === "2.0")).toBe(true);
  });

  it("aborts a call that is still running when the client goes", async () => {
    const { program, stdin, served } = openStdio();
    stdin.write(lines(initialize(), callOf(2, "wait", { ms: 20_000 })));
    await eventually(() => program.services.seen.includes("started"));
    stdin.end();
    await served;
    await eventually(() => program.services.seen.includes("aborted"));
    await program.close();
  });

  it("ends when nobody reads its answers any more", async () => {
    const { program, stdout, served } = openStdio();
    stdout.destroy(new Error("EPIPE"));
    await served;
    await program.close();
  });
});
