import { createConfig, lintFromString } from "@redocly/openapi-core";
import { describe, expect, it } from "vitest";
import { MEMORY_MANNERS } from "../../../src/core/manners.js";
import { createRegistry } from "../../../src/core/registry.js";
import { openApiDocument } from "../../../src/faces/rest/openapi.js";
import { skillDocument } from "../../../src/faces/rest/skill-document.js";
import { catalogue } from "./door.js";

const registry = createRegistry(catalogue);

interface Described {
  operationId: string;
  security?: object[];
  parameters: { name?: string; in?: string; required?: boolean; schema?: object; $ref?: string }[];
  requestBody?: { required: boolean; content: Record<string, { schema: { properties: object; required?: string[] } }> };
  responses: Record<string, { description: string; content: Record<string, { schema?: object }> }>;
  "x-scope": unknown;
}

const document = openApiDocument(registry, { version: "1.2.3", serverUrl: "https://clanker.example" });
const paths = document["paths"] as Record<string, Record<string, Described>>;
const at = (path: string, method: string): Described => {
  const found = paths[path]?.[method];
  if (!found) throw new Error(`${method} ${path} is not in the document`);
  return found;
};

describe("the OpenAPI document", () => {
  const problemsOf = async (source: unknown) => {
    const config = await createConfig({ extends: ["recommended"] });
    const problems = await lintFromString({ source: JSON.stringify(source), absoluteRef: "/openapi.json", config });
    return problems.map(({ severity, ruleId, message, location }) => {
      return `${severity} ${ruleId}: ${message} ${location[0]?.pointer ?? ""}`;
    });
  };

  it("passes a third party's linter without a warning", async () => {
    expect(await problemsOf(document)).toEqual([]);
  });

  it("would not pass it with a fault", async () => {
    expect(await problemsOf({ ...document, components: {} })).not.toEqual([]);
  });

  it("has every route, once, and no other", () => {
    const listed = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((m) => `${m} ${path}`));
    const routed = catalogue.flatMap(({ route }) =>
      route ? [`${route.method.toLowerCase()} ${route.path.replaceAll(/:(\w+)/g, "{$1}")}`] : [],
    );
    const own = ["get /healthz", "get /readyz", "get /api/openapi.json", "get /skill.md"];
    expect(listed.sort()).toEqual([...routed, ...own].sort());
  });

  it("puts fields where the route takes them and leaves out what only the tool takes", () => {
    const run = at("/api/v1/skills/{slug}/run", "post");
    expect(run.parameters[0]).toMatchObject({ name: "slug", in: "path", required: true });
    const body = run.requestBody?.content["application/json"]?.schema;
    expect(Object.keys(body?.properties ?? {})).toEqual(["input", "extra"]);
    expect(body?.required).toEqual(["input"]);

    const list = at("/api/v1/skills", "get");
    expect(list.requestBody).toBeUndefined();
    expect(list.parameters).toContainEqual({
      name: "tags",
      in: "query",
      required: false,
      description: "Only those with all of these",
      schema: { type: "array", items: { type: "string" } },
    });
    expect(at("/api/v1/skills/{slug}/install", "post").requestBody).toBeUndefined();
  });

  it("says who may call", () => {
    expect(at("/api/v1/skills/{slug}", "get").security).toEqual([]);
    expect(at("/api/v1/skills", "get").security).toBeUndefined();
    expect(at("/api/events", "get").security).toContainEqual({ queryKey: [] });
    expect(at("/api/v1/artifacts/{id}/download", "get").security).toContainEqual({ signedLink: [] });
    expect(at("/api/v1/secrets/{id}", "put")["x-scope"]).toBe("owner");
    expect(at("/api/v1/connectors/{app}/actions", "post")["x-scope"]).toEqual({
      among: ["connector:gmail:exec", "connector:github:exec"],
    });
  });

  it("says what is answered, errors by status with their codes", () => {
    const run = at("/api/v1/skills/{slug}/run", "post").responses;
    expect(run["400"]?.description).toBe("INVALID_INPUT, INVALID_VERSION, SKILL_NOT_INSTALLED");
    expect(run["403"]?.content["application/json"]?.schema).toEqual({
      oneOf: [{ $ref: "#/components/schemas/PermissionError" }, { $ref: "#/components/schemas/Error" }],
    });
    expect(Object.keys(run).join(" ")).toBe("200 400 401 403 404 409 413 415 422 429 499 500 503");
    expect(run["409"]?.description).toBe("IDEMPOTENCY_IN_FLIGHT");
    expect(at("/api/v1/skills", "get").responses["422"]).toBeUndefined();
    expect(Object.keys(at("/api/events", "get").responses["200"]?.content ?? {})).toEqual(["text/event-stream"]);
    const list = at("/api/v1/artifacts", "get").responses["200"]?.content["application/json"]?.schema;
    expect(list).toMatchObject({ type: "object", required: ["data", "first_id", "last_id", "has_more"] });
  });
});

describe("the skill document", () => {
  const text = skillDocument(registry, { publicUrl: "https://clanker.example", version: "1.2.3" });

  it("lists every route with its scope and tool", () => {
    for (const { route, tool, title } of catalogue) {
      const row = text.split("\n").find((line) => line.startsWith(`| ${route?.method} | \`${route?.path}\` |`));
      expect(row).toContain(title);
      if (tool) expect(row).toContain(`\`${tool}\``);
    }
  });

  it("shows the doors, how to present a key, and commands with addresses that exist", () => {
    for (const part of ["https://clanker.example/mcp/", "https://clanker.example/mcp/sse", "clanker-mcp stdio"]) {
      expect(text).toContain(part);
    }
    expect(text).toContain("x-api-key: <key>");
    expect(text).toContain("Authorization: Bearer <key>");
    expect(text).toContain('curl -X POST "https://clanker.example/api/v1/skills/summarize/run"');
    expect(text).toContain('"https://clanker.example/api/v1/artifacts/art_7/download"');
    expect(text).not.toMatch(/undefined|:slug\/run"|\[object/);
  });

  it("speaks of memory only where there is one", () => {
    expect(text).not.toContain("write-memory");
    const [first] = catalogue;
    if (!first) throw new Error("the catalogue is empty");
    const withMemory = createRegistry(
      ["read-memory", "write-memory"].map((name) => ({
        ...first,
        name,
        tool: name,
        route: { method: "GET" as const, path: `/${name}` },
      })),
    );
    expect(skillDocument(withMemory, { publicUrl: "x", version: "1" })).toContain(MEMORY_MANNERS);
  });
});

describe("the manners of memory", () => {
  it("are plain text that fits into instructions", () => {
    expect(MEMORY_MANNERS.length).toBeLessThan(1200);
    expect(MEMORY_MANNERS).toMatch(/read-memory[\s\S]*write-memory/);
    expect(MEMORY_MANNERS).toMatch(/30 minutes/);
  });
});
