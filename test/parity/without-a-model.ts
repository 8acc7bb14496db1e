import { bad, badIds, badPages, type Call, good } from "./call.js";

/** Bytes that an artifact holds at most, and characters that the memory does. */
const ARTIFACT_LIMIT = 8 * 1024 * 1024;
const MEMORY_LIMIT = 1_000_000;
const NOTE_SEPARATOR = "\n\n---\n\n";

const markets: Call[] = [
  good("browse-marketplace", "from its start", {}, { first_id: "ab-test-setup", has_more: false }),
  good("browse-marketplace", "three at a time", { limit: "3" }, { has_more: true }, { keep: "page" }),
  good(
    "browse-marketplace",
    "onwards",
    ({ page }) => ({ limit: 2, after_id: page.last_id }),
    { has_more: true },
    { keep: "next" },
  ),
  good(
    "browse-marketplace",
    "and back",
    ({ next }) => ({ limit: 3, before_id: next.first_id }),
    ({ page }) => ({ data: page.data, has_more: false }),
  ),
  good("browse-marketplace", "by category", { category: "development" }, { first_id: "algorithmic-art" }),
  good("browse-marketplace", "by words", { search: "CODE review" }, { first_id: "code-review" }),
  good("browse-marketplace", "where nothing fits", { search: "xyzzy" }, { data: [], first_id: null, last_id: null }),
  bad("browse-marketplace", "by a category that is none", { category: "nonsense" }, "INVALID_INPUT"),
  ...badPages("browse-marketplace", "summarize"),
  good("list-skill-categories", "", {}, {}),
  bad("list-skill-categories", "with an argument", { category: "development" }, "INVALID_INPUT"),
  good("get-skill-details", "of one", { slug: "algorithmic-art" }, { slug: "algorithmic-art", artifact: {} }),
  bad("get-skill-details", "of none", { slug: "no-such-skill" }, "NOT_FOUND"),
  bad("get-skill-details", "of a folder above", { slug: "../summarize" }, "NOT_FOUND"),
  bad("get-skill-details", "of too long a slug", { slug: "x".repeat(65) }, "INVALID_INPUT"),
];

const installing: Call[] = [
  good("list-installed-skills", "when there are none", {}, { data: [], has_more: false }),
  bad("uninstall-skill", "what is not installed", { slug: "summarize" }, "SKILL_NOT_INSTALLED"),
  bad("uninstall-skill", "what does not exist", { slug: "no-such-skill" }, "NOT_FOUND"),
  bad("install-skill", "what does not exist", { slug: "no-such-skill" }, "NOT_FOUND"),
  good("install-skill", "one", { slug: "summarize" }, { slug: "summarize" }, { keep: "installed" }),
  good("install-skill", "it again", { slug: "summarize" }, ({ installed }) => ({
    installed_at: installed.installed_at,
  })),
  good("install-skill", "another", { slug: "algorithmic-art" }, { slug: "algorithmic-art" }),
  good("install-skill", "a third", { slug: "cold-email" }, { slug: "cold-email" }),
  good("list-installed-skills", "all", {}, { first_id: "algorithmic-art", last_id: "summarize" }),
  good("list-installed-skills", "by words", { search: "summar" }, { first_id: "summarize", last_id: "summarize" }),
  good("list-installed-skills", "onwards", { limit: 1, after_id: "algorithmic-art" }, { first_id: "cold-email" }),
  good("list-installed-skills", "and back", { limit: 1, before_id: "summarize" }, { last_id: "cold-email" }),
  ...badPages("list-installed-skills", "summarize"),
  good("uninstall-skill", "one", { slug: "cold-email" }, { slug: "cold-email", uninstalled: true }),
  bad("uninstall-skill", "it again", { slug: "cold-email" }, "SKILL_NOT_INSTALLED"),
  good("list-installed-skills", "after one that is gone", { after_id: "cold-email" }, { first_id: "summarize" }),
];

