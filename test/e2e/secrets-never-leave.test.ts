import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalogue } from "../../tools/catalogue.js";
import { type AnthropicStandIn, startAnthropicStandIn } from "../support/anthropic-stand-in.js";
import { type Recorder, startRecorder } from "../support/clerk-recorder.js";
import { connectHttp, type McpFace } from "../support/faces.js";
import { plausibleArguments } from "../support/plausible.js";
import { endPrograms, MASTER_KEY, runProgram, type Server, startServer } from "../support/program.js";

/** What must be found nowhere; each is put in by its own way. */
const CANARIES = {
  "a secret's value": "canarysecretvalue7Q2x",
  "the value of a secret that was changed": "canarychangedvalue8R3y",
  "a value that was refused": "canaryrefusedvalue9S4z",
  "the workspace's Anthropic key": "sk-ant-canarybyok5T6u7V",
  "an Anthropic key that was refused": "sk-ant-canaryrefusedbyok1A",
  "Clerk's secret key": "sk_test_canaryclerk3W8a9B",
  "a connector's client secret": "canaryclientsecret4X1c2D",
  "a token from the settings": "canarygithubtoken6Y5e7F",
  "the owner's key": "ck_canaryownerkey2Z9g8H4j",
  "the master key": MASTER_KEY,
};
type CanaryName = keyof typeof CANARIES | "an API key";
const canaries: Partial<Record<CanaryName, string>> = { ...CANARIES };

/** A canary as it is, and the part of its base64 that does not depend on where it begins. */
function traces(secret: string): string[] {
  const shifted = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]).toString("base64");
    return text.replace(/=+$/, "").slice(before === 0 ? 0 : 4, -2);
  });
  return [secret, ...shifted, Buffer.from(secret).toString("hex"), [...secret].reverse().join("")];
}

/** The canaries that a text holds. */
const found = (text: string): string[] =>
  Object.entries(canaries).flatMap(([name, secret]) =>
    traces(secret).some((trace) => text.includes(trace)) ? [name] : [],
  );

let server: Server;
let clerk: Recorder;
let anthropic: AnthropicStandIn;
let mcp: McpFace;
const leaks: string[] = [];
const answered = new Set<string>();
let calls = 0;

const note = (where: string, text: string) => {
  calls += 1;
  for (const name of found(text)) leaks.push(`${where}: ${name}`);
};

async function rest(method: string, path: string, body?: unknown): Promise<string> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    redirect: "manual",
    headers: { "x-api-key": CANARIES["the owner's key"], "content-type": "application/json" },
    ...(body !== undefined && method !== "GET" && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(20_000),
  });
  const head = JSON.stringify([...response.headers]);
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) return head + (await response.text());
  return head + (await streamed(response, 300));
}

/** What a stream says within so many milliseconds. */
async function streamed(response: Response, ms: number): Promise<string> {
  let text = "";
  const reader = response.body?.getReader();
  const timer = setTimeout(() => void reader?.cancel(), ms);
  for (;;) {
    const next = await reader?.read().catch(() => undefined);
    if (!next || next.done) break;
    text += Buffer.from(next.value).toString();
  }
  clearTimeout(timer);
  return text;
}

type AnyOperation = (typeof catalogue)[number];

/** A call over REST, its arguments in the path, the query or the body. */
async function callRest({ name, route }: AnyOperation, args: Readonly<Record<string, unknown>>): Promise<void> {
  if (!route) return;
  const left = { ...args };
  const path = route.path.replaceAll(/:(\w+)/g, (_, field: string) => {
    const value = left[field];
    delete left[field];
    return encodeURIComponent(typeof value === "string" ? value : JSON.stringify(value ?? "1"));
  });
  const query = new URLSearchParams();
  for (const [field, value] of Object.entries(left)) {
    query.set(field, typeof value === "string" ? value : JSON.stringify(value));
  }
  const address = route.method === "GET" ? `${path}?${query.toString()}` : path;
  note(`REST ${name}`, await rest(route.method, address, left));
}

async function callMcp({ name, tool }: AnyOperation, args: Readonly<Record<string, unknown>>): Promise<void> {
  if (tool === undefined) return;
  const outcome = await mcp.call(tool, args).catch((thrown: unknown) => ({ thrown: String(thrown) }));
  note(`MCP ${name}`, JSON.stringify(outcome));
  if ("answer" in outcome) answered.add(name);
}

/** Arguments with something wrong in them, where a secret may be among them. */
function wrongArguments(operation: AnyOperation): Record<string, unknown>[] {
  const args = plausibleArguments(operation);
  const refused = Object.fromEntries(
    Object.keys(plausibleArguments(operation, true)).flatMap((field) => {
      if (field === "value") return [[field, CANARIES["a value that was refused"]]];
      return field === "anthropicKey" ? [[field, CANARIES["an Anthropic key that was refused"]]] : [];
    }),
  );
  return [
    { ...args, ...refused, no_such_field: 1 },
    ...(Object.keys(refused).length === 0
      ? []
      : [
          { ...args, ...refused, name: "\n" },
          { ...args, ...Object.fromEntries(Object.entries(refused).map(([field, text]) => [field, [text]])) },
          { ...args, ...Object.fromEntries(Object.entries(refused).map(([field, text]) => [field, ` ${text}\n`])) },
          { ...args, ...refused },
        ]),
  ];
}

const EFFECTS = ["read", "write", "destroy"] as const;

