import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLIENTS, connectClient, isOverStdio, type OfficialClient } from "../../support/official-clients.js";
import { endPrograms } from "../../support/program.js";
import { startTwoProcesses, type TwoProcesses } from "../../support/two-processes.js";

const KINDS = CLIENTS.filter((kind) => !isOverStdio(kind));

let two: TwoProcesses;
beforeAll(async () => {
  two = await startTwoProcesses();
  const owner = await connectClient("v1 over Streamable HTTP", two);
  await owner.call("install-skill", { slug: "summarize" });
  await owner.close();
});
afterAll(endPrograms);

const textOf = ({ content }: Awaited<ReturnType<OfficialClient["call"]>>) =>
  content.map((block) => (block.type === "text" ? block.text : "")).join("");

/** Has one client do everything at once, and sees that what comes back is its own. */
async function talk(n: number): Promise<void> {
  const kind = KINDS[n % KINDS.length] ?? "v1 over HTTP+SSE";
  const client = await connectClient(kind, two, (message) => (message.includes(`art_${n}9`) ? "accept" : "decline"));
  const echo = async (round: number) => {
    const input = `client ${n} round ${round}`;
    const { structuredContent } = await client.call("execute-skill", { slug: "summarize", input });
    expect(structuredContent).toMatchObject({ status: "awaiting_agent", input });
  };
  const miss = async (round: number) => {
    const slug = `client-${n}-round-${round}`;
    expect(textOf(await client.call("get-skill-details", { slug }))).toContain(slug);
  };
  const destroy = async (round: number) => {
    const id = `art_${n}${round}`;
    const said = textOf(await client.call("delete-artifact", { id }));
    expect(said).toContain(round === 9 ? "NOT_FOUND" : "DECLINED");
    if (round === 9) expect(said).toContain(id);
  };
  await Promise.all([0, 1, 2, 3].flatMap((round) => [echo(round), miss(round)]).concat([7, 8, 9].map(destroy)));
  expect([...client.asked].sort()).toEqual(
    [7, 8, 9].map((round) => expect.stringContaining(`{"id":"art_${n}${round}"}`) as string),
  );
  expect(client.strays).toEqual([]);
  await client.close();
}

describe("forty clients at once, over every transport and both processes", () => {
  it("P05: get each its own answers and questions, and none of another's", async () => {
    const from = two.proxy.passed.length;
    await Promise.all(Array.from({ length: 40 }, (_, index) => talk(100 + index)));
    const counts = [0, 1].map(
      (which) => two.proxy.passed.slice(from).filter(({ process }) => process === which).length,
    );
    expect(Math.abs((counts[0] ?? 0) - (counts[1] ?? 0))).toBeLessThan(10);
  });
});
