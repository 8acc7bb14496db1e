import { describe, expect, it } from "vitest";
import { BinaryAnswer } from "../../src/core/answer.js";
import type { Caller } from "../../src/core/caller.js";
import type { NewArtifact } from "../../src/services/artifacts.js";
import type { WorkspaceEvent } from "../../src/services/events.js";
import { invokeOver, MINE, openServices, refusal, standingClock, THEIRS } from "../support/services.js";

async function bench() {
  const { now } = standingClock();
  const opened = await openServices({ now, installed: ["summarize"] });
  const { artifacts } = opened.services;
  const keep = async (file: Partial<NewArtifact> = {}, execution = 90, workspace = MINE) => {
    const whole = { name: "a.txt", mimeType: "text/plain", content: Buffer.from("abc"), ...file };
    const { artifact, changes } = await artifacts.creation(workspace, execution, whole);
    expect(await opened.store.commit(changes)).toBe(true);
    return artifact;
  };
  return { ...opened, artifacts, keep };
}

describe("an artifact", () => {
  it("is kept with its name, type, size, origin and bytes", async () => {
    const { artifacts, keep } = await bench();
    const content = Buffer.from([0, 255, 10, 13, 128]);
    const made = await keep({ name: "data.bin", mimeType: "application/zip", content });
    expect(made).toEqual({
      id: "art_1",
      name: "data.bin",
      mime_type: "application/zip",
      size: 5,
      execution_id: "exec_90",
      created_at: "2026-01-01T00:00:00.000Z",
    });
    expect(await artifacts.get(MINE, "1")).toEqual(made);
    const read = await artifacts.content(MINE, "art_1");
    expect(read.artifact).toEqual(made);
    expect(Buffer.from(read.content)).toEqual(content);
  });

  it("may be empty", async () => {
    const { artifacts, keep } = await bench();
    await keep({ content: Buffer.alloc(0) });
    expect((await artifacts.content(MINE, "art_1")).content.byteLength).toBe(0);
  });

  it("of more than 8 MiB is refused", async () => {
    const { artifacts, keep } = await bench();
    const limit = 8 * 1024 * 1024;
    const file = { name: "a", mimeType: "text/plain" };
    await expect(artifacts.creation(MINE, 1, { ...file, content: Buffer.alloc(limit + 1) })).rejects.toEqual(
      refusal("PAYLOAD_TOO_LARGE", String(limit)),
    );
    expect((await keep({ content: Buffer.alloc(limit) })).size).toBe(limit);
  });

  it("is nobody else's", async () => {
    const { artifacts, keep } = await bench();
    await keep();
    for (const refused of [
      artifacts.get(THEIRS, "art_1"),
      artifacts.content(THEIRS, "art_1"),
      artifacts.remove(THEIRS, "art_1"),
    ]) {
      await expect(refused).rejects.toEqual(refusal("NOT_FOUND", "list-artifacts"));
    }
    expect((await artifacts.page(THEIRS, { limit: 20 })).data).toEqual([]);
    expect((await artifacts.page(THEIRS, { limit: 20, execution_id: "exec_90" })).data).toEqual([]);
  });

  it.each(["art_2", "exec_1", "nonsense", "../art_1", ""])("is not found as %j", async (id) => {
    const { artifacts, keep } = await bench();
    await keep();
    await expect(artifacts.get(MINE, id)).rejects.toEqual(refusal("NOT_FOUND"));
  });
});

