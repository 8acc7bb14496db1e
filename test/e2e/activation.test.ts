import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { ask, connectRest } from "../support/faces.js";
import { type Person, request, signIn, type Told } from "../support/person.js";
import { endPrograms, runProgram, startProgram, startServer, temporaryFolder, until } from "../support/program.js";
import { serveHere } from "../support/serve-here.js";

let here: Awaited<ReturnType<typeof serveHere>>;
let url: string;
let owner: Person;
beforeAll(async () => {
  here = await serveHere();
  url = here.url;
  owner = await signIn(url, (await here.app.services.signIns.linkFor(1)).url);
});
afterAll(async () => {
  await endPrograms();
  await here.close();
});

const activate = async () => (await request(url, "POST", "/api/v1/activate", { client_label: "my-agent" })).body;
const poll = (device_code: string, headers = {}) =>
  request(url, "POST", "/api/v1/activate/poll", { device_code }, headers);
const code = ({ body }: Told): string => (typeof body.error === "string" ? body.error : body.error.code);

describe("a device without a key", () => {
  it("gets one that a person approves, once, bound to a workspace", async () => {
    const device = await activate();
    expect(device).toMatchObject({
      verification_url_complete: `${url}/activate?code=${device.user_code}`,
      expires_in: 600,
      interval: 2,
    });
    const shown = await owner.call("GET", `/api/v1/activate/lookup?code=${device.user_code.toLowerCase()}`);
    expect(shown.body).toMatchObject({ client_label: "my-agent", status: "pending", ip: "127.0.0.1" });
    expect((await poll(device.device_code)).body).toEqual({ status: "pending", interval: 2 });
    const slow = await poll(device.device_code);
    expect([slow.status, slow.body]).toEqual([200, { status: "slow_down", interval: 7 }]);

    const other = await activate();
    const confirmed = await owner.call("POST", "/api/v1/activate/confirm", {
      code: other.user_code,
      workspace: "personal",
      scopes: ["memory:read"],
    });
    expect(confirmed.body.status).toBe("approved");
    const done = await poll(other.device_code, { "x-api-key": here.key });
    expect(done.body).toEqual({ status: "completed", api_key: expect.stringMatching(/^ck_/) });
    expect((await poll(other.device_code)).body).toEqual({ status: "completed" });
    const logged = await owner.call("GET", "/api/v1/audit-logs?action=key.create");
    expect(logged.body.data).toEqual([
      expect.objectContaining({
        operation: "poll-device-activation",
        actor: { type: "session", person_id: "usr_1" },
        resource_type: "key",
        resource_id: "key_1",
        ip: "127.0.0.1",
        outcome: "ok",
      }),
    ]);
    const rest = connectRest(url, done.body.api_key);
    expect(await ask(rest, "get-current-workspace")).toMatchObject({ id: "ws_1" });
    expect(await rest.call("write-memory", { content: "x" })).toMatchObject({ code: "PERMISSION_REQUIRED" });
  });

  it("is denied for good, and has to be approved by a person", async () => {
    const { device_code: device, user_code: typed } = await activate();
    for (const headers of [{}, { "x-api-key": here.key }]) {
      const told = await request(url, "POST", "/api/v1/activate/confirm", { code: typed }, headers);
      expect(["AUTH_REQUIRED", "PERSON_REQUIRED"]).toContain(code(told));
    }
    expect((await owner.call("POST", "/api/v1/activate/deny", { code: typed })).body.status).toBe("denied");
    const late = await owner.call("POST", "/api/v1/activate/confirm", { code: typed });
    expect([late.status, code(late)]).toEqual([409, "CONFLICT"]);
    expect((await poll(device)).body).toEqual({ status: "denied" });
  });

  it("P55: is not approved by a forged request of another page", async () => {
    const { device_code: device, user_code: typed } = await activate();
    const forged = await owner.browse("POST", "/api/v1/activate/confirm", { code: typed });
    expect([forged.status, code(forged)]).toEqual([403, "ACCESS_DENIED"]);
    expect((await poll(device)).body.status).toBe("pending");
  });

  it("gets no scopes and no workspace that its person lacks", async () => {
    const invited = await owner.call("POST", "/api/v1/workspaces/1/invitations", {
      email: "b@example.com",
      role: "member",
    });
    const bob = await signIn(url, invited.body.url, "Bob");
    await owner.call("POST", "/api/v1/workspaces", { name: "Closed", slug: "closed-to-bob" });
    const { user_code: typed } = await activate();
    const confirm = (body: object) => bob.call("POST", "/api/v1/activate/confirm", { code: typed, ...body });
    expect(code(await confirm({ workspace: "closed-to-bob" }))).toBe("NOT_FOUND");
    expect(code(await confirm({ workspace: "ws_1", scopes: ["*"] }))).toBe("PERMISSION_REQUIRED");
    expect((await confirm({ workspace: "ws_1", scopes: ["tool:execute"] })).status).toBe(200);
  });

  it("P39: has a code that twenty wrong guesses lock away", async () => {
    const invited = await owner.call("POST", "/api/v1/workspaces/1/invitations", {
      email: "e@example.com",
      role: "member",
    });
    const eve = await signIn(url, invited.body.url, "Eve");
    const { user_code: right } = await activate();
    const guesses = await Promise.all(
      Array.from({ length: 30 }, () => eve.call("GET", "/api/v1/activate/lookup?code=BBBB-BBBB")),
    );
    expect(guesses.filter(({ status }) => status === 404)).toHaveLength(20);
    expect(guesses.filter(({ status }) => status === 429)).toHaveLength(10);
    const locked = await eve.call("GET", `/api/v1/activate/lookup?code=${right}`);
    expect(locked).toMatchObject({ status: 429, body: { error: { code: "RATE_LIMITED" } } });
    const wait = Number(locked.headers.get("retry-after"));
    expect([wait > 590 && wait <= 600, locked.body.error.retry_after_seconds]).toEqual([true, wait]);
    expect(locked.body.error.message).toBe(`Too many wrong codes; try again in ${wait} seconds.`);
    expect((await owner.call("GET", `/api/v1/activate/lookup?code=${right}`)).status).toBe(200);
  });
});

