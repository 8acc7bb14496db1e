import { execFile, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
const GREETING =
  'import { word } from "./word.js";\nprocess.stdout.write(`${word} ${process.argv.slice(2).join(" ")}`);\n';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "checkout-"));
  for (const name of ["scripts/launch.mjs", "scripts/build.mjs", "scripts/compile.mjs", "scripts/lock.mjs"]) {
    cpSync(join(PROJECT, name), join(root, name));
  }
  cpSync(join(PROJECT, "tsconfig.json"), join(root, "tsconfig.json"));
  write("package.json", '{ "type": "module" }');
  write("src/main.ts", GREETING);
  write("src/word.ts", 'export const word: string = "hello";\n');
  symlinkSync(join(PROJECT, "node_modules"), join(root, "node_modules"), "dir");
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(name: string, text: string) {
  mkdirSync(join(root, name, ".."), { recursive: true });
  writeFileSync(join(root, name), text);
}

interface Ended {
  readonly code: number | string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

function launch(args: readonly string[] = ["there"], nodeOptions: readonly string[] = []): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...nodeOptions, join(root, "scripts/launch.mjs"), ...args], (error, stdout, stderr) =>
      resolve({ code: error ? (error.code ?? "signal") : 0, stdout, stderr }),
    );
  });
}

function builtAt() {
  return statSync(join(root, "dist/src/main.js")).mtimeMs;
}

function builds() {
  return readdirSync(root).filter((name) => name.startsWith("dist"));
}

describe("launching a checkout", () => {
  it("builds what is not built and leaves stdout to the program", async () => {
    expect(await launch(["to", "you"])).toEqual({ code: 0, stdout: "hello to you", stderr: "" });
    expect(builds()).toEqual(["dist"]);
  });

  it("does not build again when nothing changed, even if a file is only touched", async () => {
    await launch();
    const before = builtAt();
    write("src/word.ts", 'export const word: string = "hello";\n');
    expect((await launch()).stdout).toBe("hello there");
    expect(builtAt()).toBe(before);
  });

  it("builds again after a change, with what is no longer there gone", async () => {
    write("src/unused.ts", "export {};\n");
    await launch();
    expect(readdirSync(join(root, "dist/src"))).toContain("unused.js");
    write("src/word.ts", 'export const word: string = "goodbye";\n');
    expect((await launch()).stdout).toBe("goodbye there");
    rmSync(join(root, "src/unused.ts"));
    expect((await launch()).stdout).toBe("goodbye there");
    expect(readdirSync(join(root, "dist/src"))).not.toContain("unused.js");
  });

  it("lets several start at once while nothing is built", async () => {
    const all = await Promise.all(["a", "b", "c", "d", "e"].map((name) => launch([name])));
    expect(all.map(({ stdout }) => stdout)).toEqual(["a", "b", "c", "d", "e"].map((name) => `hello ${name}`));
    expect(all.map(({ stderr }) => stderr).join("")).toBe("");
    expect(builds()).toEqual(["dist"]);
  });

  it("is not held up by a build that was killed, and removes what it left", async () => {
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    write("dist.lock", String(pid));
    write(`dist.${pid}/src/main.js`, "half of it");
    expect((await launch()).stdout).toBe("hello there");
    expect(builds()).toEqual(["dist"]);
  });

  it("waits for a build that is under way", async () => {
    write("dist.lock", String(process.pid));
    const waiting = launch();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(builds()).toEqual(["dist.lock"]);
    rmSync(join(root, "dist.lock"));
    expect((await waiting).stdout).toBe("hello there");
  });

  it("says what is wrong with a source that cannot be built, and tries again next time", async () => {
    write("src/word.ts", "export const = 1;\n");
    const ended = await launch();
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toMatch(/word\.ts.*\n.*could not be built/s);
    expect(builds()).toEqual([]);
    write("src/word.ts", 'export const word = "better";\n');
    expect((await launch()).stdout).toBe("better there");
  });

  it("asks for npm ci where the packages are missing", async () => {
    rmSync(join(root, "node_modules"));
    const ended = await launch();
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toMatch(/not installed: run `npm ci` in/);
  });

  it("asks for npm ci where a package of the program is missing", async () => {
    write("src/main.ts", 'import "no-such-package";\n');
    const ended = await launch();
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toMatch(/^The package no-such-package is not installed: run `npm ci` in .+\.\n$/);
  });

  it("names the Node.js it needs on an older one", async () => {
    const older = 'data:text/javascript,Object.defineProperty(process,"versions",{value:{node:"20.18.3"}})';
    const ended = await launch([], ["--import", older]);
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toBe("clanker-mcp needs Node.js 20.19 or newer; this is 20.18.3.\n");
  });
});

describe("launching an installed package", () => {
  it("starts what it came with", async () => {
    await launch();
    for (const name of ["src", "node_modules", "scripts/build.mjs", "scripts/compile.mjs", "scripts/lock.mjs"]) {
      rmSync(join(root, name), { recursive: true });
    }
    expect(await launch(["again"])).toEqual({ code: 0, stdout: "hello again", stderr: "" });
  });
});
