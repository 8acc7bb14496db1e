// Prints figures and whether they meet their targets; it never fails because of one.
// node scripts/bench/main.mjs [--only=call,list,heap,start,tokens,clerk]
import { clerkRead } from "./clerk.mjs";
import { heapOfSessions } from "./heap.mjs";
import { rateOf } from "./rate.mjs";
import { startUp } from "./start.mjs";
import { tokensOfTools } from "./tokens.mjs";

/** @typedef {{ what: string, measured: string, target: string, ok: boolean }} Figure */

/** @type {Record<string, () => Promise<Figure[]>>} */
const PARTS = {
  call: () =>
    rateOf("tools/call of read-memory", { method: "tools/call", params: { name: "read-memory", arguments: {} } }, 0.1),
  list: () => rateOf("tools/list", { method: "tools/list" }, 0.12),
  heap: heapOfSessions,
  start: startUp,
  tokens: tokensOfTools,
  clerk: clerkRead,
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
