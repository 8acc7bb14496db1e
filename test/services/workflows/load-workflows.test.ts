import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/ajv-provider.js";
import { afterEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { createRegistry } from "../../../src/core/registry.js";
import { loadPacks } from "../../../src/services/marketplace/load-packs.js";
import { workflowFileSchema } from "../../../src/services/workflows/definition.js";
import { loadWorkflows } from "../../../src/services/workflows/load-workflows.js";
import { catalogue } from "../../../tools/catalogue.js";
import { recordingLog } from "../../support/services.js";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function folderOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "clanker-workflows-"));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

const world = { operations: createRegistry(catalogue), hasSkill: (slug: string) => slug === "summarize" };

async function load(...paths: string[]) {
  const { log, lines } = recordingLog();
  const found = await loadWorkflows({ folders: paths, world, log });
  return { ids: found.map(({ definition }) => definition.id), found, said: lines.map(({ message }) => message), lines };
}

const good = (id: string) => `id: ${id}\ntitle: Good\nsteps:\n  - { id: a, operation: read-memory }\n`;

/** A file whose only fault is in its steps, which begin in line 8. */
const withSteps = (steps: string) =>
  `id: bad\ntitle: Bad\ninputSchema:\n  type: object\n  properties:\n    x: { type: string }\nsteps:\n${steps}`;

