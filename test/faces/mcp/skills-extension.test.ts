import type { Client } from "@modelcontextprotocol/client";
import { SKILLS_EXTENSION_ID, SkillsClient } from "@modelcontextprotocol/client/ext/skills";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { named, serveSkills, type SkillsBench } from "./skills-bench.js";
import { callerWith, eventually } from "./workbench.js";

const SHIPPED = fileURLToPath(new URL("../../../skills", import.meta.url));
const PNG = Buffer.from("89504e470d0a1a0a0000000d49484452ff00fe80", "hex");
const MARKED = "\uFEFFone\r\ntwo\u0000\r\n";

/** A skill with files of many sorts, and one whose name is not its folder's. */
const PACKS = {
  "atlas/SKILL.md": named("atlas", { parameters: [{ name: "scale", type: "integer", description: "How large." }] }),
  "atlas/LICENSE": "Free.",
  "atlas/maps/north.png": PNG,
  "atlas/maps/Q&A, 50% of it.md": "# Ü",
  "atlas/maps/old/SKILL.md": named("old"),
  "atlas/notes.txt": MARKED,
  "atlas/raw.bin": PNG,
  "atlas/latin.md": Buffer.from("caf\xe9", "latin1"),
  "astray/SKILL.md": named("somewhere-else"),
};

const anything = z.looseObject({});
const read = (client: Client, uri: string) => client.readResource({ uri });
const get = (client: Client, uri: string) => client.request({ method: "skills/get", params: { uri } }, anything);
const directory = (client: Client, uri: string) =>
  client.request({ method: "resources/directory/read", params: { uri } }, anything);
const list = (client: Client, cursor?: string) =>
  client.request({ method: "skills/list", params: cursor === undefined ? {} : { cursor } }, anything) as Promise<{
    skills: { uri: string }[];
    nextCursor?: string;
  }>;

const refused = (code = "NOT_FOUND") => ({
  code: -32602,
  message: expect.stringMatching(/^[^\n]+[.]$/) as string,
  data: { code, request_id: expect.stringMatching(/^req_/) as string },
});

