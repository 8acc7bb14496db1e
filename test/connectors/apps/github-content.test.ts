import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Api } from "../../../src/connectors/app.js";
import { github } from "../../../src/connectors/apps/github.js";
import { type Recorder, startRecorder } from "../../support/clerk-recorder.js";
import { act, apiAt, refusal } from "./acting.js";

let recorder: Recorder;
let api: Api;
const source = "octocat/hello";
const file = (fields: object) => ({ type: "file", path: "a", sha: "a".repeat(40), encoding: "base64", ...fields });
const base64 = (content: string | Uint8Array) => Buffer.from(content).toString("base64");

beforeAll(async () => {
  recorder = await startRecorder();
  api = apiAt(github, recorder.url);
});
afterAll(() => recorder.stop());

describe("a file", () => {
  const refused = async (body: object) => {
    recorder.answer(() => ({ body }));
    return (await refusal(github.content({ source, path: "a" }, api))).code;
  };

  it("is text, also where GitHub breaks its base64 into lines", async () => {
    recorder.answer(() => ({ body: file({ size: 6, content: "R3LD\nvMOf\n" }) }));
    expect(await github.content({ source, path: "a" }, api)).toMatchObject({ text: "Grüß", mimeType: "text/plain" });
  });

  it("may be empty", async () => {
    recorder.answer(() => ({ body: file({ size: 0, content: "" }) }));
    expect(await github.content({ source, path: "a" }, api)).toMatchObject({ text: "", size: 0 });
  });

  it("is refused where it is no text", async () => {
    expect(await refused(file({ size: 3, content: base64("a\0b") }))).toBe("UNSUPPORTED_MEDIA_TYPE");
    expect(await refused(file({ size: 2, content: base64(Uint8Array.of(0xc3, 0x28)) }))).toBe("UNSUPPORTED_MEDIA_TYPE");
  });

  it("is refused above 1 MiB, 50 MB included, and taken below", async () => {
    expect(await refused(file({ size: 50_000_000, encoding: "none", content: "" }))).toBe("PAYLOAD_TOO_LARGE");
    const large = "x".repeat(1024 * 1024);
    expect(await refused(file({ size: large.length + 1, content: base64(`${large}x`) }))).toBe("PAYLOAD_TOO_LARGE");
    recorder.answer(() => ({ body: file({ size: large.length, content: base64(large) }) }));
    expect(await github.content({ source, path: "a" }, api)).toMatchObject({ size: large.length });
  });

  it("whose text GitHub leaves out is refused and not taken for an empty one", async () => {
    expect(await refused(file({ size: 1_040_000, encoding: "none", content: "" }))).toBe("PAYLOAD_TOO_LARGE");
  });

  it("is no submodule and no link to elsewhere", async () => {
    expect(await refused(file({ type: "submodule", size: 0 }))).toBe("UNSUPPORTED_MEDIA_TYPE");
    expect(await refused(file({ type: "symlink", size: 4 }))).toBe("UNSUPPORTED_MEDIA_TYPE");
  });

  it("is UPSTREAM_FAILED where the answer is something else", async () => {
    expect(await refused({ surprise: true })).toBe("UPSTREAM_FAILED");
  });
});

describe("a folder", () => {
  it("says when GitHub listed only the first 1,000 entries", async () => {
    const entries = (count: number) =>
      Array.from({ length: count }, (_, at) => ({ path: `f${at}`, type: "file", size: 1, sha: "b" }));
    for (const count of [999, 1000]) {
      recorder.answer(() => ({ body: entries(count) }));
      const found = await github.content({ source }, api);
      expect(found.kind === "folder" && [found.entries.length, found.truncated]).toEqual([count, count === 1000]);
    }
  });

  it("of 100,000 files is listed as far as it goes, and says that there is more", async () => {
    const tree = Array.from({ length: 100_000 }, (_, at) => ({ path: `src/${at}.ts`, type: "blob", size: at }));
    recorder.answer(() => ({ body: { truncated: true, tree } }));
    const found = await act(github, "list-files", { repository: source }, api);
    expect([found.files.length, found.truncated]).toEqual([5000, true]);
    const below = await act(github, "list-files", { repository: source, folder: "sr" }, api);
    expect(below.files).toEqual([]);
  });
});

