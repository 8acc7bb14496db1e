import { describe, expect, it } from "vitest";
import { formatId, idInput, parseId, PREFIXES, type ResourceKind } from "../../src/core/ids.js";

describe("an id", () => {
  it.each(Object.entries(PREFIXES))("of a %s has the prefix %s and comes back", (kind, prefix) => {
    expect(formatId(kind as ResourceKind, 42)).toBe(`${prefix}_42`);
    expect(parseId(kind as ResourceKind, `${prefix}_42`)).toBe(42);
  });

  it("is taken without its prefix", () => {
    expect(parseId("execution", "42")).toBe(42);
    expect(parseId("execution", "999999999999999")).toBe(999_999_999_999_999);
  });

  it.each([
    "art_42",
    "exec_",
    "exec_0",
    "exec_042",
    "exec_-1",
    "exec_1.5",
    "exec_1e3",
    "EXEC_1",
    "exec_42 ",
    " exec_42",
    "exec_42\n",
    "exec_exec_42",
    "_42",
    "0x2a",
    "",
    "exec_9999999999999999",
    "__proto__",
    "exec_٤٢",
  ])("is not %j", (id) => {
    expect(parseId("execution", id)).toBeUndefined();
  });

  it("is taken as text or as a number, and handed on as text", () => {
    const input = idInput("execution");
    expect(input.parse(42)).toBe("42");
    expect(input.parse("exec_42")).toBe("exec_42");
  });

  it.each([[""], ["x".repeat(65)], [null], [true], [{}], [["exec_1"]], [undefined]])(
    "as an argument is not %j",
    (value) => {
      expect(idInput("execution").safeParse(value).success).toBe(false);
    },
  );
});
