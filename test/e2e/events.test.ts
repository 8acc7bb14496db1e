import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../src/store/open.js";
import { openEvents, type SentEvent } from "../support/event-stream.js";
import { ask, connectHttp, connectRest, connectStdio } from "../support/faces.js";
import {
  afterPrograms,
  endPrograms,
  MASTER_KEY,
  OWNER_KEY,
  runProgram,
  type Server,
  startServer,
  temporaryFolder,
} from "../support/program.js";
import { startRedis } from "../support/redis.js";
import { type ScriptedModel, scriptedModel } from "../support/scripted-model.js";

let model: ScriptedModel;
beforeAll(async () => {
  model = await scriptedModel();
  const file = { name: "note.md", mime_type: "text/markdown", content: "x" };
  const about = (hasToolResult: boolean) => ({ userMessage: "tell", hasToolResult });
  model.mock.on(about(false), { toolCalls: [{ name: "write_file", arguments: file }] });
  model.mock.on(about(true), { content: "word ".repeat(60) }, { chunkSize: 10, latency: 25 });
});
afterAll(() => model.stop());
afterEach(endPrograms);

const ofOwner = (server: Server) => ({ "x-api-key": server.key });
const run = { slug: "summarize", input: "tell" };
const isState = (status: string, id?: string) => (event: SentEvent) =>
  event.event === "execution-state" &&
  event.data.status === status &&
  (id === undefined || event.data.executionId === id);
const typesOf = (events: readonly SentEvent[]) => [...new Set(events.map(({ event }) => event))];

async function makeKey(server: Server, env: Record<string, string>, ...options: string[]): Promise<string> {
  const { stdout, stderr } = await runProgram(["keys", "create", "--name", "x", ...options], {
    home: server.home,
    env,
  });
  expect(stderr).toBe("");
  return stdout.split("\n")[0] ?? "";
}