describe("the name of an artifact", () => {
  it.each([
    ["report.md", "report.md"],
    ["Zażółć 2.pdf", "Zażółć 2.pdf"],
    ["/etc/passwd", "passwd"],
    ["..\\..\\boot.ini", "boot.ini"],
    ["C:\\a.txt", "a.txt"],
    ["a/b/", "artifact-1"],
    ["../..", "artifact-1"],
    ["...", "artifact-1"],
    [" . ", "artifact-1"],
    ["", "artifact-1"],
    ["/", "artifact-1"],
    [".htaccess", "htaccess"],
    ["a.txt. .", "a.txt"],
    ['a<b>c:"d|e?f*.txt', "abcdef.txt"],
    ["a\u0000b\r\nc\u001b[2J.txt", "abc[2J.txt"],
    ["invoice\u202Efdp.exe", "invoicefdp.exe"],
    ["one\u2028two\u2029.txt", "onetwo.txt"],
    ["lone\ud800.txt", "lone.txt"],
  ])("%j becomes the plain file name %j", async (given, name) => {
    const { keep } = await bench();
    expect((await keep({ name: given })).name).toBe(name);
  });

  it.each(["x", "ż", "漢", "🦊"])(
    "of many %s is short enough for a file system, and whole characters",
    async (letter) => {
      const { keep } = await bench();
      const { name } = await keep({ name: letter.repeat(5000) });
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
      expect(name).toMatch(/^(.)\1{40,}$/u);
      expect(name[0]).toBe(letter[0]);
    },
  );

  it("that is cut does not end in a dot or a space", async () => {
    const { keep } = await bench();
    for (const end of [". ", " .", ".."]) {
      for (let at = 90; at <= 201; at += 1) {
        expect((await keep({ name: `${"x".repeat(at)}${end.repeat(60)}y` })).name).not.toMatch(/[. ]$/);
      }
    }
  });

  it("is made at once however hostile it is", async () => {
    const { keep } = await bench();
    const started = performance.now();
    await keep({ name: `a${". ".repeat(500_000)}b` });
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe("the media type of an artifact", () => {
  it.each([
    ["text/markdown", "text/markdown"],
    [" Text/HTML; charset=utf-8 ", "text/html"],
    ["image/svg+xml", "image/svg+xml"],
    ["application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"],
    ["text", "application/octet-stream"],
    ["", "application/octet-stream"],
    ["text/html\r\nset-cookie: a=b", "application/octet-stream"],
    ["text/ht ml", "application/octet-stream"],
    ["*/*", "application/octet-stream"],
    [`text/${"x".repeat(100)}`, "application/octet-stream"],
  ])("%j becomes %j", async (given, type) => {
    const { keep } = await bench();
    expect((await keep({ mimeType: given })).mime_type).toBe(type);
  });
});

describe("the list of artifacts", () => {
  async function filled() {
    const place = await bench();
    const types = ["text/plain", "image/png", "text/markdown", "image/svg+xml", "text/plain", "image/png"];
    for (const [at, mimeType] of types.entries()) await place.keep({ mimeType, name: `${at + 1}` }, 90 + (at % 2));
    const ids = async (input: object = {}) => {
      const page = await place.artifacts.page(MINE, { limit: 20, ...input });
      return page.data.map(({ id }) => Number(id.slice(4)));
    };
    return { ...place, ids };
  }

  it("is newest first", async () => {
    expect(await (await filled()).ids()).toEqual([6, 5, 4, 3, 2, 1]);
  });

  it("is narrowed by execution, by media type and by its first half", async () => {
    const { ids } = await filled();
    expect(await ids({ execution_id: "exec_90" })).toEqual([5, 3, 1]);
    expect(await ids({ execution_id: "91", type: "image/png" })).toEqual([6, 2]);
    expect(await ids({ type: "image" })).toEqual([6, 4, 2]);
    expect(await ids({ type: "IMAGE/PNG" })).toEqual([6, 2]);
    expect(await ids({ type: "imag" })).toEqual([]);
    expect(await ids({ execution_id: "exec_77" })).toEqual([]);
    await expect(ids({ execution_id: "art_1" })).rejects.toEqual(refusal("NOT_FOUND", "list-executions"));
  });

  it("is paged in both directions, also when narrowed", async () => {
    const { artifacts, ids } = await filled();
    const first = await artifacts.page(MINE, { limit: 2, type: "image" });
    expect(first).toMatchObject({ first_id: "art_6", last_id: "art_4", has_more: true });
    expect(await ids({ limit: 2, type: "image", after_id: "art_4" })).toEqual([2]);
    expect(await ids({ limit: 1, type: "image", before_id: "art_2" })).toEqual([4]);
    expect(await ids({ before_id: "6" })).toEqual([]);
    await expect(ids({ before_id: "1", after_id: "2" })).rejects.toEqual(refusal("INVALID_INPUT"));
  });

  it("goes on behind a deleted artifact, and refuses a cursor that never was", async () => {
    const { artifacts, ids } = await filled();
    await artifacts.remove(MINE, "art_3");
    expect(await ids({ after_id: "art_3" })).toEqual([2, 1]);
    expect(await ids({ before_id: "art_3" })).toEqual([6, 5, 4]);
    for (const cursor of ["art_7", "art_0", "exec_1", "nonsense"]) {
      await expect(ids({ after_id: cursor })).rejects.toEqual(refusal("INVALID_CURSOR"));
    }
  });
});

describe("deleting an artifact", () => {
  it("removes its content too, and tells the workspace", async () => {
    const { artifacts, keep, store, services } = await bench();
    await keep();
    await keep();
    const told: WorkspaceEvent[] = [];
    await services.events.subscribe(MINE, (event) => told.push(event));
    expect(await artifacts.remove(MINE, "1")).toEqual({ id: "art_1", deleted: true });
    await expect(artifacts.get(MINE, "art_1")).rejects.toEqual(refusal("NOT_FOUND"));
    await expect(artifacts.content(MINE, "art_1")).rejects.toEqual(refusal("NOT_FOUND"));
    expect(await store.get(`artifact-content:${MINE}`, "1")).toBeUndefined();
    expect(await store.get(`artifact-content:${MINE}`, "2")).toBeDefined();
    expect(told).toMatchObject([{ type: "artifact-deleted", data: { id: "art_1" } }]);
  });

  it("at the same moment is done once", async () => {
    const { artifacts, keep } = await bench();
    await keep();
    const done = await Promise.allSettled([artifacts.remove(MINE, "1"), artifacts.remove(MINE, "1")]);
    expect(done.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    await expect(artifacts.remove(MINE, "1")).rejects.toEqual(refusal("NOT_FOUND"));
  });

  it("waits for the end of its execution", async () => {
    const { artifacts, keep, services } = await bench();
    const requester = { workspace: MINE, person: 1, interface: "mcp", agent: true, readsMemory: true };
    const { ref } = await services.executions.start(requester, "summarize", { input: "x", attachments: [] });
    await keep({}, ref.number);
    await expect(artifacts.remove(MINE, "art_1")).rejects.toEqual(refusal("EXECUTION_RUNNING", "cancel it"));
    await services.executions.cancel(MINE, `exec_${ref.number}`);
    expect(await artifacts.remove(MINE, "art_1")).toMatchObject({ deleted: true });
  });
});

describe("download-artifact", () => {
  async function downloads() {
    const place = await bench();
    const call = invokeOver(place);
    return {
      ...place,
      call,
      download: (caller: Partial<Caller> = {}) => call("download-artifact", { id: "art_1" }, caller),
    };
  }

  it("gives an agent a link that opens that artifact, and the text itself", async () => {
    const { keep, download, links } = await downloads();
    await keep({ content: Buffer.from("Zażółć") });
    const answer = await download();
    expect(answer).toMatchObject({ id: "art_1", name: "a.txt", size: 10, text: "Zażółć", truncated: false });
    expect(answer.expires_at).toBe("2026-01-01T00:15:00.000Z");
    const url = new URL(answer.url);
    const origin = { face: "rest", requestId: "req_1" } as const;
    expect(links.caller(url.pathname, url.searchParams, origin)).toMatchObject({ kind: "link", workspace: MINE });
  });

  it.each([
    ["a", 20_000, false],
    ["a", 20_001, true],
    ["🦊", 20_000, true],
  ])("gives 20,000 characters at most, whole ones: %s %i times", async (letter, times, truncated) => {
    const { keep, download } = await downloads();
    await keep({ content: Buffer.from(`a${letter.repeat(times - 1)}`) });
    const answer = await download();
    expect(answer.truncated).toBe(truncated);
    expect(answer.text.length).toBeGreaterThanOrEqual(19_999);
    expect(answer.text.length).toBeLessThanOrEqual(20_000);
    expect(answer.text).not.toMatch(/\p{Cs}/u);
  });

  it.each([
    ["image/png", false],
    ["application/octet-stream", false],
    ["text/html", true],
    ["application/json", true],
    ["application/ld+json", true],
    ["image/svg+xml", true],
  ])("of %s gives text: %s", async (mimeType, hasText) => {
    const { keep, download } = await downloads();
    await keep({ mimeType });
    expect("text" in (await download())).toBe(hasText);
  });

  it("sends the bytes over REST", async () => {
    const { keep, download } = await downloads();
    await keep({ name: "x.bin", mimeType: "application/zip", content: Buffer.from([0, 255]) });
    const answer = await download({ face: "rest" });
    expect(answer).toBeInstanceOf(BinaryAnswer);
    expect(answer).toMatchObject({ mimeType: "application/zip", filename: "x.bin" });
    expect(Buffer.from(answer.content)).toEqual(Buffer.from([0, 255]));
  });

  it("wants the scope to read files", async () => {
    const { keep, download } = await downloads();
    await keep();
    await expect(download({ scopes: new Set(["memory:read"]) })).rejects.toEqual(refusal("PERMISSION_REQUIRED"));
    await expect(download({ workspace: THEIRS })).rejects.toEqual(refusal("NOT_FOUND"));
  });
});
