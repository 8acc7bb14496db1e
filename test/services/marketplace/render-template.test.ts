import { describe, expect, it } from "vitest";
import { AppError } from "../../../src/core/errors.js";
import type { Parameter } from "../../../src/services/marketplace/parameters.js";
import { renderTemplate } from "../../../src/services/marketplace/render-template.js";

const TEMPLATE = "<script>const PARAMETERS = /*{{PARAMETERS}}*/ {};</script><p>after</p>";
const parameters: Parameter[] = [
  { name: "kind", type: "string", description: "d", enum: ["a", "b"], required: true },
  { name: "seed", type: "integer", description: "d", default: 7, minimum: 0, maximum: 100 },
  { name: "share", type: "number", description: "d", minimum: 0 },
  { name: "loud", type: "boolean", description: "d" },
  { name: "title", type: "string", description: "d" },
];
const pack = { parameters, artifact: { template: TEMPLATE, name: "page.html", mimeType: "text/html" } };

const block = (value: unknown) => `\`\`\`json\n${typeof value === "string" ? value : JSON.stringify(value)}\n\`\`\``;

/** Runs the rendered script and answers the parameters as the page would see them. */
function seenByPage(content: string): unknown {
  const script = /^<script>([^]*?)<\/script><p>after<\/p>$/.exec(content)?.[1];
  if (script === undefined) throw new Error("the page around the parameters has changed");
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the page runs exactly this text
  return new Function(`${script}; return PARAMETERS;`)() as unknown;
}

const render = (answer: string) => renderTemplate(pack, answer);
const values = (answer: string) => seenByPage(render(answer)?.content ?? "");

function refusal(answer: string): AppError {
  try {
    render(answer);
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
  throw new Error("it was rendered");
}

describe("rendering", () => {
  it("puts the parameters into the template, defaults filled in and unknown keys dropped", () => {
    const rendered = render(`A note.\n\n${block({ kind: "a", share: 0.5, loud: true, other: 1 })}\n`);
    expect(rendered).toEqual({
      name: "page.html",
      mimeType: "text/html",
      content: '<script>const PARAMETERS = {"kind":"a","seed":7,"share":0.5,"loud":true};</script><p>after</p>',
    });
  });

  it("of a pack without a template is nothing", () => {
    expect(renderTemplate({ parameters }, block({ kind: "a" }))).toBeUndefined();
  });

  it.each([
    ["the last of several blocks", `${block({ kind: "a" })}\ntext\n${block({ kind: "b" })}\nbye`],
    [
      "a block with capitals and Windows line ends",
      block({ kind: "b" }).replace("json", "JSON").replaceAll("\n", "\r\n"),
    ],
    ["an indented block", block({ kind: "b" }).replaceAll(/^/gm, "   ")],
    ["a block with a longer fence", `\`\`\`\`json\n{"kind":"b"}\n\`\`\`\``],
    ["a block whose closing fence is missing", `${block({ kind: "a" })}\n\`\`\`json\n{"kind":"b"}`],
    ["a block before one of another language", `${block({ kind: "b" })}\n\`\`\`js\n{"kind":"a"}\n\`\`\``],
    [
      "a block, not one quoted inside another",
      `${block({ kind: "b" })}\n\`\`\`\`md\n${block({ kind: "a" })}\n\`\`\`\``,
    ],
  ])("takes %s", (_, answer) => {
    expect(values(answer)).toMatchObject({ kind: "b" });
  });

  it.each([
    ["no block", "just prose", /no such block/],
    ["a block that was cut off", '```json\n{"kind":"a', /no JSON/],
    ["a block of another language", '```js\n{"kind":"a"}\n```', /no such block/],
    ["bad JSON", block("{kind: a}"), /no JSON/],
    ["a list", block([1]), /no object/],
    ["null", block("null"), /no object/],
    ["a later block that does not fit", `${block({ kind: "a" })}\n${block({ kind: "c" })}`, /does not fit/],
  ])("refuses %s with what was expected", (_, answer, reason) => {
    const error = refusal(answer);
    expect(error.code).toBe("UPSTREAM_FAILED");
    expect(error.message).toMatch(/must end with one ```json block/);
    expect(error.message).toMatch(reason);
  });

  it.each([
    [{}, "kind is required"],
    [{ kind: "c" }, "kind must be one of a, b"],
    [{ kind: 1 }, "kind must be of type string"],
    [{ kind: "a", seed: 1.5 }, "seed must be of type integer"],
    [{ kind: "a", seed: "7" }, "seed must be of type integer"],
    [{ kind: "a", seed: -1 }, "seed must be at least 0"],
    [{ kind: "a", seed: 101 }, "seed must be at most 100"],
    [{ kind: "a", loud: "true" }, "loud must be of type boolean"],
    [{ kind: "a", title: null }, "title must be of type string"],
    ['{"kind":"a","share":1e999}', "share must be of type number"],
  ])("says why %j does not fit", (given, problem) => {
    expect(refusal(block(given)).details).toEqual({ problems: [problem] });
  });
});

describe("text from a model", () => {
  const HOSTILE = [
    "</script><script>alert(1)</script>",
    "</SCRIPT\t>",
    "<!--<script>",
    "-->",
    "]]>",
    "`${alert(1)}`",
    `"'\\"\\'`,
    "\u2028\u2029\0\u001b\u007f",
    "\ud800 lone",
    "$& $1 $` $'",
    "/*{{PARAMETERS}}*/ {}",
    "*/ alert(1) /*",
    "</style><img src=x onerror=alert(1)>",
    "&lt;/script&gt;",
    "__proto__",
    "\\u003c/script>",
  ];

  function mixture(next: () => number): string {
    const parts = Array.from({ length: 1 + Math.floor(next() * 6) }, () =>
      next() < 0.7
        ? HOSTILE[Math.floor(next() * HOSTILE.length)]
        : String.fromCharCode(...Array.from({ length: 4 }, () => Math.floor(next() * 0xffff))),
    );
    return parts.join("");
  }

  it("arrives as the same text and never leaves its script element", () => {
    let state = 12345;
    const next = () => (state = (state * 48271) % 2147483647) / 2147483647;
    for (const title of [...HOSTILE, ...Array.from({ length: 2000 }, () => mixture(next))]) {
      const rendered = render(`Note\n${block({ kind: "a", title })}`)?.content ?? "";
      expect(rendered.match(/<\/?script|<!--|-->|[\u2028\u2029]/gi)).toEqual(["<script", "</script"]);
      expect(seenByPage(rendered)).toEqual({ kind: "a", seed: 7, title });
    }
  });

  it("in keys is dropped", () => {
    const answer = block('{"kind":"a","</script>":1,"constructor":2,"__proto__":{"title":"x"}}');
    expect(values(answer)).toEqual({ kind: "a", seed: 7 });
  });
});
