import { describe, expect, it } from "vitest";
import { fillIn, settingsTable } from "../../scripts/readme-tables.mjs";
import { settings } from "../../src/config.js";

describe("the README's generated parts", () => {
  it("replace what lies between their two lines and nothing else", () => {
    const text = "before\n<!-- a:start -->\nold\n<!-- a:end -->\nafter <!-- b:start -->";
    expect(fillIn(text, "a", "new")).toBe("before\n<!-- a:start -->\n\nnew\n\n<!-- a:end -->\nafter <!-- b:start -->");
  });

  it("stay as they are when nothing changed", () => {
    const once = fillIn("<!-- a:start --><!-- a:end -->", "a", "content");
    expect(fillIn(once, "a", "content")).toBe(once);
  });

  it("are refused in a text that has no place for them", () => {
    expect(() => fillIn("<!-- a:end --> <!-- a:start -->", "a", "new")).toThrow(/a:start/);
  });

  it("name every setting with its default", () => {
    const rows = settingsTable(settings).split("\n").slice(2);
    expect(rows).toHaveLength(Object.keys(settings.shape).length);
    expect(rows).toContain("| `PORT` | `8787` | Port to listen on; 0 takes a free one and prints it. |");
    expect(rows.find((row) => row.includes("CLANKER_HOME`"))).toContain("| `~/.clanker` |");
  });
});
