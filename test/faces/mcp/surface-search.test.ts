import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { describe, expect, it } from "vitest";
import { answerOf, failureOf, namesOf, openSurfaces, TRANSPORTS, WRITES } from "./surface-bench.js";
import { eventually } from "./workbench.js";

const THREE = ["search-tools", "describe-tools", "call-tool"];
const invalidParams = expect.objectContaining({ code: -32602 }) as Error;
const search = { query: "surface=search" };

type Rows = readonly Record<string, unknown>[];

describe.each(TRANSPORTS)("the search surface over %s", (transport) => {
  const opening = { transport, ...search };

  it("lists three tools, and leads from there to an answer in three calls", async () => {
    const { open } = await openSurfaces();
    const client = await open(opening);
    expect(await namesOf(client)).toEqual(THREE);
    expect(client.getInstructions()).toMatch(/search-tools[^]*Read the memory once/);
    const found = await answerOf(client, "search-tools", { query: "which customers do we have" });
    const [first] = found["tools"] as Rows;
    expect(first).toEqual({
      name: "list_users",
      title: "list users",
      effect: "read",
      toolset: "clerk-users",
      description: "For the test of surfaces: list_users.",
    });
    const { tools } = await answerOf(client, "describe-tools", { names: ["list_users"] });
    const whole = await (await open({ transport })).listTools();
    expect(tools).toEqual(whole.tools.filter(({ name }) => name === "list_users"));
    expect(await answerOf(client, "call-tool", { name: "list_users", arguments: { user_id: "u" } })).toEqual({
      called: "list_users",
      account: "default",
    });
  });

  it("is the operator's where the client asks for all", async () => {
    const { open } = await openSurfaces({ surface: "search" });
    expect(await namesOf(await open({ transport, query: "surface=all" }))).toEqual(THREE);
  });

  it("is not there on another surface", async () => {
    const { open } = await openSurfaces();
    const client = await open({ transport });
    for (const name of THREE) await expect(client.callTool({ name }), name).rejects.toEqual(invalidParams);
  });

  it("shows and calls nothing beyond the session's surface and scopes", async () => {
    const { open, desk } = await openSurfaces({ toolsets: "clerk" });
    for (const more of [{ query: "surface=search&readonly=true" }, { ...search, key: "key-of-reader" }]) {
      const client = await open({ transport, ...more });
      const { tools } = await answerOf(client, "search-tools", {
        query: "ban the user, revoke session, read memory, list users",
        limit: 20,
      });
      expect((tools as Rows).map(({ name }) => name)).toEqual(["list_users"]);
      const described = await answerOf(client, "describe-tools", {
        names: ["ban_user", "read-memory", "list_users", "nonsense", "clerk_list_users", ...THREE],
      });
      expect((described["tools"] as Rows).map(({ name }) => name)).toEqual(["list_users"]);
      expect(described["unknown"]).toEqual(["ban_user", "read-memory", "nonsense", ...THREE]);
    }
    const reads = await open({ transport, query: "surface=search&readonly=true" });
    for (const name of [...WRITES, "read-memory", "nonsense", ...THREE, "", "constructor"]) {
      const call = reads.callTool({ name: "call-tool", arguments: { name, arguments: {} } });
      if (name === "") expect((await call).isError).toBe(true);
      else await expect(call, name).rejects.toEqual(invalidParams);
      if (!THREE.includes(name)) await expect(reads.callTool({ name }), name).rejects.toEqual(invalidParams);
    }
    const reader = await open({ transport, ...search, key: "key-of-reader" });
    expect(await failureOf(reader, "call-tool", { name: "ban_user" })).toBe("PERMISSION_REQUIRED");
    expect(desk.calls).toEqual([]);
  });

  it("calls by an alias, with the session's account, and hands on the tool's own failure", async () => {
    const { open } = await openSurfaces();
    const client = await open({ transport, query: "surface=search&clerk_account=work" });
    expect(await answerOf(client, "call-tool", { name: "clerk_ban_user" })).toEqual({
      called: "ban_user",
      account: "work",
    });
    expect(await failureOf(client, "call-tool", { name: "ban_user", arguments: { nonsense: 1 } })).toBe(
      "INVALID_INPUT",
    );
  });

  it("passes progress on, and a cancellation in", async () => {
    const { open, desk } = await openSurfaces();
    const client = await open(opening);
    const steps: number[] = [];
    const call = { name: "call-tool", arguments: { name: "list_users", arguments: { steps: 3 } } };
    await client.callTool(call, undefined, { onprogress: ({ progress }) => steps.push(progress) });
    expect(steps).toEqual([1, 2, 3]);
    const leaving = new AbortController();
    const long = { name: "call-tool", arguments: { name: "ban_user", arguments: { steps: 1000 } } };
    const cancelled = expect(client.callTool(long, undefined, { signal: leaving.signal })).rejects.toThrow();
    await eventually(() => desk.calls.some(({ tool }) => tool === "ban_user"));
    leaving.abort();
    await cancelled;
    await eventually(() => desk.aborted.includes("ban_user"));
  });
});

