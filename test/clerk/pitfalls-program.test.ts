import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { clerkFunctions } from "../support/clerk-functions.js";
import { type Recorder, startRecorder } from "../support/clerk-recorder.js";
import { connectHttp, connectRest } from "../support/faces.js";
import { endPrograms, runProgram, startProgram, startServer, until } from "../support/program.js";

const SECRET_KEY = "sk_test_canary_of_the_program_tests";
const PUBLISHABLE_KEY = `pk_test_${Buffer.from("clerk.example.test$").toString("base64")}`;

let recorder: Recorder;
beforeAll(async () => {
  recorder = await startRecorder();
});
afterAll(() => recorder.stop());
afterEach(endPrograms);

const startWithClerk = (env: Record<string, string> = {}) =>
  startServer({ env: { CLERK_SECRET_KEY: SECRET_KEY, CLERK_API_URL: recorder.url, ...env } });

describe("the program without a key of Clerk's", () => {
  it("lists every tool, and says of each what to set", async () => {
    const server = await startServer();
    const face = await connectHttp("streamable", server.url, server.key);
    const listed = (await face.client.listTools()).tools.map(({ name }) => name);
    expect(clerkFunctions.map(({ tool }) => tool).filter((tool) => !listed.includes(tool))).toEqual([]);
    const told = { code: "CLERK_NOT_CONFIGURED", message: expect.stringContaining("CLERK_SECRET_KEY") as string };
    expect(await face.call("list_users")).toMatchObject(told);
    await face.close();
    expect(await connectRest(server.url, server.key).call("delete_user", { user_id: "user_1" })).toMatchObject(told);
  });
});

describe("the program with a key that is none of the secret ones", () => {
  it.each([
    ["CLERK_SECRET_KEY", PUBLISHABLE_KEY],
    ["CLERK_SECRET_KEY", "canary_without_prefix"],
    ["CLERK_SECRET_KEY_STAGING", PUBLISHABLE_KEY],
  ])("ends with a sentence that does not repeat it: %s=%s", async (name, value) => {
    for (const command of ["serve", "stdio"]) {
      const { code, stdout, stderr } = await runProgram([command], { env: { PORT: "0", [name]: value } });
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr.trim()).toMatch(new RegExp(`^clanker-mcp: ${name} takes .*sk_`));
      expect(stderr.trim().split("\n")).toHaveLength(1);
      expect(stderr).not.toContain(value);
    }
  });
});

describe("the program over stdio with a publishable key of a development instance", () => {
  it("writes nothing but protocol, however the SDK would greet it", async () => {
    recorder.answer(({ path }) => ({ body: path.endsWith("/count") ? { total_count: 3 } : {} }));
    const env = {
      CLERK_SECRET_KEY: SECRET_KEY,
      CLERK_API_URL: recorder.url,
      CLERK_PUBLISHABLE_KEY: PUBLISHABLE_KEY,
      CLERK_TELEMETRY_DEBUG: "1",
    };
    const program = await startProgram(["stdio"], { env });
    const send = (message: object) => program.child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
    const messages = () =>
      program
        .stdout()
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "tests", version: "1" } };
    send({ id: 1, method: "initialize", params });
    await until(() => messages().some(({ id }) => id === 1));
    send({ method: "notifications/initialized" });
    send({ id: 2, method: "tools/call", params: { name: "count_users", arguments: {} } });
    const answer = await until(() => messages().find(({ id }) => id === 2));
    expect(answer.result.structuredContent).toEqual({ total_count: 3 });
    program.child.stdin.end();
    const { stdout } = await program.ended;
    for (const line of stdout.trim().split("\n")) expect(JSON.parse(line)).toHaveProperty("jsonrpc", "2.0");
  });
});

describe("P51: what Clerk refuses, as a client sees it", () => {
  const errors = {
    errors: [{ code: "some_code", message: "Short.", long_message: "The long sentence.", meta: { param_name: "x" } }],
    clerk_trace_id: "trace_1",
  };

  it("is the same typed error over MCP and REST, after which the next call works", async () => {
    const server = await startWithClerk({ CLANKER_CLERK_TIMEOUT_MS: "400" });
    const mcp = await connectHttp("streamable", server.url, server.key);
    const rest = connectRest(server.url, server.key);
    for (const [status, code, http] of [
      [401, "UPSTREAM_FAILED", 502],
      [403, "UPSTREAM_FAILED", 502],
      [404, "NOT_FOUND", 404],
      [409, "CONFLICT", 409],
      [422, "INVALID_INPUT", 400],
      [429, "RATE_LIMITED", 429],
      [500, "UPSTREAM_FAILED", 502],
    ] as const) {
      recorder.answer(() => ({ status, body: errors, headers: { "retry-after": "30" } }));
      const told = {
        code,
        ...(status !== 401 && { message: expect.stringMatching(/^The long sentence\./) as string }),
        clerk_code: "some_code",
        clerk_trace_id: "trace_1",
        status,
        retryable: status === 429 || status === 500,
        retry_after_seconds: 30,
      };
      for (const face of [mcp, rest]) {
        expect(await face.call("get_user", { user_id: "user_1" })).toMatchObject({ code, error: { error: told } });
      }
      const headers = { "x-api-key": server.key, "content-type": "application/json" };
      const init = { method: "POST", headers, body: '{"user_id":"user_1"}' };
      expect((await fetch(`${server.url}/api/v1/clerk/get_user`, init)).status).toBe(http);
      recorder.answer(() => ({ body: { id: "user_1" } }));
      for (const face of [mcp, rest]) {
        expect(await face.call("get_user", { user_id: "user_1" })).toEqual({ answer: { id: "user_1" } });
      }
    }
    recorder.answer(() => new Promise((resolve) => setTimeout(() => resolve({ body: {} }), 1500)));
    for (const face of [mcp, rest]) {
      expect(await face.call("count_users")).toMatchObject({ code: "TIMEOUT", error: { error: { retryable: true } } });
    }
    await mcp.close();
    expect(server.stdout() + server.stderr()).not.toContain(SECRET_KEY);
  });
});
