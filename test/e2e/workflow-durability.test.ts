import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { ask, connectRest, type Face, type Json } from "../support/faces.js";
import { listen } from "../support/listening.js";
import {
  afterPrograms,
  endPrograms,
  type Environment,
  MASTER_KEY,
  OWNER_KEY,
  startServer,
  temporaryFolder,
  until,
} from "../support/program.js";
import { startRedis } from "../support/redis.js";
import { noteStep, workflowFolder } from "./workflow-files.js";

afterEach(endPrograms);

/** A Clerk that lets its callers wait until the test answers them; it notes what is asked of it and who hangs up. */
async function slowClerk() {
  const asked: string[] = [];
  const waiting: ServerResponse[] = [];
  const lost: string[] = [];
  const { url, stop } = await listen((req, res) => {
    const what = `${req.method} ${(req.url ?? "").split("?", 1)[0]}`;
    asked.push(what);
    waiting.push(res);
    res.once("close", () => {
      if (!res.writableFinished) lost.push(what);
    });
    req.resume();
  });
  afterPrograms(stop);
  return {
    asked,
    lost,
    env: { CLERK_SECRET_KEY: "sk_test_slow", CLERK_API_URL: url } satisfies Environment,
    answer(body: object) {
      for (const res of waiting.splice(0)) {
        if (!res.destroyed) res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
      }
    },
  };
}

/** A clock that is so many seconds ahead, so that a dead process's lease of 30 s has lapsed. */
const ahead = (seconds: number): Environment => ({
  NODE_OPTIONS: `--import=${JSON.stringify(
    `data:text/javascript,const now=Date.now.bind(Date);Date.now=()=>now()+${seconds * 1000}`,
  )}`,
});

const over = (face: Face, id: string | number = 1, ms = 15_000): Promise<Json> =>
  until(async () => {
    const run = await ask(face, "get-workflow-run", { id });
    return ["completed", "failed", "cancelled"].includes(run.status) && run;
  }, ms);
const notesOf = async (face: Face): Promise<string[]> =>
  (await ask(face, "read-memory")).content.split("\n\n---\n\n").filter(Boolean);

const reading = (id: string, operation: string) =>
  `id: ${id}\ntitle: ${id}\nsteps:\n${noteStep("first")}` +
  `  - { id: middle, after: [first], operation: ${operation} }\n${noteStep("last", "middle")}`;
const counts = reading("counts", "count_users");
const changes = reading("changes", "ban_user, with: { user_id: user_1 }");

describe("a run whose server is killed in the middle of a step", () => {
  it("is taken over on a file by the next: what was done stays, a read is done again, the rest follows", async () => {
    const clerk = await slowClerk();
    const env = { ...clerk.env, ...(await workflowFolder(counts)) };
    const first = await startServer({ env });
    await ask(connectRest(first.url, first.key), "start-workflow", { id: "counts" });
    await until(() => clerk.asked.length === 1);
    await first.kill("SIGKILL");
    const second = await startServer({ home: first.home, env: { ...env, ...ahead(40) } });
    await until(() => clerk.asked.length === 2);
    clerk.answer({ object: "total_count", total_count: 3 });
    const rest = connectRest(second.url, second.key);
    expect(await over(rest)).toMatchObject({ status: "completed", steps: [{}, { output: { total_count: 3 } }, {}] });
    expect(await notesOf(rest)).toEqual(["first", "last"]);
    expect(clerk.asked).toHaveLength(2);
  });

  it("fails where the step was a write, for nobody knows, and does not do it again", async () => {
    const clerk = await slowClerk();
    const env = { ...clerk.env, ...(await workflowFolder(changes)) };
    const first = await startServer({ env });
    await ask(connectRest(first.url, first.key), "start-workflow", { id: "changes" });
    await until(() => clerk.asked.length === 1);
    await first.kill("SIGKILL");
    const second = await startServer({ home: first.home, env: { ...env, ...ahead(40) } });
    const rest = connectRest(second.url, second.key);
    expect(await over(rest)).toMatchObject({
      status: "failed",
      error: {
        code: "INTERNAL",
        step: "middle",
        message: expect.stringMatching(/nobody knows whether it took effect/),
      },
    });
    expect(await notesOf(rest)).toEqual(["first"]);
    expect(clerk.asked).toHaveLength(1);
  });

  // The lease in Redis is real time: 30 s, and BullMQ looks every 10 s.
  it("is taken over by another process on the same Redis", { timeout: 90_000 }, async () => {
    const redis = await startRedis();
    afterPrograms(() => redis.stop());
    const clerk = await slowClerk();
    const keys = { CLANKER_OWNER_KEY: OWNER_KEY, CLANKER_MASTER_KEY: MASTER_KEY, CLANKER_STORE: redis.url };
    const env = { ...keys, ...clerk.env, ...(await workflowFolder(counts)) };
    const first = await startServer({ env });
    await ask(connectRest(first.url, first.key), "start-workflow", { id: "counts" });
    await until(() => clerk.asked.length === 1);
    const other = await startServer({ env });
    await first.kill("SIGKILL");
    await until(() => clerk.asked.length === 2, 70_000);
    clerk.answer({ object: "total_count", total_count: 3 });
    const rest = connectRest(other.url, other.key);
    expect(await over(rest)).toMatchObject({ status: "completed" });
    expect(await notesOf(rest)).toEqual(["first", "last"]);
  });
});

