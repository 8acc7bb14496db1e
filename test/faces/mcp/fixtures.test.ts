import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterEach, describe, expect, it } from "vitest";
import { WHOLE_SURFACE } from "../../../src/core/surface.js";
import { createFixtures } from "../../../src/faces/mcp/fixtures/fixtures.js";
import type { McpHttpOptions } from "../../../src/faces/mcp/http.js";
import { endPrograms, environmentOf, LAUNCH, temporaryFolder } from "../../support/program.js";
import { callerWith, type HttpBench, initialize, openSession, serveHttp } from "./workbench.js";

const fixtures = createFixtures({ changePrompts: async () => undefined });
const FIXTURE_TOOLS = fixtures
  .inToolLists({ of: () => ({ tools: [] }), jsonOf: () => Buffer.of() })
  .of(callerWith())
  .tools.map(({ name }) => name);
const RESOURCES = ["test://static-text", "test://static-binary", "test://watched-resource", "test://template/7/data"];
const PROMPT = "test_simple_prompt";

interface Answer {
  readonly status: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly data?: unknown };
}

type Ask = (method: string, params?: object, headers?: Record<string, string>) => Promise<Answer>;

const ERAS = {
  async "2025-11-25"(bench: HttpBench, key = "key-of-ada"): Promise<Ask> {
    const session = await openSession(bench, key);
    return async (method, params = {}) => {
      const asked = method === "initialize" ? initialize() : { jsonrpc: "2.0", id: 7, method, params };
      return answerOf(await bench.post(asked, method === "initialize" ? {} : session));
    };
  },
  async "2026-07-28"(bench: HttpBench, key = "key-of-ada"): Promise<Ask> {
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    return async (method, params = {}, headers = {}) => {
      const { name, uri } = params as { name?: string; uri?: string };
      const named = name ?? uri;
      return answerOf(
        await bench.post(
          { jsonrpc: "2.0", id: 7, method, params: { ...params, _meta } },
          {
            "x-api-key": key,
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": method,
            ...(named !== undefined && { "mcp-name": named }),
            ...headers,
          },
        ),
      );
    };
  },
};

async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, ...((await response.json()) as object) };
}

const benches: HttpBench[] = [];
async function serve(given: Partial<McpHttpOptions> = {}) {
  const bench = await serveHttp(given);
  benches.push(bench);
  return bench;
}

afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close();
  await endPrograms();
});

const namesIn = (rows: unknown) => (rows as readonly { readonly name: string }[]).map(({ name }) => name);
const opening = (era: string) => (era === "2025-11-25" ? "initialize" : "server/discover");

describe.each(Object.keys(ERAS) as (keyof typeof ERAS)[])("in %s, without the setting", (era) => {
  it("no fixture is listed", async () => {
    const ask = await ERAS[era](await serve());
    const tools = namesIn((await ask("tools/list")).result?.["tools"]);
    expect(tools).toContain("say");
    expect(tools.filter((name) => FIXTURE_TOOLS.includes(name))).toEqual([]);
    for (const list of ["prompts", "resources", "resources/templates"]) {
      expect(JSON.stringify((await ask(`${list}/list`)).result), list).not.toContain("test");
    }
  });

  it("no fixture can be called, got, read or completed", async () => {
    const ask = await ERAS[era](await serve());
    for (const name of FIXTURE_TOOLS) {
      expect(await ask("tools/call", { name, arguments: {} }), name).toMatchObject({ error: { code: -32602 } });
    }
    expect(await ask("prompts/get", { name: PROMPT })).toMatchObject({ error: { code: -32602 } });
    for (const uri of RESOURCES) {
      expect(await ask("resources/read", { uri }), uri).toMatchObject({ error: { data: { code: "NOT_FOUND" } } });
    }
    const ref = { type: "ref/prompt", name: "test_prompt_with_arguments" };
    const argument = { name: "arg1", value: "par" };
    expect(await ask("completion/complete", { ref, argument })).toMatchObject({ error: { code: -32601 } });
    expect(await ask("logging/setLevel", { level: "debug" })).toMatchObject({ error: { code: -32601 } });
  });

  it("neither completions nor log messages are announced", async () => {
    const ask = await ERAS[era](await serve());
    const { capabilities } = (await ask(opening(era))).result as { capabilities: object };
    expect(capabilities).toHaveProperty("tools");
    expect(capabilities).not.toHaveProperty("completions");
    expect(capabilities).not.toHaveProperty("logging");
  });
});

