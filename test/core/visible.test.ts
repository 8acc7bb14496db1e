import { describe, expect, it } from "vitest";
import { visible, visibleIn } from "../../src/core/visible.js";

const escaped = (text: string) => text.replaceAll(/[[\]+.]/g, "\\$&");

describe("visible (P45)", () => {
  it.each([
    ["a direction override", "a\u202Eb", "a\u27E8U+202E\u27E9b"],
    ["an isolate", "\u2066x\u2069", "\u27E8U+2066\u27E9x\u27E8U+2069\u27E9"],
    [
      "zero width characters",
      "a\u200Bb\u200Cc\u200Dd\u2060e\uFEFF",
      /^a⟨U\+200B⟩b⟨U\+200C⟩c⟨U\+200D⟩d⟨U\+2060⟩e⟨U\+FEFF⟩$/,
    ],
    ["the tag block", "x\u{E0041}\u{E0042}", "x\u27E8U+E0041\u27E9\u27E8U+E0042\u27E9"],
    ["a terminal's escapes", "\u001B[31mred\u009B0m", "\u27E8U+001B\u27E9[31mred\u27E8U+009B\u27E90m"],
    ["NUL, backspace and delete", "\0\b\u007F", "\u27E8U+0000\u27E9\u27E8U+0008\u27E9\u27E8U+007F\u27E9"],
    ["a carriage return that overwrites its line", "good\rbad", "good\u27E8U+000D\u27E9bad"],
    ["odd line ends", "a\u2028b\u2029c\u0085", "a\u27E8U+2028\u27E9b\u27E8U+2029\u27E9c\u27E8U+0085\u27E9"],
    ["selectors that hide bytes", "a\uFE01\u{E0101}", "a\u27E8U+FE01\u27E9\u27E8U+E0101\u27E9"],
    ["fillers", "\u3164\u115F\u00AD", "\u27E8U+3164\u27E9\u27E8U+115F\u27E9\u27E8U+00AD\u27E9"],
    ["half a character", "a\uD800b", "a\u27E8U+D800\u27E9b"],
  ])("shows %s", (_, text, expected) => {
    expect(visible(text)).toMatch(expected instanceof RegExp ? expected : new RegExp(`^${escaped(expected)}$`));
  });

  it.each(["Zażółć\tgęślą\njaźń.\r\n", "漢字 हिन्दी عربى", "👩‍👩‍👧 ❤️ 1️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿 👍🏽", ""])("leaves %j as it is", (text) => {
    expect(visible(text)).toBe(text);
  });

  it("does not take an emoji as cover for what is no part of it", () => {
    expect(visible("👍\u200D\u200D")).toBe("👍\u27E8U+200D\u27E9\u27E8U+200D\u27E9");
  });

  it("reaches texts and names deep inside an answer, and leaves the rest", () => {
    const answer = { list: [{ title: "a\u202E", n: 1, no: null, yes: true }], "na\u200Bme": "x" };
    expect(visibleIn(answer)).toEqual({
      list: [{ title: "a\u27E8U+202E\u27E9", n: 1, no: null, yes: true }],
      "na\u27E8U+200B\u27E9me": "x",
    });
  });

  it("keeps a field named __proto__ a field (P32)", () => {
    const answer = visibleIn(JSON.parse('{"__proto__":{"admin":true}}')) as object;
    expect(Object.getPrototypeOf(answer)).toBe(Object.prototype);
    expect(Object.keys(answer)).toEqual(["__proto__"]);
  });

  it("cuts an answer that is nested without end", () => {
    const deep = JSON.parse("[".repeat(5000) + "]".repeat(5000)) as unknown;
    expect(JSON.stringify(visibleIn(deep))).toContain("nested too deeply");
  });

  it("is done with a long text at once", () => {
    const started = performance.now();
    visible("A line of some text.\n".repeat(200_000) + "\u200B");
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
