import { describe, expect, it } from "vitest";
import { BadExpression, compileExpression } from "../../../src/services/workflows/expression.js";

const big = Array.from({ length: 500 }, (_, at) => at);
const scope = {
  input: { n: 5, f: 1.5, list: [1, 2, 3], text: "hello", none: null, big, long: "x".repeat(100_000), o: { a: 1 } },
  steps: { a: { status: "completed", output: { users: [{ id: "u1" }, { id: "u2" }] } } },
  item: { q: 1 },
  index: 2,
};
const valueOf = (source: string) => compileExpression(source, { inLoop: true }).evaluate(scope);
const reason = (source: string, inLoop = true): string => {
  try {
    compileExpression(source, { inLoop }).evaluate(scope);
  } catch (thrown) {
    if (thrown instanceof BadExpression) return thrown.message;
    throw thrown;
  }
  throw new Error(`${source} has a value`);
};

describe("an expression", () => {
  it.each<[string, unknown]>([
    ["input.n + 1", 6],
    ["1 + input.n", 6],
    ["input.n * input.f", 7.5],
    ["input.n / 2", 2.5],
    ["7 / 2", 3],
    ["input.n % 2 == 1", true],
    ["-input.n", -5],
    ["input.n == 5 && input.text == 'hello'", true],
    ["input.none == null", true],
    ["'a' < 'b' || false", true],
    ["2 in input.list", true],
    ["'a' in input.o", true],
    ["input.list[0]", 1],
    ["input.list[index]", 3],
    ["item.q", 1],
    ["size(input.list)", 3],
    ["size('zażółć')", 6],
    ["has(input.other) ? 'there' : 'not there'", "not there"],
    ["input.n > 3 ? dyn(1) : dyn('a')", 1],
    ["steps.a.status", "completed"],
    ["steps['a'].output.users.map(user, user.id)", ["u1", "u2"]],
    ["join(steps.a.output.users.map(user, user.id), ', ')", "u1, u2"],
    [
      "input.list.filter(one, one > 1).map(one, {'one': one, 'more': one + 1})",
      [
        { one: 2, more: 3 },
        { one: 3, more: 4 },
      ],
    ],
    ["input.list.exists(one, one == 2)", true],
    ["input.list.all(one, one > 2)", false],
    ["[1, 'two', null, true]", [1, "two", null, true]],
    ["json(input.o) + string(input.f)", '{"a":1}1.5'],
    ["input.text.substring(1, 3) + ' '.trim() + input.text.upperAscii()", "elHELLO"],
    ["input.text.split('l')", ["he", "", "o"]],
  ])("%s", (source, value) => {
    expect(valueOf(source)).toEqual(value);
  });

  it("tells which steps and fields of the input it needs, but not those of its own variables", () => {
    const { steps, fields } = compileExpression(
      "steps.a.output + steps['b'].x + input.n + input.list.map(n, n.steps)",
      {
        inLoop: false,
      },
    );
    expect([...steps]).toEqual(["a", "b"]);
    expect([...fields]).toEqual(["n", "list"]);
  });

  it.each<[string, RegExp]>([
    ["1 +", /^Unexpected token: EOF \(at character 4\)$/],
    ["nonsense", /^there is no nonsense here; there are input and steps$/],
    ["steps", /^steps is followed by \.<step>$/],
    ["steps[input.text]", /not by a value that only a run knows/],
    ["size(steps)", /steps is followed/],
    ["input.text.matches('(a+)+$')", /^there is no matches; there are /],
    ["cel.bind(a, 1, a)", /^there is no bind/],
    ["timestamp('2026-01-01T00:00:00Z')", /^there is no timestamp/],
    ["b'abc'", /no bytes/],
    ["input.list.map(steps, 1)", /^steps is taken/],
    ["input.text + 1", /no such overload/],
    ["input.missing", /No such key: missing/],
    ["input.list[99]", /out of bounds/],
    ["9223372036854775807", /number that JSON cannot keep/],
    ["1.0 / 0.0", /number that JSON cannot keep/],
    ["x".repeat(2001), /longer than 2000 characters/],
    [`${"(".repeat(60)}1${")".repeat(60)}`, /maxDepth/],
    [Array.from({ length: 150 }, () => "1").join(" + "), /maxAstNodes/],
  ])("is refused or has no value: %s", (source, why) => {
    expect(reason(source)).toMatch(why);
  });

  it("knows an item only in a step that has items", () => {
    expect(reason("item", false)).toBe("there is no item outside a step with each");
    expect(reason("index + 1", false)).toBe("there is no index outside a step with each");
  });

  it.each(["constructor", "__proto__", "toString", "hasOwnProperty"])("sees nothing of JavaScript: %s", (name) => {
    for (const source of [`input.${name}`, `input.text.${name}`, `input.list.${name}`, `input["${name}"]`]) {
      expect(reason(source)).toMatch(/No such key|Unexpected|Reserved/i);
    }
    expect(Object.keys(valueOf(`{"${name}": 1, "b": 2}`) as object)).toContain("b");
    expect(({} as Record<string, unknown>)["b"]).toBeUndefined();
  });

  it.each([
    "input.big.map(x, input.big.map(y, y))",
    "input.big.exists(x, input.big.exists(y, input.big.exists(z, z == -1)))",
    "input.big.exists(x, input.big.exists(y, input.big.exists(z, z == -1))) || true",
    "input.big.filter(x, input.big.all(y, input.long.contains(string(y))  == false))",
  ])("that would never end is stopped: %s", (source) => {
    const started = performance.now();
    expect(reason(source)).toBe("it walks over too many items or takes too long");
    expect(performance.now() - started).toBeLessThan(1500);
  });

  it.each(["input.big.map(x, input.long)", "join(input.big.map(x, input.long), '')"])(
    "whose value would fill the memory has none: %s",
    (source) => {
      expect(reason(source)).toBe("its value is larger than 1048576 characters");
    },
  );

  it("has a value again after one that was stopped", () => {
    expect(reason("input.big.map(x, input.big.map(y, y))")).toMatch(/too many/);
    expect(valueOf("input.list.map(x, x + 1)")).toEqual([2, 3, 4]);
  });
});
