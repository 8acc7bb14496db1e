import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { catalogue } from "../../tools/catalogue.js";
import { connectRest } from "../support/faces.js";
import {
  CHECKOUT,
  endPrograms,
  type Environment,
  environmentOf,
  LAUNCH,
  OWNER_KEY,
  runProgram,
  startProgram,
  temporaryFolder,
  until,
} from "../support/program.js";

afterEach(endPrograms);
vi.setConfig({ testTimeout: 120_000 });

const tools = catalogue.filter(({ tool }) => tool !== undefined);
const reads = tools.filter(({ effect }) => effect === "read").map(({ name }) => name);
const writes = tools.filter(({ effect }) => effect !== "read");
const writeNames = writes.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
const toolsets = [...new Set(tools.map(({ toolset }) => toolset))].sort();
const invalidParams = expect.objectContaining({ code: -32602 }) as Error;

/** Starts `serve` with these flags; its address. */
async function serve(flags: readonly string[], env: Environment = {}): Promise<string> {
  const program = await startProgram(["serve", ...flags], {
    env: { PORT: "0", CLANKER_OWNER_KEY: OWNER_KEY, CLANKER_STORE: "memory:", ...env },
  });
  // The first start may have to build.
  return until(() => /listens on (http:\/\/\S+)\n/.exec(program.stdout())?.[1], 60_000);
}

async function connect(transport: Transport): Promise<Client> {
  const client = new Client({ name: "surfaces", version: "1.0.0" });
  await client.connect(transport);
  onTestFinished(() => client.close());
  return client;
}

const headers = (more: Readonly<Record<string, string>> = {}) => ({
  requestInit: { headers: { "x-api-key": OWNER_KEY, ...more } },
});

