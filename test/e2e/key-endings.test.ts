import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEvents } from "../support/event-stream.js";
import { ask, connectHttp, connectModern, connectRest } from "../support/faces.js";
import { request, signIn } from "../support/person.js";
import { endPrograms, MASTER_KEY, OWNER_KEY, runProgram, startServer } from "../support/program.js";
import { startRedis } from "../support/redis.js";
import { startTwoProcesses, type TwoProcesses } from "../support/two-processes.js";

let two: TwoProcesses;
beforeAll(async () => {
  two = await startTwoProcesses();
});
afterAll(endPrograms);

describe("P04: a key that is revoked over the API", () => {
  it("stops at once on both processes: event streams end, every session is refused", async () => {
    const owner = connectRest(two.url, two.key);
    const { key, id } = await ask(owner, "create-workspace-key", { name: "doomed", scopes: ["*"] });
    const urls = two.servers.map(({ url }) => url);
    const streams = await Promise.all(
      urls.flatMap((url) => [
        openEvents(`${url}/api/events?apiKey=${key}`),
        openEvents(`${url}/api/events`, { "x-api-key": key }),
      ]),
    );
    const faces = await Promise.all(
      urls.flatMap((url) => [
        connectHttp("streamable", url, key),
        connectHttp("sse", url, key),
        connectModern(url, key),
      ]),
    );
    for (const face of faces) await ask(face, "get-current-workspace");
    await ask(owner, "revoke-workspace-key", { id });
    const revoked = performance.now();
    const ends = streams.map(({ ended }) => ended.then(() => performance.now() - revoked));
    for (const url of urls) {
      const told = await request(url, "GET", "/api/v1/memory", undefined, { "x-api-key": key });
      expect([told.status, told.body.error.code]).toEqual([401, "KEY_REVOKED"]);
    }
    for (const face of faces) {
      const refused = await face.call("get-current-workspace").catch(() => ({ code: "closed" }));
      expect(["KEY_REVOKED", "closed"]).toContain("code" in refused ? refused.code : "an answer");
    }
    for (const took of await Promise.all(ends)) expect(took).toBeLessThan(2000);
    for (const face of faces) await face.close().catch(() => undefined);
  });
});

describe("P12: an open event stream", () => {
  it("tells no more than its key may still read once that is tightened", async () => {
    const owner = connectRest(two.url, two.key);
    const { key } = await ask(owner, "create-workspace-key", { name: "wide", scopes: ["*"] });
    const stream = await openEvents(`${two.servers[0].url}/api/events`, { "x-api-key": key });
    await ask(owner, "write-memory", { content: "before" });
    await stream.next(({ event, data }) => event === "memory-updated" && data.characters === 6);
    const asked = await ask(connectRest(two.url, key), "connect-agent", {
      requestedScopes: ["billing:read"],
      agentDisplayName: "a",
      reason: "r",
    });
    const person = await signIn(two.servers[1].url, await two.ownerLink());
    await person.call("POST", `/api/v1/agents/consents/${asked.consent_id}/approve`, {});
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await ask(owner, "write-memory", { content: "afterwards" });
    await ask(owner, "install-skill", { slug: "summarize" });
    await stream.next(({ event }) => event === "skills-changed");
    expect(JSON.stringify(stream.events)).not.toContain('"characters":10');
    stream.close();
  });
});

describe("P09: what the store has of keys, codes, links and grants", () => {
  it.each(["file", "redis"] as const)("is a hash: nothing in the %s shows one", { timeout: 60_000 }, async (kind) => {
    const redis = kind === "redis" ? await startRedis() : undefined;
    const env = {
      CLANKER_OWNER_KEY: OWNER_KEY,
      CLANKER_MASTER_KEY: MASTER_KEY,
      ...(redis && { CLANKER_STORE: redis.url }),
    };
    const server = await startServer({ env });
    const link = (await runProgram(["owner-link"], { home: server.home, env })).stdout.split("\n")[0] ?? "";
    const unused = (await runProgram(["owner-link"], { home: server.home, env })).stdout.split("\n")[0] ?? "";
    const person = await signIn(server.url, link);
    const rest = connectRest(server.url, server.key);
    const made = await ask(rest, "create-workspace-key", { name: "canary-name", scopes: ["memory:read"] });
    const device = await ask(rest, "activate-device", { client_label: "canary-device" });
    await person.call("POST", "/api/v1/activate/confirm", { code: device.user_code });
    const { api_key: activated } = await ask(rest, "poll-device-activation", { device_code: device.device_code });
    const agent = connectRest(server.url, made.key);
    const asked = await ask(agent, "request-permission", { scope: "memory:write", reason: "r", mode: "session" });
    await person.call("POST", `/api/v1/agents/consents/${asked.consent_id}/approve`, {});
    const { grant_token: grant } = await ask(agent, "poll-agent-connection", { id: asked.consent_id });
    const secrets = [
      made.key,
      activated,
      OWNER_KEY,
      device.device_code,
      person.token,
      grant,
      unused.split("=")[1] ?? "",
    ];

    const listed = JSON.stringify(await ask(rest, "list-workspace-keys"));
    const held = redis ? await dumpOf(redis.url) : await bytesOf(server.home);
    expect(held).toContain("canary-name");
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(20);
      for (const place of [held, listed, server.stderr()]) expect(place).not.toContain(secret.slice(12));
    }
    await server.kill("SIGTERM");
    await redis?.stop();
  });
});

async function bytesOf(home: string): Promise<string> {
  const files = (await readdir(home)).filter((file) => file.startsWith("clanker.db"));
  return Buffer.concat(await Promise.all(files.map((file) => readFile(join(home, file))))).toString("latin1");
}

async function dumpOf(url: string): Promise<string> {
  const client = createClient({ url });
  await client.connect();
  const texts: string[] = [];
  for await (const keys of client.scanIterator({ COUNT: 1000 })) {
    for (const key of keys) {
      const type = await client.type(key);
      const value =
        type === "string"
          ? await client.get(key)
          : type === "hash"
            ? await client.hGetAll(key)
            : type === "zset"
              ? await client.zRange(key, 0, -1)
              : type === "set"
                ? await client.sMembers(key)
                : type === "list"
                  ? await client.lRange(key, 0, -1)
                  : await client.xRange(key, "-", "+");
      texts.push(`${key} ${JSON.stringify(value)}`);
    }
  }
  client.destroy();
  return texts.join("\n");
}
