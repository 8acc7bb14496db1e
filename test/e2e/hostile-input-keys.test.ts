import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inputSchema, type JsonSchema } from "../../src/core/schema.js";
import { ownOperations } from "../support/own-operations.js";
import { errorIn, LEAK, rawRequest } from "../support/raw-request.js";
import { serveHere } from "../support/serve-here.js";

let server: Awaited<ReturnType<typeof serveHere>>;
let session: string;
const before = prototypes();
beforeAll(async () => {
  // Nobody is called: what a provider would be asked is refused at once.
  server = await serveHere({ ANTHROPIC_BASE_URL: "http://127.0.0.1:9" });
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } };
  const opened = await post("/mcp", JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params }));
  session = String(opened.headers["mcp-session-id"]);
});
afterAll(() => server.close());

type Pair = readonly [string, string];
const post = (path: string, body: string, more: readonly Pair[] = [], method = "POST") =>
  rawRequest(server.url, {
    method,
    path,
    body,
    headers: [
      ["x-api-key", server.key],
      ["content-type", "application/json"],
      ["accept", "application/json, text/event-stream"],
      ...more,
    ],
  });
const inSession = (): Pair[] => [["mcp-session-id", session]];

/** Every name that each built-in prototype has. */
function prototypes(): string {
  const all = [Object, Array, Function, String, Number, Boolean, Promise, Map, Set, Error, RegExp];
  return JSON.stringify(all.map(({ prototype }) => Reflect.ownKeys(prototype as object).map(String)));
}

/** Nothing in this process, which is the server's too, has changed. */
function expectClean(): void {
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  expect(([] as { polluted?: unknown }).polluted).toBeUndefined();
  expect(((() => undefined) as { polluted?: unknown }).polluted).toBeUndefined();
  expect(prototypes()).toBe(before);
}

/** Members that are there to change a prototype; as text, because an object literal would swallow them. */
const POISON = [
  `"__proto__":{"polluted":"yes"}`,
  `"__proto__":null`,
  `"constructor":{"prototype":{"polluted":"yes"}}`,
  `"prototype":{"polluted":"yes"}`,
  `"__proto__":{"__proto__":{"polluted":"yes"}}`,
  `"toString":"x","valueOf":1,"hasOwnProperty":null,"then":"x","toJSON":"x"`,
  `"__defineGetter__":"x","__lookupSetter__":"x"`,
];

const fitting = ({ type, enum: options }: JsonSchema): string => {
  if (type === "array") return "[]";
  if (type === "object") return "{}";
  return type === "integer" || type === "number" || type === "boolean" ? "1" : JSON.stringify(options?.[0] ?? "1");
};

/** Arguments that fit, with the poison beside them, and in place of each of them, and inside it. */
function poisoned({ input }: (typeof ownOperations)[number], poison: string): string[] {
  const { properties = {}, required = [] } = inputSchema(input);
  const whole = required.map((name) => `${JSON.stringify(name)}:${fitting(properties[name] ?? {})}`);
  const inside = Object.keys(properties).flatMap((name) => {
    const others = whole.filter((member) => !member.startsWith(JSON.stringify(name)));
    const values = [`{${poison}}`, `[{${poison}}]`, `{"fields":{${poison}}}`, JSON.stringify(`{${poison}}`)];
    return values.map((value) => `{${[...others, `${JSON.stringify(name)}:${value}`].join(",")}}`);
  });
  return [`{${[poison, ...whole].join(",")}}`, `{${[...whole, poison].join(",")}}`, `{${poison}}`, ...inside];
}