describe.each(["modern", "stdio"] as const)("the installed skills over %s", (door) => {
  let bench: SkillsBench;
  let client: Client;
  let skills: SkillsClient;

  beforeAll(async () => {
    bench = await serveSkills(PACKS);
    await bench.installAll();
    client = await bench[door]();
    skills = new SkillsClient(client);
  });
  afterAll(() => bench.close());

  it("are announced, with their directories and the template of their files", async () => {
    expect(client.getServerCapabilities()?.extensions).toEqual({ [SKILLS_EXTENSION_ID]: { directoryRead: true } });
    expect(client.getServerCapabilities()?.resources).toMatchObject({ listChanged: true });
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toContain("skill://{+path}");
  });

  it("are all listed by address, every one that ships among them, and none is to be cached", async () => {
    const listing = await skills.list();
    const shipped = (await readdir(SHIPPED)).map((slug) => `skill://${slug}/SKILL.md`);
    expect(shipped).toHaveLength(12);
    expect(listing.skills.map(({ uri }) => uri)).toEqual([...shipped, "skill://atlas/SKILL.md"].sort());
    expect(listing).toMatchObject({ invalid: [], ttlMs: 0, cacheScope: "private" });
  });

  it("show their front matter as it is written, whatever the server itself makes of it", async () => {
    const { skill, ...cache } = await skills.get("skill://ab-test-setup/SKILL.md");
    expect(cache).toEqual({ ttlMs: 0, cacheScope: "private" });
    expect(skill.frontmatter).toMatchObject({ name: "ab-test-setup", category: "design", version: "1.0.0" });
    const { skills: all } = await skills.list();
    expect(all.find(({ uri }) => uri === skill.uri)).toEqual(skill);
    const atlas = all.find(({ uri }) => uri === "skill://atlas/SKILL.md");
    expect(atlas?.frontmatter).toEqual({
      name: "atlas",
      description: "A sample skill.",
      category: "research",
      parameters: [{ name: "scale", type: "integer", description: "How large." }],
    });
  });

  it("are read file by file as they are on disk, each as long and with the digest that its entry says", async () => {
    const { skills: all } = await skills.list();
    let files = 0;
    for (const skill of all.filter(({ uri }) => uri !== "skill://atlas/SKILL.md")) {
      if (skill.resources === "dynamic") throw new Error(`${skill.uri} has no digests`);
      const slug = skill.frontmatter.name;
      const onDisk = await readdir(`${SHIPPED}/${slug}`, { recursive: true });
      expect(skill.resources.map(({ uri }) => uri)).toEqual(onDisk.map((path) => `skill://${slug}/${path}`).sort());
      for (const { uri, digest } of skill.resources) {
        const file = await skills.read(skill, uri);
        const disk = await readFile(`${SHIPPED}/${uri.slice("skill://".length)}`);
        expect(file).toMatchObject({ verified: true, text: disk.toString() });
        expect(digest).toBe(`sha256:${createHash("sha256").update(disk).digest("hex")}`);
        files += 1;
      }
    }
    expect(files).toBeGreaterThan(12);
  });

  it.each([
    ["SKILL.md", "text/markdown", "text"],
    ["LICENSE", "text/plain", "text"],
    ["notes.txt", "text/plain", "text"],
    ["maps/Q&A, 50% of it.md", "text/markdown", "text"],
    ["maps/old/SKILL.md", "text/markdown", "text"],
    ["maps/north.png", "image/png", "blob"],
    ["raw.bin", "application/octet-stream", "blob"],
    ["latin.md", "text/markdown", "blob"],
  ] as const)("give %s byte for byte as %s", async (path, mimeType, kind) => {
    const { skill } = await skills.get("skill://atlas/SKILL.md");
    const written = Buffer.from(PACKS[`atlas/${path}`]);
    const file = await skills.read(skill, path.split("/").map(encodeURIComponent).join("/"));
    expect(file).toMatchObject({ verified: true, mimeType });
    expect(Buffer.from(file.bytes)).toEqual(written);
    const answer = await read(client, file.uri);
    expect(answer).toMatchObject({ ttlMs: 0, cacheScope: "private" });
    expect(answer.contents).toEqual([
      { uri: file.uri, mimeType, [kind]: written.toString(kind === "text" ? "utf8" : "base64") },
    ]);
  });

  it("list what is in each directory, and no further down", async () => {
    const { resources, ...cache } = await skills.readDirectory("skill://atlas");
    expect(cache).toEqual({ ttlMs: 0, cacheScope: "private" });
    expect(resources.map(({ name, mimeType, size }) => [name, mimeType, size])).toEqual([
      ["LICENSE", "text/plain", 5],
      ["SKILL.md", "text/markdown", PACKS["atlas/SKILL.md"].length],
      ["latin.md", "text/markdown", 4],
      ["maps", "inode/directory", undefined],
      ["notes.txt", "text/plain", Buffer.byteLength(MARKED)],
      ["raw.bin", "application/octet-stream", PNG.length],
    ]);
    const maps = await skills.readDirectory(resources[3]?.uri ?? "");
    expect(maps.resources.map(({ name }) => name)).toEqual(["Q&A, 50% of it.md", "north.png", "old"]);
    for (const { uri, mimeType } of maps.resources) {
      if (mimeType === "inode/directory") expect((await skills.readDirectory(uri)).resources).toHaveLength(1);
      else expect((await read(client, uri)).contents).toHaveLength(1);
    }
  });

  it("leave out a skill that breaks the rules, with one line in the log however often it is asked for", async () => {
    await skills.list();
    await skills.list();
    for (const ask of [get, read])
      await expect(ask(client, "skill://astray/SKILL.md")).rejects.toMatchObject(refused());
    const about = bench.lines.filter(({ fields }) => fields["slug"] === "astray");
    expect(about).toHaveLength(1);
    expect(about[0]?.message).toMatch(/"astray" is left out of skills\/list: .*somewhere-else/);
    expect(about[0]?.message).not.toContain("\n");
  });

  it.each([
    "skill://no-such-skill/SKILL.md",
    "skill://no-such-skill",
    "skill://atlas/../summarize/SKILL.md",
    "skill://atlas/../../summarize/SKILL.md",
    "skill://summarize/../x",
    "skill://summarize/%2e%2e/x",
    "skill://summarize/..%2fatlas%2fSKILL.md",
    "skill://summarize/%2e%2e%2fatlas/SKILL.md",
    "skill://summarize/%2E%2E%5C..%5Cpackage.json",
    "skill://summarize//etc/passwd",
    "skill://summarize/SKILL.md%00",
    "skill://summarize/SKILL.md?x",
    "skill://summarize/SKILL.md#x",
    "skill://summarize/skill.md",
    "skill://SUMMARIZE/SKILL.md",
    "skill://user@summarize/SKILL.md",
    "skill://summarize:80/SKILL.md",
    "skill://../SKILL.md",
    "skill://%73ummarize/SKILL.md",
    "skill:///SKILL.md",
    "skill://",
    "skill://[",
    "skill:summarize/SKILL.md",
    "file:///etc/passwd",
    "__proto__",
    "",
  ])("are not found by any method at %s", async (uri) => {
    for (const ask of [get, directory, read]) await expect(ask(client, uri)).rejects.toMatchObject(refused());
  });

  it("keep files, directories and skills apart", async () => {
    await expect(get(client, "skill://atlas")).rejects.toMatchObject(refused());
    await expect(get(client, "skill://atlas/LICENSE")).rejects.toMatchObject(refused());
    await expect(get(client, "skill://atlas/maps/old/SKILL.md")).rejects.toMatchObject(refused());
    await expect(directory(client, "skill://atlas/SKILL.md")).rejects.toMatchObject(refused());
    await expect(directory(client, "skill://atlas/maps/")).rejects.toMatchObject(refused());
    await expect(read(client, "skill://atlas/maps")).rejects.toMatchObject({
      ...refused(),
      message: expect.stringContaining("resources/directory/read") as string,
    });
  });

  it("refuse what is no address and no cursor", async () => {
    for (const method of ["skills/get", "resources/directory/read"]) {
      for (const params of [{}, { uri: 7 }, { uri: null }]) {
        await expect(client.request({ method, params }, anything)).rejects.toMatchObject(refused("INVALID_INPUT"));
      }
    }
    await expect(list(client, "100")).rejects.toMatchObject(refused("INVALID_CURSOR"));
    const params = { uri: "skill://atlas/maps", cursor: "skill://atlas/LICENSE" };
    const elsewhere = client.request({ method: "resources/directory/read", params }, anything);
    await expect(elsewhere).rejects.toMatchObject(refused("INVALID_CURSOR"));
  });
});

