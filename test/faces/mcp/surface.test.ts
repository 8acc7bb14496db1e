import { describe, expect, it } from "vitest";
import { ALL, answerOf, failureOf, namesOf, type Opening, openSurfaces, TRANSPORTS, WRITES } from "./surface-bench.js";
import { callOf, initialize } from "./workbench.js";

const MEMORY = ["read-memory", "write-memory"];
const CLERK = ["list_users", "ban_user", "revoke_session"];
const READS = ["read-memory", "list-artifacts", "list-installed-skills", "list_users"];
const invalidParams = expect.objectContaining({ code: -32602 }) as Error;

const CHOSEN: readonly [Opening, readonly string[]][] = [
  [{}, ALL],
  [{ query: "toolsets=memory" }, MEMORY],
  [{ headers: { "x-mcp-toolsets": "memory" } }, MEMORY],
  [{ query: "toolsets=memory,clerk" }, [...MEMORY, ...CLERK]],
  [{ query: "toolsets=memory&toolsets=clerk-sessions" }, [...MEMORY, "revoke_session"]],
  [{ query: "readonly=true" }, READS],
  [{ headers: { "x-mcp-readonly": "1" } }, READS],
  [{ query: "readOnly=true" }, READS],
  [{ query: "read-only=true&Toolsets=memory" }, ["read-memory"]],
  [{ query: "readonly=false&surface=all" }, ALL],
  [{ query: "toolsets=clerk-users", headers: { "x-mcp-readonly": "true" } }, ["list_users"]],
  [{ query: "toolsets=memory", headers: { "x-mcp-toolsets": "memory" } }, MEMORY],
  [{ query: "something=else&toolset=of-a-proxy" }, ALL],
];

describe.each(TRANSPORTS)("a session over %s", (transport) => {
  it.each(CHOSEN)("that begins with %j lists %j", async (opening, expected) => {
    const { open } = await openSurfaces();
    const client = await open({ transport, ...opening });
    expect(await namesOf(client)).toEqual(expected);
    for (const name of ALL.filter((tool) => !expected.includes(tool))) {
      await expect(client.callTool({ name }), name).rejects.toEqual(invalidParams);
    }
    for (const name of expected) expect(await answerOf(client, name)).toMatchObject({ called: name });
  });

  it("has a surface of its own beside others of the same key", async () => {
    const { open } = await openSurfaces();
    const [memory, reads, whole] = await Promise.all([
      open({ transport, query: "toolsets=memory" }),
      open({ transport, query: "readonly=true" }),
      open({ transport }),
    ]);
    for (let round = 0; round < 3; round += 1) {
      expect(await Promise.all([memory, reads, whole].map(namesOf))).toEqual([MEMORY, READS, ALL]);
    }
  });

  it("answers to an alias, which is not listed and lies under the same limits", async () => {
    const { open } = await openSurfaces();
    const whole = await open({ transport });
    expect(await answerOf(whole, "clerk_ban_user")).toMatchObject({ called: "ban_user" });
    const reads = await open({ transport, query: "readonly=true" });
    expect(await answerOf(reads, "clerk_list_users")).toMatchObject({ called: "list_users" });
    await expect(reads.callTool({ name: "clerk_ban_user" })).rejects.toEqual(invalidParams);
  });

  it("cannot get past the operator's limit", async () => {
    const { open, desk } = await openSurfaces({ toolsets: "memory,clerk-users", readonly: "true" });
    for (const query of ["", "toolsets=memory,clerk&readonly=false&surface=all", "toolsets=memory,clerk-users"]) {
      const client = await open({ transport, query });
      expect(await namesOf(client)).toEqual(["read-memory", "list_users"]);
      for (const name of [...WRITES, "list-artifacts"]) {
        await expect(client.callTool({ name }), name).rejects.toEqual(invalidParams);
      }
    }
    expect(await namesOf(await open({ transport, query: "toolsets=clerk" }))).toEqual(["list_users"]);
    expect(await namesOf(await open({ transport, query: "toolsets=artifacts" }))).toEqual([]);
    expect(desk.calls).toEqual([]);
  });

  it("is listed no more than its scopes allow, whatever it names", async () => {
    const { open } = await openSurfaces();
    const client = await open({ transport, key: "key-of-reader", query: "toolsets=clerk,memory" });
    expect(await namesOf(client)).toEqual(["list_users"]);
    expect(await failureOf(client, "ban_user")).toBe("PERMISSION_REQUIRED");
  });

  it("has the resources and prompts of its toolsets", async () => {
    const { open, memory, addArtifact, install } = await openSurfaces();
    await memory.write(1, "hello", "replace");
    const artifact = await addArtifact(1, "a.txt", "text/plain", Buffer.from("a"));
    await install({ slug: "poster", title: "Poster", description: "Makes one.", instructions: "Do it." });
    const uris = { memory: "clanker://memory", artifacts: `clanker://artifacts/${artifact.id}` };
    for (const toolset of ["memory", "artifacts", "skills"] as const) {
      const client = await open({ transport, query: `toolsets=${toolset}` });
      const listed = (await client.listResources()).resources.map(({ uri }) => uri);
      expect(listed).toEqual(toolset === "skills" ? [] : [uris[toolset]]);
      expect((await client.listResourceTemplates()).resourceTemplates).toHaveLength(toolset === "memory" ? 0 : 1);
      for (const [name, uri] of Object.entries(uris)) {
        const mine = name === toolset;
        for (const ask of [() => client.readResource({ uri }), () => client.subscribeResource({ uri })]) {
          await (mine ? ask() : expect(ask()).rejects.toMatchObject({ code: -32002 }));
        }
      }
      expect((await client.listPrompts()).prompts).toHaveLength(toolset === "skills" ? 1 : 0);
      const prompt = client.getPrompt({ name: "poster" });
      await (toolset === "skills" ? prompt : expect(prompt).rejects.toEqual(invalidParams));
    }
  });
});