describe("the three tools", () => {
  it("cost a model at most 1,500 tokens in all", async () => {
    const { open } = await openSurfaces();
    const { tools } = await (await open(search)).listTools();
    expect(encode(JSON.stringify(tools)).length).toBeLessThanOrEqual(1500);
    for (const { inputSchema, description = "" } of tools) {
      expect(inputSchema.type).toBe("object");
      expect(JSON.stringify(inputSchema)).not.toMatch(/\$ref|\$schema|anyOf|oneOf|allOf/);
      expect(description.length).toBeLessThan(1024);
    }
  });

  it("say what calling can do: everything, or reads alone", async () => {
    const { open } = await openSurfaces();
    const hints = async (query: string) =>
      (await (await open({ query })).listTools()).tools.map(({ annotations }) => annotations?.readOnlyHint);
    expect(await hints("surface=search")).toEqual([true, true, false]);
    expect(await hints("surface=search&readonly=true")).toEqual([true, true, true]);
  });

  it.each<[string, Record<string, unknown>]>([
    ["search-tools", {}],
    ["search-tools", { query: "" }],
    ["search-tools", { query: "x", limit: 0 }],
    ["search-tools", { query: "x", limit: 21 }],
    ["search-tools", { query: "x".repeat(501) }],
    ["search-tools", { query: "x", other: 1 }],
    ["describe-tools", {}],
    ["describe-tools", { names: [] }],
    ["describe-tools", { names: Array.from({ length: 21 }, String) }],
    ["call-tool", {}],
    ["call-tool", { name: 5 }],
    ["call-tool", { name: "list_users", args: {} }],
    ["call-tool", { name: "list_users", arguments: [1] }],
    ["call-tool", { name: "list_users", arguments: "text" }],
  ])("%s refuses %j", async (name, args) => {
    const { open, desk } = await openSurfaces();
    expect(await failureOf(await open(search), name, args)).toBe("INVALID_INPUT");
    expect(desk.calls).toEqual([]);
  });

  it("take arguments that a client sent as JSON text", async () => {
    const { open } = await openSurfaces();
    const client = await open(search);
    expect(await answerOf(client, "call-tool", { name: "list_users", arguments: '{"user_id":"u"}' })).toMatchObject({
      called: "list_users",
    });
    expect(await answerOf(client, "describe-tools", { names: '["list_users"]' })).toMatchObject({
      tools: [{ name: "list_users" }],
    });
  });

  it("find nothing without falling, and name nothing twice", async () => {
    const { open } = await openSurfaces();
    const client = await open(search);
    expect(await answerOf(client, "search-tools", { query: "zzz qqq" })).toEqual({ tools: [] });
    const { tools } = await answerOf(client, "describe-tools", {
      names: ["list_users", "clerk_list_users", "list_users"],
    });
    expect(tools).toHaveLength(1);
  });
});
