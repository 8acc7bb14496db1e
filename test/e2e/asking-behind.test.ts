import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Recorder, startRecorder } from "../support/clerk-recorder.js";
import { connectClient } from "../support/official-clients.js";
import { endPrograms, type Server, startServer } from "../support/program.js";

let server: Server;
let clerk: Recorder;
beforeAll(async () => {
  clerk = await startRecorder();
  const env = { CLANKER_STORE: "memory:", CLERK_SECRET_KEY: "sk_test_of_the_tests", CLERK_API_URL: clerk.url };
  server = await startServer({ env });
});
afterAll(async () => {
  await endPrograms();
  await clerk.stop();
});

describe.each(["v1 over Streamable HTTP", "v2 pinned over HTTP"] as const)("P23: %s is asked too", (kind) => {
  it("before a destructive tool that it reaches through call-tool", async () => {
    const client = await connectClient(kind, { ...server, query: "?surface=search" }, () => "decline");
    const through = (name: string, args: object) => client.call("call-tool", { name, arguments: args });
    await through("install-skill", { slug: "summarize" });
    expect(JSON.stringify(await through("uninstall-skill", { slug: "summarize" }))).toContain("DECLINED");
    expect(JSON.stringify(await through("list-installed-skills", {}))).toContain("summarize");
    expect(client.asked).toHaveLength(1);
    await client.close();
  });

  it("before a raw call that deletes, of which nothing is sent", async () => {
    const client = await connectClient(kind, server, () => "cancel");
    const refused = await client.call("clerk_api_delete", { path: "/users/user_1" });
    expect(JSON.stringify(refused)).toContain("DECLINED");
    expect(clerk.arrived.filter(({ method }) => method === "DELETE")).toEqual([]);
    expect(client.asked).toHaveLength(1);
    await client.close();
  });
});

describe("P60: no answer may be kept for others", () => {
  it("whichever door it comes from", async () => {
    const headers = { "x-api-key": server.key, "content-type": "application/json" };
    const meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    for (const method of ["server/discover", "tools/list", "prompts/list", "resources/list", "skills/list"]) {
      const response = await fetch(`${server.url}/mcp`, {
        method: "POST",
        headers: {
          ...headers,
          accept: "application/json, text/event-stream",
          "mcp-protocol-version": "2026-07-28",
          "mcp-method": method,
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { _meta: meta } }),
      });
      expect(response.headers.get("cache-control"), method).toMatch(/no-store/);
      expect(((await response.json()) as { result: object }).result, method).toMatchObject({ cacheScope: "private" });
    }
    for (const path of ["/api/v1/skills", "/api/v1/memory", "/skill.md", "/healthz", "/nowhere"]) {
      const response = await fetch(server.url + path, { headers });
      expect(response.headers.get("cache-control"), path).toMatch(/no-store/);
    }
  });
});
