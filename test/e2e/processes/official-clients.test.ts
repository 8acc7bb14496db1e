import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  CLIENTS,
  connectClient,
  isOverStdio,
  type OfficialClient,
  type Person,
} from "../../support/official-clients.js";
import { endPrograms, until } from "../../support/program.js";
import { type ScriptedModel, scriptedModel } from "../../support/scripted-model.js";
import { startTwoProcesses, type TwoProcesses } from "../../support/two-processes.js";

let model: ScriptedModel;
let two: TwoProcesses;
beforeAll(async () => {
  model = await scriptedModel();
  model.slowly("a long story");
  model.mock.onMessage("ten lines", { content: "a line\n".repeat(10) }, { chunkSize: 7, latency: 80 });
  two = await startTwoProcesses(model.env);
});
afterAll(async () => {
  await endPrograms();
  await model.stop();
});

const textOf = ({ content }: Awaited<ReturnType<OfficialClient["call"]>>) =>
  content.map((block) => (block.type === "text" ? block.text : "")).join("");

describe.each(CLIENTS.filter((kind) => !isOverStdio(kind)))("%s, through a proxy that knows no affinity", (kind) => {
  const connect = (person?: Person) => connectClient(kind, { url: two.url, key: two.key }, person);
  /** Does something, and sees that requests went to both processes meanwhile. */
  async function onBoth<T>(work: () => Promise<T>): Promise<T> {
    const from = two.proxy.passed.length;
    const result = await work();
    const took = new Set(two.proxy.passed.slice(from).map(({ process }) => process));
    expect([...took].sort()).toEqual([0, 1]);
    return result;
  }

  it("P20: lists and calls", async () => {
    const client = await connect();
    await onBoth(async () => {
      for (let n = 0; n < 4; n += 1) {
        expect(await client.tools()).toContain("write-memory");
        const marker = `${kind} ${n}`;
        await client.call("write-memory", { content: marker });
        expect(await client.call("read-memory")).toMatchObject({ structuredContent: { content: marker } });
      }
    });
    await client.close();
  });

  it("sees how a call goes on, to its answer", async () => {
    const client = await connect();
    await client.call("install-skill", { slug: "summarize" });
    const run = { slug: "summarize", input: "ten lines", wait_seconds: 30 };
    await onBoth(async () => {
      const runs = Array.from({ length: 4 }, async () => {
        const steps: number[] = [];
        const result = await client.call("execute-skill", run, { onprogress: ({ progress }) => steps.push(progress) });
        expect(result).toMatchObject({ structuredContent: { status: "completed" } });
        expect(steps.length).toBeGreaterThan(1);
        expect(steps).toEqual(steps.map((_, index) => index + 1));
      });
      await Promise.all(runs);
    });
    await client.close();
  });

  it("P23: is asked, and what it answers holds wherever the answer comes in", async () => {
    const client = await connect((message) => (message.includes("art_1") ? "decline" : "accept"));
    const remove = async (id: string) => textOf(await client.call("delete-artifact", { id }));
    await onBoth(async () => {
      for (let n = 0; n < 3; n += 1) {
        expect(await remove(`art_1${n}`)).toContain('"DECLINED"');
        expect(await remove(`art_2${n}`)).toContain('"NOT_FOUND"');
      }
      const ids = Array.from({ length: 10 }, (_, n) => [`art_1${n}`, `art_2${n}`]).flat();
      const answers = await Promise.all(ids.map(remove));
      expect(answers.filter((answer) => answer.includes('"DECLINED"'))).toHaveLength(10);
      answers.forEach((answer, n) => expect(answer).toContain(n % 2 ? '"NOT_FOUND"' : '"DECLINED"'));
    });
    expect(client.asked).toHaveLength(26);
    await client.close();
  });

  it("P49: cancels a call wherever it is worked on", async () => {
    const client = await connect();
    for (let n = 0; n < 2; n += 1) {
      const giveUp = new AbortController();
      const run = client.call(
        "execute-skill",
        { slug: "summarize", input: "a long story", wait_seconds: 50 },
        { signal: giveUp.signal, onprogress: () => giveUp.abort() },
      );
      await expect(run).rejects.toThrow();
      await model.hungUp();
      const cancelled = async () => textOf(await client.call("list-executions", { limit: 1 })).includes('"cancelled"');
      await until(cancelled);
      // The next round begins at the other process.
      await client.tools();
    }
    await client.close();
  });
});
