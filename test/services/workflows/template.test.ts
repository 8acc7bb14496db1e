import { describe, expect, it } from "vitest";
import { BadTemplate, compileTemplate } from "../../../src/services/workflows/template.js";

const scope = { input: { n: 5, name: "Ada", list: ["a"], none: null }, steps: {}, item: "i", index: 0 };
const resolved = (value: unknown) => compileTemplate(value, { inLoop: true }).resolve(scope);

describe("a value with expressions in it", () => {
  it.each<[string, unknown, unknown]>([
    ["is what a single expression is, of any kind", "${input.list}", ["a"]],
    ["keeps the kind with spaces inside the braces", "${ input.n }", 5],
    ["is a text where there is text around", "n is ${input.n}, ${input.name}.", "n is 5, Ada."],
    ["shows lists and objects as JSON, and null as nothing", '${input.list}${input.none}${{"a": 1}}', '["a"]{"a":1}'],
    ["takes braces and quotes within an expression", "${ {'a}': \"}\"} }", { "a}": "}" }],
    ["leaves alone what is meant as text", "$${input.n} and $5 and {input.n}", "${input.n} and $5 and {input.n}"],
    ["is worked out however deep", { a: [{ b: "${item}" }, 1, null] }, { a: [{ b: "i" }, 1, null] }],
    ["may be nothing but text", "", ""],
  ])("%s", (_title, value, expected) => {
    expect(resolved(value)).toEqual(expected);
  });

  it("says whether there is anything to work out, and where", () => {
    expect(compileTemplate({ a: ["$${x}", 5] }, { inLoop: false }).constant).toBe(true);
    const { constant, expressions } = compileTemplate({ a: ["x", "${input.n} ${input.name}"] }, { inLoop: false });
    expect(constant).toBe(false);
    expect(expressions.map(({ path, expression }) => [path, expression.source])).toEqual([
      [["a", 1], "input.n"],
      [["a", 1], "input.name"],
    ]);
  });

  it.each<[string, unknown, (string | number)[], RegExp]>([
    ["never closed", { a: "${input.n" }, ["a"], /never closed/],
    ["no expression", [{ a: "ok" }, { a: "${input.}" }], [1, "a"], /the expression Expected/],
    ["empty", "${}", [], /the expression/],
  ])("is refused with its place where it is %s", (_title, value, path, why) => {
    try {
      compileTemplate(value, { inLoop: false });
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(BadTemplate);
      expect((thrown as BadTemplate).path).toEqual(path);
      expect((thrown as BadTemplate).message).toMatch(why);
      return;
    }
    throw new Error("it was taken");
  });

  it("does not read a value that looks like an expression", () => {
    const template = compileTemplate("${input.name}", { inLoop: false });
    expect(template.resolve({ ...scope, input: { name: "${input.n}" } })).toBe("${input.n}");
  });
});