describe.each(Object.keys(ERAS) as (keyof typeof ERAS)[])("in %s, with the setting", (era) => {
  it.each(["key-of-ada", "key-of-eve"])("the fixtures follow what %s is listed anyway", async (key) => {
    const without = await (await ERAS[era](await serve(), key))("tools/list");
    const bench = await serve({ fixtures });
    const listed = await (await ERAS[era](bench, key))("tools/list");
    expect(namesIn(listed.result?.["tools"])).toEqual([...namesIn(without.result?.["tools"]), ...FIXTURE_TOOLS]);
    expect(bench.options.registry.listTools(new Set(["*"]))).toHaveLength(
      (await serve()).options.registry.listTools(new Set(["*"])).length,
    );
  });

  it("prompts, resources and templates are listed behind the others", async () => {
    const bench = await serve({ fixtures });
    const ask = await ERAS[era](bench);
    expect(namesIn((await ask("prompts/list")).result?.["prompts"]).at(0)).toBe(PROMPT);
    expect(namesIn((await ask("resources/list")).result?.["resources"])).toEqual([
      "memory",
      "static-text",
      "static-binary",
      "watched-resource",
    ]);
    expect(namesIn((await ask("resources/templates/list")).result?.["resourceTemplates"]).at(-1)).toBe("template-data");
  });

  it("they answer", async () => {
    const ask = await ERAS[era](await serve({ fixtures }));
    expect(await ask("tools/call", { name: "test_simple_text" })).toMatchObject({ result: { content: [{}] } });
    expect(await ask("prompts/get", { name: PROMPT })).toMatchObject({ result: { messages: [{}] } });
    for (const uri of RESOURCES) {
      expect(await ask("resources/read", { uri }), uri).toMatchObject({ result: { contents: [{ uri }] } });
    }
    const ref = { type: "ref/prompt", name: "test_prompt_with_arguments" };
    expect(await ask("completion/complete", { ref, argument: { name: "arg1", value: "par" } })).toMatchObject({
      result: { completion: { values: ["paris", "park", "party"], total: 3, hasMore: false } },
    });
  });

  it("what they answer to is announced", async () => {
    const ask = await ERAS[era](await serve({ fixtures }));
    expect((await ask(opening(era))).result).toMatchObject({ capabilities: { completions: {}, logging: {} } });
  });

  it("an argument that is missing is told", async () => {
    const ask = await ERAS[era](await serve({ fixtures }));
    expect(await ask("tools/call", { name: "test_sampling" })).toMatchObject({ error: { code: -32602 } });
  });

  it("a client that cannot do what a call needs is refused", async () => {
    const ask = await ERAS[era](await serve({ fixtures }));
    const refused = await ask("tools/call", { name: "test_missing_capability" });
    const expected = { "2025-11-25": [200, -32600], "2026-07-28": [400, -32021] }[era];
    expect([refused.status, refused.error?.code]).toEqual(expected);
  });

  it("the three tools that find others do not find them", async () => {
    const operatorSurface = { ...WHOLE_SURFACE, search: true };
    const ask = await ERAS[era](await serve({ fixtures, operatorSurface }));
    const query = { query: "test_simple_text: answers a line of text", limit: 20 };
    const found = await ask("tools/call", { name: "search-tools", arguments: query });
    expect(namesIn((found.result?.["structuredContent"] as { tools: unknown }).tools)).not.toContain(
      "test_simple_text",
    );
    const call = { name: "call-tool", arguments: { name: "test_simple_text" } };
    expect(await ask("tools/call", call)).toMatchObject({ error: { code: -32602 } });
  });
});

it("a log message less grave than a session wants is not sent", async () => {
  const ask = await ERAS["2025-11-25"](await serve({ fixtures }));
  expect(await ask("logging/setLevel", { level: "error" })).toMatchObject({ result: {} });
  // With something to tell, the answer would be a stream, which is no JSON.
  expect(await ask("tools/call", { name: "test_tool_with_logging" })).toMatchObject({ result: { content: [{}] } });
});

it("an argument that its header contradicts is refused", async () => {
  const ask = await ERAS["2026-07-28"](await serve({ fixtures }));
  const call = { name: "test_header_argument", arguments: { region: "north" } };
  expect(await ask("tools/call", call, { "mcp-param-region": "north" })).toMatchObject({ status: 200, result: {} });
  for (const headers of [{}, { "mcp-param-region": "south" }, { "mcp-param-region": "=?base64?bm9ydG?=" }]) {
    expect(await ask("tools/call", call, headers as Record<string, string>)).toMatchObject({
      status: 400,
      error: { code: -32020 },
    });
  }
});

describe("over stdio", () => {
  async function connect(env: Record<string, string>) {
    const home = await temporaryFolder();
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [LAUNCH, "stdio"],
      env: environmentOf(home, { CLANKER_STORE: "memory:", CLANKER_LOG_LEVEL: "error", ...env }),
    });
    const capabilities = { sampling: {}, elicitation: {}, roots: {} };
    const client = new Client({ name: "test", version: "1.0.0" }, { capabilities });
    await client.connect(transport);
    return client;
  }

  it("CLANKER_FIXTURES decides, and the client is asked for everything a call needs", async () => {
    const client = await connect({ CLANKER_FIXTURES: "1" });
    client.setRequestHandler(CreateMessageRequestSchema, () => ({
      role: "assistant",
      model: "none",
      content: { type: "text", text: "Good morning" },
    }));
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: "accept", content: { name: "Ada" } }));
    client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [] }));
    expect(client.getServerCapabilities()).toMatchObject({ completions: {}, logging: {} });
    const sampled = await client.callTool({ name: "test_sampling", arguments: { prompt: "Greet" } });
    expect(sampled.content).toEqual([{ type: "text", text: "LLM response: Good morning" }]);
    const all = await client.callTool({ name: "test_input_required_result_multiple_inputs", arguments: {} });
    expect(all.content).toEqual([{ type: "text", text: "The client answered user_name, greeting, client_roots." }]);
    await client.close();
  });

  it("there are none where it is not set", async () => {
    const client = await connect({});
    const { tools } = await client.listTools();
    expect(tools.filter(({ name }) => FIXTURE_TOOLS.includes(name))).toEqual([]);
    expect(client.getServerCapabilities()).not.toHaveProperty("logging");
    await client.close();
  });
});