const streamable = (url: string, query = "", more = {}) =>
  connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp/${query}`), headers(more)));
const sse = (url: string, query = "", more = {}) =>
  connect(new SSEClientTransport(new URL(`${url}/mcp/sse${query}`), headers(more)));

async function stdio(flags: readonly string[], env: Environment = {}): Promise<Client> {
  const home = await temporaryFolder();
  const args = [LAUNCH, "stdio", ...flags];
  return connect(
    new StdioClientTransport({ command: process.execPath, args, env: environmentOf(home, env), cwd: CHECKOUT }),
  );
}

const namesOf = async (client: Client) => (await client.listTools()).tools.map(({ name }) => name);

async function refusesEveryWrite(client: Client): Promise<void> {
  for (const name of writeNames) await expect(client.callTool({ name }), name).rejects.toEqual(invalidParams);
}

async function refusesEveryWriteThroughCallTool(client: Client): Promise<void> {
  expect(await namesOf(client)).toEqual(["search-tools", "describe-tools", "call-tool"]);
  for (const name of writeNames) {
    await expect(client.callTool({ name: "call-tool", arguments: { name } }), name).rejects.toEqual(invalidParams);
  }
  const described = (await client.callTool({
    name: "describe-tools",
    arguments: { names: writeNames.slice(0, 20) },
  })) as CallToolResult;
  expect(described.structuredContent).toMatchObject({ tools: [], unknown: writeNames.slice(0, 20) });
}

const everySet = `toolsets=${toolsets.join(",")}`;

describe("P13 read-only beats every other switch", () => {
  it("as the operator's flag, over HTTP: no door, no name and no header brings a write back", async () => {
    const url = await serve(["--read-only"], { CLANKER_READ_ONLY: "false" });
    const wishes = ["", "?readonly=false", `?readonly=false&surface=all&${everySet}`];
    for (const open of [streamable, sse]) {
      for (const query of wishes) {
        const client = await open(url, query);
        expect((await namesOf(client)).sort()).toEqual([...reads].sort());
        await refusesEveryWrite(client);
      }
      await refusesEveryWriteThroughCallTool(await open(url, "?surface=search&readonly=0", { "x-mcp-readonly": "0" }));
    }
    const rest = connectRest(url, OWNER_KEY);
    // These let a person in or out, and change nothing that a workspace keeps.
    const admitting = catalogue.filter(({ admits }) => admits).map(({ name }) => name);
    expect(admitting).toEqual(["sign-in", "get-session", "sign-out"]);
    for (const { name, route } of catalogue.filter(({ effect, admits }) => effect !== "read" && !admits)) {
      if (!route) continue;
      if (route.produces?.startsWith("text/html")) {
        const page = await fetch(`${url}${route.path.replaceAll(/:\w+/g, "github")}`, { method: route.method });
        expect(page.status, name).toBe(403);
        continue;
      }
      const args = Object.fromEntries([...route.path.matchAll(/:(\w+)/g)].map(([, field = ""]) => [field, "x"]));
      expect(await rest.call(name, args), name).toMatchObject({ code: "ACCESS_DENIED" });
    }
    expect(await rest.call("read-memory")).toMatchObject({ answer: { content: "" } });
  });

  it("as the session's own wish", async () => {
    const url = await serve([]);
    for (const open of [streamable, sse]) {
      for (const [query, more] of [
        [`?readonly=true&${everySet}`, {}],
        [`?${everySet}`, { "x-mcp-readonly": "true" }],
      ] as const) {
        await refusesEveryWrite(await open(url, query, more));
        await refusesEveryWriteThroughCallTool(await open(url, `${query}&surface=search`, more));
      }
      const whole = await open(url);
      expect(await namesOf(whole)).toEqual(tools.map(({ name }) => name));
    }
  });

  it("over stdio, by flag and by environment", async () => {
    await refusesEveryWrite(await stdio(["--read-only", "--toolsets", toolsets.join(",")]));
    await refusesEveryWriteThroughCallTool(await stdio(["--surface", "search"], { CLANKER_READ_ONLY: "true" }));
  });
});

describe("the operator's limit", () => {
  it("leaves toolsets out of every face; a flag replaces the environment's value", async () => {
    const url = await serve(["--toolsets", "memory,billing"], { CLANKER_TOOLSETS: "skills" });
    const expected = tools.filter(({ toolset }) => ["memory", "billing"].includes(toolset)).map(({ name }) => name);
    for (const open of [streamable, sse]) {
      expect(await namesOf(await open(url, `?${everySet}`))).toEqual(expected);
      expect(await namesOf(await open(url, "?toolsets=memory,skills"))).toEqual(["read-memory", "write-memory"]);
    }
    const rest = connectRest(url, OWNER_KEY);
    expect(await rest.call("list-installed-skills")).toMatchObject({ code: "ACCESS_DENIED" });
    expect(await rest.call("get-credit-balance")).toMatchObject({ answer: { unit: "dollarino" } });
    expect(await namesOf(await stdio(["--toolsets", "memory"]))).toEqual(["read-memory", "write-memory"]);
  });

  it.each<[string[], Environment, string]>([
    [["--toolsets", "nonsense"], {}, "those that exist are"],
    [["--toolsets", ""], { CLANKER_TOOLSETS: "memory" }, "--toolsets takes"],
    [["--surface", "nonsense"], {}, "all or search"],
    [["--surface", " "], { CLANKER_SURFACE: "search" }, "--surface takes"],
    [[], { CLANKER_TOOLSETS: "memory,nonsense" }, "those that exist are"],
    [[], { CLANKER_READ_ONLY: "perhaps" }, "true or false"],
  ])("that makes no sense ends the program with a sentence: %j %j", async (flags, env, sentence) => {
    for (const command of ["serve", "stdio"]) {
      const { code, stderr, stdout } = await runProgram([command, ...flags], { env: { PORT: "0", ...env } });
      expect(code).toBe(2);
      expect(stderr).toContain(sentence);
      expect(stdout).toBe("");
    }
  });
});

describe("search over the whole catalogue", () => {
  it("gives an answer in three calls", async () => {
    const url = await serve(["--surface", "search"]);
    for (const client of [await streamable(url), await sse(url), await stdio(["--surface", "search"])]) {
      const found = await client.callTool({ name: "search-tools", arguments: { query: "how much money is left" } });
      expect(JSON.stringify(found.structuredContent)).toContain("get-credit-balance");
      await client.callTool({ name: "describe-tools", arguments: { names: ["get-credit-balance"] } });
      const answer = await client.callTool({ name: "call-tool", arguments: { name: "get-credit-balance" } });
      expect(answer.structuredContent).toMatchObject({ unit: "dollarino" });
    }
  });
});

describe("a Clerk account", () => {
  const { list_users: users } = Object.fromEntries(tools.map((operation) => [operation.name, operation]));

  /** Something that answers as Clerk and notes whose key came. */
  async function recorder() {
    const keys: string[] = [];
    const server = createServer((req, res) => {
      keys.push(req.headers.authorization ?? "");
      res.writeHead(200, { "content-type": "application/json" }).end('{"data":[],"total_count":0}');
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    return { keys, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  it("is chosen by header or query, on every face, and by a key that is bound to one", async () => {
    expect(users?.route?.path).toBe("/api/v1/clerk/list_users");
    const { keys, url: clerkUrl } = await recorder();
    const home = await temporaryFolder();
    const env = {
      CLANKER_HOME: home,
      CLANKER_STORE: `file:${home}/store.db`,
      CLERK_API_URL: clerkUrl,
      CLERK_SECRET_KEY: "sk_test_default",
      CLERK_SECRET_KEY_WORK: "sk_test_work",
    };
    const url = await serve([], env);
    const ask = (key: string, query = "", more = {}) =>
      fetch(`${url}/api/v1/clerk/list_users${query}`, { method: "POST", headers: { "x-api-key": key, ...more } });
    const last = () => keys.at(-1)?.replace("Bearer sk_test_", "");

    for (const [query, more, expected] of [
      ["", {}, "default"],
      ["?clerk_account=work", {}, "work"],
      ["", { "x-clerk-account": "work" }, "work"],
    ] as const) {
      expect((await ask(OWNER_KEY, query, more)).status).toBe(200);
      expect(last()).toBe(expected);
      for (const open of [streamable, sse]) {
        await (await open(url, query, more)).callTool({ name: "list_users" });
        expect(last()).toBe(expected);
      }
    }
    const unknown = await ask(OWNER_KEY, "?clerk_account=nobody");
    expect([unknown.status, await unknown.text()]).toEqual([
      400,
      expect.stringMatching(/INVALID_INPUT.*|default, work/),
    ]);
    expect((await ask(OWNER_KEY, "?clerk_account=work", { "x-clerk-account": "default" })).status).toBe(400);
    const nobody = await ask("", "?clerk_account=nobody");
    expect([nobody.status, await nobody.text()]).toEqual([401, expect.not.stringMatching(/default|work/)]);

    const made = await runProgram(["keys", "create", "--name", "bound", "--clerk-account", "work"], { env });
    expect(made.stdout).toContain("bound to the Clerk account work");
    const bound = made.stdout.split("\n")[0] ?? "";
    expect((await ask(bound)).status).toBe(200);
    expect(last()).toBe("work");
    const refused = await ask(bound, "", { "x-clerk-account": "default" });
    expect([refused.status, await refused.json()]).toEqual([403, expect.objectContaining({ error: "ACCESS_DENIED" })]);
    expect((await runProgram(["keys", "list"], { env })).stdout).toContain("bound to the Clerk account work");
    const other = await runProgram(["keys", "create", "--name", "x", "--clerk-account", "nobody"], { env });
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("default, work")]);
  });
});
