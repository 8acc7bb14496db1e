import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import type { RequestOrigin } from "../../src/core/authenticate.js";
import type { ArtifactView } from "../../src/core/shapes/artifact.js";
import { createSignedLinks } from "../../src/services/links.js";
import { createLocalLinks } from "../../src/services/local-links.js";
import { withOtherCharacter } from "../support/forged.js";
import { MINE, standingClock, THEIRS } from "../support/services.js";

const origin: RequestOrigin = { face: "rest", requestId: "req_1" };

const artifact = (id: string, name = "report.md"): ArtifactView => ({
  id,
  name,
  mime_type: "text/markdown",
  size: 1,
  execution_id: "exec_1",
  created_at: "2026-01-01T00:00:00.000Z",
});

async function bench() {
  const clock = standingClock();
  const options = { secret: Buffer.alloc(32, 1), publicUrl: () => "https://clanker.example/base", now: clock.now };
  const links = createSignedLinks(options);
  const made = await links.download(MINE, artifact("art_5"), new Uint8Array());
  const url = new URL(made.url);
  const path = "/api/v1/artifacts/art_5/download";
  const opens = (change: (query: URLSearchParams) => void = () => undefined, at = path, by = links) => {
    const query = new URLSearchParams(url.searchParams);
    change(query);
    return by.caller(at, query, origin);
  };
  return { ...clock, options, made, url, path, opens };
}

describe("a signed link", () => {
  it("is the server's address with a quarter of an hour to live", async () => {
    const { made, url } = await bench();
    expect(url.origin + url.pathname).toBe("https://clanker.example/base/api/v1/artifacts/art_5/download");
    expect(made.expires_at).toBe("2026-01-01T00:15:00.000Z");
  });

  it("stands for a caller who may read files of that workspace and nothing else", async () => {
    const { opens } = await bench();
    expect(opens()).toEqual({
      ...origin,
      kind: "link",
      workspace: MINE,
      person: 0,
      scopes: new Set(["workspace:files:read"]),
    });
  });

  it("is taken by every process with the same secret, and by no other", async () => {
    const { opens, options, path } = await bench();
    expect(opens(undefined, path, createSignedLinks(options))).toBeDefined();
    expect(opens(undefined, path, createSignedLinks({ ...options, secret: Buffer.alloc(32, 2) }))).toBeUndefined();
  });

  it("ends to the millisecond", async () => {
    const { opens, forward } = await bench();
    forward(15 * 60_000 - 1);
    expect(opens()).toBeDefined();
    forward(1);
    expect(opens()).toBeUndefined();
  });

  it.each([
    "/api/v1/artifacts/art_6/download",
    "/api/v1/artifacts/5/download",
    "/api/v1/artifacts/art_5",
    "/api/v1/artifacts/art_5/download/",
    "/API/v1/artifacts/art_5/download",
    `/api/v1/artifacts/art_5/download\n${MINE}`,
    "",
  ])("does not open %j", async (path) => {
    expect((await bench()).opens(undefined, path)).toBeUndefined();
  });

  it.each<[string, (query: URLSearchParams) => void]>([
    ["another workspace", (query) => query.set("workspace", String(THEIRS))],
    ["a workspace written in another way", (query) => query.set("workspace", `0${MINE}`)],
    ["no workspace", (query) => query.delete("workspace")],
    ["a later end", (query) => query.set("expires", "9999999999999")],
    ["an endless end", (query) => query.set("expires", "Infinity")],
    ["no end", (query) => query.delete("expires")],
    ["a boundary moved", (query) => query.set("workspace", `${MINE}\n${query.get("expires")}`)],
    ["no signature", (query) => query.delete("signature")],
    ["an empty signature", (query) => query.set("signature", "")],
    ["half a signature", (query) => query.set("signature", query.get("signature")?.slice(0, 20) ?? "")],
    ["a longer signature", (query) => query.set("signature", `${query.get("signature")}AAAA`)],
    ["another signature", (query) => query.set("signature", Buffer.alloc(32).toString("base64url"))],
  ])("does not open with %s", async (_what, change) => {
    expect((await bench()).opens(change)).toBeUndefined();
  });

  it("does not open with any one character of the signature changed", async () => {
    const { opens, url } = await bench();
    const signature = url.searchParams.get("signature") ?? "";
    for (let at = 0; at < signature.length - 1; at += 1) {
      expect(opens((query) => query.set("signature", withOtherCharacter(signature, at)))).toBeUndefined();
    }
  });
});

describe("a link on this machine", () => {
  async function folder() {
    const base = await mkdtemp(join(tmpdir(), "clanker-links-"));
    onTestFinished(() => rm(base, { recursive: true, force: true }));
    return join(base, "home", "downloads");
  }

  it("is a file that only its owner can read, with the artifact's bytes", async () => {
    const links = createLocalLinks(await folder());
    const content = Buffer.from([0, 1, 255]);
    const { url, expires_at } = await links.download(MINE, artifact("art_5", "a b#c?.bin"), content);
    const path = fileURLToPath(url);
    expect(expires_at).toBeUndefined();
    expect(path.endsWith("/art_5-a b#c?.bin")).toBe(true);
    expect(await readFile(path)).toEqual(content);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(path, ".."))).mode & 0o777).toBe(0o700);
  });

  it("is the same for the same artifact, made again", async () => {
    const links = createLocalLinks(await folder());
    const [first, second] = await Promise.all([
      links.download(MINE, artifact("art_5"), Buffer.from("one")),
      links.download(MINE, artifact("art_5"), Buffer.from("one")),
    ]);
    expect(second).toEqual(first);
    expect(await readFile(fileURLToPath(first.url), "utf8")).toBe("one");
  });
});
