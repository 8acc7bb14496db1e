import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const SCRIPT = fileURLToPath(new URL("../../scripts/imports.mjs", import.meta.url));
const PACKAGES = [
  "@clerk/backend",
  "zod",
  "yaml",
  "express",
  "redis",
  "bullmq",
  "libsql",
  "ai",
  "@ai-sdk/anthropic",
  "pino",
  "commander",
];
const SDK = "@modelcontextprotocol/sdk";

/** File, the line it imports with, the rule that it breaks. */
const BROKEN = [
  ["src/core/a.ts", 'import "yaml";', "core-knows-nobody"],
  ["src/core/b.ts", 'import "node:fs";', "core-knows-nobody"],
  ["src/core/c.ts", 'import type { x } from "../services/right.js";', "core-knows-nobody"],
  ["src/services/a.ts", 'import "../store/redis.js";', "services-know-core-and-the-store"],
  ["src/services/b.ts", 'import "../faces/rest/right.js";', "services-know-core-and-the-store"],
  ["src/store/a.ts", 'import "../core/right.js";', "store-knows-core"],
  ["src/store/b.ts", 'import "redis";', "redis-in-store-and-queue"],
  ["src/vault/a.ts", 'import "../services/right.js";', "vault-knows-core-and-the-store"],
  ["src/queue/a.ts", 'import "../services/right.js";', "queue-knows-core-and-the-store"],
  ["src/runner/a.ts", 'import "../faces/rest/right.js";', "runner-knows-core-and-services"],
  ["tools/a.ts", 'import "../src/store/port.js";', "tools-know-core-and-services"],
  ["tools/b.ts", 'import { x } from "../src/services/right.js"; x;', "tools-take-types"],
  ["src/faces/mcp/a.ts", 'import "../rest/right.js";', "no-face-knows-another"],
  ["src/faces/mcp/b.ts", 'import "express";', "express-in-the-rest-face"],
  ["src/faces/rest/a.ts", `import "${SDK}";`, "mcp-sdk-in-the-mcp-face"],
  ["src/faces/rest/b.ts", 'import { x } from "../../services/right.js"; x;', "faces-take-types"],
  ["src/faces/rest/c.ts", 'import "../../store/port.js";', "faces-know-core-and-the-catalogue"],
  ["src/faces/rest/e.ts", 'import "pino";', "program-packages-outside-the-folders"],
  ["src/faces/rest/f.ts", 'import "commander";', "commander-in-the-commands"],
  ["src/faces/rest/g.ts", 'import "../../commands/right.js";', "faces-know-core-and-the-catalogue"],
  ["src/services/h.ts", 'import { x } from "../clerk/right.js"; x;', "services-take-types"],
  ["tools/c.ts", 'import "@clerk/backend";', "clerk-sdk-in-the-clerk-folder"],
  ["tools/clerk/a.ts", 'import { x } from "@clerk/backend"; x;', "tools-take-types"],
  ["src/clerk/a.ts", 'import "../services/right.js";', "clerk-knows-core"],
  ["src/vault/b.ts", 'import "libsql";', "libsql-in-the-store"],
  ["src/stdio.ts", 'export const load = () => import("bullmq");', "bullmq-in-the-queue"],
  ["src/faces/rest/d.ts", 'export const load = () => import("ai");', "ai-sdk-in-the-runner"],
  ["src/services/c.ts", 'import "../../test/support.js";', "no-tests-in-the-program"],
  ["src/services/d.ts", 'import "vitest";', "no-development-packages"],
  ["src/services/e.ts", 'import "./nowhere.js";', "resolvable"],
  ["src/services/f.ts", 'import "./g.js";', "no-cycles"],
  ["src/faces/mcp/c.ts", 'import "../../compose.js";', "wiring-stays-outside"],
] as const;

const RIGHT = {
  "src/core/right.ts": 'import "zod"; export const x = 1;',
  "src/services/right.ts":
    'import "node:fs"; import "yaml"; import "../core/right.js"; import "../store/port.js"; export const x = 1;',
  "src/services/g.ts": "export {};",
  "src/store/port.ts": 'import "../core/errors.js"; export {};',
  "src/store/redis.ts": 'import "redis"; export {};',
  "src/core/errors.ts": "export {};",
  "src/clerk/right.ts": 'import "@clerk/backend"; import "../core/right.js"; export const x = 1;',
  "tools/clerk/right.ts": 'import type { ClerkClient } from "@clerk/backend"; export {};',
  "src/runner/right.ts": 'export const load = () => import("@ai-sdk/anthropic");',
  "src/faces/rest/right.ts":
    'import "express"; import "../../core/right.js"; import type { x } from "../../services/right.js"; export {};',
  "src/faces/mcp/right.ts": `import "${SDK}"; import "../hosts.js"; export {};`,
  "src/faces/hosts.ts": 'import "node:net"; export {};',
  "src/faces/http.ts": 'import "./rest/right.js"; import "./mcp/right.js"; export {};',
  "src/compose.ts": "export {};",
  "src/commands/right.ts": 'import "commander"; import "../compose.js"; export {};',
  "src/main.ts": 'import "./faces/http.js"; import "./commands/right.js"; import "pino"; export {};',
  "tools/right.ts": 'import type { x } from "../src/services/right.js"; import "zod"; export {};',
  "test/support.ts": "export {};",
};

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "imports-"));
  const dependencies = Object.fromEntries([...PACKAGES, SDK].map((name) => [name, "1.0.0"]));
  write("package.json", JSON.stringify({ type: "module", dependencies, devDependencies: { vitest: "1.0.0" } }));
  write("tsconfig.json", '{ "compilerOptions": { "module": "nodenext", "verbatimModuleSyntax": true } }');
  write("scripts/none.mjs", "");
  for (const name of [...PACKAGES, SDK, "vitest"]) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, type: "module", exports: "./index.js" }));
    write(`node_modules/${name}/index.js`, "");
  }
  for (const [name, text] of Object.entries(RIGHT)) write(name, text);
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(name: string, text: string) {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
}

describe("the import rules", () => {
  it("pass what keeps to them", () => {
    for (let more = 0; more < 30; more += 1) write(`src/core/more-${more}.ts`, "export {};");
    expect(execFileSync(process.execPath, [SCRIPT], { cwd: root, encoding: "utf8" })).toMatch(
      /no dependency violations/,
    );
  });

  it("name each file that breaks one, with the rule", () => {
    for (const [name, text] of BROKEN) write(name, `${text}\nexport {};`);
    write("src/services/g.ts", 'import "./f.js";');
    const { status, stdout } = spawnSync(process.execPath, [SCRIPT], { cwd: root, encoding: "utf8" });
    expect(status).toBe(1);
    const unseen = BROKEN.filter(([name, , rule]) => !stdout.includes(`${rule}: ${name} `));
    expect(unseen, stdout).toEqual([]);
    const wronged = Object.keys(RIGHT).filter((name) => stdout.includes(`: ${name} →`) && name !== "src/services/g.ts");
    expect(wronged, stdout).toEqual([]);
  });

  it("fail where hardly a module was read", () => {
    const { status, stdout } = spawnSync(process.execPath, [SCRIPT], { cwd: root, encoding: "utf8" });
    expect(status).toBe(1);
    expect(stdout).toMatch(/Only 17 modules were read/);
  });
});
