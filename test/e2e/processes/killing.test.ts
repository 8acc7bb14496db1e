import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { initialize, isAnswerTo, isQuestion, lastIdOf, openByHand, send } from "../../support/by-hand.js";
import { type ClientKind, connectClient, type OfficialClient } from "../../support/official-clients.js";
import { endPrograms, until } from "../../support/program.js";
import { startTwoProcesses, type TwoProcesses } from "../../support/two-processes.js";

afterEach(endPrograms);

const STOPPED = { code: -32000, data: { code: "SHUTTING_DOWN" } };
const memory = "clanker://memory";

/** What one client of the crowd went through. */
interface Report {
  readonly kind: ClientKind;
  /** When calls were answered. */
  readonly answered: number[];
  /** Calls without an answer: when they were sent and failed, and with what. */
  readonly lost: { readonly sent: number; readonly failed: number; readonly error: unknown }[];
}

/** Calls one tool after the other until it is told to stop; connects anew where its session died with its stream. */
async function work(n: number, report: Report, begun: OfficialClient, two: TwoProcesses, isOver: () => boolean) {
  const { kind } = report;
  let client = begun;
  let broken = breakOf(client, isOver);
  for (let round = 0; !isOver(); round += 1) {
    const slug = `client-${n}-round-${round}`;
    const sent = performance.now();
    try {
      const call = client.call("get-skill-details", { slug });
      const result = await (isSse(kind) ? Promise.race([call, broken]) : call);
      if (result === undefined) break;
      if (result instanceof Error) throw result;
      expect(JSON.stringify(result.content)).toContain(slug);
      report.answered.push(performance.now());
    } catch (error) {
      report.lost.push({ sent, failed: performance.now(), error });
      if (isSse(kind)) {
        await client.close();
        client = await connectClient(kind, two);
        broken = breakOf(client, isOver);
      }
    }
    await sleep(200);
  }
  await client.close();
}

const isSse = (kind: ClientKind): boolean => kind === "v1 over HTTP+SSE";

/** Resolves when a client's stream breaks, on which alone an HTTP+SSE client can see that no answer will come. */
async function breakOf(client: OfficialClient, isOver: () => boolean): Promise<Error | undefined> {
  while (client.strays.length === 0 && !isOver()) await sleep(20);
  return client.strays[0];
}

const KINDS: readonly ClientKind[] = [
  "v1 over Streamable HTTP",
  "v1 over Streamable HTTP",
  "v1 over HTTP+SSE",
  "v2 pinned over HTTP",
  "v2 auto over HTTP",
];

