// Prints "N passed, N failed" from vitest's JSON report; fails when a test failed or none ran.
import { readFileSync } from "node:fs";

const [path] = process.argv.slice(2);
if (!path) throw new Error("test-totals.mjs takes the path of vitest's JSON report.");
const text = readFileSync(path, "utf8");
if (text.trim() === "") {
  console.log("The tests did not run to their end: there is no report.");
  process.exit(1);
}
/** @type {{ success: boolean, numPassedTests: number, testResults: { status: string, assertionResults: { status: string }[] }[] }} */
const { success, numPassedTests, testResults } = JSON.parse(text);
let failed = 0;
for (const { status, assertionResults } of testResults) {
  const here = assertionResults.filter((test) => test.status === "failed").length;
  // A file that could not be loaded fails without a failed test in it.
  failed += status === "failed" ? Math.max(here, 1) : here;
}
if (!success) failed = Math.max(failed, 1);
console.log(`${numPassedTests} passed, ${failed} failed`);
process.exitCode = failed > 0 || numPassedTests === 0 ? 1 : 0;
