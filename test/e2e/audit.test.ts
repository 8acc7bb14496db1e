import { join } from "node:path";
import Database from "libsql";
import { afterEach, describe, expect, it } from "vitest";
import { createAudit } from "../../src/services/audit/audit.js";
import { openFileStore } from "../../src/store/file.js";
import { openVault } from "../../src/vault/vault.js";
import { ask, connectHttp, connectModern, connectRest, type Face, type Json } from "../support/faces.js";
import { endPrograms, MASTER_KEY, runProgram, startServer, temporaryFolder } from "../support/program.js";

afterEach(() => endPrograms());

const env = { CLANKER_MASTER_KEY: MASTER_KEY, CLANKER_LOG_LEVEL: "warn" };

async function auditOf(home: string) {
  const store = await openFileStore({ path: join(home, "clanker.db") });
  const vault = await openVault({ store, masterKey: Buffer.from(MASTER_KEY, "base64") });
  const quiet = () => undefined;
  const audit = createAudit({
    store,
    keyOf: (workspace) => vault.derive(`audit:${workspace}`),
    exists: () => Promise.resolve(true),
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    now: Date.now,
  });
  return { store, audit };
}

describe("the audit log of a server", () => {
  it("P35: has as many entries as there were writes over REST and MCP, each with actor, key prefix, tool and outcome", async () => {
    const home = await temporaryFolder();
    const server = await startServer({ home, env });
    const faces: Record<string, Face> = {
      rest: connectRest(server.url, server.key),
      streamable: await connectHttp("streamable", server.url, server.key),
      sse: await connectHttp("sse", server.url, server.key),
      modern: await connectModern(server.url, server.key),
    };
    for (const face of Object.values(faces)) {
      for (let n = 0; n < 3; n += 1) await ask(face, "write-memory", { content: `${n}`, mode: "append" });
      await ask(face, "read-memory");
      await ask(face, "install-skill", { slug: "summarize" });
      expect(await face.call("delete-artifact", { id: "art_99" })).toMatchObject({ code: "NOT_FOUND" });
    }
    const rest = faces["rest"] as Face;
    const { data, has_more } = await ask(rest, "list-audit-logs", { limit: 100 });
    expect([data.length, has_more]).toEqual([20, false]);
    for (const entry of data as Json[]) {
      expect(entry).toMatchObject({
        id: expect.stringMatching(/^log_\d+$/),
        actor: { type: "key", person_id: "usr_1", key_prefix: server.key.slice(0, 8) },
        ip: "127.0.0.1",
        request_id: expect.stringMatching(/./),
        tool: entry.operation,
        outcome: entry.tool === "delete-artifact" ? "NOT_FOUND" : "ok",
      });
    }
    expect((data as Json[]).filter(({ face }) => face === "rest")).toHaveLength(5);
    const deleted = await ask(rest, "list-audit-logs", { action: "artifact.delete" });
    expect(deleted.data.map(({ resource_id }: Json) => resource_id)).toEqual(Array(4).fill("art_99"));
    const overMcp = await ask(faces["streamable"] as Face, "list-audit-logs", { resource_type: "skill", limit: 1 });
    expect(overMcp).toMatchObject({ data: [{ action: "skill.install" }], has_more: true });

    const lines = await fetch(`${server.url}/api/v1/audit-logs/export`, { headers: { "x-api-key": server.key } });
    expect(lines.headers.get("content-type")).toContain("application/x-ndjson");
    const exported = (await lines.text())
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(exported.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
    for (const face of Object.values(faces)) await face.close();
  });

  it("is for its owner alone", async () => {
    const server = await startServer({ env });
    const made = await runProgram(["keys", "create", "--name", "x"], { home: server.home, env });
    const reader = connectRest(server.url, made.stdout.split("\n")[0]);
    for (const operation of ["list-audit-logs", "export-audit-logs"]) {
      expect(await reader.call(operation)).toMatchObject({ code: "PERMISSION_REQUIRED" });
    }
  });

  it("P36: is verified from the terminal, which names the entry that was tampered with", async () => {
    const home = await temporaryFolder();
    const server = await startServer({ home, env });
    const face = connectRest(server.url, server.key);
    for (let n = 0; n < 5; n += 1) await ask(face, "write-memory", { content: `${n}` });
    const run = (...args: string[]) => runProgram(["audit", ...args], { home, env });
    expect(await run("verify")).toMatchObject({ code: 0, stdout: "The audit log of ws_1 is intact: 5 entries.\n" });
    await server.kill("SIGTERM");

    const exported = await run("export", "--workspace", "ws_1");
    expect(exported.code).toBe(0);
    expect(
      exported.stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).id),
    ).toEqual([1, 2, 3, 4, 5].map((n) => `log_${n}`));
    const db = new Database(join(home, "clanker.db"));
    db.exec(`UPDATE records SET value = replace(value, '"ok"', '"no"') WHERE collection = 'log:1' AND id = '3'`);
    expect(await run("verify")).toMatchObject({
      code: 1,
      stdout:
        "The audit log is broken at log_3: it was changed after it was written.\n2 entries of ws_1 up to there are intact.\n",
    });
    db.exec(`UPDATE records SET value = replace(value, '"no"', '"ok"') WHERE collection = 'log:1' AND id = '3'`);
    expect((await run("verify")).code).toBe(0);
    db.exec(`DELETE FROM records WHERE collection = 'log:1' AND id = '5'`);
    db.close();
    expect(await run("verify")).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("broken at log_4: the end of the log was cut off"),
    });
    expect(await run("verify", "--workspace", "ws_9")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--workspace"),
    });
  });

  it("P35: has an entry for every write that was there before a kill -9, whatever was under way", async () => {
    const home = await temporaryFolder();
    const server = await startServer({ home, env });
    const face = connectRest(server.url, server.key);
    let acknowledged = 0;
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let n = 0; ; n += 1) {
        await ask(face, "write-memory", { content: `note ${writer}.${n}`, mode: "append" });
        acknowledged += 1;
        if (acknowledged === 60) server.child.kill("SIGKILL");
      }
    });
    await Promise.allSettled(writers);
    await server.ended;

    const { store, audit } = await auditOf(home);
    const left = (await store.page("audit-pending", { direction: "ascending", limit: 100 })).rows.length;
    // As it is once the lease of the dead process has ended.
    await store.documents("audit-processes").clear();
    await audit.sweep();
    const { value } = (await store.get<{ content: string }>("memory", "1")) ?? { value: { content: "" } };
    const effects = value.content.split("\n\n---\n\n").length;
    const outcomes = [];
    for await (const { outcome } of audit.entries(1)) outcomes.push(outcome);
    expect(outcomes.filter((outcome) => outcome === "UNKNOWN")).toHaveLength(left);
    expect(outcomes.filter((outcome) => outcome === "ok").length).toBeGreaterThanOrEqual(acknowledged);
    expect(outcomes.length).toBeGreaterThanOrEqual(effects);
    expect(await audit.verify(1)).toEqual({ intact: true, entries: outcomes.length });
    await store.close();
  });
});
