import type { LLMock } from "@copilotkit/aimock";
import type { Json } from "../support/faces.js";
import { bad, type Call, good } from "./call.js";

const tokens = (total: number) => ({ prompt_tokens: total - 1, completion_tokens: 1, total_tokens: total });
const note = { name: "note.md", mime_type: "text/markdown", content: "# A note" };
const slowly = { chunkSize: 4, latency: 100 };
const long = "word ".repeat(2000);

/** What the model says to the inputs of this chapter. */
export function script(model: LLMock): void {
  model.onMessage("greet", { content: "Good morning.", usage: tokens(1500) });
  model.onMessage("wave", { content: "Waves.", usage: tokens(10) });
  model.onMessage("refuse", { content: "I must not", finishReason: "content_filter", usage: tokens(10) });
  model.onMessage("fail", { error: { message: "no", type: "some_error" }, status: 400 });
  model.on(
    { userMessage: "take notes", hasToolResult: false },
    { toolCalls: [{ name: "write_file", arguments: note }], usage: tokens(10) },
  );
  model.on({ userMessage: "take notes", hasToolResult: true }, { content: long, usage: tokens(10) }, slowly);
}

const final = ({ status }: Json) => ["completed", "failed", "cancelled"].includes(status as string);
const started = (id: number) => ({ executionId: `exec_${id}`, status: "started", sseUrl: "/api/events" });
const run = (title: string, id: number, args: object) =>
  good("execute-skill", title, { slug: "summarize", ...args }, started(id));
const ended = (title: string, id: number, gives: object) =>
  good("get-execution-status", title, { id }, gives, { until: final });

/** What only a server that has a model can do. */
export const withAModel: readonly Call[] = [
  good("install-skill", "", { slug: "summarize" }, {}),
  good("get-credit-balance", "before any run", {}, { balance: 4, unlimited: false }),
  good("list-transactions", "before any run", {}, { data: [{ id: "txn_1", type: "grant", amount: 4 }] }),

  run("with the server's model", 1, { input: "greet", interface: "api" }),
  ended("of a run", 1, {
    status: "completed",
    cost: 2,
    outputBlocks: [{ index: 0, type: "text", text: "Good morning." }],
  }),
  good(
    "list-transactions",
    "after a run",
    {},
    { data: [{ amount: -2, balance_after: 2, execution_id: "exec_1" }, {}] },
  ),
  good("list-transactions", "older ones", { after_id: "txn_2" }, { data: [{ id: "txn_1" }] }),
  bad("list-transactions", "in both directions", { after_id: "txn_1", before_id: "txn_2" }, "INVALID_INPUT"),

  good("rerun-execution", "with another input", { id: "exec_1", input: "wave" }, started(2)),
  ended("of a run with another input", 2, { status: "completed", cost: 1, outputBlocks: [{ text: "Waves." }] }),

  run("that the model declines", 3, { input: "refuse" }),
  ended("of a run that was declined", 3, { status: "failed", error: { code: "MODEL_REFUSED" } }),
  bad("complete-execution", "that failed", { id: 3, output: "x" }, "EXECUTION_FINISHED"),
  bad("cancel-execution", "that failed", { id: 3 }, "EXECUTION_FINISHED"),

  bad("execute-skill", "without credits", { slug: "summarize", input: "greet" }, "INSUFFICIENT_CREDITS"),
  bad("rerun-execution", "without credits", { id: "1" }, "INSUFFICIENT_CREDITS"),
  good("get-credit-balance", "after all runs", {}, { balance: 0 }),
  good("get-subscription-tier", "with credits", {}, { unlimited: false }),
];

/** What takes a while, so that others come in between; nobody counts credits. */
export const whileItRuns: readonly Call[] = [
  good("install-skill", "", { slug: "summarize" }, {}),
  run("that writes a file and goes on", 1, { input: "take notes" }),
  good(
    "get-execution-status",
    "of what runs",
    { id: 1 },
    { status: "running" },
    {
      until: ({ outputBlocks }: Json) => outputBlocks.length > 1,
      codeOnly: true,
    },
  ),
  bad("complete-execution", "that the server runs", { id: "exec_1", output: "x" }, "EXECUTION_RUNNING"),
  bad("rerun-execution", "that still runs", { id: "exec_1" }, "EXECUTION_RUNNING"),
  bad("delete-artifact", "of what still runs", { id: "art_1" }, "EXECUTION_RUNNING"),
  good("cancel-execution", "that runs", { id: "1" }, { id: "exec_1", status: "cancelled" }),
  bad("cancel-execution", "that was running, twice", { id: "1" }, "EXECUTION_FINISHED"),
  good("delete-artifact", "of what was cancelled", { id: "art_1" }, { deleted: true }),

  run("at which the provider fails", 2, { input: "fail" }),
  ended("of a run at which the provider failed", 2, { status: "failed", error: { code: "UPSTREAM_FAILED" } }),
  good("rerun-execution", "that failed", { id: "exec_2" }, started(3)),
  ended("of a run that failed again", 3, { status: "failed" }),
];