describe("skills", () => {
  let bench: SkillsBench;
  afterEach(() => bench.close());
  const uri = "skill://summarize/SKILL.md";
  const root = "skill://summarize";
  const expectNothing = async (client: Client) => {
    expect((await list(client)).skills).toEqual([]);
    for (const [ask, at] of [
      [get, uri],
      [read, uri],
      [directory, root],
    ] as const) {
      await expect(ask(client, at)).rejects.toMatchObject(refused());
    }
  };
  const expectSummarize = async (client: Client) => {
    expect((await list(client)).skills.map((skill) => skill.uri)).toEqual([uri]);
    expect((await get(client, uri))["skill"]).toMatchObject({ uri });
    expect((await read(client, uri)).contents).toHaveLength(1);
    expect((await directory(client, root))["resources"]).toHaveLength(1);
  };

  it("are there from their installation to their removal, and in no other workspace", async () => {
    bench = await serveSkills();
    const ada = await bench.modern();
    const bob = await bench.modern("key-of-bob");
    await expectNothing(ada);
    await bench.skills.install(2, "summarize");
    await expectNothing(ada);
    await expectSummarize(bob);
    await bench.skills.install(1, "summarize");
    await expectSummarize(ada);
    await bench.skills.uninstall(2, "summarize");
    await expectNothing(bob);
    await expectSummarize(ada);
  });

  it("are hidden from a surface without their toolset", async () => {
    bench = await serveSkills();
    await bench.installAll();
    const client = await bench.modern("key-of-ada", { "x-mcp-toolsets": "test" });
    await expectNothing(client);
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.map(({ name }) => name)).not.toContain("skill-file");
  });

  it("are open to a key that may only read, and on a read-only surface and that of the search", async () => {
    bench = await serveSkills();
    await bench.skills.install(1, "summarize");
    bench.keys.set("key-of-reader", callerWith({ key: 9, scopes: new Set(["memory:read"]) }));
    await expectSummarize(await bench.modern("key-of-reader"));
    await expectSummarize(await bench.modern("key-of-ada", { "x-mcp-readonly": "true" }));
    await expectSummarize(await bench.modern("key-of-ada", { "x-mcp-surface": "search" }));
  });

  it("are listed a hundred at a time, without gap or double, also when one goes in between", async () => {
    const slugs = Array.from({ length: 130 }, (_, index) => `many-${String(index).padStart(3, "0")}`);
    bench = await serveSkills(Object.fromEntries([...slugs, "many"].map((slug) => [`${slug}/SKILL.md`, named(slug)])));
    for (const slug of ["many", ...slugs]) await bench.skills.install(1, slug);
    const client = await bench.modern();
    const first = await list(client);
    expect(first.skills).toHaveLength(100);
    expect(first.nextCursor).toBe("skill://many-099/SKILL.md");
    await bench.skills.uninstall(1, "many-099");
    const second = await list(client, first.nextCursor);
    expect(second).not.toHaveProperty("nextCursor");
    const uris = [...first.skills, ...second.skills].map((skill) => skill.uri);
    expect(uris).toEqual([...slugs, "many"].map((slug) => `skill://${slug}/SKILL.md`).sort());
  });

  it("have directories that are listed a hundred files at a time", async () => {
    const names = Array.from({ length: 150 }, (_, index) => `${index + 100}.txt`);
    bench = await serveSkills({
      "crowd/SKILL.md": named("crowd"),
      ...Object.fromEntries(names.map((name) => [`crowd/all/${name}`, name])),
    });
    await bench.skills.install(1, "crowd");
    const client = await bench.modern();
    const page = await directory(client, "skill://crowd/all");
    expect(page).toMatchObject({ nextCursor: "skill://crowd/all/199.txt" });
    expect(page["resources"]).toHaveLength(100);
    const { resources } = await new SkillsClient(client).readDirectory("skill://crowd/all");
    expect(resources.map(({ name }) => name)).toEqual(names);
  });

  it("have ordinary resources for a client of before, which may also subscribe to them", async () => {
    bench = await serveSkills();
    await bench.skills.install(1, "summarize");
    const { client } = await bench.streamable();
    const { contents } = await client.readResource({ uri });
    expect(contents).toMatchObject([{ uri, mimeType: "text/markdown" }]);
    await client.subscribeResource({ uri });
    const gone = "skill://code-review/SKILL.md";
    const missing = { code: -32002, data: { code: "NOT_FOUND" } };
    await expect(client.readResource({ uri: gone })).rejects.toMatchObject(missing);
    await expect(client.subscribeResource({ uri: gone })).rejects.toMatchObject(missing);
    expect((await client.listResources()).resources.map((resource) => resource.uri)).toEqual(["clanker://memory"]);
    expect(client.getServerCapabilities()?.extensions).toEqual({ [SKILLS_EXTENSION_ID]: { directoryRead: true } });
  });

  it("that come and go are told to those who listen and see them", async () => {
    bench = await serveSkills();
    const watch = async (client: Client) => {
      const told: string[] = [];
      client.fallbackNotificationHandler = async ({ method }) => void told.push(method);
      await client.listen({ resourcesListChanged: true });
      return told;
    };
    const overHttp = await watch(await bench.modern());
    const overStdio = await watch(await bench.stdio());
    const elsewhere = await watch(await bench.modern("key-of-bob"));
    const without = await watch(await bench.modern("key-of-ada", { "x-mcp-toolsets": "test" }));
    for (const [count, act] of [
      [1, () => bench.skills.install(1, "summarize")],
      [2, () => bench.skills.uninstall(1, "summarize")],
    ] as const) {
      await act();
      await eventually(() => overHttp.length === count && overStdio.length === count);
    }
    const twice = ["notifications/resources/list_changed", "notifications/resources/list_changed"];
    expect([overHttp, overStdio, elsewhere, without]).toEqual([twice, twice, [], []]);
  });
});