const file = (name: string, content: string) => ({ name, mime_type: "text/markdown", content });
const eleven = Array.from({ length: 11 }, (_, at) => ({ name: `${at}.txt`, mime_type: "text/plain", content: "x" }));
const art = { algorithm: "orbits", seed: 5, title: "Parity" };

const running: Call[] = [
  bad("execute-skill", "that does not exist", { slug: "no-such-skill", input: "x" }, "NOT_FOUND"),
  bad("execute-skill", "that is not installed", { slug: "code-review", input: "x" }, "SKILL_NOT_INSTALLED"),
  bad("execute-skill", "without input", { slug: "summarize" }, "INVALID_INPUT"),
  bad("execute-skill", "with empty input", { slug: "summarize", input: "" }, "INVALID_INPUT"),
  bad("execute-skill", "with input that is no text", { slug: "summarize", input: ["x"] }, "INVALID_INPUT"),
  bad(
    "execute-skill",
    "with eleven attachments",
    { slug: "summarize", input: "x", attachments: eleven },
    "INVALID_INPUT",
  ),
  bad(
    "execute-skill",
    "with an attachment that is no base64",
    {
      slug: "summarize",
      input: "x",
      attachments: [{ name: "a", mime_type: "text/plain", content: "%", encoding: "base64" }],
    },
    "INVALID_INPUT",
  ),
  bad(
    "execute-skill",
    "with a connector that is not connected",
    { slug: "summarize", input: "x", connector: { type: "github", fields: { repository: "a/b" } } },
    "TOOL_NOT_CONNECTED",
  ),
  bad(
    "execute-skill",
    "with a connector of no kind",
    { slug: "summarize", input: "x", connector: { type: "ftp" } },
    "INVALID_INPUT",
  ),
  bad(
    "execute-skill",
    "with an interface that is no label",
    { slug: "summarize", input: "x", interface: "A B" },
    "INVALID_INPUT",
  ),
  bad(
    "execute-skill",
    "that shall be waited for too long",
    { slug: "summarize", input: "x", wait_seconds: 51 },
    "INVALID_INPUT",
    { codeOnly: true },
  ),
  good("list-executions", "when there are none", {}, { data: [], has_more: false }),

  good(
    "execute-skill",
    "as the agent that runs it",
    { slug: "summarize", input: "Long text.", attachments: [file("a.md", "b")], connector: { type: "remote" } },
    { executionId: "exec_1", status: "awaiting_agent", input: "Long text." },
    { by: "agent" },
  ),
  good("get-execution-status", "by its id", { id: "exec_1" }, { id: "exec_1", status: "awaiting_agent", cost: 0 }),
  good("get-execution-status", "by its number as text", { id: "1" }, { id: "exec_1" }),
  good("get-execution-status", "by its number", { id: 1 }, { id: "exec_1", outputBlocks: [] }),
  ...badIds("get-execution-status", "art_1"),
  bad("get-execution-status", "after block -2", { id: "1", blocksAfter: -2 }, "INVALID_INPUT"),
  bad("get-execution-status", "after no block", { id: "1", blocksAfter: "x" }, "INVALID_INPUT"),
  bad("rerun-execution", "while it waits", { id: "exec_1" }, "EXECUTION_RUNNING"),
  ...badIds("rerun-execution", "art_1"),
  bad("complete-execution", "without output", { id: "exec_1" }, "INVALID_INPUT"),
  bad(
    "complete-execution",
    "with a file that lacks its content",
    { id: "exec_1", output: "x", artifacts: [{ name: "a" }] },
    "INVALID_INPUT",
  ),
  bad(
    "complete-execution",
    "with 21 files",
    { id: "exec_1", output: "x", artifacts: Array.from({ length: 21 }, () => file("a.md", "b")) },
    "INVALID_INPUT",
  ),
  bad(
    "complete-execution",
    "with a file that is too large",
    { id: "exec_1", output: "x", artifacts: [file("a.md", "x".repeat(ARTIFACT_LIMIT + 1))] },
    "PAYLOAD_TOO_LARGE",
  ),
  ...badIds("complete-execution", "art_1", { output: "x" }),
  good(
    "complete-execution",
    "with text and a file",
    { id: 1, output: "Short.", artifacts: [file("../a note.md", "# Zażółć")] },
    { id: "exec_1", status: "completed" },
  ),
  bad("complete-execution", "twice", { id: "exec_1", output: "x" }, "EXECUTION_FINISHED"),
  bad("cancel-execution", "that is completed", { id: "exec_1" }, "EXECUTION_FINISHED"),
  good("get-execution-status", "with its output", { id: "exec_1" }, { outputBlocks: [{ index: 0 }, { index: 1 }] }),
  good("get-execution-status", "from a block on", { id: "1", blocksAfter: "0" }, { outputBlocks: [{ type: "file" }] }),

  good("execute-skill", "to cancel it", { slug: "summarize", input: "x" }, {}, { by: "agent" }),
  ...badIds("cancel-execution", "art_1"),
  good("cancel-execution", "that waits", { id: "2" }, { id: "exec_2", status: "cancelled" }),
  bad("cancel-execution", "twice", { id: "exec_2" }, "EXECUTION_FINISHED"),
  bad("complete-execution", "that is cancelled", { id: "exec_2", output: "x" }, "EXECUTION_FINISHED"),

  good("execute-skill", "that draws", { slug: "algorithmic-art", input: "Calm." }, {}, { by: "agent" }),
  bad("complete-execution", "without the parameters", { id: 3, output: "No parameters." }, "INVALID_INPUT"),
  good(
    "complete-execution",
    "with the parameters",
    { id: "3", output: `Here.\n\n\`\`\`json\n${JSON.stringify(art)}\n\`\`\`` },
    { id: "exec_3", status: "completed", skill: "algorithmic-art" },
  ),
];

