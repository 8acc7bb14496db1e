// A hundred thousand entries of the audit log on the file store: a filtered page of them, and whether all hold.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importBuilt } from "../built.mjs";
import { median } from "./servers.mjs";

const ENTRIES = 100_000;
const AT_ONCE = 10_000;
const PAGES = 15;
const TARGET_PAGE_MS = 20;
const TARGET_VERIFY_MS = 5000;
const WORKSPACE = 1;

const KINDS = [
  ["write-memory", "memory.update", "memory"],
  ["execute-skill", "execution.create", "execution"],
  ["delete-artifact", "artifact.delete", "artifact"],
  ["install-skill", "skill.install", "skill"],
];

/** @returns {Promise<import("./main.mjs").Figure[]>} */
export async function auditLog() {
  const folder = mkdtempSync(join(tmpdir(), "clanker-bench-"));
  const [{ openFileStore }, { createAudit }] = await Promise.all([
    importBuilt("src/store/file.ts"),
    importBuilt("src/services/audit/audit.ts"),
  ]);
  const store = await openFileStore({ path: join(folder, "store.db") });
  try {
    let time = Date.UTC(2026, 0, 1);
    const audit = createAudit({
      store,
      keyOf: () => Buffer.alloc(32, 1),
      exists: () => Promise.resolve(true),
      log: console,
      now: () => (time += 1000),
    });
    for (let from = 0; from < ENTRIES; from += AT_ONCE) {
      await audit.recordAll(
        WORKSPACE,
        Array.from({ length: AT_ONCE }, (_, at) => factsOf(from + at)),
      );
    }
    const cursor = (await audit.page(WORKSPACE, { limit: 1, end_date: "2026-01-01T00:02:00Z" })).last_id;
    const filters = [
      { action: "artifact.delete" },
      { action: "memory.update", resource_type: "memory", after_id: cursor },
      { resource_type: "execution", start_date: "2026-01-01", end_date: "2026-01-01" },
      { action: "nothing.at_all" },
      { start_date: "2026-01-01T00:00:30Z", end_date: "2026-01-01T00:01:30Z" },
    ];
    const pages = [];
    for (let turn = 0; turn < PAGES; turn += 1) {
      for (const filter of filters) {
        const began = performance.now();
        await audit.page(WORKSPACE, { limit: 100, ...filter });
        pages.push(performance.now() - began);
      }
    }
    const began = performance.now();
    const verdict = await audit.verify(WORKSPACE);
    const verified = performance.now() - began;
    if (!verdict.intact || verdict.entries !== ENTRIES) throw new Error(JSON.stringify(verdict));
    const [page, slowest] = [median(pages), Math.max(...pages)];
    return [
      {
        what: `a filtered page of ${ENTRIES} audit entries on file, median`,
        measured: `${page.toFixed(2)} ms (the slowest of ${pages.length}: ${slowest.toFixed(2)} ms)`,
        target: `at most ${TARGET_PAGE_MS} ms`,
        ok: page <= TARGET_PAGE_MS,
      },
      {
        what: `verifying ${ENTRIES} audit entries on file`,
        measured: `${(verified / 1000).toFixed(2)} s`,
        target: `at most ${TARGET_VERIFY_MS / 1000} s`,
        ok: verified <= TARGET_VERIFY_MS,
      },
    ];
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {number} at */
function factsOf(at) {
  const [operation, action, resource] = KINDS[at % KINDS.length] ?? [];
  return {
    actor: { kind: "key", person: 1, key: 1 + (at % 5), keyPrefix: "ck_bench", workspace: WORKSPACE },
    face: "mcp",
    ip: "192.0.2.1",
    userAgent: "bench/1.0",
    requestId: `req_${at}`,
    operation,
    tool: operation,
    action,
    resource,
    resourceId: `x_${at}`,
    outcome: "ok",
    metadata: { effect: "write", duration_ms: 3 },
  };
}
