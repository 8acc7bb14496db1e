import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CLIENTS, connectClient, isOverStdio } from "../support/official-clients.js";
import { endPrograms, startServer, temporaryFolder } from "../support/program.js";
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

const SLOW = { slug: "summarize", input: "a long story", wait_seconds: 50 };

describe("P59: a server that is told to stop", () => {
  it.each(CLIENTS.filter((kind) => !isOverStdio(kind)))(
    "answers what it cannot finish with an error that says so, to %s",
    async (kind) => {
      model.slowly("a long story");
      const server = await startServer({ env: { CLANKER_STORE: "memory:", ...model.env } });
      const client = await connectClient(kind, server);
      await client.call("install-skill", { slug: "summarize" });
      let begin: () => void = () => undefined;
      const begun = new Promise<void>((resolve) => (begin = resolve));
      const run = client.call("execute-skill", SLOW, { onprogress: begin }).then(
        (result) => JSON.stringify(result),
        (thrown: unknown) => String(thrown),
      );
      await begun;
      const { code } = await server.kill("SIGTERM");
      expect(await run).toMatch(/server is stopping/);
      expect(code).toBe(0);
      await client.close().catch(() => undefined);
    },
  );

  it("lets calls finish that are nearly done, and ends with 0 within seconds while clients listen", async () => {
    model.mock.onMessage("a short story", { content: "Done." }, { latency: 300 });
    const server = await startServer({ env: { CLANKER_STORE: "memory:", ...model.env } });
    const clients = await Promise.all(
      CLIENTS.filter((kind) => !isOverStdio(kind)).map((kind) => connectClient(kind, server)),
    );
    const [first] = clients;
    await first?.call("install-skill", { slug: "summarize" });
    let begun = 0;
    let allBegun: () => void = () => undefined;
    const running = new Promise<void>((resolve) => (allBegun = resolve));
    const onprogress = () => {
      begun += 1;
      if (begun >= clients.length) allBegun();
    };
    const calls = clients.map((client) =>
      client.call("execute-skill", { ...SLOW, input: "a short story", wait_seconds: 20 }, { onprogress }),
    );
    await running;
    const asked = performance.now();
    const { code } = await server.kill("SIGTERM");
    expect(code).toBe(0);
    expect(performance.now() - asked).toBeLessThan(10_000);
    for (const { structuredContent } of await Promise.all(calls)) {
      expect(structuredContent).toMatchObject({ status: "completed" });
    }
  });

  it("over REST too", async () => {
    model.slowly("a long story");
    const server = await startServer({ env: { CLANKER_STORE: "memory:", ...model.env } });
    const send = (method: string, path: string, body?: object) =>
      fetch(server.url + path, {
        method,
        headers: { "x-api-key": server.key, "content-type": "application/json" },
        ...(body && { body: JSON.stringify(body) }),
      });
    await send("POST", "/api/v1/skills/summarize/install");
    const events = await fetch(`${server.url}/api/events?apiKey=${server.key}`);
    const ended = events.text();
    const { code } = await server.kill("SIGTERM");
    expect(code).toBe(0);
    expect(await ended).not.toContain("error");
  });

  it("has nothing left behind that keeps it alive, where it serves over stdio", async () => {
    const home = await temporaryFolder();
    const client = await connectClient("v2 auto over stdio", { home, env: { CLANKER_STORE: "memory:" } });
    expect((await client.call("read-memory")).isError).not.toBe(true);
    const asked = performance.now();
    await client.close();
    // The SDK's client sends signals only after two seconds of waiting for the end of a closed stdin.
    expect(performance.now() - asked).toBeLessThan(2000);
  });
});