const listing: Call[] = [
  good("list-executions", "newest first", {}, { first_id: "exec_3", last_id: "exec_1", has_more: false }),
  good("list-executions", "by state", { status: "cancelled" }, { data: [{ id: "exec_2" }] }),
  good("list-executions", "by skill", { skill: "algorithmic-art" }, { data: [{ id: "exec_3" }] }),
  good("list-executions", "older ones", { limit: 1, after_id: "3" }, { data: [{ id: "exec_2" }], has_more: true }),
  good(
    "list-executions",
    "newer ones",
    { limit: 1, before_id: "exec_1" },
    { data: [{ id: "exec_2" }], has_more: true },
  ),
  bad("list-executions", "in a state that is none", { status: "done" }, "INVALID_INPUT"),
  ...badPages("list-executions", "exec_1"),
  good("list-artifacts", "newest first", {}, { first_id: "art_2", last_id: "art_1" }),
  good("list-artifacts", "of an execution", { execution_id: 1 }, { data: [{ id: "art_1", name: "a note.md" }] }),
  good("list-artifacts", "of a kind", { type: "text" }, { data: [{}, {}] }),
  good("list-artifacts", "of a media type", { type: "text/html" }, { data: [{ name: "artwork.html" }] }),
  good("list-artifacts", "older ones", { limit: 1, after_id: "2" }, { data: [{ id: "art_1" }] }),
  bad("list-artifacts", "of another resource", { execution_id: "art_1" }, "NOT_FOUND"),
  ...badPages("list-artifacts", "art_1"),
  good("get-artifact", "by its id", { id: "art_1" }, { execution_id: "exec_1", mime_type: "text/markdown" }),
  good("get-artifact", "by its number as text", { id: "1" }, { id: "art_1" }),
  good("get-artifact", "by its number", { id: 1 }, { id: "art_1" }),
  ...badIds("get-artifact", "exec_1"),
  good(
    "download-artifact",
    "",
    { id: "art_1" },
    { text: "# Zażółć", mediaType: "text/markdown" },
    { overMcp: { gives: { id: "art_1", text: "# Zażółć", truncated: false } } },
  ),
  ...badIds("download-artifact", "exec_1"),
  ...badIds("delete-artifact", "exec_1"),
  good("delete-artifact", "", { id: "art_1" }, { id: "art_1", deleted: true }),
  bad("delete-artifact", "twice", { id: "art_1" }, "NOT_FOUND"),
  bad("get-artifact", "that was deleted", { id: "art_1" }, "NOT_FOUND"),
  bad("download-artifact", "that was deleted", { id: "art_1" }, "NOT_FOUND"),
  good("list-artifacts", "newer than one that is gone", { before_id: "art_1" }, { data: [{ id: "art_2" }] }),
];

