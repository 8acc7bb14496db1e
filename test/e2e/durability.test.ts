import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ask, connectHttp, connectRest, connectStdio, type Face, type Json } from "../support/faces.js";
import {
  afterPrograms,
  endPrograms,
  type Environment,
  MASTER_KEY,
  OWNER_KEY,
  startServer,
  temporaryFolder,
  until,
} from "../support/program.js";
import { startRedis } from "../support/redis.js";
import { type ScriptedModel, scriptedModel } from "../support/scripted-model.js";

let model: ScriptedModel;
beforeAll(async () => {
  model = await scriptedModel();
});
afterAll(() => model.stop());
afterEach(async () => {
  await endPrograms();
  model.mock.reset();
});

const notesIn = (content: string) => content.split("\n\n---\n\n");

describe("P21: what was acknowledged before a kill -9", () => {
  it("is in the memory afterwards, once each, whoever wrote it", async () => {
    const home = await temporaryFolder();
    const server = await startServer({ home });
    const faces: Face[] = [
      connectRest(server.url, server.key),
      await connectHttp("streamable", server.url, server.key),
      await connectHttp("sse", server.url, server.key),
    ];
    const acknowledged: string[] = [];
    const writers = faces.map(async (face, writer) => {
      for (let n = 0; ; n += 1) {
        const content = `note ${writer}.${n}`;
        await ask(face, "write-memory", { content, mode: "append" });
        acknowledged.push(content);
        if (acknowledged.length === 60) server.child.kill("SIGKILL");
      }
    });
    const settled = Promise.allSettled(writers);
    await Promise.race([server.ended, settled]);
    // An answer that was on its way over a stream never comes: closing its client gives up waiting for it.
    for (const face of faces) await face.close().catch(() => undefined);
    await settled;
    expect(acknowledged.length).toBeGreaterThanOrEqual(60);

    const again = await startServer({ home });
    const notes = notesIn((await ask(connectRest(again.url, again.key), "read-memory")).content);
    expect(notes).toEqual(expect.arrayContaining(acknowledged));
    expect(notes).toEqual([...new Set(notes)]);
  });

  it("is a completed execution with its files afterwards", async () => {
    const home = await temporaryFolder();
    const agent = await connectStdio(home);
    await ask(agent, "install-skill", { slug: "summarize" });
    const { executionId: id } = await ask(agent, "execute-skill", { slug: "summarize", input: "x" });
    const artifacts = ["one", "two"].map((name) => ({ name: `${name}.txt`, mime_type: "text/plain", content: name }));
    await ask(agent, "complete-execution", { id, output: "Done.", artifacts });
    process.kill(agent.pid(), "SIGKILL");
    await agent.close();

    const again = await connectStdio(home);
    expect(await ask(again, "get-execution-status", { id })).toMatchObject({
      status: "completed",
      outputBlocks: [{ text: "Done." }, { artifact_id: "art_1" }, { artifact_id: "art_2" }],
    });
    expect(await ask(again, "download-artifact", { id: "art_2" })).toMatchObject({ text: "two" });
    await again.close();
  });

  it("is whole when two processes share the file and one of them dies", async () => {
    const home = await temporaryFolder();
    const server = await startServer({ home });
    const rest = connectRest(server.url, server.key);
    const agent = await connectStdio(home);
    let dead = false;
    const write = async (face: Face, name: string) => {
      const kept: string[] = [];
      for (let n = 0; n < 25 && !(dead && name === "agent"); n += 1) {
        const written = await face.call("write-memory", { content: `${name} ${n}`, mode: "append" }).catch(() => ({}));
        if ("answer" in written) kept.push(`${name} ${n}`);
        if (name === "agent" && n === 12) {
          process.kill(agent.pid(), "SIGKILL");
          dead = true;
        }
      }
      return kept;
    };
    const [byServer, byAgent] = await Promise.all([write(rest, "server"), write(agent, "agent")]);
    expect(byServer).toHaveLength(25);
    expect(byAgent.length).toBeGreaterThanOrEqual(12);
    const notes = notesIn((await ask(rest, "read-memory")).content);
    expect(notes).toEqual(expect.arrayContaining([...byServer, ...byAgent]));
    expect(notes).toEqual([...new Set(notes)]);
    await agent.close();
  });
});

/** A clock that is so many seconds ahead, so that a dead process's lease of 30 s has lapsed. */
const ahead = (seconds: number): Environment => ({
  NODE_OPTIONS: `--import=${JSON.stringify(
    `data:text/javascript,const now=Date.now.bind(Date);Date.now=()=>now()+${seconds * 1000}`,
  )}`,
});

const blocks = ({ outputBlocks }: Json, type: string) => outputBlocks.filter((block: Json) => block.type === type);
const saysMore = ({ outputBlocks }: Json) => outputBlocks.at(-1)?.type === "text";
const running = ({ status, outputBlocks }: Json) => status === "running" && outputBlocks.length > 0;
const ended = ({ status }: Json) => status === "completed" || status === "failed";

