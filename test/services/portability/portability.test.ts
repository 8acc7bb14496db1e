import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ELSEWHERE, HOLDINGS } from "../../../src/services/portability/holdings.js";
import type { Insert, Store } from "../../../src/store/port.js";
import { MINE, standingClock } from "../../support/services.js";
import { DUMPABLE, each, fill, linesOf, openWhole } from "./bench.js";

const MARK = "canary-7c1d9b";
const secondOf = (id: string): number => Number(id.slice("ws_".length));

describe.each(Object.entries(DUMPABLE))("a workspace on %s", (_, open) => {
  it("P61: is exported whole and imported as another one, with what belongs together still together", async () => {
    const { store } = await open();
    const whole = await openWhole(store);
    const { key } = await fill(whole, MARK);
    const { portability, call, services } = whole;
    const lines = await linesOf(portability.export(MINE));
    const text = lines.join("\n");
    for (const secret of [key, key.slice(-12), "hash", "sealed", "wrapped"]) expect(text).not.toContain(secret);

    const { id } = await portability.import(each(lines), 1);
    const workspace = secondOf(id);
    expect(workspace).not.toBe(MINE);
    const there = { workspace };
    expect(await call("read-memory", {}, there)).toMatchObject({ content: MARK });
    const executions = (await call("list-executions", {}, there)).data;
    const before = (await call("list-executions", {})).data;
    expect(executions.map(({ status }: { status: string }) => status)).toEqual([
      "cancelled",
      "completed",
      "completed",
      "completed",
    ]);
    expect(executions.map((one: { id: string }) => one.id)).not.toEqual(before.map((one: { id: string }) => one.id));
    const oldest = await call("get-execution-status", { id: executions[3].id }, there);
    const fileBlock = oldest.outputBlocks.find(({ type }: { type: string }) => type === "file");
    const content = await services.artifacts.content(workspace, fileBlock.artifact_id);
    expect(Buffer.from(content.content).toString()).toBe(`# ${MARK}`);
    expect(content.artifact.execution_id).toBe(executions[3].id);
    expect((await call("list-installed-skills", {}, there)).data.map(({ slug }: { slug: string }) => slug)).toEqual([
      "summarize",
    ]);
    expect((await services.keys.page(workspace, { limit: 10 })).data).toEqual([]);
    const rerun = await call("rerun-execution", { id: executions[3].id }, there);
    expect(rerun.status).toBe("awaiting_agent");

    const again = (await linesOf(portability.export(workspace))).map((line) => JSON.parse(line).kind as string);
    const kinds = lines.map((line) => JSON.parse(line).kind as string);
    const count = (all: string[], kind: string) => all.filter((one) => one === kind).length;
    for (const kind of ["memory", "skill", "account", "artifact", "block"])
      expect(count(again, kind), kind).toBe(count(kinds, kind));
    expect(await services.audit.verify(workspace)).toMatchObject({ intact: true });
    expect((await services.audit.page(workspace, { limit: 10 })).data.at(-1)?.action).toBe("workspace.import");
  });

  it("P61: leaves nothing behind when it is deleted, and the others as they were", async () => {
    const { store, dump } = await open();
    const whole = await openWhole(store);
    await fill(whole, "kept-of-the-other");
    const { portability, services, call } = whole;
    const lines = await linesOf(portability.export(MINE));
    const workspace = secondOf((await portability.import(each(lines), 1)).id);
    const { key } = await fill(whole, MARK, workspace);
    await expect(services.keys.authenticate(key, { requestId: "x", face: "rest" })).resolves.toMatchObject({
      workspace,
    });
    // What other parts keep of a workspace, each in the form that the list of holdings has for it.
    const raw = (collection: string, id: string, tagged = true): Insert => ({
      kind: "insert",
      collection,
      id,
      value: { mark: MARK },
      order: id,
      ...(tagged && { tags: [`workspace:${workspace}`] }),
    });
    await store.commit([
      ...[
        "secret",
        "secret-names",
        "secret-values",
        "byok",
        "consent",
        "invitation",
        "idempotency",
        "connections",
        "clerk-clients",
      ].map((name) => raw(`${name}:${workspace}`, MARK)),
      raw("sessions", "session-1"),
      raw("session-events:session-1", "1"),
      raw("connector-authorizations", "state-1"),
      raw("asked-runs", "call-1"),
      raw("outbox", `${workspace}.99`),
      raw("jobs", `${workspace}.99`),
    ]);

    await portability.remove(workspace);
    expect(await services.workspaces.exists(workspace)).toBe(false);
    await expect(services.keys.authenticate(key, { requestId: "x", face: "rest" })).rejects.toMatchObject({
      code: "AUTH_REQUIRED",
    });
    expect(await call("read-memory", {})).toMatchObject({ content: "kept-of-the-other" });
    expect((await call("list-artifacts", {})).data).toHaveLength(2);
    expect(await services.audit.verify(MINE)).toMatchObject({ intact: true });
    const text = await dump();
    expect(text).toContain("kept-of-the-other");
    expect(text).not.toContain(MARK);
    // Not `execution`, which is a tag of artifacts too.
    const names =
      "members|key|log|events|skills|blocks|artifact-content|execution-input|transaction|run|secret|consent";
    expect(text).not.toMatch(new RegExp(`\\b(${names}):${workspace}[":\\0]`));
  });

  it("P61: leaves nothing of a key that a call under way makes while it is deleted", async () => {
    const { store } = await open();
    let meanwhile: (() => Promise<unknown>) | undefined;
    const watched: Store = {
      ...store,
      async commit(changes) {
        const held = await store.commit(changes);
        const isHash = changes.some(({ kind, collection }) => kind === "remove" && collection === "key-hashes");
        const make = isHash ? meanwhile : undefined;
        if (make) meanwhile = undefined;
        await make?.();
        return held;
      },
    };
    const { portability, services } = await openWhole(watched);
    const { id } = await services.workspaces.create(1, { name: "Team", slug: "team" });
    const workspace = secondOf(id);
    const make = async () => (await services.keys.create(workspace, 1, { name: "agent" })).key;
    const hashOf = (key: string) => createHash("sha256").update(key).digest("hex");
    const keys = [await make()];
    meanwhile = async () => keys.push(await make());
    await portability.remove(workspace);
    expect(keys).toHaveLength(2);
    for (const key of keys) expect(await store.get("key-hashes", hashOf(key))).toBeUndefined();
    expect((await store.page(`key:${workspace}`, { direction: "ascending", limit: 1 })).rows).toEqual([]);
  });

  it("that belongs to the owner begins anew, empty, when it is deleted", async () => {
    const { store, dump } = await open();
    const whole = await openWhole(store);
    await fill(whole, MARK);
    await whole.portability.remove(MINE);
    expect(await whole.call("get-current-workspace", {})).toMatchObject({ id: "ws_1", role: "owner" });
    expect(await whole.call("read-memory", {})).toMatchObject({ content: "" });
    expect((await whole.call("list-executions", {})).data).toEqual([]);
    expect(await dump()).not.toContain(MARK);
  });

  it("is not there where its document does not fit, and leaves nothing behind", async () => {
    const { store, dump } = await open();
    const whole = await openWhole(store);
    await fill(whole, MARK);
    const lines = await linesOf(whole.portability.export(MINE));
    await whole.portability.remove(MINE);
    const broken = lines.map((line, at) => (at === lines.length - 2 ? line.replace("{", '{"odd":1,') : line));
    await expect(whole.portability.import(each(broken), 1)).rejects.toMatchObject({
      code: "INVALID_INPUT",
      message: expect.stringContaining(`Line ${lines.length - 1} of the document`),
    });
    expect(await dump()).not.toContain(MARK);
  });
});