describe("a workflow that is not one", () => {
  it.each<[string, string, number, RegExp]>([
    [
      "an unknown step to wait for",
      withSteps("  - id: a\n    operation: read-memory\n    after: [b]"),
      10,
      /steps\.0\.after\.0: there is no step "b"/,
    ],
    [
      "an unknown step in an expression",
      withSteps("  - id: a\n    operation: write-memory\n    with:\n      content: ${steps.b.output}"),
      11,
      /there is no step "b"/,
    ],
    [
      "a circle",
      withSteps(
        "  - { id: a, operation: read-memory, after: [b] }\n  - id: b\n    operation: read-memory\n    when: steps.a.status == 'completed'",
      ),
      8,
      /in a circle: a -> b -> a/,
    ],
    [
      "a step that waits for itself",
      withSteps("  - { id: a, operation: read-memory, after: [a] }"),
      8,
      /circle: a -> a/,
    ],
    [
      "an unknown skill",
      withSteps("  - id: a\n    skill: no-such-skill\n    input: x"),
      9,
      /there is no skill "no-such-skill" in the marketplace/,
    ],
    [
      "an unknown operation",
      withSteps("  - id: a\n    operation: no-such-tool"),
      9,
      /there is no operation "no-such-tool"/,
    ],
    [
      "an argument that the operation lacks",
      withSteps("  - id: a\n    operation: write-memory\n    with:\n      content: x\n      more: 1"),
      12,
      /write-memory takes no "more"; its arguments are content, mode/,
    ],
    [
      "a missing argument",
      withSteps("  - id: a\n    operation: write-memory\n    with: { mode: append }"),
      10,
      /write-memory needs "content"/,
    ],
    [
      "an argument that does not fit",
      withSteps("  - id: a\n    operation: write-memory\n    with:\n      content: x\n      mode: prepend"),
      12,
      /with\.mode: Invalid option/,
    ],
    [
      "a bad expression",
      withSteps("  - id: a\n    operation: read-memory\n    when: 1 +"),
      10,
      /steps\.0\.when: the expression "1 \+": Unexpected token: EOF/,
    ],
    [
      "a bad expression in a text",
      withSteps("  - id: a\n    operation: write-memory\n    with:\n      content: Hello ${input.}"),
      11,
      /with\.content: the expression/,
    ],
    [
      "an expression over what the input has not",
      withSteps("  - id: a\n    operation: read-memory\n    when: input.y == ''"),
      10,
      /the input has no "y"/,
    ],
    [
      "an item without a list",
      withSteps("  - id: a\n    operation: write-memory\n    with: { content: '${item}' }"),
      10,
      /no item outside a step with each/,
    ],
    [
      "two steps of one name",
      withSteps("  - { id: a, operation: read-memory }\n  - { id: a, operation: read-memory }"),
      9,
      /there is a step a above/,
    ],
    [
      "a step that does nothing",
      withSteps("  - id: a\n    title: Nothing"),
      8,
      /takes one of operation, skill and suspend/,
    ],
    [
      "a step that does two things",
      withSteps("  - id: a\n    operation: read-memory\n    skill: summarize"),
      8,
      /takes one of/,
    ],
    [
      "a field that steps do not have",
      withSteps("  - id: a\n    operation: read-memory\n    wen: 'true'"),
      10,
      /steps\.0\.wen: Unrecognized key/,
    ],
    [
      "a step that starts a workflow",
      withSteps("  - id: a\n    operation: start-workflow\n    with: { id: bad }"),
      9,
      /a workflow cannot use start-workflow/,
    ],
    [
      "a step that answers another",
      withSteps("  - id: a\n    operation: resume-workflow-run\n    with: { id: run_1, step: x }"),
      9,
      /a workflow cannot use/,
    ],
    ...["create-workspace-key", "invite-workspace-member", "poll-agent-connection", "create_sign_in_token"].map(
      (operation): [string, string, number, RegExp] => [
        `P08: ${operation}, whose answer no run may keep`,
        withSteps(`  - id: a\n    operation: ${operation}`),
        9,
        new RegExp(`cannot use ${operation}: its answer holds what is shown only once`),
      ],
    ),
    [
      "execute-skill in place of a skill",
      withSteps("  - id: a\n    operation: execute-skill"),
      9,
      /with skill: <slug>/,
    ],
    ["an operation that no tool shows", withSteps("  - id: a\n    operation: stream-events"), 9, /no operation/],
    [
      "a form within a form for a person",
      withSteps(
        "  - id: a\n    suspend:\n      message: x\n      resumeSchema:\n        type: object\n        properties:\n          list: { type: array, items: { type: string } }",
      ),
      14,
      /resumeSchema\.properties\.list/,
    ],
    [
      "a name that expressions cannot say",
      "id: bad\ntitle: Bad\ninputSchema:\n  type: object\n  properties:\n    a-b: { type: string }\nsteps:\n  - { id: a, operation: read-memory }",
      6,
      /inputSchema\.properties\.a-b/,
    ],
    [
      "a required field that there is not",
      "id: bad\ntitle: Bad\ninputSchema:\n  type: object\n  required: [y]\nsteps:\n  - { id: a, operation: read-memory }",
      5,
      /inputSchema\.required/,
    ],
    ["no steps", "id: bad\ntitle: Bad\nsteps: []\n", 3, /steps: Too small/],
    ["another id than its file's name", good("other"), 1, /its id must be the file's name, "bad"/],
    ["no YAML", "id: bad\ntitle: [", 2, /no YAML: /],
    ["one key twice", "id: bad\nid: bad\n", 2, /no YAML: .*unique/],
    [
      "a bomb of aliases",
      `a: &a [x,x,x,x,x,x,x,x,x]\n${[..."bcdefgh"].map((name, at) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${"abcdefgh"[at]}`).join(",")}]`).join("\n")}\n`,
      1,
      /no YAML: .*alias/,
    ],
    [
      "a value within itself",
      withSteps("  - id: a\n    operation: write-memory\n    with:\n      content: &x [*x]"),
      11,
      /no YAML: .*within itself/,
    ],
    ["a value nested too deeply", `id: bad\noutput: ${"[".repeat(70)}${"]".repeat(70)}\n`, 2, /no YAML: .*64 levels/],
    ["a value nested without end", `id: bad\noutput: ${"[".repeat(50_000)}`, 2, /no YAML: .*64 levels/],
    ["a list", "- a\n- b\n", 1, /expected object/],
  ])("is left out by file, line and reason: %s", async (_title, text, line, why) => {
    const folder = await folderOf({ "bad.yaml": text, "good.yaml": good("good") });
    const { ids, said, lines } = await load(folder);
    expect(ids).toEqual(["good"]);
    expect(said[0]).toMatch(new RegExp(`^Workflow .*/bad\\.yaml:${line} left out: `));
    expect(said[0]).toMatch(why);
    expect(lines[0]).toMatchObject({ level: "warn", fields: { line } });
    expect(said.join("")).not.toMatch(/\n/);
  });

  it("is told of everything that is wrong with it at once", async () => {
    const text = withSteps(
      "  - { id: a, operation: nothing }\n  - { id: b, skill: nothing, input: '${steps.c.output}' }",
    );
    const { said } = await load(await folderOf({ "bad.yaml": text }));
    expect(said).toHaveLength(3);
  });

  it("is read in little time, however many keys it has", async () => {
    const keys = Array.from({ length: 20_000 }, (_, at) => `k${at}: 1`).join("\n");
    const started = performance.now();
    const { said } = await load(await folderOf({ "bad.yaml": `${keys}\nk1: 2\n` }));
    expect(performance.now() - started).toBeLessThan(3000);
    expect(said[0]).toMatch(/bad\.yaml:20001 left out: no YAML: .*unique/);
  });

  it("is left out where the file is too large, no text, or no file", async () => {
    const folder = await folderOf({
      "large.yaml": `${good("large")}#${"x".repeat(300_000)}`,
      "bytes.yaml": Buffer.from([0x69, 0x64, 0x3a, 0xff, 0xfe]),
      "good.yml": good("good"),
      "notes.txt": "not a workflow",
      ".hidden.yaml": "not a workflow",
    });
    await mkdir(join(folder, "folder.yaml"));
    await symlink(join(folder, "nowhere"), join(folder, "link.yaml"));
    const { ids, said } = await load(folder);
    expect(ids).toEqual(["good"]);
    expect(said.join("\n")).toMatch(/bytes\.yaml left out: it is not UTF-8/);
    expect(said.join("\n")).toMatch(/folder\.yaml left out: it is no plain file/);
    expect(said.join("\n")).toMatch(/large\.yaml left out: it is larger than 256 KiB/);
    expect(said.join("\n")).toMatch(/link\.yaml left out: it does not exist/);
    expect(said).toHaveLength(4);
  });
});