describe("a name that does not exist", () => {
  const KNOWN = "artifacts, clerk-sessions, clerk-users, memory, skills";

  it.each<[string, Record<string, string>, string]>([
    ["?toolsets=memory,nonsense", {}, KNOWN],
    ["?toolsets=", {}, KNOWN],
    ["", { "x-mcp-toolsets": "clerk-nonsense" }, KNOWN],
    ["?readonly=perhaps", {}, "true, false, 1, 0"],
    ["?readonly", {}, "true, false, 1, 0"],
    ["?surface=tools", {}, "all, search"],
    ["", { "x-mcp-surface": "everything" }, "all, search"],
    ["?clerk_account=nobody", {}, "default, work"],
    ["", { "x-clerk-account": "nobody" }, "default, work"],
    ["?toolsets=memory", { "x-mcp-toolsets": "skills" }, "different things"],
    ["?surface=all&surface=search", {}, "all, search"],
  ])("is refused with the list of those that do: %s %j", async (query, headers, sentence) => {
    const bench = await openSurfaces();
    const answers = [
      await bench.post(initialize(), headers, `/mcp${query}`),
      await fetch(`${bench.base}/mcp/sse${query}`, { headers: { "x-api-key": "key-of-ada", ...headers } }),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(400);
      expect(await answer.json()).toEqual({
        jsonrpc: "2.0",
        id: null,
        error: {
          code: -32600,
          message: expect.stringContaining(sentence) as string,
          data: { code: "INVALID_INPUT", request_id: expect.any(String) as string },
        },
      });
    }
    expect(bench.face.sessions()).toBe(0);
  });

  it("is told to nobody without a key", async () => {
    const { post } = await openSurfaces();
    const answer = await post(initialize(), { "x-api-key": "wrong" }, "/mcp?clerk_account=nobody&toolsets=nonsense");
    expect(answer.status).toBe(401);
    expect(await answer.text()).not.toMatch(/work|clerk-users/);
  });
});

