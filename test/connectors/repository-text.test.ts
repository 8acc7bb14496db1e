import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createApi } from "../../src/connectors/api.js";
import { github } from "../../src/connectors/apps/github.js";
import { REPOSITORY_LIMITS, repositoryText } from "../../src/connectors/repository-text.js";
import { AppError } from "../../src/core/errors.js";
import { fencedText } from "../../src/core/untrusted.js";
import { createOutgoing } from "../../src/outgoing/send.js";
import { listen, type Listening, receive, type Reply } from "../support/listening.js";

interface File {
  readonly path: string;
  readonly content?: Buffer | string;
  readonly size?: number;
  readonly mode?: string;
}

let files: readonly File[] = [];
let truncated = false;
/** What the recursive list of files answers instead. */
let instead: Reply | undefined;
let asked: string[] = [];
let server: Listening;
const outgoing = createOutgoing();

const contentOf = ({ content = "" }: File) => Buffer.from(content);
const asEntry = (file: File, at: number) => ({
  path: file.path,
  mode: file.mode ?? "100644",
  type: "blob",
  sha: `b${at}`,
  size: file.size ?? contentOf(file).length,
});

/** The entries directly in a folder, folders among them. */
function directly(folder: string) {
  const inside = files.map(asEntry).filter(({ path }) => path.startsWith(folder));
  const names = new Map<string, object>();
  for (const entry of inside) {
    const [name = "", ...rest] = entry.path.slice(folder.length).split("/");
    const isFolder = rest.length > 0;
    names.set(
      name,
      isFolder ? { path: name, mode: "040000", type: "tree", sha: `t${folder}${name}/` } : { ...entry, path: name },
    );
  }
  return [...names.values()];
}

beforeAll(async () => {
  server = await listen(
    receive(({ target }): Reply => {
      asked.push(target);
      const { pathname, searchParams } = new URL(target, "http://github");
      const rest = decodeURIComponent(pathname.replace("/repos/octo/alpha", ""));
      if (rest === "") return { body: { default_branch: "trunk" } };
      const blob = /^\/git\/blobs\/b(\d+)$/.exec(rest)?.[1];
      if (blob !== undefined) {
        const content = contentOf(files[Number(blob)] ?? { path: "" });
        return { body: { content: content.toString("base64"), encoding: "base64" } };
      }
      const tree = /^\/git\/trees\/(.+)$/.exec(rest)?.[1];
      if (tree === undefined || tree === "no-such-ref") return { status: 404, body: { message: "Not Found" } };
      const folder = tree.startsWith("t") && tree.endsWith("/") ? tree.slice(1) : "";
      if (!searchParams.has("recursive")) return { body: { tree: directly(folder), truncated: false } };
      if (instead) return instead;
      const all = files.map(asEntry).filter(({ path }) => path.startsWith(folder));
      return { body: { tree: all.map((entry) => ({ ...entry, path: entry.path.slice(folder.length) })), truncated } };
    }),
  );
});
beforeEach(() => {
  files = [];
  truncated = false;
  instead = undefined;
  asked = [];
});
afterAll(async () => {
  await outgoing.close();
  await server.stop();
});

const refused = new AppError("TOOL_NOT_CONNECTED", "no");

function read(more: { ref?: string; path?: string } = {}) {
  const api = createApi({
    app: github,
    baseUrl: server.url,
    credentials: {
      token: () => Promise.resolve("token"),
      renewed: () => Promise.reject(refused),
      lost: () => Promise.resolve(refused),
    },
    read: true,
    signal: new AbortController().signal,
    outgoing,
    userAgent: "tests/1",
    timeoutMs: 10_000,
  });
  return repositoryText(api, { repository: "octo/alpha", ...more });
}

