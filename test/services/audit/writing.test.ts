import { describe, expect, it } from "vitest";
import { breakable, callerOf, MINE, openServices, invokeOver, standingClock } from "../../support/services.js";
import type { Store } from "../../../src/store/port.js";
import { auditOver, deedOf, record, STORES, storedEntries, writeEntries } from "./bench.js";

const whole = { limit: 100 };

describe.each(Object.entries(STORES))("the audit log on %s", (name, open) => {
  it("loses nothing and never forks when two processes write at once", async () => {
    const stores = await open(2);
    const audits = stores.map((store) => auditOver(store).audit);
    const each = 150;
    await Promise.all(
      audits.flatMap((audit, process) =>
        Array.from({ length: each }, (_, at) => record(audit, MINE, deedOf({ resourceId: `p${process}.${at}` }))),
      ),
    );
    const [store] = stores as [Store];
    const rows = await storedEntries(store);
    expect(rows.map(({ value }) => value.seq)).toEqual(Array.from({ length: 2 * each }, (_, at) => at + 1));
    expect(new Set(rows.map(({ value }) => value.resourceId)).size).toBe(2 * each);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(2 * each);
    expect(await audits[0]?.verify(MINE)).toEqual({ intact: true, entries: 2 * each });
  });

  it("keeps what comes at the same time in few commits", async () => {
    const [store] = (await open(1)) as [Store];
    let commits = 0;
    const counted: Store = { ...store, commit: (changes) => ((commits += 1), store.commit(changes)) };
    const { audit } = auditOver(counted);
    await Promise.all(Array.from({ length: 300 }, () => record(audit, MINE, deedOf())));
    expect(commits).toBeLessThanOrEqual(3);
    expect(await audit.verify(MINE)).toEqual({ intact: true, entries: 300 });
  });

  it("keeps workspaces apart, numbered through all of them", async () => {
    const [store] = (await open(1)) as [Store];
    const { audit } = auditOver(store);
    await writeEntries(audit, 2);
    await writeEntries(audit, 1, 7);
    await writeEntries(audit, 1);
    const ids = async (workspace: number) => (await audit.page(workspace, whole)).data.map(({ id }) => id);
    expect(await ids(MINE)).toEqual(["log_4", "log_2", "log_1"]);
    expect(await ids(7)).toEqual(["log_3"]);
    for (const workspace of [MINE, 7]) expect(await audit.verify(workspace)).toMatchObject({ intact: true });
    await expect(audit.page(7, { ...whole, after_id: "log_1" })).rejects.toMatchObject({ code: "INVALID_CURSOR" });
  });

  it("never goes back in time, whatever a clock does", async () => {
    const [store] = (await open(1)) as [Store];
    const clock = standingClock();
    const { audit } = auditOver(store, { now: clock.now });
    await writeEntries(audit, 1);
    clock.forward(-60_000);
    await writeEntries(audit, 1);
    const [second, first] = (await audit.page(MINE, whole)).data;
    expect(second?.created_at).toBe(first?.created_at);
    expect(await audit.verify(MINE)).toEqual({ intact: true, entries: 2 });
  });

  it("tells of a mutation whose process died in it, once, whoever looks", async () => {
    const [store, other = store] = (await open(2)) as [Store, Store];
    const dead = auditOver(store, { leaseMs: 300 }).audit;
    await dead.intend(deedOf({ resourceId: "art_7" }));
    await dead.intend(deedOf({ resourceId: "art_8" }));
    // It ends without another word: nothing renews its lease.
    await store.documents("audit-processes").clear();
    const living = [auditOver(store).audit, auditOver(other).audit];
    await Promise.all(living.map((audit) => audit.sweep()));
    const { data } = await dead.page(MINE, whole);
    expect(data.map(({ resource_id, outcome }) => [resource_id, outcome]).sort()).toEqual([
      ["art_7", "UNKNOWN"],
      ["art_8", "UNKNOWN"],
    ]);
    expect(data[0]?.metadata).toHaveProperty("begun_at");
    expect((await store.page("audit-pending", { direction: "ascending", limit: 10 })).rows).toEqual([]);
    expect(await dead.verify(MINE)).toEqual({ intact: true, entries: 2 });
  });

  it("leaves a mutation alone whose process is there, however long it takes", async () => {
    const [store] = (await open(1)) as [Store];
    const slow = auditOver(store, { leaseMs: 700 }).audit;
    const intention = await slow.intend(deedOf());
    await new Promise((resolve) => setTimeout(resolve, 1600));
    await auditOver(store).audit.sweep();
    expect((await slow.page(MINE, whole)).data).toEqual([]);
    await slow.conclude(deedOf(), { outcome: "ok", ms: 900 }, intention);
    expect((await slow.page(MINE, whole)).data).toMatchObject([{ outcome: "ok", metadata: { duration_ms: 900 } }]);
  });

  it("has the end of a mutation that others gave up too early beside their entry", async () => {
    const [store] = (await open(1)) as [Store];
    const { audit } = auditOver(store);
    const intention = await audit.intend(deedOf());
    await store.documents("audit-processes").clear();
    await auditOver(store).audit.sweep();
    await audit.conclude(deedOf(), { outcome: "ok", ms: 1 }, intention);
    expect((await audit.page(MINE, whole)).data.map(({ outcome }) => outcome)).toEqual(["ok", "UNKNOWN"]);
    expect(await audit.verify(MINE), name).toEqual({ intact: true, entries: 2 });
  });
});