describe("a later request of a session", () => {
  const list = { jsonrpc: "2.0", id: 9, method: "tools/list" };

  async function begin(query: string) {
    const bench = await openSurfaces();
    const answer = await bench.post(initialize(), {}, `/mcp${query}`);
    await answer.text();
    const session = { "mcp-session-id": answer.headers.get("mcp-session-id") ?? "" };
    return { bench, session };
  }

  it.each<[string, string, Record<string, string>]>([
    ["?toolsets=memory&readonly=true", "?toolsets=memory&readonly=true", {}],
    ["?toolsets=memory&readonly=true", "", {}],
    ["?toolsets=memory,skills", "", { "x-mcp-toolsets": "skills,memory" }],
    ["?readonly=true", "?readonly=1", {}],
    ["", "?readonly=false&surface=all", {}],
    ["?clerk_account=work", "", { "x-clerk-account": "work" }],
  ])("of %j may say %j %j, which is the same", async (first, later, headers) => {
    const { bench, session } = await begin(first);
    expect((await bench.post(list, { ...session, ...headers }, `/mcp${later}`)).status).toBe(200);
  });

  it.each<[string, string, Record<string, string>]>([
    ["?toolsets=memory", "?toolsets=skills", {}],
    ["?readonly=true", "?readonly=false", {}],
    ["", "?readonly=true", {}],
    ["", "", { "x-mcp-surface": "search" }],
    ["?toolsets=memory", "?toolsets=memory,nonsense", {}],
    ["", "?clerk_account=work", {}],
    ["?clerk_account=work", "", { "x-clerk-account": "default" }],
  ])("of %j is refused when it says %j %j", async (first, later, headers) => {
    const { bench, session } = await begin(first);
    const all = { "x-api-key": "key-of-ada", accept: "text/event-stream", ...session, ...headers };
    const answers = [
      await bench.post(list, { ...session, ...headers }, `/mcp${later}`),
      await bench.post(callOf(5, "write-memory"), { ...session, ...headers }, `/mcp${later}`),
      await fetch(`${bench.base}/mcp${later}`, { headers: all }),
      await fetch(`${bench.base}/mcp${later}`, { method: "DELETE", headers: all }),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ error: { code: -32600, data: { code: "INVALID_INPUT" } } });
    }
    expect(bench.desk.calls).toEqual([]);
    expect((await bench.post(list, session)).status).toBe(200);
  });
});

describe("a Clerk account", () => {
  it.each(TRANSPORTS)("is the one that the session named over %s", async (transport) => {
    const { open } = await openSurfaces();
    const accounts = ["query", "header", "none"].map(async (where) => {
      const client = await open({
        transport,
        ...(where === "query" && { query: "clerk_account=work" }),
        ...(where === "header" && { headers: { "X-Clerk-Account": "work" } }),
      });
      return (await answerOf(client, "list_users"))["account"];
    });
    expect(await Promise.all(accounts)).toEqual(["work", "work", "default"]);
  });

  it("is the bound one for a key that is bound, which may choose no other and is told of none", async () => {
    const { open, post } = await openSurfaces();
    for (const query of ["", "clerk_account=work"]) {
      const client = await open({ key: "key-of-bound", query });
      expect(await answerOf(client, "list_users")).toMatchObject({ account: "work" });
    }
    for (const other of ["default", "nobody"]) {
      const refused = await post(initialize(), { "x-api-key": "key-of-bound", "x-clerk-account": other });
      expect(refused.status).toBe(403);
      const { error } = (await refused.json()) as { error: { message: string; data: { code: string } } };
      expect(error.data.code).toBe("ACCESS_DENIED");
      expect(error.message).not.toContain("work");
    }
  });

  it("is never a model's to choose", async () => {
    const { open, desk } = await openSurfaces();
    const client = await open({ query: "clerk_account=work" });
    for (const name of ["clerk_account", "account", "clerkAccount", "x-clerk-account"]) {
      expect(await failureOf(client, "list_users", { [name]: "default" })).toBe("INVALID_INPUT");
    }
    await client.callTool({ name: "list_users", _meta: { clerk_account: "default", "x-clerk-account": "default" } });
    expect(desk.calls).toEqual([{ tool: "list_users", account: "work" }]);
  });
});
