import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { catalogue } from "../../tools/catalogue.js";
import {
  CLIENTS,
  type ClientKind,
  connectClient,
  isOverStdio,
  type OfficialClient,
  type Person,
  type Place,
} from "../support/official-clients.js";
import { endPrograms, type Environment, type Server, startServer, temporaryFolder, until } from "../support/program.js";
import { type ScriptedModel, scriptedModel } from "../support/scripted-model.js";

const TOOLS = catalogue.filter(({ tool }) => tool !== undefined).length;

let model: ScriptedModel;
beforeAll(async () => {
  model = await scriptedModel();
});
afterAll(() => model.stop());
afterEach(async () => {
  await endPrograms();
  model.mock.reset();
});

/** The place for a client of this kind, with one server for all of them over HTTP. */
async function placeFor(kind: ClientKind, server: () => Promise<Server>, env: Environment): Promise<Place> {
  return isOverStdio(kind) ? { home: await temporaryFolder(), env } : await server();
}

const textOf = ({ content }: Awaited<ReturnType<OfficialClient["call"]>>) =>
  content.map((block) => (block.type === "text" ? block.text : "")).join("");

describe("P20: on one server", () => {
  it("every official client lists and calls in its own revision", async () => {
    const server = await startServer({ env: { CLANKER_STORE: "memory:" } });
    for (const kind of CLIENTS) {
      const place = await placeFor(kind, async () => server, { CLANKER_STORE: "memory:" });
      const client = await connectClient(kind, place);
      if (kind.startsWith("v2")) expect(client.revision, kind).toBe("2026-07-28");
      expect(await client.tools(), kind).toHaveLength(TOOLS);
      const marker = `written by ${kind}`;
      await client.call("write-memory", { content: marker });
      expect(await client.call("read-memory"), kind).toMatchObject({ structuredContent: { content: marker } });
      await client.close();
    }
  });
});

describe.each(CLIENTS)("%s", (kind) => {
  const connect = async (person: Person, env: Environment = {}) => {
    const settings = { CLANKER_STORE: "memory:", ...env };
    const place = await placeFor(kind, () => startServer({ env: settings }), settings);
    const client = await connectClient(kind, place, person);
    await client.call("install-skill", { slug: "summarize" });
    return client;
  };
  const installed = async (client: OfficialClient) => textOf(await client.call("list-installed-skills"));
  const uninstall = (client: OfficialClient) => client.call("uninstall-skill", { slug: "summarize" });

  it("P23: asks before a destructive tool acts, which then acts on accept alone", async () => {
    const answers = ["decline", "cancel", "accept"] as const;
    let next = 0;
    const client = await connect(() => answers[next++] ?? "cancel");
    for (const answer of ["decline", "cancel"]) {
      const refused = await uninstall(client);
      expect(refused.isError, answer).toBe(true);
      expect(textOf(refused), answer).toContain('"DECLINED"');
      expect(await installed(client), answer).toContain("summarize");
    }
    expect(textOf(await uninstall(client))).toBe('{"slug":"summarize","uninstalled":true}');
    expect(await installed(client)).not.toContain("summarize");
    expect(client.asked).toHaveLength(3);
    expect(client.asked[0]).toContain('Uninstall a skill (uninstall-skill) with {"slug":"summarize"}');
    await client.close();
  });

  it("is not asked before a tool that destroys nothing", async () => {
    const client = await connect(() => "decline");
    expect((await client.call("write-memory", { content: "x" })).isError).not.toBe(true);
    expect(client.asked).toEqual([]);
    await client.close();
  });

  it("P23: is refused where it cannot be asked and the operator wants it asked", async () => {
    const client = await connect(undefined, { CLANKER_CONFIRM: "always" });
    expect(textOf(await uninstall(client))).toContain('"CONFIRMATION_REQUIRED"');
    expect(await installed(client)).toContain("summarize");
    await client.close();
  });

  it("goes without a question where it cannot be asked and the operator leaves it to the client", async () => {
    const client = await connect(undefined);
    expect((await uninstall(client)).isError).not.toBe(true);
    await client.close();
  });

  it("is not asked where the operator wants no questions", async () => {
    const client = await connect(() => "decline", { CLANKER_CONFIRM: "never" });
    expect((await uninstall(client)).isError).not.toBe(true);
    expect(client.asked).toEqual([]);
    await client.close();
  });

  it("P49: cancels a call, and what it waited for stops", async () => {
    model.slowly("a long story");
    const client = await connect(undefined, model.env);
    const giveUp = new AbortController();
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const run = client.call(
      "execute-skill",
      { slug: "summarize", input: "a long story", wait_seconds: 50 },
      { signal: giveUp.signal, onprogress: begin },
    );
    const failed = expect(run).rejects.toThrow();
    await begun;
    giveUp.abort();
    await failed;
    await model.hungUp();
    await until(async () => textOf(await client.call("get-execution-status", { id: "1" })).includes('"cancelled"'));
    await client.close();
  });
});