describe("one of two processes is killed while fifty clients work", { timeout: 120_000 }, () => {
  it("loses the calls in flight there, which say so, and nothing else", async () => {
    const two = await startTwoProcesses();
    const [dead, alive] = [two.servers[0].url, two.servers[1].url];
    const crowd: (readonly [ClientKind, OfficialClient])[] = [];
    for (const half of [0, 1]) {
      // Of each kind as many begin at one process as at the other.
      two.proxy.sendAllTo(half);
      for (let n = 0; n < 25; n += 1) {
        const kind = KINDS[n % KINDS.length] ?? "v2 auto over HTTP";
        crowd.push([kind, await connectClient(kind, two)]);
      }
    }
    two.proxy.sendAllTo();
    let over = false;
    const all = crowd.map(([kind]): Report => ({ kind, answered: [], lost: [] }));
    const working = crowd.map(([, client], n) => work(n, all[n] as Report, client, two, () => over));

    const session = await openByHand(dead, two.key);
    await (
      await session.post(dead, { id: 1, method: "resources/subscribe", params: { uri: memory } })
    ).ended;
    const listening = await session.listen(dead);
    const asking = [
      await session.call(dead, 2, "delete-artifact", { id: "art_2" }),
      await session.call(alive, 3, "delete-artifact", { id: "art_3" }),
    ] as const;
    const questions = await Promise.all(asking.map((call) => call.next(isQuestion)));
    const sse = [dead, alive].map(async (url) => {
      const stream = await send(`${url}/mcp/sse`, "GET", { "x-api-key": two.key });
      const endpoint = await until(() => stream.endpoint());
      return { stream, post: (at: string) => send(at + endpoint, "POST", { "x-api-key": two.key }, initialize()) };
    });
    const [doomed, spared] = (await Promise.all(sse)) as [Awaited<(typeof sse)[0]>, Awaited<(typeof sse)[0]>];
    expect((await doomed.post(alive)).status).toBe(202);
    await doomed.stream.next(isAnswerTo("first"));
    await sleep(1500);

    const killed = performance.now();
    await two.servers[0].kill("SIGKILL");
    const gone = performance.now();
    await Promise.all([listening.ended, asking[0].ended, doomed.stream.ended]);
    const write = { name: "write-memory", arguments: { content: "after the kill" } };
    await (
      await session.post(alive, { id: 4, method: "tools/call", params: write })
    ).ended;

    // The call that was being worked on there ends with an error, wherever its stream is asked for.
    const rest = await session.listen(alive, lastIdOf(asking[0]));
    expect(await rest.ended).toMatchObject({ id: 2, error: STOPPED });
    expect(performance.now() - killed).toBeLessThan(7000);
    expect((await session.listen(alive, lastIdOf(rest))).status).toBe(204);
    // An answer to its question goes nowhere, and does no harm.
    expect((await session.reply(alive, questions[0], "accept")).status).toBe(202);
    // The one at the other process goes on.
    await session.reply(alive, questions[1], "decline");
    expect(JSON.stringify(await asking[1].ended)).toContain("DECLINED");
    // What happened since is told on the next stream.
    const heard = await session.listen(alive, lastIdOf(listening));
    await heard.next(({ method }) => method === "notifications/resources/updated");
    // A session over HTTP+SSE died with its stream, and says so; others are as they were.
    const refused = await until(async () => {
      const answer = await doomed.post(alive);
      return answer.status === 404 && answer;
    });
    expect(await refused.ended).toMatchObject({ error: { code: -32001, data: { code: "NOT_FOUND" } } });
    expect((await spared.post(alive)).status).toBe(202);
    await spared.stream.next(isAnswerTo("first"));

    // Who lost its call, and its session with it, connects anew before it asks again.
    const goesOn = ({ answered }: Report) => (answered.at(-1) ?? 0) > gone;
    await until(() => all.every(goesOn), 30_000).catch(() => undefined);
    over = true;
    await Promise.all(working);
    for (const { kind, answered, lost } of all) {
      const said = lost.map(({ sent, failed, error }) => `${sent - gone} to ${failed - gone}: ${String(error)}`);
      const about = `${kind}: ${said.join("; ")}; answered at ${answered.map((at) => at - gone).join(", ")}`;
      expect(answered.at(-1), about).toBeGreaterThan(gone);
      expect(lost.length, about).toBeLessThanOrEqual(1);
      for (const { sent, failed, error } of lost) {
        // An HTTP+SSE client may send one more before it sees that its stream is gone.
        expect(sent, `${kind}: ${String(error)}`).toBeLessThan(isSse(kind) ? gone + 1000 : gone);
        expect(failed).toBeGreaterThan(killed);
        expect(String(error)).toMatch(isSse(kind) ? /SSE error|502/ : /502|broke off|fetch failed|terminated/);
      }
    }
    // The streams of HTTP+SSE that were held there are all gone.
    const theirs = all.slice(0, 25).filter(({ kind }) => isSse(kind));
    expect(theirs.map(({ lost }) => lost.length)).toEqual([1, 1, 1, 1, 1]);

    await two.startAgain(0);
    const again = await session.post(two.servers[0].url, { id: 5, method: "tools/list" });
    expect((await again.ended).result.tools.length).toBeGreaterThan(10);
    heard.close();
    spared.stream.close();
  });
});
