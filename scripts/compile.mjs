// Turns the TypeScript of a checkout into the JavaScript of a folder, file by file and without checking types:
// node scripts/compile.mjs <root> <folder>
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fingerprint, readSources, STAMP } from "./build.mjs";

const [root, folder] = process.argv.slice(2);
if (!root || !folder) throw new Error("compile.mjs takes the checkout and the folder to fill.");

const ts = await import("typescript").then(
  (module) => module.default,
  () => {
    process.stderr.write(`TypeScript, which builds the server, is not installed: run \`npm ci\` in ${root}.\n`);
    process.exit(1);
  },
);
const sources = readSources(root);
const options = readOptions(join(root, "tsconfig.json"));
/** @type {import("typescript").Diagnostic[]} */
const problems = [];

for (const [name, content] of sources) {
  if (!name.endsWith(".ts")) continue;
  const fileName = join(root, name);
  const sourceRoot = relative(dirname(join(folder, name)), dirname(fileName));
  const made = ts.transpileModule(content.toString(), {
    fileName,
    compilerOptions: { ...options, sourceRoot },
    reportDiagnostics: true,
  });
  problems.push(...(made.diagnostics ?? []));
  write(name.replace(/\.ts$/, ".js"), made.outputText);
  if (made.sourceMapText) write(name.replace(/\.ts$/, ".js.map"), made.sourceMapText);
}
if (problems.length > 0) {
  const host = {
    getCanonicalFileName: (/** @type {string} */ name) => name,
    getCurrentDirectory: () => root,
    getNewLine: () => "\n",
  };
  process.stderr.write(ts.formatDiagnostics(problems, host));
  process.exitCode = 1;
} else {
  write(STAMP, fingerprint(sources));
}

/** @param {string} path */
function readOptions(path) {
  const { config, error } = ts.readConfigFile(path, (name) => ts.sys.readFile(name));
  if (error) throw new Error(`${path} cannot be read.`);
  const { target } = ts.convertCompilerOptionsFromJson(config.compilerOptions, dirname(path)).options;
  if (target === undefined) throw new Error(`${path} names no target.`);
  return { target, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true, isolatedModules: true, sourceMap: true };
}

/**
 * @param {string} name
 * @param {string} text
 */
function write(name, text) {
  const path = join(/** @type {string} */ (folder), name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