describe("clanker-mcp login", { timeout: 60_000 }, () => {
  const begin = async (home: string, server = url) => {
    const program = await startProgram(["login", "--server", `${server}/`, "--label", "the tests"], { home });
    const typed = await until(() => /approve the code ([A-Z]{4}-[A-Z]{4})\./.exec(program.stdout())?.[1], 40_000);
    return { program, typed };
  };

  it("shows the address and the code, and keeps the key beside those of other servers, for this user alone", async () => {
    const home = await temporaryFolder();
    await mkdir(home, { recursive: true });
    const file = join(home, "logins.json");
    await writeFile(file, '{"https://other.example":"ck_other"}', { mode: 0o644 });
    const { program, typed } = await begin(home);
    expect(program.stdout()).toContain(`Open ${url}/activate?code=${typed}`);
    expect((await owner.call("POST", "/api/v1/activate/confirm", { code: typed })).status).toBe(200);
    const { code: exit, stdout, stderr } = await program.ended;
    expect([exit, stderr]).toEqual([0, ""]);
    const kept = JSON.parse(await readFile(file, "utf8"));
    expect(kept).toEqual({ "https://other.example": "ck_other", [url]: expect.stringMatching(/^ck_/) });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(stdout).not.toContain(kept[url]);
    expect(await ask(connectRest(url, kept[url]), "read-memory")).toBeDefined();
  });

  it("ends with a sentence where the person denies it, and where it is stopped", async () => {
    const home = await temporaryFolder();
    const denied = await begin(home);
    await owner.call("POST", "/api/v1/activate/deny", { code: denied.typed });
    const first = await denied.program.ended;
    expect(first).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^clanker-mcp: The person denied this device/),
    });
    const stopped = await begin(home);
    const second = await stopped.program.kill("SIGINT");
    expect(second).toMatchObject({ code: 2, stderr: "clanker-mcp: Stopped; this device has no key.\n" });
    await expect(stat(join(home, "logins.json"))).rejects.toThrow("ENOENT");
  });

  it("says what is wrong with an address, and where nobody answers", async () => {
    for (const [server, said] of [
      ["nonsense", /--server takes the address of a server/],
      ["http://127.0.0.1:1", /does not answer; is the server running/],
    ] as const) {
      const { code: exit, stderr } = await runProgram(["login", "--server", server]);
      expect([exit, stderr]).toEqual([2, expect.stringMatching(said)]);
    }
  });

  it("keeps waiting while a server is away, hears of an expiry, and shows a hostile server's words harmlessly", async () => {
    let polls = 0;
    const server = createServer((req, res) => {
      const answer = (status: number, body: object) => {
        res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      };
      if (!req.url?.endsWith("/poll")) {
        const verification_url_complete = "http://x/\u001b[2J\nOpen http://evil";
        answer(200, {
          device_code: "d",
          user_code: "BBBB-BBBB",
          verification_url_complete,
          expires_in: 60,
          interval: 1,
        });
      } else if ((polls += 1) === 1) answer(503, { error: { message: "away" } });
      else answer(200, { status: "expired" });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { program } = await begin(
      await temporaryFolder(),
      `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    );
    const { code: exit, stdout, stderr } = await program.ended;
    expect([exit, polls]).toEqual([2, 2]);
    expect(stderr).toMatch(/Nobody approved this device in time/);
    expect(stdout).not.toContain("\u001b");
    expect(stdout.trim().split("\n")).toHaveLength(2);
  });
});

describe("clanker-mcp owner-link", { timeout: 60_000 }, () => {
  it("signs the owner in to the server beside it, and says what it cannot do", async () => {
    const server = await startServer({});
    const links = (...args: string[]) =>
      runProgram(["owner-link", ...args], { home: server.home, env: { CLANKER_PUBLIC_URL: server.url } });
    const { code: exit, stdout } = await links();
    expect(exit).toBe(0);
    const [link = "", until = ""] = stdout.split("\n");
    expect(link).toMatch(new RegExp(`^${server.url}/sign-in#token=cl_`));
    expect(until).toMatch(/^It signs in once, until 2/);
    const owner = await signIn(server.url, link);
    expect(owner.session).toMatchObject({ person: { id: "usr_1" } });
    const { body: logged } = await owner.call("GET", "/api/v1/audit-logs?resource_type=session");
    expect(logged.data).toMatchObject([
      { action: "session.create", operation: "sign-in" },
      { action: "session.link", operation: "owner-link", actor: { type: "local" }, resource_id: "usr_1" },
    ]);
    await expect(signIn(server.url, link)).rejects.toThrow("AUTH_REQUIRED");
    expect(await links("--person", "usr_9")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no person "usr_9"/),
    });
    const memory = await runProgram(["owner-link"], { env: { CLANKER_STORE: "memory:" } });
    expect(memory).toMatchObject({ code: 2, stderr: expect.stringMatching(/memory:, which no other process sees/) });
  });

  it("leads to the server of this home whatever its port, and to none that has ended or was killed", async () => {
    const home = await temporaryFolder();
    const link = async () => (await runProgram(["owner-link"], { home })).stdout.split("\n");
    const [first, second] = [await startServer({ home }), await startServer({ home })];
    await second.kill("SIGTERM");
    expect(await readdir(home)).not.toContain(`server-${second.child.pid}.json`);
    const [found = ""] = await link();
    expect(found).toMatch(new RegExp(`^${first.url}/sign-in#token=`));
    expect((await signIn(first.url, found)).session).toMatchObject({ person: { id: "usr_1" } });
    // What is written into another store, that server does not see.
    const env = { CLANKER_STORE: `file:${join(home, "other.db")}` };
    const elsewhere = await runProgram(["owner-link"], { home, env });
    expect(elsewhere.stdout).toMatch(/^http:\/\/127\.0\.0\.1:8787\/[^]*No server of this CLANKER_HOME answers now/);

    await first.kill("SIGKILL");
    // Another process has its number now, and another program its port.
    const other = createServer((_req, res) => void res.writeHead(404).end());
    await new Promise<void>((resolve) => other.listen(Number(new URL(first.url).port), "127.0.0.1", resolve));
    onTestFinished(() => void other.close());
    const stale = await readFile(join(home, `server-${first.child.pid}.json`), "utf8");
    const again = JSON.stringify({ ...JSON.parse(stale), pid: process.pid });
    await writeFile(join(home, `server-${process.pid}.json`), again);
    await writeFile(join(home, "server-1.json"), "{ half a rec");
    // One whose process is gone, although something answers at its address.
    const answering = await serveHere();
    onTestFinished(() => answering.close());
    const gone = JSON.stringify({ ...JSON.parse(stale), local: answering.url, url: answering.url });
    await writeFile(join(home, `server-${first.child.pid}.json`), gone);
    const [fallback, , advice] = await link();
    expect(fallback).toMatch(/^http:\/\/127\.0\.0\.1:8787\/sign-in#token=/);
    expect(advice).toMatch(/No server of this CLANKER_HOME answers now/);
  });
});
