import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type AnyOperation, defineFor } from "../../src/core/operation.js";
import {
  hasToolset,
  isOn,
  narrowed,
  readSurface,
  type Surface,
  surfaceKey,
  WHOLE_SURFACE,
} from "../../src/core/surface.js";

const KNOWN = ["clerk-sessions", "clerk-users", "memory", "skills"];
const define = defineFor<undefined>();
const operation = (toolset: string, effect: AnyOperation<undefined>["effect"]) =>
  define({
    tool: "a",
    toolset,
    title: "A",
    description: "A.",
    effect,
    scope: "none",
    input: z.strictObject({}),
    errors: [],
    run: () => Promise.resolve({}),
  });

describe("wishes for a surface", () => {
  it("are everything where nothing is wished", () => {
    expect(readSurface({}, KNOWN)).toEqual(WHOLE_SURFACE);
    expect(readSurface({ readonly: "false", surface: "all" }, KNOWN)).toEqual(WHOLE_SURFACE);
  });

  it.each([
    ["memory", ["memory"]],
    [" memory , skills ", ["memory", "skills"]],
    ["memory,memory", ["memory"]],
    ["clerk", ["clerk-sessions", "clerk-users"]],
    ["skills,clerk", ["skills", "clerk-sessions", "clerk-users"]],
  ])("name toolsets: %j", (toolsets, expected) => {
    expect([...(readSurface({ toolsets }, KNOWN).toolsets ?? [])]).toEqual(expected);
  });

  it.each([["true"], ["1"]])("turn on with %j", (readonly) => {
    expect(readSurface({ readonly, surface: "search" }, KNOWN)).toMatchObject({ readOnly: true, search: true });
  });

  it.each([[""], [","], ["memory,"], ["Memory"], ["clerk-"], ["*"], ["all"], ["constructor"], ["memory skills"]])(
    "are refused for the toolset %j, with the list of those that exist",
    (toolsets) => {
      expect(() => readSurface({ toolsets }, KNOWN)).toThrow(new RegExp(`${KNOWN.join(", ")}, and clerk for all`));
    },
  );

  it.each([
    [{ readonly: "yes" }, /readonly takes true, false/],
    [{ readonly: "" }, /readonly takes true, false/],
    [{ readonly: "TRUE,true" }, /readonly takes true, false/],
    [{ surface: "none" }, /surface takes all, search/],
    [{ surface: "" }, /surface takes all, search/],
  ])("are refused where the value is none: %j", (wishes, sentence) => {
    expect(() => readSurface(wishes, KNOWN)).toThrow(sentence);
  });
});

describe("a limit", () => {
  const surface = (more: Partial<Surface>): Surface => ({ ...WHOLE_SURFACE, ...more });
  const of = (...names: string[]) => new Set(names);

  it.each<[Partial<Surface>, Partial<Surface>, Partial<Surface>]>([
    [{}, {}, {}],
    [{ readOnly: true }, { readOnly: false }, { readOnly: true }],
    [{ readOnly: false }, { readOnly: true }, { readOnly: true }],
    [{ search: true }, { search: false }, { search: true }],
    [{ search: false }, { search: true }, { search: true }],
    [{ toolsets: of("memory") }, {}, { toolsets: of("memory") }],
    [{}, { toolsets: of("memory") }, { toolsets: of("memory") }],
    [{ toolsets: of("memory", "skills") }, { toolsets: of("skills", "clerk-users") }, { toolsets: of("skills") }],
    [{ toolsets: of("memory") }, { toolsets: of("skills") }, { toolsets: of() }],
  ])("of %j, where %j is wished, leaves %j", (limit, wish, expected) => {
    expect(narrowed(surface(limit), surface(wish))).toEqual(surface(expected));
  });

  it("P13: of reads leaves no other effect, whichever toolset is named", () => {
    for (const toolsets of [undefined, of("memory")]) {
      const reads = narrowed(surface({ readOnly: true }), surface({ toolsets }));
      expect(isOn(reads, operation("memory", "read"))).toBe(true);
      expect(isOn(reads, operation("memory", "write"))).toBe(false);
      expect(isOn(reads, operation("memory", "destroy"))).toBe(false);
    }
  });

  it("of toolsets leaves the others out", () => {
    const memory = surface({ toolsets: of("memory") });
    expect([hasToolset(memory, "memory"), hasToolset(memory, "skills"), hasToolset(undefined, "skills")]).toEqual([
      true,
      false,
      true,
    ]);
    expect(isOn(memory, operation("skills", "read"))).toBe(false);
    expect(isOn(surface({ toolsets: of() }), operation("memory", "read"))).toBe(false);
  });
});

it("a surface's key tells two surfaces apart, whatever the order of their toolsets", () => {
  const keys = [{}, { toolsets: "memory" }, { toolsets: "skills" }, { readonly: "1" }, { surface: "search" }].map(
    (wish) => surfaceKey(readSurface(wish, KNOWN)),
  );
  expect(new Set([...keys, surfaceKey({ ...WHOLE_SURFACE, toolsets: new Set() })]).size).toBe(6);
  expect(surfaceKey(readSurface({ toolsets: "memory,skills" }, KNOWN))).toBe(
    surfaceKey(readSurface({ toolsets: "skills,memory" }, KNOWN)),
  );
});