describe("folders of workflows", () => {
  it("are read in their order: the first of two with one id wins, and one that is not there is named", async () => {
    const first = await folderOf({ "one.yaml": good("one"), "two.yaml": good("two") });
    const second = await folderOf({ "two.yaml": good("two").replace("Good", "Other"), "three.yaml": good("three") });
    const { ids, found, said } = await load(first, join(first, "none"), second, first);
    expect(ids).toEqual(["one", "three", "two"]);
    expect(found[2]?.definition.title).toBe("Good");
    expect(said).toEqual([
      expect.stringMatching(/^Folder of workflows .*none" left out: it does not exist/),
      expect.stringMatching(/two\.yaml left out: there is a workflow two already$/),
    ]);
  });
});

describe("the project's own workflows", () => {
  const own = fileURLToPath(new URL("../../../workflows", import.meta.url));

  it("are four, and all of them make sense", async () => {
    const packs = await loadPacks({ folders: [join(own, "../skills")], log: recordingLog().log });
    const { log, lines } = recordingLog();
    const hasSkill = (slug: string) => packs.some((pack) => pack.slug === slug);
    const found = await loadWorkflows({ folders: [own], world: { ...world, hasSkill }, log });
    expect(lines).toEqual([]);
    expect(found.map(({ definition }) => definition.id)).toEqual([
      "meeting-to-memory",
      "release-announcement",
      "review-files",
      "sign-up-report",
    ]);
  });

  it("and the example of the README make sense", async () => {
    const readme = await readFile(join(own, "../README.md"), "utf8");
    const [, example = ""] = /```yaml\n(id: farewell[^`]+)```/.exec(readme) ?? [];
    const folder = await folderOf({ "farewell.yaml": example });
    const { log, lines } = recordingLog();
    const found = await loadWorkflows({ folders: [folder], world: { ...world, hasSkill: () => true }, log });
    expect(lines).toEqual([]);
    expect(found.map(({ steps }) => [...steps.keys()])).toEqual([["who", "letter", "approve", "ban"]]);
    expect([...(found[0]?.steps.get("letter")?.needs ?? [])]).toEqual(["who"]);
  });

  it("fit the schema that editors are given, which refuses what is no workflow", async () => {
    const validate = new AjvJsonSchemaValidator().getValidator(workflowFileSchema() as object);
    const check = (value: unknown) => validate(value).valid;
    for (const name of (await readdir(own)).filter((file) => file.endsWith(".yaml"))) {
      const text = await readFile(join(own, name), "utf8");
      expect(validate(parse(text)), name).toMatchObject({ valid: true });
      expect(text).toMatch(/^# yaml-language-server: \$schema=workflow\.schema\.json\n/);
    }
    expect(check(parse(good("x")))).toBe(true);
    expect(check({ ...(parse(good("x")) as object), stepz: [] })).toBe(false);
    expect(check({ ...(parse(good("x")) as object), steps: [{ id: "a", nothing: 1 }] })).toBe(false);
  });
});
