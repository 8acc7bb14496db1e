import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ask, connectHttp, connectRest, connectStdio, refusalCode } from "../support/faces.js";
import {
  afterPrograms,
  endPrograms,
  MASTER_KEY,
  OWNER_KEY,
  startServer,
  temporaryFolder,
  until,
} from "../support/program.js";
import { startRedis } from "../support/redis.js";
import { smallDisk } from "../support/small-disk.js";

afterEach(endPrograms);

const keys = { CLANKER_OWNER_KEY: OWNER_KEY, CLANKER_MASTER_KEY: MASTER_KEY };

describe("P22: a Redis that goes away", () => {
  it("gives typed errors through every face until it is back, and the server needs no restart", async () => {
    const redis = await startRedis();
    afterPrograms(() => redis.stop());
    const env = { ...keys, CLANKER_STORE: redis.url };
    const server = await startServer({ env });
    const rest = connectRest(server.url, server.key);
    const faces = [
      rest,
      await connectHttp("streamable", server.url, server.key),
      await connectHttp("sse", server.url, server.key),
      await connectStdio(await temporaryFolder(), env),
    ];
    for (const face of faces) await ask(face, "write-memory", { content: "before", mode: "append" });

    await redis.kill();
    await until(async () => (await fetch(`${server.url}/readyz`)).status === 503);
    const ready = await (await fetch(`${server.url}/readyz`)).json();
    expect(ready).toMatchObject({ error: { code: "STORE_UNAVAILABLE", retryable: true } });
    expect(JSON.stringify(ready)).not.toContain("127.0.0.1");
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    for (const face of faces) {
      for (const [operation, args] of [
        ["read-memory", {}],
        ["write-memory", { content: "x" }],
        ["list-executions", {}],
      ] as const) {
        const began = performance.now();
        expect(await refusalCode(face, operation, args)).toBe("STORE_UNAVAILABLE");
        expect(performance.now() - began).toBeLessThan(4000);
      }
      expect(await ask(face, "list-skill-categories")).toHaveProperty("data");
    }
    const storm = await Promise.all(Array.from({ length: 100 }, () => rest.call("read-memory")));
    expect(new Set(storm.map((outcome) => "code" in outcome && outcome.code))).toEqual(new Set(["STORE_UNAVAILABLE"]));

    await redis.restart();
    await until(async () => (await fetch(`${server.url}/readyz`)).status === 200);
    for (const face of faces) {
      await until(async () => "answer" in (await face.call("write-memory", { content: "after" })));
      expect(await ask(face, "read-memory")).toMatchObject({ content: "after" });
    }
    expect(server.stderr()).not.toContain("unhandled");
    for (const face of faces) await face.close();
  });
});

describe("a disk that is full", () => {
  it("gives a typed error to writers; reads go on, nothing is lost, and it works again once there is space", async () => {
    const disk = await smallDisk();
    const home = join(disk.folder, "home");
    const server = await startServer({ home, shell: disk.shell });
    const rest = connectRest(server.url, server.key);
    const agent = await connectHttp("streamable", server.url, server.key);
    await ask(rest, "write-memory", { content: "before" });
    await ask(rest, "install-skill", { slug: "summarize" });

    await disk.fill(server);
    const large = { content: "x".repeat(300_000), mode: "append" };
    for (const face of [rest, agent]) {
      const refused = await face.call("write-memory", large);
      expect(refused).toMatchObject({ code: "STORE_UNAVAILABLE" });
      expect(JSON.stringify(refused)).not.toContain(disk.folder);
      expect(await ask(face, "read-memory")).toMatchObject({ content: "before" });
      expect(await ask(face, "list-installed-skills")).toMatchObject({ first_id: "summarize" });
    }
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);

    await disk.free(server);
    expect((await ask(agent, "write-memory", large)).content.length).toBeGreaterThan(300_000);
    await agent.close();
    expect((await server.kill("SIGTERM")).code).toBe(0);
  });
});