describe("a document", () => {
  async function exported() {
    const whole = await openWhole();
    await fill(whole, MARK);
    return { ...whole, lines: await linesOf(whole.portability.export(MINE)) };
  }
  const changed = (lines: readonly string[], at: number, change: (line: string) => string) =>
    lines.map((line, place) => (place === at ? change(line) : line));

  it.each<[string, (lines: string[]) => string[], RegExp]>([
    ["nothing", () => [], /Line 1 .*no document/],
    ["of another kind", () => ["{}"], /Line 1 .*no document/],
    ["that is no JSON", () => ["PK\u0003\u0004"], /Line 1 .*no document/],
    [
      "of a later version",
      (lines) => changed(lines, 0, (line) => line.replace('"version":1', '"version":2')),
      /Line 1 .*version 1/,
    ],
    ["with a line that is no JSON", (lines) => changed(lines, 2, () => "{"), /Line 3 .*no JSON/],
    ["with a line of an unknown kind", (lines) => changed(lines, 2, () => '{"kind":"key","hash":"x"}'), /Line 3 /],
    ["that was cut off", (lines) => lines.slice(0, -1), /ends before its last line/],
    ["with a line that was left out", (lines) => lines.toSpliced(3, 1), /it says that there are/],
    ["with a line behind the last", (lines) => [...lines, lines[2] ?? ""], /behind the last one/],
    ["with a line twice", (lines) => lines.toSpliced(3, 0, lines[3] ?? ""), /twice/],
    [
      "with numbers as wide as the world",
      (lines) => changed(lines, 0, (line) => line.replace(/"execution":\[1,/, '"execution":[1,9999999999999]} ,"x":[')),
      /Line 1 /,
    ],
    [
      "with a value nested without an end",
      (lines) =>
        lines.toSpliced(
          2,
          0,
          `{"kind":"run-value","run":1,"key":"k","value":${"[".repeat(200_000)}${"]".repeat(200_000)}}`,
        ),
      /Line 3 .*nested deeper than 1000 levels/,
    ],
    [
      "with a file's name that is a path",
      (lines) => lines.map((line) => line.replace(`"name":"${MARK}.md","mimeType"`, '"name":"../../x","mimeType"')),
      /Line \d+ .*name/,
    ],
  ])("%s is refused in a sentence that names the line", async (_what, broken, message) => {
    const { portability, lines, store } = await exported();
    await expect(portability.import(each(broken(lines)), 1)).rejects.toMatchObject({
      code: "INVALID_INPUT",
      message: expect.stringMatching(message),
    });
    expect(await store.get("memory", "2")).toBeUndefined();
    expect((await store.page("workspace-removals", { direction: "ascending", limit: 10 })).rows).toEqual([]);
  });

  it("that a process died over is removed by the next that looks, once it is old", async () => {
    const clock = standingClock();
    const whole = await openWhole(undefined, { now: clock.now });
    await whole.store.commit([
      { kind: "insert", collection: "workspace-removals", id: "5", value: { at: clock.now() }, order: "5" },
      { kind: "insert", collection: "memory", id: "5", value: { content: MARK, updatedAt: 1 } },
    ]);
    await whole.portability.recover();
    expect(await whole.store.get("memory", "5")).toBeDefined();
    clock.forward(11 * 60_000);
    await whole.portability.recover();
    expect(await whole.store.get("memory", "5")).toBeUndefined();
    expect(await whole.store.get("workspace-removals", "5")).toBeUndefined();
  });
});

describe("the list of what a workspace is made of", () => {
  const isKnown = (collection: string) =>
    Object.hasOwn(ELSEWHERE, collection) || HOLDINGS.some(({ owns }) => owns(collection));

  it("P61: has every collection that the sources name", () => {
    const root = fileURLToPath(new URL("../../../src", import.meta.url));
    const files = (readdirSync(root, { recursive: true }) as string[]).filter(
      (file) => file.endsWith(".ts") && !/^(store|faces|services.portability)\b/.test(file),
    );
    const named = files.flatMap((file) => {
      const source = readFileSync(join(root, file), "utf8");
      const texts = (pattern: RegExp, form: (name: string) => string) =>
        [...source.matchAll(pattern)].map(([, name = ""]) => form(name));
      return [
        ...texts(/`([a-z-]+):\$\{(?:\w+\.)?workspace\}`/g, (name) => `${name}:1`),
        ...texts(/`([a-z-]+):\$\{(?:\w+\.)?workspace\}:\$\{(?:\w+\.)?(?:number|id)\}`/g, (name) => `${name}:1:2`),
        ...texts(/\bcollection(?:: | = )"([a-z-]+)"/g, (name) => name),
        ...texts(/\bnumberedRecords<\w+>\(\w+, \{\s*kind: "([a-z]+)"/g, (name) => `${name}:1`),
        ...texts(/\b(?:get|page)(?:<[^(]*>)?\("([a-z-]+)", /g, (name) => name),
        ...texts(/^const [A-Z_]+ = "([a-z-]+)";.*$/gm, (name) => name).filter(
          (name) => source.includes("store.") && !NO_COLLECTIONS.has(name),
        ),
      ];
    });
    const unknown = [...new Set(named)].filter((name) => !isKnown(name) && !NO_COLLECTIONS.has(name));
    expect(unknown).toEqual([]);
    expect(new Set(named).size).toBeGreaterThan(25);
  });
});

/** Texts in the sources that look like a collection and are none. */
const NO_COLLECTIONS = new Set([
  "anthropic", // the one record of byok:<workspace>
  "audit:1", // what a key is derived for
  "audit-processes", // documents without a workspace
  "check", // a record of the vault
  "clerk-client:1:2", // what a value is sealed for
  "execution-cancel",
  "root", // a record of the vault
  "workflow-run",
  "workspace:1", // a tag
]);
