import { describe, expect, it } from "vitest";
import { z } from "zod";
import { inputSchema, type JsonSchema, outputSchema } from "../../../src/core/schema.js";
import { APP_SLUGS } from "../../../src/connectors/app.js";
import { APPS } from "../../../src/connectors/apps.js";

/** Keywords that every client takes. */
const KEYWORDS = new Set(
  "type description properties required items enum default minimum maximum minLength maxLength minItems maxItems pattern".split(
    " ",
  ),
);

/** Every schema inside a schema, with the name it has there. */
function inside(schema: JsonSchema, name = ""): [string, JsonSchema][] {
  const fields = Object.entries(schema.properties ?? {}).flatMap(([field, inner]) => inside(inner, field));
  return [[name, schema], ...fields, ...(schema.items ? inside(schema.items, name) : [])];
}

/** Refuses whatever some client would reject the whole list for. */
function expectPlain(schema: JsonSchema) {
  for (const [name, part] of inside(schema)) {
    expect([...Object.keys(part)].filter((keyword) => !KEYWORDS.has(keyword))).toEqual([]);
    expect(typeof part.type, name).toBe("string");
    expect(name).toMatch(/^[a-z][a-z0-9_]{0,63}$|^$/);
    expect((part.description ?? "").length).toBeLessThan(300);
    if (part.type === "array") expect(part.items, name).toBeDefined();
    if (part.enum) expect(part.enum.every((value) => typeof value === "string")).toBe(true);
    const pattern = part["pattern"];
    // Look-around and classes by property are unknown to some of the engines that clients check with.
    if (typeof pattern === "string") expect(pattern).not.toMatch(/\(\?[=!<]|\\p\{/);
  }
}

it("has the five apps that the document names", () => {
  expect(APPS.map((app) => app.slug)).toEqual([...APP_SLUGS]);
});

describe.each(APPS.map((app) => [app.slug, app] as const))("%s", (_slug, app) => {
  it("has at least eight actions and three triggers with names of their own", () => {
    for (const [list, least] of [
      [app.actions, 8],
      [app.triggers, 3],
    ] as const) {
      const names = list.map((one) => one.name);
      expect(names.length).toBeGreaterThanOrEqual(least);
      expect(new Set(names).size).toBe(names.length);
      for (const name of names) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    }
  });

  it("says in few words what each action and trigger is for", () => {
    for (const one of [...app.actions, ...app.triggers]) {
      expect(one.title.length).toBeLessThanOrEqual(40);
      expect(one.description.length).toBeGreaterThan(15);
      expect(one.description.length).toBeLessThanOrEqual(250);
      expect(one.description).toMatch(/\.$/);
    }
  });

  it("publishes schemas that every client takes", () => {
    for (const action of app.actions) expectPlain(inputSchema(action.input));
    for (const trigger of app.triggers) expectPlain(outputSchema(trigger.payload));
  });

  it("refuses arguments that an action does not know", () => {
    for (const action of app.actions) {
      const refused = action.input.safeParse({ surely_unknown: 1 });
      const codes = refused.error?.issues.map((issue) => issue.code);
      expect(codes, action.name).toContain("unrecognized_keys");
    }
  });

  it("asks for arguments that bound what they take", () => {
    for (const action of app.actions) {
      for (const [name, part] of inside(inputSchema(action.input))) {
        if (part.type !== "string" || part.enum) continue;
        const bounded = part["maxLength"] !== undefined || typeof part["pattern"] === "string";
        expect(bounded, `${action.name} ${name}`).toBe(true);
      }
    }
  });

  it("names what removes or overwrites as destroying, and what looks as reading", () => {
    for (const { name, effect } of app.actions) {
      const verb = name.split("-")[0] ?? "";
      if (["get", "list", "read", "search", "find", "export", "compare", "query"].includes(verb))
        expect(effect, name).toBe("read");
      else if (["delete", "trash", "archive", "replace", "stop"].includes(verb)) expect(effect, name).toBe("destroy");
      else expect(effect, name).toBe("write");
    }
  });
});

it("takes schemas apart as the checks above believe", () => {
  const odd = z.strictObject({ a: z.union([z.string(), z.number()]) });
  expect(() => expectPlain(inputSchema(odd))).toThrow();
  expect(() => expectPlain(inputSchema(z.strictObject({ at: z.iso.datetime() })))).toThrow();
});