const keeping: Call[] = [
  good("read-memory", "when it is empty", {}, { content: "" }),
  good("write-memory", "", { content: "one" }, { content: "one" }),
  good("write-memory", "at its end", { content: "two", mode: "append" }, { content: `one${NOTE_SEPARATOR}two` }),
  good("read-memory", "", {}, { content: `one${NOTE_SEPARATOR}two` }),
  bad("read-memory", "with an argument", { id: 1 }, "INVALID_INPUT"),
  bad("write-memory", "without content", {}, "INVALID_INPUT"),
  bad("write-memory", "with a number", { content: 5 }, "INVALID_INPUT"),
  bad("write-memory", "in no mode", { content: "x", mode: "prepend" }, "INVALID_INPUT"),
  bad("write-memory", "with too much", { content: "x".repeat(MEMORY_LIMIT + 1) }, "INVALID_INPUT"),
  bad("write-memory", "past its end", { content: "x".repeat(MEMORY_LIMIT), mode: "append" }, "INVALID_INPUT"),
  good("read-memory", "that refused much", {}, { content: `one${NOTE_SEPARATOR}two` }),
  good("get-credit-balance", "", {}, { balance: null, unlimited: true, unit: "dollarino", tier: "self-hosted" }),
  bad("get-credit-balance", "with an argument", { unit: "euro" }, "INVALID_INPUT"),
  good("get-subscription-tier", "", {}, { tier: "self-hosted", unlimited: true }),
  good("list-transactions", "when there are none", {}, { data: [], first_id: null, last_id: null, has_more: false }),
  ...badPages("list-transactions", "txn_1").filter(({ title }) => !title.includes("both")),
  good("get-current-workspace", "", {}, { id: "ws_1", slug: "personal", role: "owner" }),
  good("get-profile", "", {}, { id: "usr_1" }),
  good("list-audit-logs", "of what nobody did", { action: "nothing.done" }, { data: [], has_more: false }),
  good("list-audit-logs", "of a day before all this", { end_date: "2001-01-31" }, { data: [], first_id: null }),
  bad("list-audit-logs", "from a day that is none", { start_date: "2026-02-30" }, "INVALID_INPUT"),
  bad("list-audit-logs", "with a key that reads", {}, "PERMISSION_REQUIRED", { as: "reader" }),
  ...badPages("list-audit-logs", "log_1"),
];

const write = { content: "x" };

