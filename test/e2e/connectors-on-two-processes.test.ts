import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { ask, connectRest, type Face, refusalCode } from "../support/faces.js";
import { freePort } from "../support/listening.js";
import { endPrograms, MASTER_KEY, OWNER_KEY, startProgram, until } from "../support/program.js";
import { ACCOUNT, type ProviderStandIn, startProviderStandIn } from "../support/provider-stand-in.js";
import { type PrivateRedis, startRedis } from "../support/redis.js";
import { openTab } from "../support/tab.js";

let redis: PrivateRedis;
let provider: ProviderStandIn;
let servers: [Process, Process];
let one: Face;
let two: Face;

interface Process {
  readonly url: string;
  kill(): Promise<unknown>;
}

/** A process on a port of its own, which says that it is known by the balancer's address. */
async function start(): Promise<Process> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { kill } = await startProgram(["serve"], {
    env: {
      PORT: `${port}`,
      CLANKER_STORE: redis.url,
      CLANKER_OWNER_KEY: OWNER_KEY,
      CLANKER_MASTER_KEY: MASTER_KEY,
      CLANKER_PUBLIC_URL: "https://clanker.example",
      ...provider.env,
    },
  });
  await until(
    () =>
      fetch(`${url}/readyz`)
        .then(({ ok }) => ok)
        .catch(() => false),
    30_000,
  );
  return { url, kill: () => kill("SIGKILL") };
}

beforeAll(async () => {
  [redis, provider] = await Promise.all([startRedis(), startProviderStandIn()]);
  servers = await Promise.all([start(), start()]);
  [one, two] = servers.map(({ url }) => connectRest(url, OWNER_KEY)) as [Face, Face];
});
afterAll(async () => {
  await endPrograms();
  await redis?.stop();
  await provider?.stop();
});

/** The link is opened at one process, the provider's answer comes to the other. */
async function connect() {
  const link = await ask(one, "connect-connector", { app: "gmail" });
  const { pathname, search } = new URL(link.url as string);
  const tab = openTab();
  const started = await tab.open(servers[1].url + pathname + search);
  const parameters = new URL(started.location).searchParams;
  const code = provider.agree(parameters);
  const back = `/api/v1/connectors/gmail/callback?code=${code}&state=${parameters.get("state") ?? ""}`;
  return { tab, back, link };
}

beforeEach(async () => {
  const { tab, back } = await connect();
  expect((await tab.open(servers[0].url + back)).status).toBe(200);
});

it("a state that one process gave is good at the other, once although both get it at the same moment (P40)", async () => {
  const { tab, back } = await connect();
  const before = provider.asked("authorization_code");
  const ends = await Promise.all([0, 1, 0, 1, 0, 1].map((at) => tab.open((servers[at]?.url ?? "") + back)));
  expect(ends.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400, 400, 400]);
  expect(provider.asked("authorization_code")).toBe(before + 1);
});

it("marks its cookie as secure behind an https address", async () => {
  const { tab, link } = await connect();
  expect(link.url).toMatch(/^https:\/\/clanker\.example\//);
  expect(tab.set[0]).toMatch(/; HttpOnly; SameSite=Lax; Secure$/);
});

it("a token is renewed once although twenty calls of two processes need it at the same moment", async () => {
  provider.forgetAccess();
  provider.slowness = 200;
  const before = provider.asked("refresh_token");
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, at) => ask(at % 2 ? one : two, "list-sources", { app: "gmail" })),
  );
  provider.slowness = 0;
  expect(provider.asked("refresh_token")).toBe(before + 1);
  for (const { source } of answers) expect(source).toEqual({ app: "gmail", account: ACCOUNT });
});

it("a connection outlives the process that made it (P21), and a disconnect holds on every process", async () => {
  await servers[0].kill();
  servers[0] = await start();
  one = connectRest(servers[0].url, OWNER_KEY);
  await ask(one, "list-sources", { app: "gmail" });
  expect(await ask(two, "disconnect-connector", { app: "gmail" })).toMatchObject({ revoked: true });
  expect(await refusalCode(one, "list-sources", { app: "gmail" })).toBe("TOOL_NOT_CONNECTED");
});