describe("a store that is away", () => {
  it("keeps a mutation from running that cannot be noted", async () => {
    const { store, broken } = breakable((await STORES["memory"]?.(1))?.[0] as Store, ["commit"]);
    const opened = await openServices({ store });
    const call = invokeOver(opened);
    broken.is = true;
    await expect(call("write-memory", { content: "x" })).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    broken.is = false;
    expect(await opened.services.memory.read(MINE)).toMatchObject({ content: "" });
  });

  it("leaves the entry in the program's log and the caller its answer, and gets it once it is back", async () => {
    const { store, broken } = breakable((await STORES["memory"]?.(1))?.[0] as Store, ["commit"]);
    const { audit, lines } = auditOver(store);
    const intention = await audit.intend(deedOf());
    broken.is = true;
    await audit.conclude(deedOf({ resourceId: "x1" }), { outcome: "ok", ms: 1 }, intention);
    expect(lines).toMatchObject([{ level: "error", fields: { entry: { action: "memory.update", resourceId: "x1" } } }]);
    await audit.sweep();
    broken.is = false;
    await audit.sweep();
    await audit.sweep();
    expect((await audit.page(MINE, whole)).data).toMatchObject([{ resource_id: "x1", outcome: "ok" }]);
    expect(await audit.verify(MINE)).toEqual({ intact: true, entries: 1 });
  });
});

describe("a call", () => {
  it("P35: leaves an entry for what it changed, with who did it and how it ended", async () => {
    const opened = await openServices();
    const call = invokeOver(opened);
    const caller = { key: 3, keyPrefix: "ck_abcde", ip: "192.0.2.7", userAgent: "agent/1\u0000", requestId: "req_9" };
    await call("install-skill", { slug: "summarize" }, caller);
    await call("read-memory", {}, caller);
    await expect(call("delete-artifact", { id: "art_9" }, caller)).rejects.toThrow();
    const { data } = await opened.services.audit.page(MINE, whole);
    expect(data).toMatchObject([
      {
        tool: "delete-artifact",
        action: "artifact.delete",
        resource_type: "artifact",
        resource_id: "art_9",
        outcome: "NOT_FOUND",
      },
      {
        id: "log_1",
        tool: "install-skill",
        action: "skill.install",
        resource_type: "skill",
        resource_id: "summarize",
        outcome: "ok",
        actor: { type: "key", person_id: "usr_1", key_id: "key_3", key_prefix: "ck_abcde" },
        face: "mcp",
        ip: "192.0.2.7",
        user_agent: "agent/1?",
        request_id: "req_9",
      },
    ]);
    expect(data).toHaveLength(2);
  });

  it("that is refused leaves its code, and that of nobody nothing", async () => {
    const opened = await openServices();
    const call = invokeOver(opened);
    const reader = { scopes: new Set(["memory:read"]) };
    await expect(call("write-memory", { content: "x" }, reader)).rejects.toThrow();
    await expect(call("write-memory", { content: 7 })).rejects.toThrow();
    await expect(call("write-memory", { content: "x" }, { kind: "anonymous", workspace: 0 })).rejects.toThrow();
    const { data } = await opened.services.audit.page(MINE, whole);
    expect(data.map(({ outcome }) => outcome)).toEqual(["INVALID_INPUT", "PERMISSION_REQUIRED"]);
    expect((await opened.services.audit.page(0, whole)).data).toEqual([]);
  });

  it("leaves none of its arguments in the log", async () => {
    const opened = await openServices({ installed: ["summarize"] });
    const call = invokeOver(opened);
    const canary = "canary-5f1e";
    await call("write-memory", { content: canary });
    const { executionId } = await call("execute-skill", { slug: "summarize", input: canary });
    await call("complete-execution", { id: executionId, output: canary });
    await expect(call("delete-artifact", { id: `${canary} with a space` })).rejects.toThrow();
    const rows = await storedEntries(opened.store);
    expect(rows).toHaveLength(4);
    expect(JSON.stringify(rows)).not.toContain(canary);
    expect(rows.map(({ value }) => value.resourceId)).toEqual([undefined, executionId, executionId, undefined]);
  });

  it("of a workspace that is gone leaves nothing", async () => {
    const opened = await openServices();
    const deed = deedOf({}, callerOf({ workspace: 55 }));
    const { audit } = opened.services;
    await audit.conclude(deed, { outcome: "ok", ms: 1 }, await audit.intend(deed));
    expect(await storedEntries(opened.store, 55)).toEqual([]);
    expect((await opened.store.page("audit-pending", { direction: "ascending", limit: 10 })).rows).toEqual([]);
  });
});