const permitted: Call[] = [
  good("read-memory", "with a key that reads", {}, {}, { as: "reader" }),
  good("list-artifacts", "with a key that reads", {}, {}, { as: "reader" }),
  good("get-profile", "with a key that reads", {}, { id: "usr_1" }, { as: "reader" }),
  good("get-current-workspace", "with a key that reads", {}, { id: "ws_1" }, { as: "reader" }),
  bad("write-memory", "with a key that reads", write, "PERMISSION_REQUIRED", { as: "reader" }),
  bad("write-memory", "with a key that reads, badly", {}, "PERMISSION_REQUIRED", { as: "reader" }),
  bad("install-skill", "with a key that reads", { slug: "code-review" }, "PERMISSION_REQUIRED", { as: "reader" }),
  bad("uninstall-skill", "with a key that reads", { slug: "summarize" }, "PERMISSION_REQUIRED", { as: "reader" }),
  bad("execute-skill", "with a key that reads", { slug: "summarize", input: "x" }, "PERMISSION_REQUIRED", {
    as: "reader",
  }),
  bad("cancel-execution", "with a key that reads", { id: "exec_1" }, "PERMISSION_REQUIRED", { as: "reader" }),
  bad("complete-execution", "with a key that reads", { id: "1", output: "x" }, "PERMISSION_REQUIRED", { as: "reader" }),
  bad("rerun-execution", "with a key that reads", { id: "exec_1" }, "PERMISSION_REQUIRED", { as: "reader" }),
  bad("delete-artifact", "with a key that reads", { id: "art_2" }, "PERMISSION_REQUIRED", { as: "reader" }),
  good("write-memory", "with a key that writes", write, { content: "x" }, { as: "writer" }),
  good("list-executions", "with a key that writes", { limit: 1 }, { data: [{ id: "exec_3" }] }, { as: "writer" }),
  good("browse-marketplace", "with a key that writes", { limit: 1 }, { has_more: true }, { as: "writer" }),
  bad("read-memory", "with a key that writes", {}, "PERMISSION_REQUIRED", { as: "writer" }),
  bad("list-artifacts", "with a key that writes", {}, "PERMISSION_REQUIRED", { as: "writer" }),
  bad("get-artifact", "with a key that writes", { id: "art_2" }, "PERMISSION_REQUIRED", { as: "writer" }),
  bad("download-artifact", "with a key that writes", { id: "art_2" }, "PERMISSION_REQUIRED", { as: "writer" }),
  bad("get-credit-balance", "with a key that writes", {}, "PERMISSION_REQUIRED", { as: "writer" }),
  bad("list-transactions", "with a key that writes", {}, "PERMISSION_REQUIRED", { as: "writer" }),
  bad("get-subscription-tier", "with a key that writes", {}, "PERMISSION_REQUIRED", { as: "writer" }),
  bad("get-profile", "with a key that writes", {}, "PERMISSION_REQUIRED", { as: "writer" }),
  good("install-skill", "with a key that runs", { slug: "brainstorming" }, {}, { as: "runner" }),
  bad("delete-artifact", "with a key that runs", { id: "art_2" }, "PERMISSION_REQUIRED", { as: "runner" }),
  ...(["nobody", "stranger", "revoked", "expired"] as const).flatMap((as) => {
    const code = as === "nobody" || as === "stranger" ? "AUTH_REQUIRED" : "KEY_REVOKED";
    return [
      bad("read-memory", `as ${as}`, {}, code, { as, codeOnly: true }),
      bad("write-memory", `as ${as}`, write, code, { as, codeOnly: true }),
      bad("list-executions", `as ${as}`, {}, code, { as, codeOnly: true }),
      bad("execute-skill", `as ${as}`, { slug: "summarize", input: "x" }, code, { as, codeOnly: true }),
      bad("delete-artifact", `as ${as}`, { id: "art_2" }, code, { as, codeOnly: true }),
    ];
  }),
  // Every MCP door wants a key, whatever the tool; REST shows the marketplace to everyone.
  ...(["browse-marketplace", "list-skill-categories"] as const).map((operation) =>
    good(operation, "as nobody", {}, {}, { as: "nobody", overMcp: { code: "AUTH_REQUIRED" } }),
  ),
  bad("browse-marketplace", "as stranger", {}, "AUTH_REQUIRED", { as: "stranger", codeOnly: true }),
];

const last: Call[] = [
  good("uninstall-skill", "that was run", { slug: "summarize" }, { uninstalled: true }),
  bad("rerun-execution", "of a skill that is gone", { id: "exec_1" }, "SKILL_NOT_INSTALLED"),
  bad("execute-skill", "where nobody can run it", { slug: "algorithmic-art", input: "x" }, "MODEL_NOT_CONFIGURED", {
    overMcp: { gives: { executionId: "exec_4", status: "awaiting_agent" } },
  }),
  bad("rerun-execution", "where nobody can run it", { id: "exec_3", input: "Another." }, "MODEL_NOT_CONFIGURED", {
    overMcp: { gives: { executionId: "exec_5", status: "awaiting_agent", input: "Another." } },
  }),
];

/** Everything that works, and can go wrong, on a server without a model. */
export const withoutAModel: readonly Call[] = [
  ...markets,
  ...installing,
  ...running,
  ...listing,
  ...keeping,
  ...permitted,
  ...last,
];
