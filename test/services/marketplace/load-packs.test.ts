import { execFileSync } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { loadPacks } from "../../../src/services/marketplace/load-packs.js";
import { packFolder, skill, warnings } from "./pack-folders.js";

const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const remove of cleanUp.splice(0)) await remove();
});

async function folderOf(files: Record<string, string | Uint8Array>) {
  const made = await packFolder(files);
  cleanUp.push(made.remove);
  return made;
}

async function load(files: Record<string, string | Uint8Array>) {
  const { folder } = await folderOf(files);
  const { log, lines } = warnings();
  return { packs: await loadPacks({ folders: [folder], log }), lines };
}

const TEMPLATE = "<script>const PARAMETERS = /*{{PARAMETERS}}*/ {};</script>";
const ARTIFACT = { template: "page.html", name: "page.html", mime_type: "text/html" };

describe("a good pack", () => {
  it("has what its front matter says", async () => {
    const front = {
      title: "A Sample",
      version: "2.1.0",
      license: "MIT",
      source: "https://example.com/repository",
      parameters: [
        { name: "tone", type: "string", description: "How it sounds.", enum: ["warm", "dry"], default: "dry" },
      ],
      secrets: ["API_TOKEN"],
      http: ["api.example.com", "http://localhost:8080"],
      memory: false,
      artifact: ARTIFACT,
      unknown_key: { is: "ignored" },
    };
    const { packs, lines } = await load({ "sample/SKILL.md": skill(front), "sample/page.html": TEMPLATE });
    expect(lines).toEqual([]);
    expect(packs).toEqual([
      {
        slug: "sample",
        name: "sample",
        title: "A Sample",
        description: "A sample skill.",
        category: "research",
        version: "2.1.0",
        license: "MIT",
        source: "https://example.com/repository",
        parameters: front.parameters,
        secrets: ["API_TOKEN"],
        http: ["https://api.example.com", "http://localhost:8080"],
        memory: false,
        artifact: { template: TEMPLATE, name: "page.html", mimeType: "text/html" },
        instructions: "Do it well.",
        files: [
          { path: "SKILL.md", content: Buffer.from(skill(front)) },
          { path: "page.html", content: Buffer.from(TEMPLATE) },
        ],
        digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      },
    ]);
  });

  it("gets defaults for what its front matter leaves out, and a title from its name", async () => {
    const { packs } = await load({ "any-slug/SKILL.md": skill({ name: "release-notes for-teams" }) });
    expect(packs[0]).toMatchObject({
      slug: "any-slug",
      title: "Release Notes For Teams",
      version: "1.0.0",
      license: "unknown",
      parameters: [],
      secrets: [],
      memory: true,
    });
    expect(packs[0]).not.toHaveProperty("source");
    expect(packs[0]).not.toHaveProperty("artifact");
  });

  it("may have Windows line ends, a byte order mark and --- in its instructions", async () => {
    const text = `\uFEFF${skill({}, "One.\n\n---\n\nTwo.").replaceAll("\n", "\r\n")}`;
    const { packs, lines } = await load({ "sample/SKILL.md": text });
    expect(lines).toEqual([]);
    expect(packs[0]?.instructions).toBe("One.\r\n\r\n---\r\n\r\nTwo.");
  });

  it("lists its files by path, without hidden ones, and may link to a file inside itself", async () => {
    const { folder, write } = await folderOf({ "sample/SKILL.md": skill(), "sample/.git/config": "x" });
    await write("sample/docs/b.md", "b");
    await write("sample/docs/a.png", Uint8Array.of(0xff, 0xfe, 0x00));
    await symlink("docs/b.md", join(folder, "sample", "link.md"));
    const { log, lines } = warnings();
    const packs = await loadPacks({ folders: [folder], log });
    expect(lines).toEqual([]);
    expect(packs[0]?.files.map(({ path }) => path)).toEqual(["SKILL.md", "docs/a.png", "docs/b.md", "link.md"]);
  });

  it("changes its digest with any byte and any path, and with nothing else", async () => {
    const digest = async (files: Record<string, string>) =>
      (await load(Object.fromEntries(Object.entries(files).map(([path, text]) => [`sample/${path}`, text])))).packs[0]
        ?.digest;
    const base = { "SKILL.md": skill(), "a.md": "ab", "b.md": "c" };
    const first = await digest(base);
    expect(await digest(base)).toBe(first);
    expect(await digest({ ...base, "a.md": "aB" })).not.toBe(first);
    expect(await digest({ ...base, "a.md": "a", "b.md": "bc" })).not.toBe(first);
    expect(await digest({ "SKILL.md": skill(), "a.md": "ab", "c.md": "c" })).not.toBe(first);
  });
});

