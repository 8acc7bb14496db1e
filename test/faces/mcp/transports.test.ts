import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import {
  EmptyResultSchema,
  PromptListChangedNotificationSchema,
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
  type Progress,
} from "@modelcontextprotocol/sdk/types.js";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually, serveHttp, type Program } from "./workbench.js";
import { serveOverStdio } from "./stdio-bench.js";

interface Door {
  readonly program: Program;
  readonly client: Client;
  close(): Promise<void>;
}

const doors: Readonly<Record<string, () => Promise<Door>>> = {
  async "Streamable HTTP"() {
    const bench = await serveHttp();
    const { client } = await bench.streamable();
    return { program: bench, client, close: () => bench.close() };
  },
  async "HTTP+SSE"() {
    const bench = await serveHttp();
    const { client } = await bench.sse();
    return { program: bench, client, close: () => bench.close() };
  },
  stdio: serveOverStdio,
};

describe.each(Object.keys(doors))("an official client over %s", (name) => {
  let program: Program;
  let client: Client;
  let door: Door;

  beforeEach(async () => {
    const opened = await doors[name]?.();
    if (!opened) throw new Error("no such door");
    door = opened;
    ({ program, client } = door);
  });
  afterEach(() => door.close());

  it("is told who serves it, what it can do and the memory's manners", () => {
    expect(client.getServerVersion()).toEqual({ name: "clanker", title: "Clanker", version: "1.2.3" });
    expect(client.getInstructions()).toBe("Read the memory once at the start.");
    expect(client.getServerCapabilities()).toEqual({
      tools: {},
      prompts: { listChanged: true },
      resources: { subscribe: true, listChanged: true },
      extensions: { "io.modelcontextprotocol/skills": { directoryRead: true } },
    });
  });

  it("lists the tools in the catalogue's order with hints and schemas", async () => {
    const { tools } = await client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual([
      "say",
      "wait",
      "write-note",
      "destroy-note",
      "list-rows",
      "long-text",
      "picture",
      "break",
    ]);
    const [say, , write, destroy] = tools;
    expect(say?.inputSchema).toEqual({
      type: "object",
      properties: { marker: { type: "string" } },
      required: ["marker"],
    });
    expect(say?.outputSchema?.required).toEqual(["marker", "workspace"]);
    expect(write).not.toHaveProperty("outputSchema");
    expect([say, write, destroy].map((tool) => tool?.annotations)).toEqual([
      { title: "Say it again", readOnlyHint: true, idempotentHint: true, openWorldHint: false },
      { title: "Write a note", readOnlyHint: false, destructiveHint: false, openWorldHint: false },
      { title: "Destroy a note", readOnlyHint: false, destructiveHint: true, openWorldHint: false },
    ]);
  });

  it("gets an object and the same JSON as text", async () => {
    await client.listTools();
    const result = await client.callTool({ name: "say", arguments: { marker: "hello" } });
    expect(result.structuredContent).toEqual({ marker: "hello", workspace: 1 });
    expect(result.content).toEqual([{ type: "text", text: '{"marker":"hello","workspace":1}' }]);
    expect(result).not.toHaveProperty("isError");
  });

  it("gets an empty object from a tool that answers nothing", async () => {
    expect((await client.callTool({ name: "write-note", arguments: {} })).structuredContent).toEqual({});
  });

  it("is told progress that only grows and ends before the answer", async () => {
    const steps: Progress[] = [];
    const late: Error[] = [];
    await client.callTool({ name: "wait", arguments: { ms: 60, steps: 3 } }, undefined, {
      onprogress: (step) => steps.push(step),
    });
    client.onerror = (error) => late.push(error);
    await sleep(30);
    expect(steps).toEqual([1, 2, 3].map((step) => ({ progress: step, total: 3, message: `step ${step}` })));
    expect(late).toEqual([]);
  });

  it("cancels a call by aborting it, and goes on", async () => {
    const abort = new AbortController();
    const call = client.callTool({ name: "wait", arguments: { ms: 20_000 } }, undefined, { signal: abort.signal });
    await eventually(() => program.services.seen.includes("started"));
    abort.abort("changed my mind");
    await expect(call).rejects.toThrow("changed my mind");
    await eventually(() => program.services.seen.includes("aborted"));
    const { structuredContent } = await client.callTool({ name: "say", arguments: { marker: "still here" } });
    expect(structuredContent).toMatchObject({ marker: "still here" });
  });

  it("is refused in the protocol for an unknown tool, method or cursor", async () => {
    await expect(client.callTool({ name: "no-such-tool" })).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining('no tool "no-such-tool"') as string,
      data: { code: "INVALID_INPUT", request_id: expect.any(String) as string },
    });
    await expect(client.listTools({ cursor: "x" })).rejects.toMatchObject({ code: -32602 });
    await expect(client.request({ method: "no/such" }, EmptyResultSchema)).rejects.toMatchObject({ code: -32601 });
  });

  it("gets failures as results without structured content", async () => {
    await client.listTools();
    for (const [tool, code] of [
      ["destroy-note", "NOT_FOUND"],
      ["say", "INVALID_INPUT"],
      ["picture", "INTERNAL"],
      ["break", "INTERNAL"],
    ] as const) {
      const result = await client.callTool({ name: tool, arguments: {} });
      const [block] = result.content as { text: string }[];
      expect(result.isError, tool).toBe(true);
      expect(result).not.toHaveProperty("structuredContent");
      expect(JSON.parse(block?.text ?? "")).toMatchObject({ error: { code, request_id: expect.any(String) } });
      expect(block?.text).not.toContain("secret detail");
    }
  });

  it("finds installed skills as prompts and hears of new ones", async () => {
    let told = 0;
    client.setNotificationHandler(PromptListChangedNotificationSchema, () => void (told += 1));
    expect((await client.listPrompts()).prompts).toEqual([]);
    await eventually(() => program.subscriptions.open === 1);
    await program.install({
      slug: "summarize",
      title: "Summarize",
      description: "Makes it short.",
      instructions: "Cut.",
    });
    await eventually(() => told > 0);
    expect((await client.listPrompts()).prompts).toEqual([
      {
        name: "summarize",
        title: "Summarize",
        description: "Makes it short.",
        arguments: [{ name: "input", description: "What the skill should work on.", required: false }],
      },
    ]);
    const { messages } = await client.getPrompt({ name: "summarize", arguments: { input: "A long text" } });
    expect(messages).toEqual([{ role: "user", content: { type: "text", text: "Cut.\n\n# Input\n\nA long text" } }]);
    const bare = await client.getPrompt({ name: "summarize" });
    expect(bare.messages[0]?.content).toEqual({ type: "text", text: "Cut." });
    await expect(client.getPrompt({ name: "nope" })).rejects.toMatchObject({ code: -32602 });
  });

  it("reads memory and artifacts as resources, and is told when they change", async () => {
    const updated: string[] = [];
    let listChanged = 0;
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void updated.push(params.uri));
    client.setNotificationHandler(ResourceListChangedNotificationSchema, () => void (listChanged += 1));
    await client.subscribeResource({ uri: "clanker://memory" });
    await eventually(() => program.subscriptions.open === 1);

    await program.memory.write(1, "# Notes", "replace");
    await eventually(() => updated.length === 1);
    const text = await program.addArtifact(1, "page.html", "text/html", Buffer.from("<p>ä</p>"));
    const bytes = await program.addArtifact(1, "dot.png", "image/png", Buffer.from([0x89, 0x50, 0xff]));
    await eventually(() => listChanged >= 1);

    const { resources } = await client.listResources();
    expect(resources.map(({ uri, name, mimeType }) => [uri, name, mimeType])).toEqual([
      ["clanker://memory", "memory", "text/markdown"],
      [`clanker://artifacts/${bytes.id}`, "dot.png", "image/png"],
      [`clanker://artifacts/${text.id}`, "page.html", "text/html"],
    ]);
    const read = async (uri: string) => (await client.readResource({ uri })).contents[0];
    expect(await read("clanker://memory")).toMatchObject({ mimeType: "text/markdown", text: "# Notes" });
    expect(await read(`clanker://artifacts/${text.id}`)).toMatchObject({ mimeType: "text/html", text: "<p>ä</p>" });
    expect(await read(`clanker://artifacts/${bytes.id}`)).toMatchObject({ mimeType: "image/png", blob: "iVD/" });
    expect((await client.listResourceTemplates()).resourceTemplates[0]?.uriTemplate).toBe("clanker://artifacts/{id}");

    await client.subscribeResource({ uri: `clanker://artifacts/${text.id}` });
    await client.unsubscribeResource({ uri: "clanker://memory" });
    await program.memory.write(1, "not told", "replace");
    await program.artifacts.remove(1, text.id);
    await eventually(() => updated.length === 2);
    expect(updated).toEqual(["clanker://memory", `clanker://artifacts/${text.id}`]);
  });

  it("pages through many artifacts, the memory on the first page only", async () => {
    for (let made = 0; made < 103; made += 1) await program.addArtifact(1, "a.txt", "text/plain", Buffer.from("a"));
    const first = await client.listResources();
    const second = await client.listResources({ cursor: first.nextCursor });
    expect(first.resources).toHaveLength(101);
    expect(second.resources).toHaveLength(3);
    expect(second).not.toHaveProperty("nextCursor");
    expect(new Set([...first.resources, ...second.resources].map(({ uri }) => uri)).size).toBe(104);
    await expect(client.listResources({ cursor: "nonsense" })).rejects.toMatchObject({ code: -32602 });
  });

  it("gets -32002 for a resource that is not there", async () => {
    for (const uri of ["clanker://artifacts/art_99", "clanker://artifacts/exec_1", "clanker://other", "file:///etc"]) {
      await expect(client.readResource({ uri }), uri).rejects.toMatchObject({ code: -32002 });
    }
  });
});
