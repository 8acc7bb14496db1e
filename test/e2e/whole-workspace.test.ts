import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import Database from "libsql";
import { afterEach, describe, expect, it } from "vitest";
import { ELSEWHERE, HOLDINGS } from "../../src/services/portability/holdings.js";
import { ask, connectHttp, connectRest } from "../support/faces.js";
import { endPrograms, MASTER_KEY, runProgram, startProgram, startServer, temporaryFolder } from "../support/program.js";

afterEach(() => endPrograms());

const MARK = "canary-e2e-41b7";
const env = { CLANKER_MASTER_KEY: MASTER_KEY, CLANKER_LOG_LEVEL: "warn" };

async function feed(home: string, args: readonly string[], input: string) {
  const program = await startProgram(args, { home, env });
  program.child.stdin.end(input);
  return program.ended;
}

describe("a workspace as a whole", () => {
  it("P61: goes through export, import and delete from the terminal, beside a running server, and nothing is left", async () => {
    const home = await temporaryFolder();
    const server = await startServer({ home, env });
    const mcp = await connectHttp("streamable", server.url, server.key);
    await ask(mcp, "write-memory", { content: `${MARK}-memory` });
    await ask(mcp, "install-skill", { slug: "summarize" });
    const { executionId } = await ask(mcp, "execute-skill", { slug: "summarize", input: MARK });
    const file = { name: "a.md", mime_type: "text/markdown", content: MARK };
    await ask(mcp, "complete-execution", { id: executionId, output: MARK, artifacts: [file] });
    await ask(mcp, "execute-skill", { slug: "summarize", input: `${MARK}-waiting` });
    const exported = await runProgram(["export"], { home, env });
    expect(exported.code).toBe(0);
    expect(JSON.parse(exported.stdout.split("\n")[0] ?? "")).toMatchObject({ format: "clanker-workspace", version: 1 });

    const imported = await feed(home, ["import"], exported.stdout);
    expect(imported).toMatchObject({ code: 0, stdout: expect.stringContaining('ws_2 "Personal" is there') });
    const made = await runProgram(["keys", "create", "--name", "x", "--scopes", "*", "--workspace", "ws_2"], {
      home,
      env,
    });
    const key = made.stdout.split("\n")[0] ?? "";
    const there = await connectHttp("streamable", server.url, key);
    expect(await ask(there, "read-memory")).toMatchObject({ content: `${MARK}-memory` });
    expect((await ask(there, "list-artifacts")).data).toHaveLength(1);
    await ask(there, "write-memory", { content: `${MARK}-second` });
    await ask(there, "execute-skill", { slug: "summarize", input: `${MARK}-second` });

    const db = new Database(join(home, "clanker.db"));
    const collections = (db.prepare("SELECT DISTINCT collection FROM records").all() as { collection: string }[]).map(
      ({ collection }) => collection,
    );
    const isKnown = (name: string) => Object.hasOwn(ELSEWHERE, name) || HOLDINGS.some(({ owns }) => owns(name));
    expect(collections.filter((name) => !isKnown(name))).toEqual([]);
    expect(collections.length).toBeGreaterThan(15);

    expect(await runProgram(["delete", "--workspace", "ws_2"], { home, env })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--yes"),
    });
    expect(await ask(there, "read-memory")).toMatchObject({ content: `${MARK}-second` });
    expect(await runProgram(["delete", "--workspace", "ws_2", "--yes"], { home, env })).toMatchObject({ code: 0 });
    await expect(there.call("read-memory")).resolves.toMatchObject({ code: "AUTH_REQUIRED" });
    const left = db.prepare("SELECT * FROM records WHERE collection LIKE '%:2' OR collection LIKE '%:2:%'").all();
    db.close();
    expect(left).toEqual([]);
    expect(await ask(mcp, "read-memory")).toMatchObject({ content: `${MARK}-memory` });
    expect(await connectRest(server.url, key).call("read-memory")).toMatchObject({ code: "AUTH_REQUIRED" });

    expect(await runProgram(["delete", "--workspace", "ws_1", "--yes"], { home, env })).toMatchObject({ code: 0 });
    expect(await ask(connectRest(server.url, server.key), "read-memory")).toMatchObject({ content: "" });
    await server.kill("SIGTERM");
    const bytes = async () => {
      const files = (await readdir(home)).filter((name) => name.startsWith("clanker.db"));
      return Buffer.concat(await Promise.all(files.map((name) => readFile(join(home, name))))).toString("latin1");
    };
    expect(await bytes()).not.toContain(MARK);
  }, 120_000);

  it("is not imported from a text that is none, and the program says so", async () => {
    const home = await temporaryFolder();
    const refused = await feed(home, ["import"], "hello\n");
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("Line 1 of the document does not fit") });
  });
});