describe("paths", () => {
  it.each(["../../user", "src/../../../user", "a/./b", ".."])("%s does not leave the repository", async (path) => {
    recorder.answer(() => ({ body: [] }));
    expect((await refusal(github.content({ source, path }, api))).code).toBe("INVALID_INPUT");
    expect((await refusal(act(github, "get-contents", { repository: source, path }, api))).code).toBe("INVALID_INPUT");
    expect(recorder.arrived).toEqual([]);
  });

  it.each(["octocat", "octocat/..", "octocat/.", "a/b/c", "../x", "octocat/a b", "octocat/%2e%2e"])(
    "%s is no repository",
    async (repository) => {
      recorder.answer(() => ({ body: [] }));
      await expect(act(github, "get-repository", { repository }, api)).rejects.toThrow();
      expect((await refusal(github.content({ source: repository }, api))).code).toBe("INVALID_INPUT");
      expect(recorder.arrived).toEqual([]);
    },
  );

  it("keep what means something in addresses as part of a name", async () => {
    recorder.answer(() => ({ body: [] }));
    await act(github, "get-contents", { repository: source, path: "a?b#c%2e/ü" }, api);
    expect(recorder.arrived[0]?.target).toBe("/repos/octocat/hello/contents/a%3Fb%23c%252e/%C3%BC");
  });
});

describe("sources", () => {
  const rows = (page: number) =>
    Array.from({ length: page < 3 ? 100 : 7 }, (_, at) => ({ full_name: `octocat/r${page}-${at}` }));

  it("come a page at a time, each telling where the next begins", async () => {
    recorder.answer(({ query }) => ({ body: rows(Number(query.get("page"))) }));
    const first = await github.sources({}, api);
    expect([first.data.length, first.nextCursor]).toEqual([100, "2"]);
    const last = await github.sources({ cursor: "3" }, api);
    expect([last.data.length, last.nextCursor]).toEqual([7, undefined]);
  });

  it("are searched through on all pages", async () => {
    recorder.answer(({ query }) => ({ body: rows(Number(query.get("page"))) }));
    const found = await github.sources({ search: "r3-6" }, api);
    expect(found).toEqual({ data: [{ id: "octocat/r3-6", name: "octocat/r3-6", kind: "repository" }] });
  });

  it("give up looking after ten pages and say how to go on", async () => {
    recorder.answer(() => ({ body: rows(1) }));
    expect(await github.sources({ search: "none" }, api)).toEqual({ data: [], nextCursor: "11" });
    expect(recorder.arrived).toHaveLength(10);
  });

  it("refuse a cursor that is none", async () => {
    for (const cursor of ["0", "x", "-1", "1e9", ""]) {
      expect((await refusal(github.sources({ cursor }, api))).code).toBe("INVALID_CURSOR");
    }
  });
});

describe("a job's log", () => {
  const log = Array.from({ length: 500 }, (_, at) => `line ${at}`).join("\r\n");
  const read = (lines: number) => act(github, "get-job-log", { repository: source, job_id: 1, lines }, api);

  it("gives its last lines", async () => {
    recorder.answer(() => ({ headers: { "content-type": "text/plain" }, body: `${log}\r\n` }));
    expect(await read(2)).toEqual({ text: "line 498\nline 499", lines: 500, truncated: true });
    expect(await read(500)).toMatchObject({ lines: 500, truncated: false });
  });

  it("is followed to where GitHub keeps it", async () => {
    recorder.answer(({ path }) =>
      path === "/kept" ? { body: "the log" } : { status: 302, headers: { location: `${recorder.url}/kept` } },
    );
    expect(await read(10)).toEqual({ text: "the log", lines: 1, truncated: false });
  });
});