describe("a run whose server is killed", () => {
  const statusOf = (face: Face, check: (status: Json) => boolean, ms?: number) =>
    until(async () => {
      const status = await ask(face, "get-execution-status", { id: 1 });
      return check(status) && status;
    }, ms);

  it("is run once more by the next server, and paid for once", async () => {
    const home = await temporaryFolder();
    const env = { ...model.env, CLANKER_CREDITS: "100" };
    model.slowly("a long story");
    const first = await startServer({ home, env });
    const rest = connectRest(first.url, first.key);
    await ask(rest, "install-skill", { slug: "summarize" });
    await ask(rest, "execute-skill", { slug: "summarize", input: "a long story" });
    await statusOf(rest, running);
    await first.kill("SIGKILL");

    model.mock.reset();
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    model.mock.onMessage("a long story", { content: "The end.", usage });
    const second = await startServer({ home, env: { ...env, ...ahead(40) } });
    const again = connectRest(second.url, second.key);
    const status = await statusOf(again, ended);
    expect(status).toMatchObject({ status: "completed", cost: 1 });
    expect(blocks(status, "tool")).toMatchObject([{ name: "restart" }]);
    expect(blocks(status, "text").at(-1)).toMatchObject({ text: "The end." });
    expect(status.outputBlocks.map(({ index }: Json) => index)).toEqual([...status.outputBlocks.keys()]);
    expect(await ask(again, "list-transactions")).toMatchObject({ data: [{ amount: -1 }, { type: "grant" }] });
  });

  it("twice is failed by the third, and keeps what it had produced", async () => {
    const home = await temporaryFolder();
    model.slowly("a long story");
    for (const seconds of [0, 40]) {
      const server = await startServer({ home, env: { ...model.env, ...ahead(seconds) } });
      const rest = connectRest(server.url, server.key);
      if (seconds === 0) {
        await ask(rest, "install-skill", { slug: "summarize" });
        await ask(rest, "execute-skill", { slug: "summarize", input: "a long story" });
      }
      const restarts = seconds === 0 ? 0 : 1;
      await statusOf(rest, (status) => saysMore(status) && blocks(status, "tool").length === restarts);
      await server.kill("SIGKILL");
    }
    const third = await startServer({ home, env: { ...model.env, ...ahead(80) } });
    const status = await statusOf(connectRest(third.url, third.key), ended);
    expect(status).toMatchObject({ status: "failed", error: { code: "INTERNAL" } });
    expect(blocks(status, "text").length).toBeGreaterThan(0);
    expect(model.mock.getRequests()).toHaveLength(2);
  });

  it("that had not begun is run by the next server at once", async () => {
    const home = await temporaryFolder();
    model.slowly("a long story");
    model.mock.onMessage("a short story", { content: "The end." });
    const first = await startServer({ home, env: model.env });
    const rest = connectRest(first.url, first.key);
    await ask(rest, "install-skill", { slug: "summarize" });
    for (let n = 0; n < 8; n += 1) await ask(rest, "execute-skill", { slug: "summarize", input: "a long story" });
    await ask(rest, "execute-skill", { slug: "summarize", input: "a short story" });
    expect(await ask(rest, "get-execution-status", { id: 9 })).toMatchObject({ status: "queued" });
    await first.kill("SIGKILL");
    const second = await startServer({ home, env: model.env });
    const again = connectRest(second.url, second.key);
    const status = await until(async () => {
      const found = await ask(again, "get-execution-status", { id: 9 });
      return ended(found) && found;
    });
    expect(status).toMatchObject({ status: "completed", outputBlocks: [{ text: "The end." }] });
  });

  it("gracefully is handed to the next one at once", async () => {
    const home = await temporaryFolder();
    model.slowly("a long story");
    const first = await startServer({ home, env: model.env });
    const rest = connectRest(first.url, first.key);
    await ask(rest, "install-skill", { slug: "summarize" });
    await ask(rest, "execute-skill", { slug: "summarize", input: "a long story" });
    await statusOf(rest, running);
    expect((await first.kill("SIGTERM")).code).toBe(0);
    model.mock.reset();
    model.mock.onMessage("a long story", { content: "The end." });
    const second = await startServer({ home, env: model.env });
    expect(await statusOf(connectRest(second.url, second.key), ended)).toMatchObject({ status: "completed" });
  });

  // The lease in Redis is real time: 30 s, and BullMQ looks every 10 s.
  it("is run once more by another process on the same Redis", { timeout: 75_000 }, async () => {
    const redis = await startRedis();
    afterPrograms(() => redis.stop());
    const keys = { CLANKER_OWNER_KEY: OWNER_KEY, CLANKER_MASTER_KEY: MASTER_KEY };
    const env = { ...keys, ...model.env, CLANKER_STORE: redis.url };
    model.slowly("a long story");
    const first = await startServer({ env });
    const rest = connectRest(first.url, first.key);
    await ask(rest, "install-skill", { slug: "summarize" });
    await ask(rest, "execute-skill", { slug: "summarize", input: "a long story" });
    await statusOf(rest, running);
    const other = await startServer({ env });
    await first.kill("SIGKILL");
    model.mock.reset();
    model.mock.onMessage("a long story", { content: "The end." });
    const status = await statusOf(connectRest(other.url, other.key), ended, 60_000);
    expect(status).toMatchObject({ status: "completed" });
    expect(blocks(status, "tool")).toMatchObject([{ name: "restart" }]);
  });
});