describe("a run of a hundred writes whose server is killed at any moment", () => {
  const names = Array.from({ length: 100 }, (_, at) => `n${at}`);
  const writes = `id: writes\ntitle: Writes\nsteps:\n${names.map((name, at) => noteStep(name, names[at - 1])).join("")}`;

  it.each([1, 20, 50])(
    "after %i notes or more does none twice, and misses none that it says is done",
    async (killedAt) => {
      const env = await workflowFolder(writes);
      const home = await temporaryFolder();
      const first = await startServer({ home, env });
      const rest = connectRest(first.url, first.key);
      void ask(rest, "start-workflow", { id: "writes" }).catch(() => undefined);
      await until(async () => (await notesOf(rest)).length >= killedAt).catch(() => undefined);
      await first.kill("SIGKILL");
      const second = await startServer({ home, env: { ...env, ...ahead(40) } });
      const again = connectRest(second.url, second.key);
      const run = await over(again);
      const notes = await notesOf(again);
      expect(notes).toEqual([...new Set(notes)]);
      expect(notes).toEqual(names.slice(0, notes.length));
      const done = run.steps.filter(({ status }: Json) => status === "completed").map(({ id }: Json) => id);
      expect(notes).toEqual(expect.arrayContaining(done));
      if (run.status === "completed") expect(notes).toEqual(names);
      else
        expect(run).toMatchObject({
          status: "failed",
          error: { step: names[done.length], message: expect.stringMatching(/nobody knows/) },
        });
    },
  );
});

describe("P49: cancelling a run", () => {
  it("hangs up on the app in the middle of a slow write, and nothing happens afterwards", async () => {
    const clerk = await slowClerk();
    const server = await startServer({ env: { ...clerk.env, ...(await workflowFolder(changes)) } });
    const rest = connectRest(server.url, server.key);
    await ask(rest, "start-workflow", { id: "changes" });
    await until(() => clerk.asked.length === 1);
    expect(await ask(rest, "cancel-workflow-run", { id: 1 })).toMatchObject({ status: "cancelled" });
    await until(() => clerk.lost.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await ask(rest, "get-workflow-run", { id: 1 })).toMatchObject({
      status: "cancelled",
      steps: [{ status: "completed" }, { status: "cancelled" }, { status: "cancelled" }],
    });
    expect(await notesOf(rest)).toEqual(["first"]);
    expect(clerk.asked).toEqual(["POST /v1/users/user_1/ban"]);
  });

  it("reaches the process that works on it, through another on the same Redis", async () => {
    const redis = await startRedis();
    afterPrograms(() => redis.stop());
    const clerk = await slowClerk();
    const keys = { CLANKER_OWNER_KEY: OWNER_KEY, CLANKER_MASTER_KEY: MASTER_KEY, CLANKER_STORE: redis.url };
    const env = { ...keys, ...clerk.env, ...(await workflowFolder(changes)) };
    const working = await startServer({ env });
    await ask(connectRest(working.url, working.key), "start-workflow", { id: "changes" });
    await until(() => clerk.asked.length === 1);
    const other = await startServer({ env });
    const rest = connectRest(other.url, other.key);
    await ask(rest, "cancel-workflow-run", { id: 1 });
    await until(() => clerk.lost.length === 1, 3000);
    expect(await notesOf(rest)).toEqual(["first"]);
  });
});

describe("a server that is told to stop", () => {
  it("hands a run on to the next, which does nothing twice", async () => {
    const clerk = await slowClerk();
    const env = { ...clerk.env, ...(await workflowFolder(counts)) };
    const first = await startServer({ env });
    await ask(connectRest(first.url, first.key), "start-workflow", { id: "counts" });
    await until(() => clerk.asked.length === 1);
    expect((await first.kill("SIGTERM")).code).toBe(0);
    const second = await startServer({ home: first.home, env });
    await until(() => clerk.asked.length === 2);
    clerk.answer({ object: "total_count", total_count: 3 });
    const rest = connectRest(second.url, second.key);
    expect(await over(rest)).toMatchObject({ status: "completed" });
    expect(await notesOf(rest)).toEqual(["first", "last"]);
  });
});

describe("workflows of one's own", () => {
  it("are read from CLANKER_WORKFLOWS_PATH, and a bad one is named by file, line and reason in the log", async () => {
    const bad = `id: bad\ntitle: Bad\nsteps:\n  - { id: a, operation: read-memory }\n  - id: b\n    operation: nothing\n`;
    const env = await workflowFolder(bad, counts);
    const server = await startServer({ env });
    const { data } = await ask(connectRest(server.url, server.key), "list-workflows");
    expect(data.map(({ id }: Json) => id)).toEqual([
      "counts",
      "meeting-to-memory",
      "release-announcement",
      "review-files",
      "sign-up-report",
    ]);
    expect(server.stderr()).toMatch(/bad\.yaml:6 left out: steps\.1\.operation: there is no operation/);
  });
});