describe("GET /api/events", () => {
  it("tells how an execution goes on, block by block, with growing ids", async () => {
    const server = await startServer({ env: model.env });
    const rest = connectRest(server.url, server.key);
    await ask(rest, "install-skill", { slug: "summarize" });
    const stream = await openEvents(`${server.url}/api/events`, ofOwner(server));
    const { executionId } = await ask(rest, "execute-skill", run);
    await stream.next(isState("completed"));
    const status = await ask(rest, "get-execution-status", { id: executionId });

    const states = stream.events.filter(({ event }) => event === "execution-state");
    expect(states.every(({ data }) => data.executionId === executionId)).toBe(true);
    expect(states[0]?.data).toMatchObject({ status: "queued", outputBlocks: [] });
    expect(states.flatMap(({ data }) => data.outputBlocks)).toEqual(status.outputBlocks);
    expect(status.outputBlocks.length).toBeGreaterThan(2);
    const { cost, executionTime, skillName } = status;
    expect(states.at(-1)?.data).toEqual({
      executionId,
      status: "completed",
      skillName,
      cost,
      executionTime,
      outputBlocks: [],
    });
    const created = stream.events.find(({ event }) => event === "artifact-created");
    expect(created?.data).toMatchObject({ id: "art_1", name: "note.md" });
    const ids = stream.events.map(({ id }) => Number(id));
    expect(ids.every(Number.isInteger)).toBe(true);
    expect(ids).toEqual([...new Set(ids)].sort((one, other) => one - other));
    stream.close();
  });

  it("goes on after the last event that a client saw", async () => {
    const server = await startServer();
    const rest = connectRest(server.url, server.key);
    const first = await openEvents(`${server.url}/api/events`, ofOwner(server));
    for (const content of ["1", "22"]) await ask(rest, "write-memory", { content });
    await first.next(({ data }) => data.characters === 2);
    first.close();
    for (const content of ["333", "4444"]) await ask(rest, "write-memory", { content });

    const last = first.events[0]?.id ?? "";
    const byHeader = await openEvents(`${server.url}/api/events`, { ...ofOwner(server), "last-event-id": last });
    const byQuery = await openEvents(`${server.url}/api/events?last_event_id=${last}`, ofOwner(server));
    await ask(rest, "write-memory", { content: "55555" });
    for (const stream of [byHeader, byQuery]) {
      await stream.next(({ data }) => data.characters === 5);
      expect(stream.events.map(({ data }) => data.characters)).toEqual([2, 3, 4, 5]);
      stream.close();
    }
  });

  it("tells of the interfaces that were asked for, and what no execution did", async () => {
    const server = await startServer({ env: model.env });
    const rest = connectRest(server.url, server.key);
    const agent = await connectHttp("streamable", server.url, server.key);
    await ask(rest, "install-skill", { slug: "summarize" });
    const [all, api, several] = await Promise.all(
      ["", "?sources=api", "?sources=web,%20mcp"].map((query) =>
        openEvents(`${server.url}/api/events${query}`, ofOwner(server)),
      ),
    );
    await ask(rest, "execute-skill", run);
    await ask(agent, "execute-skill", { ...run, interface: "web" });
    await ask(rest, "execute-skill", { ...run, interface: "web" });
    for (const id of ["exec_1", "exec_2", "exec_3"]) await all?.next(isState("completed", id));
    await ask(rest, "write-memory", { content: "x" });
    const heard = async (stream: typeof all) => {
      await stream?.next(({ event }) => event === "memory-updated");
      const ids = stream?.events.flatMap(({ data }) => data.executionId ?? data.execution_id ?? []);
      stream?.close();
      return [...new Set(ids)].sort();
    };
    expect(await heard(all)).toEqual(["exec_1", "exec_2", "exec_3"]);
    expect(await heard(api)).toEqual(["exec_1"]);
    expect(await heard(several)).toEqual(["exec_2", "exec_3"]);
    await agent.close();
  });

  it("takes the key in the address and writes it to no log", async () => {
    const server = await startServer({ env: { CLANKER_LOG_LEVEL: "debug" } });
    const stream = await openEvents(`${server.url}/api/events?apiKey=${server.key}&sources=api`);
    await ask(connectRest(server.url, server.key), "write-memory", { content: "x" });
    await stream.next(({ event }) => event === "memory-updated");
    stream.close();
    const wrong = "ck_wrong_0123456789012345678901234567890123456";
    await expect(openEvents(`${server.url}/api/events?apiKey=${wrong}`)).rejects.toThrow("HTTP 401");
    await expect(openEvents(`${server.url}/api/events`)).rejects.toThrow("HTTP 401");
    expect((await fetch(`${server.url}/api/v1/memory?apiKey=${server.key}`)).status).toBe(401);
    const { stderr } = await server.kill("SIGTERM");
    expect(stderr).toContain('"route":"/api/events"');
    expect(stderr).not.toContain(server.key);
    expect(stderr).not.toContain(wrong);
  });

  it("tells a key only what it may read, and only of its workspace", async () => {
    const home = await temporaryFolder();
    const store = `file:${join(home, "store.db")}`;
    const env = { CLANKER_STORE: store };
    const server = await startServer({ home, env });
    // There is no operation that makes a second workspace yet.
    const quiet = () => undefined;
    const opened = await openStore(store, { debug: quiet, info: quiet, warn: quiet, error: quiet });
    const value = { name: "Other", slug: "other", createdAt: 0 };
    await opened.commit([{ kind: "insert", collection: "workspaces", id: "2", value }]);
    await opened.close();

    const runner = await makeKey(server, env, "--scopes", "tool:execute");
    const stranger = await makeKey(server, env, "--scopes", "*", "--workspace", "ws_2");
    const heard = await openEvents(`${server.url}/api/events`, { authorization: `Bearer ${runner}` });
    const elsewhere = await openEvents(`${server.url}/api/events`, { "x-api-key": stranger });
    const agent = await connectHttp("streamable", server.url, server.key);
    await ask(agent, "write-memory", { content: "secret" });
    await ask(agent, "install-skill", { slug: "summarize" });
    await ask(agent, "execute-skill", run);
    const artifacts = [{ name: "a.txt", mime_type: "text/plain", content: "x" }];
    await ask(agent, "complete-execution", { id: 1, output: "x", artifacts });
    await heard.next(isState("completed"));
    expect(typesOf(heard.events)).toEqual(["skills-changed", "execution-state"]);

    await ask(connectRest(server.url, stranger), "write-memory", { content: "x" });
    await elsewhere.next(({ event }) => event === "memory-updated");
    expect(elsewhere.events).toHaveLength(1);
    for (const stream of [heard, elsewhere]) stream.close();
    await agent.close();
  });

  it("tells what another process on the same file did, within a second", async () => {
    const server = await startServer();
    const stream = await openEvents(`${server.url}/api/events`, ofOwner(server));
    const agent = await connectStdio(server.home);
    const began = performance.now();
    await ask(agent, "write-memory", { content: "from stdio" });
    await stream.next(({ event }) => event === "memory-updated");
    expect(performance.now() - began).toBeLessThan(2000);
    stream.close();
    await agent.close();
  });

  it("tells what another process on the same Redis runs", async () => {
    const redis = await startRedis();
    afterPrograms(() => redis.stop());
    const keys = { CLANKER_OWNER_KEY: OWNER_KEY, CLANKER_MASTER_KEY: MASTER_KEY };
    const env = { ...keys, CLANKER_STORE: redis.url };
    const listener = await startServer({ env });
    const runner = await startServer({ env: { ...env, ...model.env } });
    const stream = await openEvents(`${listener.url}/api/events?sources=api`, ofOwner(listener));
    const rest = connectRest(runner.url, runner.key);
    await ask(rest, "install-skill", { slug: "summarize" });
    await ask(rest, "execute-skill", run);
    await stream.next(isState("completed", "exec_1"));
    expect(typesOf(stream.events)).toEqual(["skills-changed", "execution-state", "artifact-created"]);
    stream.close();
  });
});