describe("a repository as text", () => {
  it("is its text files, what explains them first, and says what it is of", async () => {
    files = [
      { path: "src/deep/er.ts", content: "deeper" },
      { path: "a.ts", content: "first" },
      { path: "README.md", content: "# Żółw" },
    ];
    const text = await read();
    expect(text).toContain("Repository octo/alpha at trunk: 3 of 3 files");
    expect(text.indexOf("# Żółw")).toBeLessThan(text.indexOf("first"));
    expect(text.indexOf("first")).toBeLessThan(text.indexOf("deeper"));
    expect(text).toContain("=== src/deep/er.ts ===\ndeeper");
    expect(text).not.toContain("Left out");
  });

  it("is of the ref that was asked for, and of nothing where there is none", async () => {
    files = [{ path: "a.ts", content: "x" }];
    expect(await read({ ref: "feature/x" })).toContain("at feature/x");
    expect(asked).toContain("/repos/octo/alpha/git/trees/feature%2Fx?recursive=1");
    await expect(read({ ref: "no-such-ref" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("leaves out what is binary, by name or by content, generated, a link or too large, and says so", async () => {
    files = [
      { path: "logo.png", content: "never asked for" },
      { path: "data", content: Buffer.from([1, 0, 2]) },
      { path: "latin1.txt", content: Buffer.from([0xe9, 0xe8]) },
      { path: "package-lock.json", content: "{}" },
      { path: "node_modules/x/index.js", content: "x" },
      { path: "film.ts", size: 50_000_000 },
      { path: "link", content: "../../etc/passwd", mode: "120000" },
      { path: "kept.ts", content: "kept" },
    ];
    const text = await read();
    expect(text).toContain("1 of 7 files");
    expect(text).toContain("Left out as binary: 3.");
    expect(text).toContain("Left out as generated: 2.");
    expect(text).toContain("Left out as too large for one file: 1.");
    expect(text).toContain("film.ts");
    expect(text).toContain("=== kept.ts ===\nkept");
    expect(text).not.toContain("passwd");
    expect(asked.filter((target) => target.includes("/git/blobs/"))).toHaveLength(3);
  });

  it("keeps within its limits of files and bytes", async () => {
    files = Array.from({ length: 200 }, (_, at) => ({ path: `f${at}.ts`, content: "x".repeat(100) }));
    expect(await read()).toContain(`${REPOSITORY_LIMITS.files} of 200 files`);
    expect(await read()).toContain(`Left out as beyond the limits: ${200 - REPOSITORY_LIMITS.files}.`);
    files = Array.from({ length: 20 }, (_, at) => ({ path: `f${at}.ts`, content: "x".repeat(30_000) }));
    const text = await read();
    expect(text.length).toBeLessThan(REPOSITORY_LIMITS.bytes + 5000);
    expect(text).toContain("4 of 20 files");
  });

  it("keeps within its limits whatever its files are called, and however much hidden characters take once shown", async () => {
    const long = (at: number) => `${"d".repeat(4000)}/${at}`;
    files = Array.from({ length: 300 }, (_, at) => ({ path: `${long(at)}${at % 2 ? ".ts" : ".png"}`, content: "x" }));
    expect((await read()).length).toBeLessThan(REPOSITORY_LIMITS.bytes + 20_000);
    files = Array.from({ length: 8 }, (_, at) => ({ path: `f${at}.ts`, content: "\u0001".repeat(16_000) }));
    files = [...files, { path: "kept.ts", content: "kept" }];
    const shown = fencedText({ app: "github" }, await read());
    expect(Buffer.byteLength(shown)).toBeLessThan(REPOSITORY_LIMITS.bytes + 5000);
    expect(shown).toContain("1 of 9 files");
    expect(shown).toContain("=== kept.ts ===\nkept");
    expect(shown).toContain("Left out as too large for one file: 8.");
    files = Array.from({ length: 60 }, (_, at) => ({ path: `g${at}.ts`, content: "\u200b".repeat(2000) }));
    expect(Buffer.byteLength(fencedText({ app: "github" }, await read()))).toBeLessThan(REPOSITORY_LIMITS.bytes + 5000);
  });

  it("takes no name for more than a name", async () => {
    files = [{ path: "a\n=== b ===\nforged", content: "x" }];
    expect(await read()).not.toContain("\n=== b ===");
  });

  it("gives no link's target although the link itself was named", async () => {
    files = [{ path: "link", content: "../../etc/passwd", mode: "120000" }];
    await expect(read({ path: "link" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("is of the folder or file that was named", async () => {
    files = [
      { path: "src/in/a.ts", content: "inside" },
      { path: "src/b.ts", content: "beside" },
    ];
    const folder = await read({ path: "/src/in/" });
    expect(folder).toContain("=== src/in/a.ts ===\ninside");
    expect(folder).not.toContain("beside");
    expect(await read({ path: "src/b.ts" })).toContain("1 of 1 files");
    for (const path of ["nowhere", "src/nowhere", "src/b.ts/further"]) {
      await expect(read({ path })).rejects.toMatchObject({ code: "NOT_FOUND" });
    }
  });

  it("of 100,000 files is read in little time, with few requests", async () => {
    files = Array.from({ length: 100_000 }, (_, at) => ({ path: `d${at % 500}/f${at}.ts`, content: "x" }));
    truncated = true;
    const started = performance.now();
    const text = await read();
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(asked.length).toBeLessThan(REPOSITORY_LIMITS.files + 5);
    expect(text).toContain("GitHub listed a part of it only");
    expect(text).toMatch(/Left out as .*: \d+\./);
    expect(text.length).toBeLessThan(20_000);
  });

  it("whose list of files is too large to be read falls back on its root", async () => {
    files = [
      { path: "README.md", content: "# Large" },
      { path: "deep/a.ts", content: "unseen" },
    ];
    instead = { headers: { "content-length": "50000000" }, body: "{" };
    const text = await read();
    expect(text).toContain("# Large");
    expect(text).toContain("name a path to see more");
    expect(text).not.toContain("unseen");
  });

  it("tells what GitHub fails with", async () => {
    files = [{ path: "a.ts", content: "x" }];
    instead = { status: 403, headers: { "x-ratelimit-remaining": "0" }, body: { message: "API rate limit exceeded" } };
    await expect(read()).rejects.toMatchObject({ code: "RATE_LIMITED" });
    instead = { body: { unexpected: true } };
    await expect(read()).rejects.toMatchObject({ code: "UPSTREAM_FAILED" });
  });
});
