import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type AnyOperation, defineFor } from "../../src/core/operation.js";
import { createRegistry } from "../../src/core/registry.js";

const define = defineFor<undefined>();

const operation = (more: Partial<AnyOperation<undefined>> & ({ tool: string } | { name: string })) =>
  define({
    toolset: "things",
    title: "A thing",
    description: "Does a thing.",
    effect: "read",
    scope: "none",
    input: z.strictObject({ id: z.string().optional() }),
    errors: [],
    run: () => Promise.resolve({}),
    ...more,
  });

const route = (method: "GET" | "POST", path: string) => ({ route: { method, path } });

describe("a registry", () => {
  it("finds an operation by its name and by its tool", () => {
    const registry = createRegistry([operation({ tool: "get-thing" }), operation({ name: "stream-things" })]);
    expect(registry.find("get-thing")?.operation.tool).toBe("get-thing");
    expect(registry.findTool("get-thing")).toBe(registry.find("get-thing"));
    expect(registry.find("stream-things")?.inputSchema).toMatchObject({ type: "object" });
    expect(registry.findTool("stream-things")).toBeUndefined();
  });

  it.each(["get-other", "", "__proto__", "constructor", "toString", "GET-THING"])("does not know %j", (name) => {
    const registry = createRegistry([operation({ tool: "get-thing" })]);
    expect(registry.find(name)).toBeUndefined();
    expect(registry.findTool(name)).toBeUndefined();
  });

  it.each<[string, AnyOperation<undefined>, AnyOperation<undefined>]>([
    ["name", operation({ name: "get-thing" }), operation({ tool: "get-thing" })],
    ["tool", operation({ name: "a", tool: "get-thing" }), operation({ name: "b", tool: "get-thing" })],
    ["folded tool name", operation({ tool: "get-thing" }), operation({ tool: "get_thing" })],
    ["folded tool name", operation({ tool: "get-thing" }), operation({ tool: "Get-Thing" })],
    [
      "route",
      operation({ name: "a", ...route("GET", "/things/:id") }),
      operation({ name: "b", ...route("GET", "/things/:slug") }),
    ],
  ])("refuses two operations that share a %s", (what, first, second) => {
    expect(() => createRegistry([first, second])).toThrow(`two operations share the ${what}`);
  });

  it("takes one path for several methods", () => {
    const read = operation({ name: "a", ...route("GET", "/things/:id") });
    const write = operation({ name: "b", ...route("POST", "/things/:id") });
    expect(createRegistry([read, write]).entries).toHaveLength(2);
  });

  describe("lists the tools", () => {
    const registry = createRegistry([
      operation({ tool: "public-thing", scope: "public" }),
      operation({ tool: "any-thing", scope: "none" }),
      operation({ tool: "read-thing", scope: "memory:read" }),
      operation({ tool: "owner-thing", scope: "owner" }),
      operation({ tool: "secret-thing", scope: "clerk:secrets" }),
      operation({
        tool: "app-thing",
        scope: { of: () => "connector:gmail:read", among: ["connector:gmail:read", "connector:drive:read"] },
      }),
      operation({ name: "no-tool", scope: "public" }),
    ]);

    it.each<[string[], string[]]>([
      [[], ["public-thing", "any-thing"]],
      [["memory:read"], ["public-thing", "any-thing", "read-thing"]],
      [["connector:drive:read"], ["public-thing", "any-thing", "app-thing"]],
      [["*"], ["public-thing", "any-thing", "read-thing", "owner-thing", "app-thing"]],
      [["clerk:secrets"], ["public-thing", "any-thing", "secret-thing"]],
      [
        ["*", "clerk:secrets"],
        ["public-thing", "any-thing", "read-thing", "owner-thing", "secret-thing", "app-thing"],
      ],
    ])("that a key with %j may call, in the catalogue's order", (scopes, tools) => {
      expect(registry.listTools(new Set(scopes)).map(({ operation: { tool } }) => tool)).toEqual(tools);
    });
  });
});
