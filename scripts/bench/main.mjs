// Prints figures and whether they meet their targets; it never fails because of one.
// node scripts/bench/main.mjs [--only=call,list,call-2026,list-2026,guard,heap,churn,start,tokens,clerk,workflows,stages,audit]
import { auditLog } from "./audit.mjs";
import { churn } from "./churn.mjs";
import { clerkRead } from "./clerk.mjs";
import { costOfGuard } from "./guard.mjs";
import { heapOfSessions } from "./heap.mjs";
import { rateOf } from "./rate.mjs";
import { costOfStages } from "./stages.mjs";
import { startUp } from "./start.mjs";
import { tokensOfTools } from "./tokens.mjs";
import { workflowSteps } from "./workflows.mjs";

/** @typedef {{ what: string, measured: string, target: string, ok: boolean }} Figure */

const CALL = { method: "tools/call", params: { name: "read-memory", arguments: {} } };

/** @type {Record<string, () => Promise<Figure[]>>} */
const PARTS = {
  call: () => rateOf("tools/call of read-memory", CALL, 0.1),
  list: () => rateOf("tools/list", { method: "tools/list" }, 0.12),
  "call-2026": () => rateOf("tools/call of read-memory in 2026-07-28", CALL, 0.04, "2026-07-28"),
  "list-2026": () => rateOf("tools/list in 2026-07-28", { method: "tools/list" }, 0.05, "2026-07-28"),
  guard: costOfGuard,
  heap: heapOfSessions,
  churn,
  start: startUp,
  tokens: tokensOfTools,
  clerk: clerkRead,
  workflows: workflowSteps,
  stages: costOfStages,
  audit: auditLog,
};

const only = process.argv.find((argument) => argument.startsWith("--only="))?.slice("--only=".length);
const chosen = only === undefined ? Object.keys(PARTS) : only.split(",");
const unknown = chosen.filter((name) => !(name in PARTS));
if (unknown.length > 0) {
  console.error(`--only takes ${Object.keys(PARTS).join(", ")}, not ${unknown.join(", ")}.`);
  process.exit(2);
}

/** @type {Figure[]} */
const figures = [];
for (const name of chosen) figures.push(...((await PARTS[name]?.()) ?? []));

const rows = figures.map(({ what, measured, target, ok }) => [what, measured, target, ok ? "ok" : "missed"]);
rows.unshift(["what", "measured", "target", ""]);
const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
for (const row of rows)
  console.log(
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