beforeAll(async () => {
  [clerk, anthropic] = await Promise.all([
    startRecorder(),
    startAnthropicStandIn(CANARIES["the workspace's Anthropic key"]),
  ]);
  clerk.answer(({ headers }) => ({ body: { id: "x", data: [], echo: headers.authorization } }));
  const env = {
    CLANKER_LOG_LEVEL: "debug",
    CLANKER_OWNER_KEY: CANARIES["the owner's key"],
    CLANKER_MASTER_KEY: MASTER_KEY,
    CLERK_SECRET_KEY: CANARIES["Clerk's secret key"],
    CLERK_API_URL: clerk.url,
    ANTHROPIC_BASE_URL: anthropic.url,
    GOOGLE_CLIENT_ID: "google-client",
    GOOGLE_CLIENT_SECRET: CANARIES["a connector's client secret"],
    GOOGLE_TOKEN_URL: `${clerk.url}/token`,
    GOOGLE_API_URL: clerk.url,
    GITHUB_TOKEN: CANARIES["a token from the settings"],
    GITHUB_API_URL: clerk.url,
    CLANKER_RATE_LIMIT: "0",
    CLANKER_MCP_RATE_LIMIT: "0",
  };
  server = await startServer({ env });
  const made = await runProgram(["keys", "create", "--name", "canary"], { home: server.home, env });
  canaries["an API key"] = made.stdout.split("\n")[0] ?? "";
  expect(canaries["an API key"]).toMatch(/^ck_/);
  mcp = await connectHttp("streamable", server.url, CANARIES["the owner's key"]);

  for (const body of [
    { name: "one", value: CANARIES["a secret's value"] },
    { name: "two", value: CANARIES["the value of a secret that was changed"] },
  ]) {
    note("putting in", await rest("POST", "/api/v1/secrets", body));
  }
  note("changing", await rest("PATCH", "/api/v1/secrets/2", { value: "another value of it" }));
  note("installing", await rest("POST", "/api/v1/skills/summarize/install", {}));
  note("binding", await rest("POST", "/api/v1/skills/summarize/secrets", { secretId: 1, envVar: "API_KEY" }));
  note("setting", await rest("PUT", "/api/v1/byok", { anthropicKey: CANARIES["the workspace's Anthropic key"] }));
}, 120_000);

afterAll(async () => {
  await mcp.close();
  await endPrograms();
  await clerk.stop();
  await anthropic.stop();
});

describe("P08: secrets never leave", () => {
  it("in the search itself: a canary is found wherever it is", () => {
    for (const [name, secret] of Object.entries(canaries)) {
      expect(found(`a ${secret} b`)).toContain(name);
      expect(found(Buffer.from(`user:${secret}!`).toString("base64"))).toContain(name);
    }
    expect(found("nothing")).toEqual([]);
  });

  it.each(EFFECTS)(
    "in an answer or an error of any operation that is a %s, over REST and MCP",
    async (effect) => {
      const leave = new AbortController();
      const headers = { "x-api-key": CANARIES["the owner's key"] };
      const stream = await fetch(`${server.url}/api/events`, { headers, signal: leave.signal });
      const events = streamed(stream, 170_000);
      const operations = catalogue.filter((operation) => operation.effect === effect);
      const before = calls;
      const each = async (operation: AnyOperation) => {
        const tries = [plausibleArguments(operation), ...wrongArguments(operation)];
        // Clerk's are many, and all answered in one place.
        if (!operation.toolset.startsWith("clerk")) tries.push({}, plausibleArguments(operation, true));
        for (const args of tries) {
          await callRest(operation, args);
          await callMcp(operation, args);
        }
      };
      const waiting = [...operations];
      const work = async () => {
        for (let next = waiting.shift(); next; next = waiting.shift()) await each(next);
      };
      await Promise.all([work(), work(), work(), work()]);
      leave.abort();
      note("the stream of events", await events);
      expect(leaks).toEqual([]);
      expect(calls - before).toBeGreaterThan(operations.length);
      const tools = operations.filter(({ tool }) => tool !== undefined);
      expect(tools.filter(({ name }) => answered.has(name)).length).toBeGreaterThan(tools.length * 0.7);
    },
    180_000,
  );

  it("in the log, on stdout or in anything that is kept", async () => {
    const { stdout, stderr } = await server.kill("SIGTERM");
    expect(stderr.split("\n").length).toBeGreaterThan(100);
    expect(found(stdout)).toEqual([]);
    expect(found(stderr)).toEqual([]);
    const files = await readdir(server.home);
    expect(files.some((file) => file.startsWith("clanker.db"))).toBe(true);
    for (const file of files) {
      expect(found((await readFile(join(server.home, file))).toString("latin1")), file).toEqual([]);
    }
  });

  it("P52: with a call to Clerk but as the one header that proves who calls", () => {
    expect(clerk.arrived.length).toBeGreaterThan(0);
    const secret = CANARIES["Clerk's secret key"];
    for (const { target, headers, bytes } of clerk.arrived) {
      const { authorization, ...others } = headers;
      expect(found(`${target}\n${JSON.stringify(others)}\n${bytes.toString("latin1")}`), target).toEqual([]);
      expect([undefined, `Bearer ${secret}`, `Bearer ${CANARIES["a token from the settings"]}`]).toContain(
        authorization,
      );
    }
    expect(anthropic.asked.map(({ path }) => path).flatMap(found)).toEqual([]);
  });
});
