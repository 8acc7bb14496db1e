import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { send } from "../../support/by-hand.js";
import type { Json } from "../../support/faces.js";
import { withOtherCharacter } from "../../support/forged.js";
import { endPrograms, until } from "../../support/program.js";
import { startTwoProcesses, type TwoProcesses } from "../../support/two-processes.js";

const REVISION = "2026-07-28";
const memory = "clanker://memory";

let two: TwoProcesses;
let [here, there] = ["", ""];
beforeAll(async () => {
  two = await startTwoProcesses();
  [here, there] = [two.servers[0].url, two.servers[1].url];
});
afterAll(endPrograms);

async function connect(url: string, mode: "auto" | { pin: string }): Promise<Client> {
  const client = new Client({ name: "tests", version: "1.0.0" }, { versionNegotiation: { mode } });
  const requestInit = { headers: { "x-api-key": two.key } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }));
  return client;
}

/** Calls a tool by hand, as a client that can be asked. */
async function call(url: string, key: string, params: object): Promise<Json> {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": REVISION,
    "io.modelcontextprotocol/clientInfo": { name: "by hand", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": { elicitation: { form: {} } },
  };
  const name = "delete-artifact";
  const headers = { "x-api-key": key, "mcp-protocol-version": REVISION, "mcp-method": "tools/call", "mcp-name": name };
  const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, ...params, _meta: meta } };
  return (await send(`${url}/mcp`, "POST", headers, message)).ended;
}

describe("2026-07-28 over two processes", () => {
  it.each([
    ["pinned", { pin: REVISION }],
    ["auto", "auto"],
  ] as const)("subscriptions/listen hears what changed on either process: %s", async (name, mode) => {
    const [listener, writer, other] = [
      await connect(here, mode),
      await connect(there, mode),
      await connect(here, mode),
    ];
    const heard: string[] = [];
    listener.setNotificationHandler("notifications/resources/updated", ({ params }) => void heard.push(params.uri));
    listener.setNotificationHandler("notifications/prompts/list_changed", () => void heard.push("prompts"));
    const subscription = await listener.listen({ promptsListChanged: true, resourceSubscriptions: [memory] });
    const expected: string[] = [];
    for (const client of [writer, other, writer]) {
      await client.callTool({ name: "write-memory", arguments: { content: `${name} ${expected.length}` } });
      expected.push(memory);
      await until(() => heard.length === expected.length);
      await client.callTool({ name: "install-skill", arguments: { slug: "summarize" } });
      await client.callTool({ name: "uninstall-skill", arguments: { slug: "summarize" } });
      expected.push("prompts", "prompts");
      await until(() => heard.length === expected.length);
    }
    expect(heard).toEqual(expected);
    await subscription.close();
    await writer.callTool({ name: "write-memory", arguments: { content: "unheard" } });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(heard).toEqual(expected);
    for (const client of [listener, writer, other]) await client.close();
  });

  it("P24: a requestState goes on at the other process, and there too for its caller and call alone", async () => {
    const stranger = await two.makeKey();
    for (const [first, second] of [
      [here, there],
      [there, here],
    ] as const) {
      const args = { arguments: { id: "art_7" } };
      const { result } = await call(first, two.key, args);
      expect(result.resultType).toBe("input_required");
      const [key = ""] = Object.keys(result.inputRequests);
      const answer = (action: string) => ({
        inputResponses: { [key]: { action, ...(action === "accept" && { content: {} }) } },
        requestState: result.requestState,
      });
      const middle = Math.floor(result.requestState.length / 2);
      const forged = withOtherCharacter(result.requestState, middle);
      for (const at of [first, second]) {
        const refused = [
          await call(at, two.key, { ...args, ...answer("accept"), requestState: forged }),
          await call(at, two.key, { arguments: { id: "art_8" }, ...answer("accept") }),
          await call(at, stranger.key, { ...args, ...answer("accept") }),
        ];
        for (const { error } of refused) expect(error.code).toBe(-32602);
      }
      expect(JSON.stringify(await call(second, two.key, { ...args, ...answer("decline") }))).toContain("DECLINED");
      expect(JSON.stringify(await call(second, two.key, { ...args, ...answer("accept") }))).toContain("NOT_FOUND");
    }
  });
});
