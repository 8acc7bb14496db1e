import { afterEach, describe, expect, it } from "vitest";
import { isQuestion, lastIdOf, openByHand } from "../../support/by-hand.js";
import { connectClient } from "../../support/official-clients.js";
import { endPrograms, until } from "../../support/program.js";
import { startTwoProcesses } from "../../support/two-processes.js";

afterEach(endPrograms);

const memory = "clanker://memory";
const isUpdate = ({ method }: { method?: string }) => method === "notifications/resources/updated";

describe.each(["redis", "file"] as const)("a session in a %s store", { timeout: 120_000 }, (kind) => {
  it("survives the restart of all processes, with what it is made of", async () => {
    const two = await startTwoProcesses({}, kind);
    const at = (process: 0 | 1) => two.servers[process].url;
    const official = await connectClient("v1 over Streamable HTTP", two, () => "decline");
    const narrow = await openByHand(at(0), two.key, { query: "?toolsets=memory,artifacts" });
    const silent = await openByHand(at(1), two.key, { capabilities: {} });
    const write = async (process: 0 | 1, id: string) => {
      const params = { name: "write-memory", arguments: { content: id } };
      return (await narrow.post(at(process), { id, method: "tools/call", params })).ended;
    };
    const tools = async (process: 0 | 1) =>
      (await (await narrow.post(at(process), { id: "list", method: "tools/list" })).ended).result.tools.map(
        ({ name }: { name: string }) => name,
      );
    await (
      await narrow.post(at(0), { id: 1, method: "resources/subscribe", params: { uri: memory } })
    ).ended;
    const before = await narrow.listen(at(0));
    const listed = await tools(0);
    expect(listed).toContain("read-memory");
    expect(listed).not.toContain("install-skill");
    await write(1, "before");
    await before.next(isUpdate);

    await Promise.all(two.servers.map((server) => server.kill("SIGTERM")));
    await before.ended;
    await Promise.all([two.startAgain(0), two.startAgain(1)]);

    for (const process of [0, 1] as const) {
      expect(await tools(process)).toEqual(listed);
      const asked = await narrow.call(at(process), 7, "delete-artifact", { id: "art_7" });
      await narrow.reply(at(process === 0 ? 1 : 0), await asked.next(isQuestion), "decline");
      expect(JSON.stringify(await asked.ended)).toContain("DECLINED");
      const unasked = await silent.call(at(process), 7, "delete-artifact", { id: "art_7" });
      expect(JSON.stringify(await unasked.ended)).toContain("NOT_FOUND");
      expect(unasked.messages()).toHaveLength(1);
    }
    await write(0, "after");
    const after = await narrow.listen(at(1), lastIdOf(before));
    await write(0, "later");
    await until(() => after.messages().length === 2);
    expect(after.messages().every(isUpdate)).toBe(true);
    expect(await official.tools()).toContain("install-skill");
    expect((await official.call("delete-artifact", { id: "art_7" })).isError).toBe(true);
    expect(official.asked).toHaveLength(1);
    await official.close();
    after.close();
  });
});
