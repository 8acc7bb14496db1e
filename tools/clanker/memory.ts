import { z } from "zod";
import { MEMORY_LIMIT } from "../../src/core/shapes/memory.js";
import { define } from "../define.js";

const document = z.object({ content: z.string(), version: z.int() });

export const memory = [
  define({
    tool: "read-memory",
    route: { method: "GET", path: "/api/v1/memory" },
    toolset: "memory",
    title: "Read the memory",
    description: "The notes that people and agents of this workspace share. Read once when you begin.",
    effect: "read",
    scope: "memory:read",
    input: z.strictObject({}),
    output: document,
    errors: [],
    run: (_input, { services, caller }) => services.memory.read(caller.workspace),
  }),
  define({
    tool: "write-memory",
    route: { method: "PUT", path: "/api/v1/memory" },
    toolset: "memory",
    title: "Write to the memory",
    description: "Add a note to the shared memory (append), or replace it all.",
    effect: "write",
    scope: "memory:write",
    audit: { action: "memory.update", resource: "memory" },
    input: z.strictObject({
      content: z.string().max(MEMORY_LIMIT),
      mode: z.enum(["replace", "append"]).default("replace").describe("append keeps every other note"),
      version: z.int().min(0).optional().describe("the version that was read, to refuse a write over a newer one"),
    }),
    output: document,
    errors: ["CONFLICT"],
    run: (input, { services, caller }) =>
      services.memory.write(caller.workspace, input.content, input.mode, input.version),
  }),
];