describe("P32: keys that pollute change nothing", () => {
  it.each(ownOperations.map((operation) => [operation.name, operation] as const))(
    "in the arguments of %s, through every door",
    async (_name, operation) => {
      const { route, tool, name } = operation;
      for (const poison of POISON) {
        for (const args of poisoned(operation, poison)) {
          const call = `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"${tool ?? name}","arguments":${args}}}`;
          const answers = [await post("/mcp", call, inSession())];
          if (route && route.method !== "GET" && route.method !== "DELETE") {
            answers.push(await post(route.path.replaceAll(/:\w+/g, "1"), args, [], route.method));
          }
          for (const { status, text } of answers) {
            // A key of a provider's is tried there, and the provider is away.
            if (!text.includes('"UPSTREAM_FAILED"')) expect(status, `${args}: ${text}`).toBeLessThan(500);
            expect(text, args).not.toMatch(/"INTERNAL"|"STORE_UNAVAILABLE"/);
            expect(text, args).not.toMatch(LEAK);
          }
        }
      }
      expectClean();
    },
  );

  it.each(POISON)("at any level of a message: %s", async (poison) => {
    const meta = `"io.modelcontextprotocol/protocolVersion":"2026-07-28"`;
    const client = `"clientInfo":{"name":"x","version":"1"}`;
    const messages = [
      `{${poison},"jsonrpc":"2.0","id":3,"method":"ping"}`,
      `{"jsonrpc":"2.0","id":3,"method":"ping","params":{${poison}}}`,
      `{"jsonrpc":"2.0","id":3,"method":"tools/list","params":{"_meta":{${poison}}}}`,
      `{"jsonrpc":"2.0","id":3,"method":"tools/list","params":{"_meta":{${meta},${poison}}}}`,
      `{"jsonrpc":"2.0","id":3,"method":"tools/list","params":{${poison},"_meta":{${meta}}}}`,
      `{"jsonrpc":"2.0","id":{${poison}},"method":"ping"}`,
      `{"jsonrpc":"2.0","id":3,"result":{${poison}}}`,
      `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{${poison}},${poison}}}`,
      `{"jsonrpc":"2.0","method":"notifications/progress","params":{${poison},"progressToken":"__proto__","progress":1}}`,
      `{"jsonrpc":"2.0","id":3,"method":"initialize","params":{"protocolVersion":"2025-11-25",${client},"capabilities":{${poison}}}}`,
      `{"jsonrpc":"2.0","id":3,"method":"initialize","params":{"protocolVersion":"2025-11-25",${client},${poison},"capabilities":{"experimental":{${poison}}}}}`,
    ];
    for (const body of messages) {
      for (const more of [[], inSession(), [["mcp-protocol-version", "2026-07-28"]]] as Pair[][]) {
        for (const path of ["/mcp", "/mcp/messages?sessionId=__proto__"]) {
          const answer = await post(path, body, more);
          expect(answer.status, `${body}: ${answer.text}`).toBeLessThan(500);
          expect(answer.text, body).not.toMatch(LEAK);
        }
      }
    }
    expectClean();
  });

  it.each(["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"])(
    "as the name of something: %s",
    async (name) => {
      const call = (method: string, params: object) =>
        post("/mcp", JSON.stringify({ jsonrpc: "2.0", id: 4, method, params }), inSession());
      for (const answer of [
        await call("tools/call", { name, arguments: {} }),
        await call("prompts/get", { name }),
        await call("resources/read", { uri: name }),
        await call(name, {}),
        await post("/mcp", JSON.stringify({ jsonrpc: "2.0", id: 4, method: "ping" }), [["mcp-session-id", name]]),
        await post(`/mcp?toolsets=${name}`, "{}"),
      ]) {
        expect(answer.status, answer.text).toBeLessThan(500);
        expect(answer.text).toMatch(/"error"|"isError":true/);
        expect(answer.text).not.toMatch(/"INTERNAL"/);
      }
      for (const path of [
        `/${name}`,
        `/api/v1/${name}`,
        `/api/v1/marketplace/skills/${name}`,
        `/api/v1/executions/${name}/status`,
        `/api/v1/executions?${name}=1`,
        `/api/v1/executions?${name}[polluted]=yes`,
        `/api/v1/executions?status=${name}`,
        `/api/v1/executions?after_id=${name}`,
        `/api/events?sources=${name}&${name}=${name}`,
      ]) {
        const answer = await rawRequest(server.url, { path, headers: [["x-api-key", server.key]] });
        expect([400, 404], `${path}: ${answer.text}`).toContain(answer.status);
        expect(["INVALID_INPUT", "INVALID_CURSOR", "NOT_FOUND"], path).toContain(errorIn(answer).code);
      }
      expectClean();
    },
  );

  it("and the workspace is as it was", async () => {
    const read = async (path: string) =>
      JSON.parse((await rawRequest(server.url, { path, headers: [["x-api-key", server.key]] })).text);
    expect(await read("/api/v1/executions")).toMatchObject({ data: [] });
    expect(await read("/api/v1/profile")).not.toHaveProperty("polluted");
    expect(JSON.stringify(await read("/api/v1/memory"))).not.toContain("polluted");
  });
});
