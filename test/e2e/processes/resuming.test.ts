import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type HandAnswer,
  type HandSession,
  isAnswerTo,
  isProgress,
  isQuestion,
  lastIdOf,
  openByHand,
} from "../../support/by-hand.js";
import type { Json } from "../../support/faces.js";
import { endPrograms, until } from "../../support/program.js";
import { type ScriptedModel, scriptedModel } from "../../support/scripted-model.js";
import { startTwoProcesses, type TwoProcesses } from "../../support/two-processes.js";

let model: ScriptedModel;
let two: TwoProcesses;
let [here, there] = ["", ""];
beforeAll(async () => {
  model = await scriptedModel();
  model.mock.onMessage("sixty lines", { content: "a line\n".repeat(60) }, { chunkSize: 7, latency: 60 });
  model.mock.onMessage("twenty lines", { content: "a line\n".repeat(20) }, { chunkSize: 7, latency: 60 });
  two = await startTwoProcesses(model.env);
  [here, there] = [two.servers[0].url, two.servers[1].url];
  const owner = await openByHand(here, two.key);
  await (
    await owner.call(here, 1, "install-skill", { slug: "summarize" })
  ).ended;
});
afterAll(async () => {
  await endPrograms();
  await model.stop();
});

const run = { slug: "summarize", input: "twenty lines", wait_seconds: 30 };
/** One that is still under way when its stream has been lost a few times, however busy the machine is. */
const longRun = { ...run, input: "sixty lines" };
const memory = "clanker://memory";

/** The steps of all parts of a stream, and that the last of them ends with the answer. */
function stepsOf(parts: readonly HandAnswer[], request: number): number[] {
  const told = parts.flatMap((part) => part.messages());
  expect(told.filter(isAnswerTo(request))).toEqual([told.at(-1)]);
  expect(told.at(-1).result.structuredContent.status).toBe("completed");
  return told.slice(0, -1).map(({ params }) => params.progress);
}

/** Steps are numbered from 1 without gap. */
const counted = (steps: readonly number[]) => steps.map((_, index) => index + 1);

/** Hangs up once so many steps have come. */
async function cutAfter(part: HandAnswer, steps: number): Promise<string> {
  await until(() => part.messages().filter(isProgress).length >= steps);
  part.close();
  await part.ended;
  return lastIdOf(part);
}

describe("the stream of a call that is lost in the middle", () => {
  it.each([
    ["on the other process", () => there],
    ["on the same process", () => here],
  ])("goes on %s, with everything after the last event and the answer, once and in order", async (_where, at) => {
    const session = await openByHand(here, two.key);
    const first = await session.call(here, 2, "execute-skill", run);
    const rest = await session.listen(at(), await cutAfter(first, 2));
    await rest.ended;
    const steps = stepsOf([first, rest], 2);
    expect(steps.length).toBeGreaterThan(3);
    expect(steps).toEqual(counted(steps));
    for (const url of [here, there]) expect((await session.listen(url, lastIdOf(rest))).status).toBe(204);
  });

  it("goes on as often as it is lost, wherever", async () => {
    const session = await openByHand(here, two.key);
    const parts = [await session.call(there, 2, "execute-skill", longRun)];
    for (const at of [here, there, here]) {
      const last = await cutAfter(parts.at(-1) as HandAnswer, 1);
      parts.push(await session.listen(at, last));
    }
    await parts.at(-1)?.ended;
    const steps = stepsOf(parts, 2);
    expect(steps).toEqual(counted(steps));
  });

  it("goes on elsewhere while the process that works still takes the client for connected", async () => {
    const session = await openByHand(here, two.key);
    const first = await session.call(here, 2, "execute-skill", run);
    await until(() => first.messages().filter(isProgress).length >= 2);
    const seen = first.events.slice(0, 3);
    const rest = await session.listen(there, seen.at(-1)?.id);
    await Promise.all([rest.ended, first.ended]);
    expect(rest.messages()).toEqual(first.events.slice(3).map(({ message }) => message));
  });

  it("is there when the call has ended meanwhile, whole", async () => {
    const session = await openByHand(here, two.key);
    const first = await session.call(here, 2, "execute-skill", run);
    await first.next(isProgress);
    const start = first.events[0]?.id;
    first.close();
    await until(async () => {
      const listed = await session.post(there, {
        id: "look",
        method: "tools/call",
        params: { name: "list-executions" },
      });
      return (await listed.ended).result.structuredContent.data[0].status === "completed";
    });
    const whole = await session.listen(there, start);
    await whole.ended;
    const steps = stepsOf([whole], 2);
    expect(steps.length).toBeGreaterThan(3);
    expect(steps).toEqual(counted(steps));
  });

  it("brings its question again, which is answered through the other process", async () => {
    for (const [action, code] of [
      ["decline", "DECLINED"],
      ["accept", "NOT_FOUND"],
    ] as const) {
      const session = await openByHand(here, two.key);
      const first = await session.call(here, 2, "delete-artifact", { id: "art_404" });
      const asked = await first.next(isQuestion);
      first.close();
      const rest = await session.listen(there, first.events[0]?.id);
      expect(await rest.next(isQuestion)).toEqual(asked);
      expect((await session.reply(there, asked, action)).status).toBe(202);
      expect(JSON.stringify(await rest.ended)).toContain(code);
    }
  });

  it("is cancelled from the other process, and ends with the error", async () => {
    const session = await openByHand(here, two.key);
    const first = await session.call(here, 2, "execute-skill", longRun);
    const last = await cutAfter(first, 1);
    const rest = await session.listen(there, last);
    await session.post(there, { method: "notifications/cancelled", params: { requestId: 2 } });
    expect(await rest.ended).toMatchObject({ id: 2, error: { code: -32800, data: { code: "CANCELLED" } } });
    await model.hungUp();
  });

  it("is found again by an official client through the proxy", async () => {
    const transport = new StreamableHTTPClientTransport(new URL(`${two.url}/mcp`), {
      requestInit: { headers: { "x-api-key": two.key } },
    });
    const client = new Client({ name: "tests", version: "1.0.0" });
    await client.connect(transport);
    const steps: number[] = [];
    const start = two.proxy.passed.length;
    await until(() => two.proxy.passed.slice(start - 1).some(({ method }) => method === "GET"));
    const from = two.proxy.passed.length;
    const call = client.callTool({ name: "execute-skill", arguments: run }, undefined, {
      onprogress: ({ progress }) => {
        steps.push(progress);
        if (progress === 2) two.proxy.cut(({ method }) => method === "POST");
      },
    });
    expect((await call).structuredContent).toMatchObject({ status: "completed" });
    expect(steps.length).toBeGreaterThan(3);
    expect(steps).toEqual(counted(steps));
    const ways = two.proxy.passed.slice(from).filter(({ path }) => path === "/mcp");
    expect(ways.map(({ method }) => method)).toEqual(["POST", "GET"]);
    expect(ways[0]?.process).not.toBe(ways[1]?.process);
    await client.close();
  });
});

