import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const SCRIPT = fileURLToPath(new URL("../../scripts/test-totals.mjs", import.meta.url));

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "totals-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface File {
  readonly status: "passed" | "failed";
  readonly tests: readonly ("passed" | "failed" | "skipped")[];
}

function totals(files: readonly File[], success: boolean) {
  const tests = files.flatMap((file) => file.tests);
  return run(
    JSON.stringify({
      success,
      numPassedTests: tests.filter((status) => status === "passed").length,
      testResults: files.map((file) => ({
        status: file.status,
        assertionResults: file.tests.map((status) => ({ status })),
      })),
    }),
  );
}

function run(report: string) {
  const path = join(folder, "report.json");
  writeFileSync(path, report);
  const { status, stdout } = spawnSync(process.execPath, [SCRIPT, path], { encoding: "utf8" });
  return { status, stdout };
}

describe("the tests' totals", () => {
  it("pass where every test passed", () => {
    expect(totals([{ status: "passed", tests: ["passed", "passed", "skipped"] }], true)).toEqual({
      status: 0,
      stdout: "2 passed, 0 failed\n",
    });
  });

  it("fail with the number of tests that failed", () => {
    const files: File[] = [
      { status: "failed", tests: ["failed", "passed", "failed"] },
      { status: "passed", tests: ["passed"] },
    ];
    expect(totals(files, false)).toEqual({ status: 1, stdout: "2 passed, 2 failed\n" });
  });

  it("count a file that could not be loaded as failed", () => {
    const files: File[] = [
      { status: "failed", tests: [] },
      { status: "passed", tests: ["passed"] },
    ];
    expect(totals(files, false)).toEqual({ status: 1, stdout: "1 passed, 1 failed\n" });
  });

  it("fail where the run failed outside of any test", () => {
    expect(totals([{ status: "passed", tests: ["passed"] }], false)).toEqual({
      status: 1,
      stdout: "1 passed, 1 failed\n",
    });
  });

  it("fail where no test ran or the run left no report", () => {
    expect(totals([], true)).toEqual({ status: 1, stdout: "0 passed, 0 failed\n" });
    expect(run("")).toMatchObject({ status: 1 });
  });
});
