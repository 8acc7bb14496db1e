import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { callerWith, serveHttp, type HttpBench } from "./workbench.js";

describe("fifty clients at once", () => {
  let bench: HttpBench;
  beforeEach(async () => {
    bench = await serveHttp();
    for (let n = 1; n <= 50; n += 1) bench.keys.set(`key-${n}`, callerWith({ key: n, person: n, workspace: n }));
  });
  afterEach(() => bench.close());

  it.each(["streamable", "sse"] as const)("get each its own answers and progress over %s, none twice", async (kind) => {
    const talk = async (n: number) => {
      const { client } = await bench[kind](`key-${n}`);
      const strays: Error[] = [];
      client.onerror = (error) => strays.push(error);
      const call = async (round: number) => {
        const marker = `client ${n} round ${round}`;
        const { structuredContent } = await client.callTool({ name: "say", arguments: { marker } });
        expect(structuredContent).toEqual({ marker, workspace: n });
      };
      const steps: number[] = [];
      // The client drops a note of progress that reaches it in one piece with the answer, hence the long steps.
      const waiting = client.callTool({ name: "wait", arguments: { ms: 600 + n, steps: 3 } }, undefined, {
        onprogress: ({ progress }) => steps.push(progress),
      });
      await Promise.all(Array.from({ length: 10 }, (_, round) => call(round)));
      expect((await waiting).structuredContent).toEqual({ waited: 600 + n });
      expect(steps).toEqual([1, 2, 3]);
      expect(strays).toEqual([]);
    };
    await Promise.all(Array.from({ length: 50 }, (_, index) => talk(index + 1)));
    expect(bench.face.sessions()).toBe(50);
  });
});