describe("the stream of notifications that is lost", () => {
  /** Changes the memory or the installed skills, at one process. */
  async function change(session: HandSession, at: string, what: string): Promise<void> {
    const id = `change ${(changes += 1)}`;
    const [name, args] =
      what === "memory"
        ? ["write-memory", { content: id }]
        : ["install-skill", { slug: changes % 2 ? "meeting-notes" : "summarize" }];
    const params = { name, arguments: args };
    const answer: Json = await (await session.post(at, { id, method: "tools/call", params })).ended;
    if (answer.result.isError) throw new Error(JSON.stringify(answer));
  }
  let changes = 0;
  const methodsOf = (parts: readonly HandAnswer[]) =>
    parts.flatMap((part) => part.messages().map(({ method }: Json) => method.replace("notifications/", "")));

  it("goes on wherever it is opened again, with what happened on any process, once and in order", async () => {
    const session = await openByHand(here, two.key);
    await (
      await session.post(there, { id: 1, method: "resources/subscribe", params: { uri: memory } })
    ).ended;
    const parts: HandAnswer[] = [await session.listen(here)];
    let expected = 0;
    const happened = async (at: string, what: string) => {
      await change(session, at, what);
      expected += 1;
    };
    for (const [step, at] of [there, here, there, there, here].entries()) {
      await happened(here, "memory");
      await happened(there, "memory");
      await until(() => methodsOf(parts).length === expected);
      const lost = parts.at(-1) as HandAnswer;
      lost.close();
      await lost.ended;
      for (let n = 0; n <= step; n += 1) await happened(n % 2 ? here : there, "memory");
      parts.push(await session.listen(at, lastIdOf(lost)));
      await happened(at === here ? there : here, "memory");
    }
    await until(() => methodsOf(parts).length >= expected);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(methodsOf(parts)).toEqual(Array.from({ length: expected }, () => "resources/updated"));
    const ids = parts.flatMap(({ events }) => events.flatMap(({ id, message }) => (message ? [id] : [])));
    expect(new Set(ids).size).toBe(expected);
    parts.at(-1)?.close();
  });

  it("goes on from its beginning where nothing had been told on it yet", async () => {
    const session = await openByHand(here, two.key);
    await (
      await session.post(there, { id: 1, method: "resources/subscribe", params: { uri: memory } })
    ).ended;
    const first = await session.listen(here);
    const start = await until(() => first.events[0]?.id);
    first.close();
    await change(session, there, "memory");
    const second = await session.listen(there, start);
    await second.next(({ method }) => method === "notifications/resources/updated");
    second.close();
  });

  it("tells nothing to another session that names its events but what happened in its own workspace since", async () => {
    const session = await openByHand(here, two.key);
    const narrow = await two.makeKey("billing:read");
    const stranger = await openByHand(there, narrow.key);
    const stream = await session.listen(here);
    const start = await until(() => stream.events[0]?.id);
    await change(session, here, "memory");
    await change(session, here, "memory");
    const heard = await stranger.listen(there, start);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(heard.status).toBe(200);
    expect(heard.messages()).toEqual([]);
    for (const open of [stream, heard]) open.close();
  });
});