describe("a broken pack", () => {
  const big = new Uint8Array(1024 * 1024 + 1).fill(97);
  const mebibyte = big.subarray(1);
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`broken/${i}.md`, "x"]));
  const withFront = (front: Record<string, unknown>) => ({ "broken/SKILL.md": skill(front) });
  const parameter = (fields: object) => withFront({ parameters: [{ name: "n", description: "d", ...fields }] });

  it.each<[string, Record<string, string | Uint8Array>, RegExp]>([
    ["without SKILL.md", { "broken/README.md": "x" }, /no SKILL\.md/],
    ["without front matter", { "broken/SKILL.md": "# Title\n" }, /front matter/],
    ["with front matter that never ends", { "broken/SKILL.md": "---\nname: x\n" }, /front matter/],
    ["with bad YAML", { "broken/SKILL.md": "---\nname: [x\n---\nText\n" }, /no YAML/],
    ["with a key twice", { "broken/SKILL.md": "---\nname: a\nname: b\n---\nText\n" }, /no YAML/],
    ["with an alias bomb", { "broken/SKILL.md": `---\n${aliasBomb()}\n---\nText\n` }, /no YAML/],
    ["with a list as front matter", { "broken/SKILL.md": "---\n- a\n---\nText\n" }, /expected object/],
    ["without instructions", { "broken/SKILL.md": skill({}, "") }, /no instructions/],
    ["without a name", withFront({ name: undefined }), /name/],
    ["with a long name", withFront({ name: "n".repeat(65) }), /name/],
    ["with a description that is a list", withFront({ description: ["x"] }), /description/],
    ["with a long description", withFront({ description: "d".repeat(1025) }), /description/],
    ["with an unknown category", withFront({ category: "cooking" }), /category/],
    ["with a version that is a number", withFront({ version: 1.5 }), /version/],
    ["with memory as text", withFront({ memory: "yes" }), /memory/],
    ["with a source that is no https URL", withFront({ source: "javascript:alert(1)" }), /source/],
    ["with a secret that is no variable", withFront({ secrets: ["api-token"] }), /secrets/],
    ["with a host that is a pattern", withFront({ http: ["*.example.com"] }), /http/],
    ["with a host and a path", withFront({ http: ["api.example.com/v1"] }), /http/],
    ["with a host and a user", withFront({ http: ["https://me@api.example.com"] }), /http/],
    ["with a parameter of an unknown type", parameter({ type: "date" }), /type/],
    [
      "with a parameter named __proto__",
      withFront({ parameters: [{ name: "__proto__", type: "string", description: "d" }] }),
      /name/,
    ],
    ["with a default of another type", parameter({ type: "integer", default: 1.5 }), /default must be of type integer/],
    ["with a default outside its enum", parameter({ type: "string", enum: ["a"], default: "b" }), /one of a/],
    ["with bounds the wrong way round", parameter({ type: "number", minimum: 2, maximum: 1 }), /minimum is above/],
    ["with a template it does not have", withFront({ artifact: ARTIFACT }), /names no file/],
    ["with a template outside", withFront({ artifact: { ...ARTIFACT, template: "../x.html" } }), /leads out/],
    [
      "with a template by absolute path",
      withFront({ artifact: { ...ARTIFACT, template: "/etc/passwd" } }),
      /leads out/,
    ],
    [
      "with a template without marker",
      { ...withFront({ artifact: ARTIFACT }), "broken/page.html": "<p>" },
      /exactly once/,
    ],
    ["with an artifact name that is a path", withFront({ artifact: { ...ARTIFACT, name: "../x" } }), /artifact\.name/],
    ["with a file over 1 MiB", { ...withFront({}), "broken/big.bin": big }, /big\.bin is larger than 1 MiB/],
    [
      "over 5 MiB",
      { ...withFront({}), ...Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`broken/${n}.bin`, mebibyte])) },
      /larger than 5 MiB/,
    ],
    ["with more than 200 files", { ...withFront({}), ...many(200) }, /more than 200 files/],
    [
      "with a SKILL.md that is not UTF-8",
      { "broken/SKILL.md": Uint8Array.of(0x2d, 0x2d, 0x2d, 0x0a, 0xff) },
      /not UTF-8/,
    ],
    ["with a slug in capitals", { "Broken/SKILL.md": skill() }, /lower-case/],
    ["with a slug that is too long", { [`${"b".repeat(65)}/SKILL.md`]: skill() }, /1 to 64/],
  ])("%s is left out with one warning while the rest load", async (_, files, reason) => {
    const { packs, lines } = await load({ ...files, "good/SKILL.md": skill() });
    expect(packs.map(({ slug }) => slug)).toEqual(["good"]);
    expect(lines).toHaveLength(1);
    expect(lines[0]?.message).toMatch(reason);
    expect(lines[0]?.message).not.toContain("\n");
    expect(lines[0]?.fields).toMatchObject({ slug: expect.stringMatching(/^b/i) as string });
  });

  it("of exactly 200 files loads", async () => {
    const { packs, lines } = await load({ ...withFront({}), ...many(199) });
    expect(lines).toEqual([]);
    expect(packs[0]?.files).toHaveLength(200);
  });
});

