import { describe, expect, it } from "vitest";
import { z } from "zod";
import { invalidCursor, pageByName, pageInput, pageOf, requireOneDirection, toPage } from "../../src/core/page.js";
import { refusal } from "../support/services.js";

const names = (count: number) => Array.from({ length: count }, (_, at) => `s${String(at).padStart(3, "0")}`);
const itself = (name: string) => name;

describe("a list by name", () => {
  it.each([1, 2, 3, 10, 11, 100])("is walked forward in pages of %i without a gap or a repeat", (limit) => {
    const rows = names(23);
    const seen: string[] = [];
    let after_id: string | undefined;
    for (let pages = 0; pages <= rows.length; pages += 1) {
      const page = pageByName(rows, itself, { limit, after_id });
      seen.push(...page.data);
      expect(page.first_id).toBe(page.data[0]);
      expect(page.last_id).toBe(page.data.at(-1));
      if (!page.has_more) break;
      after_id = page.last_id ?? undefined;
    }
    expect(seen).toEqual(rows);
  });

  it.each([1, 2, 3, 10, 11, 100])("is walked back in pages of %i without a gap or a repeat", (limit) => {
    const rows = names(23);
    const seen: string[] = [];
    let before_id: string | undefined = "t";
    for (let pages = 0; pages <= rows.length; pages += 1) {
      const page: ReturnType<typeof pageByName<string>> = pageByName(rows, itself, { limit, before_id });
      seen.unshift(...page.data);
      if (!page.has_more) break;
      before_id = page.first_id ?? undefined;
    }
    expect(seen).toEqual(rows);
  });

  it("goes on behind and before a name that is no longer there", () => {
    const rows = ["a", "c", "d"];
    expect(pageByName(rows, itself, { limit: 1, after_id: "b" })).toMatchObject({ data: ["c"], has_more: true });
    expect(pageByName(rows, itself, { limit: 5, before_id: "b" })).toMatchObject({ data: ["a"], has_more: false });
  });

  it("has null for both ends of an empty page", () => {
    const empty = { data: [], first_id: null, last_id: null, has_more: false };
    expect(pageByName([], itself, { limit: 20 })).toEqual(empty);
    expect(pageByName(["a"], itself, { limit: 20, after_id: "a" })).toEqual(empty);
    expect(pageByName(["a"], itself, { limit: 20, before_id: "a" })).toEqual(empty);
  });

  it("is not asked for in both directions", () => {
    const both = { limit: 20, after_id: "a", before_id: "b" };
    expect(() => pageByName(["a"], itself, both)).toThrow(refusal("INVALID_INPUT", "not both"));
    expect(() => requireOneDirection(both)).toThrow(refusal("INVALID_INPUT"));
  });
});

describe("the arguments of a list", () => {
  const input = z.strictObject(pageInput);

  it("default to 20 rows", () => {
    expect(input.parse({})).toEqual({ limit: 20 });
  });

  it.each([0, 101, -1, 1.5, "20", null])("refuse a limit of %j", (limit) => {
    expect(input.safeParse({ limit }).success).toBe(false);
  });

  it.each(["", "x".repeat(129), 5])("refuse a cursor of %j", (cursor) => {
    expect(input.safeParse({ after_id: cursor }).success).toBe(false);
    expect(input.safeParse({ before_id: cursor }).success).toBe(false);
  });
});

describe("a page", () => {
  it("takes its cursors from its rows and fits its schema", () => {
    const page = toPage([{ id: "a" }, { id: "b" }], true, ({ id }) => id);
    expect(page).toEqual({ data: [{ id: "a" }, { id: "b" }], first_id: "a", last_id: "b", has_more: true });
    expect(pageOf(z.object({ id: z.string() })).parse(page)).toEqual(page);
  });

  it("names a cursor that does not fit, without its control characters", () => {
    expect(invalidCursor(`\u202e\u001b[2J${"x".repeat(200)}`)).toMatchObject({
      code: "INVALID_CURSOR",
      message: expect.stringMatching(/^"\?\?\[2Jx{70,80}\.\.\." is no cursor of this list/),
    });
  });
});
