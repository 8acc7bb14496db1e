import { randomUUID } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const OUT = join(ROOT, ".test-tools");
const FOLDERS = ["src", "tools", "test/support"];

let compiled: Promise<string> | undefined;

/**
 * The folder that holds `src/`, `tools/` and `test/support/` as JavaScript, for tests that start a process of
 * their own: `join(await compiledRoot(), "src/main.js")`. It lies as deep as `dist/`. What is up to date stays
 * as it is, and a file appears whole, so several workers may ask at once.
 */
export function compiledRoot(): Promise<string> {
  compiled ??= compile();
  return compiled;
}

async function compile(): Promise<string> {
  const sources = (await Promise.all(FOLDERS.map((folder) => filesIn(join(ROOT, folder))))).flat();
  await Promise.all(sources.map((source) => bringUpToDate(source)));
  return OUT;
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function bringUpToDate(source: string): Promise<void> {
  const target = join(OUT, relative(ROOT, source)).replace(/\.ts$/, ".js");
  const wanted = await stat(source);
  const there = await stat(target).catch(() => undefined);
  if (there && Math.abs(there.mtimeMs - wanted.mtimeMs) < 2) return;
  await mkdir(dirname(target), { recursive: true });
  const draft = `${target}.${randomUUID()}.draft`;
  try {
    if (source.endsWith(".ts")) await writeFile(draft, await translate(source));
    else await copyFile(source, draft);
    await utimes(draft, wanted.atime, wanted.mtime);
    await rename(draft, target);
  } finally {
    await rm(draft, { force: true });
  }
}

async function translate(source: string): Promise<string> {
  const { default: ts } = await import("typescript");
  return ts.transpileModule(await readFile(source, "utf8"), {
    fileName: source,
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      inlineSourceMap: true,
    },
  }).outputText;
}
