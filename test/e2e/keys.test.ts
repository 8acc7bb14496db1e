import { afterEach, describe, expect, it } from "vitest";
import { READ_SCOPES } from "../../src/core/scopes.js";
import { ask, connectHttp, connectRest, refusalCode } from "../support/faces.js";
import { openEvents } from "../support/event-stream.js";
import { ownOperations } from "../support/own-operations.js";
import {
  afterPrograms,
  type Ended,
  endPrograms,
  type Environment,
  MASTER_KEY,
  OWNER_KEY,
  runProgram,
  type Server,
  startServer,
  until,
} from "../support/program.js";
import { startRedis } from "../support/redis.js";

afterEach(endPrograms);

/** A server, and the `keys` commands on its store. */
async function open(env: Environment = {}) {
  const server = await startServer({ env });
  const keys = (...args: string[]): Promise<Ended> => runProgram(["keys", ...args], { home: server.home, env });
  const create = async (...options: string[]) => {
    const { code, stdout, stderr } = await keys("create", "--name", "test", ...options);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const [key = "", described = ""] = stdout.split("\n");
    return { key, id: described.split(" ")[0] ?? "", described };
  };
  return { server, keys, create };
}

/** The workspace's own tools that a key is listed. */
async function toolNames(server: Server, key: string): Promise<string[]> {
  const face = await connectHttp("streamable", server.url, key);
  const { tools } = await face.client.listTools();
  await face.close();
  const own = new Set(ownOperations.map(({ tool }) => tool));
  return tools.flatMap(({ name }) => (own.has(name) ? [name] : [])).sort();
}

function mayCall(scopes: readonly string[]): string[] {
  const open = new Set([...scopes, "none", "public"]);
  return ownOperations
    .flatMap(({ tool, scope }) => {
      const enough = typeof scope === "string" ? [scope] : scope.among;
      return tool && enough.some((one) => open.has(one)) ? [tool] : [];
    })
    .sort();
}

