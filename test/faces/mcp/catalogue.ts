import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { BinaryAnswer } from "../../../src/core/answer.js";
import { AppError } from "../../../src/core/errors.js";
import { defineFor } from "../../../src/core/operation.js";
import { pageInput, pageOf, toPage } from "../../../src/core/page.js";

/** What the operations for tests leave behind for the test to look at. */
export interface TestServices {
  readonly seen: string[];
  /** What `wait` waits for besides its time, where a test decides when that is over. */
  held?: Promise<void>;
}

const define = defineFor<TestServices>();

/** A handful of operations, one for each thing that the face has to do. */
export const catalogue = [
  define({
    tool: "say",
    toolset: "test",
    title: "Say it again",
    description: "Answers with the marker.",
    effect: "read",
    scope: "none",
    input: z.object({ marker: z.string() }),
    output: z.object({ marker: z.string(), workspace: z.number() }),
    errors: [],
    run: async ({ marker }, { caller }) => ({ marker, workspace: caller.workspace }),
  }),
  define({
    tool: "wait",
    toolset: "test",
    title: "Wait",
    description: "Waits, tells how far it is, and notes how it ended.",
    effect: "read",
    scope: "none",
    input: z.object({ ms: z.int(), steps: z.int().default(0) }),
    output: z.object({ waited: z.number() }),
    errors: [],
    async run({ ms, steps }, { signal, progress, services }) {
      services.seen.push("started");
      try {
        for (let step = 1; step <= steps; step += 1) {
          progress({ progress: step, total: steps, message: `step ${step}` });
          progress({ progress: step, total: steps, message: "not further than before" });
          await sleep(ms / steps, undefined, { signal });
        }
        if (steps === 0) await sleep(ms, undefined, { signal });
        await services.held;
      } catch (thrown) {
        services.seen.push("aborted");
        throw thrown;
      }
      services.seen.push("finished");
      setTimeout(() => progress({ progress: steps + 1, message: "too late" }), 5);
      return { waited: ms };
    },
  }),
  define({
    tool: "write-note",
    toolset: "test",
    title: "Write a note",
    description: "Needs a scope.",
    effect: "write",
    scope: "memory:write",
    audit: { action: "note.create", resource: "note" },
    input: z.object({}),
    errors: [],
    run: async () => undefined,
  }),
  define({
    tool: "destroy-note",
    toolset: "test",
    title: "Destroy a note",
    description: "Always fails.",
    effect: "destroy",
    scope: "owner",
    audit: { action: "note.delete", resource: "note" },
    input: z.object({ note: z.string().optional() }),
    output: z.object({ gone: z.boolean() }),
    errors: ["NOT_FOUND"],
    run(_input, { services }) {
      services.seen.push("destroyed");
      return Promise.reject(new AppError("NOT_FOUND", "There is no note; list-rows shows what there is."));
    },
  }),
  define({
    tool: "list-rows",
    toolset: "test",
    title: "List rows",
    description: "Rows of a thousand characters each.",
    effect: "read",
    scope: "none",
    input: z.object(pageInput),
    output: pageOf(z.object({ id: z.string(), text: z.string() })),
    errors: [],
    run: async ({ limit, after_id, before_id }) => {
      const start = after_id ? Number(after_id) + 1 : before_id ? Number(before_id) - limit : 0;
      const numbers = Array.from({ length: limit }, (_, index) => start + index).filter((n) => n >= 0 && n < 200);
      const rows = numbers.map((number) => ({ id: String(number), text: `${number} `.padEnd(1000, "x") }));
      const hasMore = before_id ? start > 0 : start + limit < 200;
      return toPage(rows, hasMore, (row) => row.id);
    },
  }),
  define({
    tool: "long-text",
    toolset: "test",
    title: "Long text",
    description: "A text of any length.",
    effect: "read",
    scope: "none",
    input: z.object({ length: z.int() }),
    output: z.object({ text: z.string() }),
    errors: [],
    run: async ({ length }) => ({ text: "😀".repeat(length / 2) }),
  }),
  define({
    tool: "picture",
    toolset: "test",
    title: "A picture",
    description: "Bytes, which no tool should answer.",
    effect: "read",
    scope: "none",
    input: z.object({}),
    errors: [],
    run: async () => new BinaryAnswer(new Uint8Array([1, 2, 3]), "image/png", "a.png"),
  }),
  define({
    tool: "break",
    toolset: "test",
    title: "Break",
    description: "Throws what nobody expected.",
    effect: "read",
    scope: "none",
    input: z.object({}),
    errors: [],
    run: () => Promise.reject(new Error("secret detail in /home/somebody/file.ts")),
  }),
];
