// A server over stdio as a process of its own: argv[2] is the folder of the compiled sources.
import { join } from "node:path";
import { z } from "zod";

/** @type {(path: string) => Promise<any>} */
const load = (path) => import(join(process.argv[2] ?? "", "src", path));
const { createInvoke } = await load("core/invoke.js");
const { defineFor } = await load("core/operation.js");
const { createRegistry } = await load("core/registry.js");
const stages = await load("core/stages.js");
const { serveStdio } = await load("faces/mcp/stdio.js");

const log = { debug() {}, info() {}, warn() {}, error() {} };
const registry = createRegistry([
  defineFor()({
    tool: "say",
    toolset: "test",
    title: "Say it again",
    description: "Answers with the marker.",
    effect: "read",
    scope: "none",
    input: z.object({ marker: z.string() }),
    output: z.object({ marker: z.string() }),
    errors: [],
    run: async (/** @type {unknown} */ input) => input,
  }),
]);
const caller = { kind: "local", face: "mcp", workspace: 1, person: 1, scopes: new Set(["*"]), requestId: "" };
await serveStdio({
  version: "1.0.0",
  instructions: "",
  registry,
  invoke: createInvoke([stages.find(registry), stages.authorise(), stages.parse(), stages.run({}, log)]),
  prompts: { list: async () => [], get: async () => undefined },
  resources: {},
  events: { subscribe: async () => async () => undefined },
  log,
  caller,
  stdin: process.stdin,
  stdout: process.stdout,
});
