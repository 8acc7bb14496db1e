import { describe, expect, it } from "vitest";
import { excessOf } from "../../src/core/json-limits.js";

const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
const list = (items: number) => `[${Array.from({ length: items }, () => "1").join(",")}]`;

describe("P31: what a JSON text may hold", () => {
  it("is 64 levels and 20,000 values, and no more", () => {
    expect(excessOf(nested(64))).toBeUndefined();
    expect(excessOf(nested(65))).toMatch(/deeper than 64 levels/);
    expect(excessOf(list(19_999))).toBeUndefined();
    expect(excessOf(list(20_001))).toMatch(/more than 20000 values/);
    expect(excessOf(`[${"{},".repeat(15_000)}{}]`)).toMatch(/more than 20000 values/);
    expect(excessOf(`{"a":1${`,"a":{"b":[]}`.repeat(5000)}}`)).toBeUndefined();
  });

  it("is not counted in text, whatever it escapes", () => {
    for (const text of ["[".repeat(1000), ",".repeat(50_000), '\\"['.repeat(1000), "\\".repeat(999), '"'.repeat(999)]) {
      expect(excessOf(JSON.stringify({ text }))).toBeUndefined();
      expect(excessOf(`[${JSON.stringify(text)},${nested(65)}]`)).toMatch(/deeper/);
    }
  });

  it("is told of a text that is no JSON too", () => {
    expect(excessOf("[".repeat(100_000))).toMatch(/deeper/);
    expect(excessOf(`"${"[".repeat(100_000)}`)).toBeUndefined();
    expect(excessOf("]".repeat(100_000))).toBeUndefined();
  });
});