describe("clanker-mcp keys, beside a running server", () => {
  it("makes a key that reads by default: it lists only what it may call, and its writes are refused", async () => {
    const { server, create } = await open();
    const { key, described } = await create();
    expect(described).toBe(`key_1 "test": ${READ_SCOPES.join(" ")}; does not expire.`);
    expect(await toolNames(server, key)).toEqual(mayCall(READ_SCOPES));
    expect(await toolNames(server, server.key)).toEqual(ownOperations.flatMap(({ tool }) => tool ?? []).sort());

    const refused = {
      error: "PERMISSION_REQUIRED",
      message: expect.stringContaining("memory:write"),
      scope: "memory:write",
      request_url: "/api/v1/agents/request-permission",
      retryable: true,
      request_id: expect.stringMatching(/./),
    };
    const headers = { "x-api-key": key, "content-type": "application/json" };
    const response = await fetch(`${server.url}/api/v1/memory`, { method: "PUT", headers, body: '{"content":"x"}' });
    expect(response.status).toBe(403);
    expect(await response.json()).toEqual(refused);
    for (const transport of ["streamable", "sse"] as const) {
      const face = await connectHttp(transport, server.url, key);
      expect(await face.call("write-memory", { content: "x" })).toMatchObject({ error: refused });
      expect(await ask(face, "read-memory")).toMatchObject({ content: "" });
      await face.close();
    }
  });

  it("makes a key with the scopes it is told, and with all of them", async () => {
    const { server, create } = await open();
    const writer = await create("--scopes", "memory:write, memory:read");
    expect(await toolNames(server, writer.key)).toEqual(mayCall(["memory:write", "memory:read"]));
    const face = connectRest(server.url, writer.key);
    expect(await ask(face, "write-memory", { content: "x" })).toMatchObject({ content: "x" });
    expect(await refusalCode(face, "install-skill", { slug: "summarize" })).toBe("PERMISSION_REQUIRED");
    const all = await create("--scopes", "*");
    expect(await toolNames(server, all.key)).toEqual(ownOperations.flatMap(({ tool }) => tool ?? []).sort());
  });

  it.each(["file", "redis"])("stops a key for good, in open sessions too, on %s", async (kind) => {
    const redis = kind === "redis" ? await startRedis() : undefined;
    afterPrograms(async () => redis?.stop());
    const given = { CLANKER_OWNER_KEY: OWNER_KEY, CLANKER_MASTER_KEY: MASTER_KEY };
    const { server, keys, create } = await open(redis ? { ...given, CLANKER_STORE: redis.url } : {});
    const { key, id } = await create();
    const rest = connectRest(server.url, key);
    const faces = await Promise.all((["streamable", "sse"] as const).map((to) => connectHttp(to, server.url, key)));
    for (const face of [rest, ...faces]) await ask(face, "read-memory");

    const revoked = await keys("revoke", id);
    expect(revoked).toEqual({ code: 0, stdout: `${id} "test" is revoked.\n`, stderr: "" });
    for (const face of [rest, ...faces]) expect(await refusalCode(face, "read-memory")).toBe("KEY_REVOKED");
    await expect(connectHttp("streamable", server.url, key)).rejects.toMatchObject({
      code: "KEY_REVOKED",
      status: 401,
    });
    for (const face of faces) await face.close();
    expect((await keys("list")).stdout).toMatch(/key_1 .* revoked 2\d\d\d-/);
  });

  it("ends the event streams of a key that it stops", async () => {
    const { server, keys, create } = await open();
    const { key, id } = await create();
    const stream = await openEvents(`${server.url}/api/events`, { "x-api-key": key });
    let ended = false;
    void stream.ended.then(() => (ended = true));
    await keys("revoke", id);
    await until(() => ended, 3000);
  });

  it("makes a key that lives as long as it is told", async () => {
    const { server, create } = await open();
    const { key, described } = await create("--expires", "3s");
    expect(described).toMatch(/; expires 2\d\d\d-/);
    const rest = connectRest(server.url, key);
    expect(await ask(rest, "read-memory")).toMatchObject({ content: "" });
    await until(async () => "code" in (await rest.call("read-memory")), 8000);
    expect(await refusalCode(rest, "read-memory")).toBe("KEY_REVOKED");
    expect((await create("--expires", "30d")).described).toContain("expires");
  });

  it("lists keys by their first and last characters, newest first, and never shows one again", async () => {
    const { keys, create } = await open();
    expect((await keys("list")).stdout).toMatch(/no keys but the owner's/);
    const [one, two] = [await create(), await create("--scopes", "tool:execute")];
    const { stdout } = await keys("list");
    expect(stdout.split("\n")[0]).toBe(
      `key_2  ${two.key.slice(0, 8)}...${two.key.slice(-4)}  "test"  does not expire  tool:execute`,
    );
    expect(stdout.split("\n")[1]).toContain("key_1");
    for (const { key } of [one, two]) expect(stdout).not.toContain(key);
  });

  it.each<[string, string[], RegExp]>([
    ["a time that is none", ["create", "--name", "x", "--expires", "soon"], /--expires takes a time such as/],
    ["a time of nothing", ["create", "--name", "x", "--expires", "0d"], /--expires takes/],
    ["a time beyond all time", ["create", "--name", "x", "--expires", "999999999d"], /--expires takes/],
    [
      "a scope that is none",
      ["create", "--name", "x", "--scopes", "memory:read,memory:eat"],
      /no scope "memory:eat"; .*\*/,
    ],
    ["no scope", ["create", "--name", "x", "--scopes", ""], /scope/],
    ["a workspace that is none", ["create", "--name", "x", "--workspace", "ws_9"], /--workspace takes the id/],
    ["what is no workspace", ["list", "--workspace", "key_1"], /--workspace takes the id/],
    ["an empty name", ["create", "--name", " "], /--name takes 1 to 100/],
    ["a key that is none", ["revoke", "key_9"], /no key "key_9"/],
    ["what is no key", ["revoke", "exec_1"], /no key "exec_1"/],
  ])("refuses %s with a sentence", async (_, args, sentence) => {
    const ended = await runProgram(["keys", ...args]);
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(ended.stderr).toMatch(/^clanker-mcp: [^\n]+\.\n$/);
    expect(ended.stderr).toMatch(sentence);
  });
});
