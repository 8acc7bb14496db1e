// Writes what is made from the program: the README's tables, each tool as clients see it, the OpenAPI document, and
// the schema of workflows.
// With --check it writes nothing and fails where a file is not what it would write.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { importBuilt, root } from "./built.mjs";
import { fillIn, settingsTable, toolTables } from "./readme-tables.mjs";

const README = "README.md";
const TOOLS = "test/snapshots/tools";
const OPENAPI = "test/snapshots/openapi.json";
const WORKFLOW_SCHEMA = "workflows/workflow.schema.json";

const wanted = await wantedFiles();
const differing = [...wanted].filter(([name, content]) => read(name) !== content).map(([name]) => name);
const leftOver = filesIn(TOOLS).filter((name) => !wanted.has(name));

if (process.argv.includes("--check")) {
  for (const name of differing) console.log(`${name} is not up to date.`);
  for (const name of leftOver) console.log(`${name} belongs to no tool.`);
  if (differing.length + leftOver.length > 0) {
    console.log("Run `npm run generate` and read the difference.");
    process.exitCode = 1;
  }
} else {
  for (const name of differing) write(name, wanted.get(name) ?? "");
  for (const name of leftOver) rmSync(join(root, name));
  for (const name of [...differing, ...leftOver]) console.log(name);
}

/** @returns {Promise<Map<string, string>>} */
async function wantedFiles() {
  /** @type {typeof import("../src/config.js")} */
  const { settings } = await importBuilt("src/config.ts");
  /** @type {typeof import("../tools/catalogue.js")} */
  const { catalogue } = await importBuilt("tools/catalogue.ts");
  /** @type {typeof import("../src/core/registry.js")} */
  const { createRegistry } = await importBuilt("src/core/registry.ts");
  /** @type {{ describeTool: typeof import("../src/faces/mcp/tool-list.js").describeTool }} */
  const { describeTool } = await importBuilt("src/faces/mcp/tool-list.ts");
  /** @type {typeof import("../src/faces/rest/openapi.js")} */
  const { openApiDocument } = await importBuilt("src/faces/rest/openapi.ts");

  /** @type {{ version: string }} */
  const { version } = JSON.parse(read("package.json") ?? "");

  const registry = createRegistry(catalogue);
  const readme = fillIn(read(README) ?? "", "settings", settingsTable(settings));
  const files = new Map([[README, fillIn(readme, "tools", toolTables(registry.entries))]]);
  for (const entry of registry.entries) {
    if (entry.operation.tool) files.set(`${TOOLS}/${entry.operation.tool}.json`, json(describeTool(entry)));
  }
  /** @type {typeof import("../src/services/workflows/definition.js")} */
  const { workflowFileSchema } = await importBuilt("src/services/workflows/definition.ts");
  files.set(WORKFLOW_SCHEMA, json(workflowFileSchema()));
  return files.set(OPENAPI, json(openApiDocument(registry, { version })));
}

/** @param {string} name */
function read(name) {
  return existsSync(join(root, name)) ? readFileSync(join(root, name), "utf8") : undefined;
}

/**
 * @param {string} name
 * @param {string} content
 */
function write(name, content) {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), content);
}

/** @param {string} folder */
function filesIn(folder) {
  return existsSync(join(root, folder)) ? readdirSync(join(root, folder)).map((name) => `${folder}/${name}`) : [];
}

/** @param {unknown} value */
function json(value) {
  return `${JSON.stringify(value, null, 2)}\n`;
}