describe("links and special files", () => {
  async function loadWith(prepare: (folder: string) => Promise<void> | void) {
    const { folder } = await folderOf({ "broken/SKILL.md": skill({ artifact: ARTIFACT }), "good/SKILL.md": skill() });
    const outside = await folderOf({ "page.html": TEMPLATE });
    await symlink(outside.folder, join(folder, ".outside"));
    await prepare(folder);
    const { log, lines } = warnings();
    const packs = await loadPacks({ folders: [folder], log });
    expect(packs.map(({ slug }) => slug)).toEqual(["good"]);
    expect(lines).toHaveLength(1);
    return lines[0]?.message;
  }

  it("a template that is a link out of the pack is refused", async () => {
    const told = await loadWith((folder) => symlink("../.outside/page.html", join(folder, "broken", "page.html")));
    expect(told).toMatch(/page\.html leads out of the pack's folder/);
  });

  it("a link to another pack's file is refused", async () => {
    const told = await loadWith((folder) => symlink("../good/SKILL.md", join(folder, "broken", "other.md")));
    expect(told).toMatch(/other\.md leads out of the pack's folder/);
  });

  it("a link to a folder is refused, outside or in a circle", async () => {
    expect(await loadWith((folder) => symlink("/", join(folder, "broken", "root")))).toMatch(/leads out/);
    expect(
      await loadWith(async (folder) => {
        await mkdir(join(folder, "broken", "sub"));
        await symlink("../sub", join(folder, "broken", "sub", "circle"));
      }),
    ).toMatch(/no plain file/);
  });

  it("a link to nothing is refused", async () => {
    const told = await loadWith((folder) => symlink("nowhere", join(folder, "broken", "gone.md")));
    expect(told).toMatch(/gone\.md cannot be read/);
  });

  it("a pipe is refused instead of read for ever", async () => {
    const told = await loadWith(
      (folder) => void execFileSync("sh", ["-c", 'mkfifo "$0"', join(folder, "broken", "pipe")]),
    );
    expect(told).toMatch(/pipe is no plain file/);
  });

  it("a pack folder that cannot be read is reported", async () => {
    const { folder } = await folderOf({ "good/SKILL.md": skill() });
    await symlink("loop", join(folder, "loop"));
    const { log, lines } = warnings();
    expect(await loadPacks({ folders: [folder], log })).toHaveLength(1);
    expect(lines.map(({ message }) => message)).toEqual([expect.stringMatching(/"loop" left out: .*circle/)]);
  });
});

describe("several folders", () => {
  it("the first folder wins where a slug appears twice, and the other is reported", async () => {
    const first = await folderOf({ "sample/SKILL.md": skill({ version: "1.1.1" }) });
    const second = await folderOf({ "sample/SKILL.md": skill({ version: "2.2.2" }), "other/SKILL.md": skill() });
    const { log, lines } = warnings();
    const packs = await loadPacks({ folders: [first.folder, second.folder], log });
    expect(packs.map(({ slug, version }) => `${slug} ${version}`)).toEqual(["sample 1.1.1", "other 1.0.0"]);
    expect(lines).toHaveLength(1);
    expect(lines[0]?.message).toMatch(/"sample" left out: an earlier folder has/);
  });

  it("a folder that does not exist, or is a file, is reported and the rest load", async () => {
    const { folder } = await folderOf({ "sample/SKILL.md": skill(), "file.txt": "x" });
    const { log, lines } = warnings();
    const packs = await loadPacks({ folders: [join(folder, "gone"), join(folder, "file.txt"), folder], log });
    expect(packs).toHaveLength(1);
    expect(lines.map(({ message }) => message)).toEqual([
      expect.stringMatching(/gone" left out: it does not exist/),
      expect.stringMatching(/file\.txt" left out: it is no folder/),
    ]);
  });

  it("a folder given twice is read once; hidden folders and loose files are no packs", async () => {
    const { folder } = await folderOf({
      "sample/SKILL.md": skill(),
      ".hidden/SKILL.md": "broken",
      "README.md": "about these packs",
    });
    const { log, lines } = warnings();
    expect(await loadPacks({ folders: [folder, `${folder}/`], log })).toHaveLength(1);
    expect(lines).toEqual([]);
  });
});

function aliasBomb(): string {
  const rows = ["a: &a [x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 9; i += 1) {
    const [name, before] = [String.fromCharCode(97 + i), String.fromCharCode(96 + i)];
    rows.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(", ")}]`);
  }
  return rows.join("\n");
}
