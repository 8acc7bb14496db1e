import { readdirSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { COMMON_ERRORS, ERRORS, type ErrorCode } from "../../src/core/errors.js";
import { inputSchema, type JsonSchema, outputSchema } from "../../src/core/schema.js";
import { ALL_SCOPES } from "../../src/core/scopes.js";
import { catalogue } from "../../tools/catalogue.js";
import { callsOf } from "../parity/table.js";
import { ownOperations } from "../support/own-operations.js";
import { ARGUMENTS, IDEMPOTENT, PROMISED, PROMISED_TO_PEOPLE } from "./promised-operations.js";

const named = (operations: typeof catalogue) => operations.map((operation) => [operation.name, operation] as const);
const every = describe.each(named(catalogue));
const own = describe.each(named(ownOperations));

/** Fields that hold a key, a token or a link which signs somebody in: shown once, and kept as a hash at most. */
const SHOWN_ONCE = ["key", "api_key", "grant_token", "device_code", "url"];
/** Operations whose `url` signs nobody in. */
const PLAIN_URLS = new Set(["connect-connector", "download-artifact"]);

/** What some clients put in front of a tool's name. */
const PREFIX = "clanker__";

const VERBS = new Set(
  "activate add approve bind browse call cancel complete confirm connect create delete deny describe disconnect download execute export get install invite list look poll read remove request rerun resume revoke run search set sign start stream switch unbind uninstall update write".split(
    " ",
  ),
);

/** Fields whose name says it all to whoever reads the tool's description. */
const PLAIN_FIELDS: Readonly<Record<string, string>> = {
  limit: "rows of a page; the schema has its bounds",
  slug: "a skill's, in a tool whose title names skills",
  status: "a state; the schema lists them all",
  type: "of the described object that it is a field of; the schema lists them all",
  category: "of skills; the schema lists them all",
  name: "of the object that it is a field of",
  email: "an address, of the person whom the tool is about",
  role: "of a member; the schema lists them all",
  mime_type: "of the file beside it",
  encoding: "of the content beside it; the schema lists them all",
  content: "the text or file itself, in a tool that writes one",
  attachments: "files that go along, each described by its own fields",
  artifacts: "files that are handed in, each described by its own fields",
};

const BANNED = ["$ref", "$defs", "$schema", "anyOf", "oneOf", "allOf", "not", "if", "then", "else", "const"];
const BANNED_BOUNDS = ["exclusiveMinimum", "exclusiveMaximum"];

interface Place {
  readonly path: string;
  /** The property's name; undefined for the root and for the items of a list. */
  readonly name: string | undefined;
  readonly schema: JsonSchema;
}

/** Every schema within a schema, itself first. */
function places(schema: JsonSchema, path = "(root)", name?: string): Place[] {
  const properties = Object.entries(schema.properties ?? {});
  return [
    { path, name, schema },
    ...properties.flatMap(([field, property]) => places(property, `${path}.${field}`, field)),
    ...(schema.items ? places(schema.items, `${path}[]`) : []),
  ];
}

describe("the catalogue", () => {
  it.each(PROMISED)("has $tool with the route, scope and effect that were promised", (promised) => {
    const operation = catalogue.find(({ tool }) => tool === promised.tool);
    const { route, scope, effect } = operation ?? {};
    expect({ tool: operation?.tool, route: `${route?.method} ${route?.path}`, scope, effect }).toEqual(promised);
  });

  it("takes idempotency keys where that was promised", () => {
    const taking = catalogue.filter(({ idempotent }) => idempotent).map(({ name }) => name);
    expect(taking.sort()).toEqual([...IDEMPOTENT].sort());
  });

  it.each(PROMISED_TO_PEOPLE)("has %s for people who are signed in", (promised, scope) => {
    const operation = catalogue.find(({ route }) => `${route?.method} ${route?.path}` === promised);
    expect(operation).toMatchObject({ scope });
    expect(operation?.tool).toBeUndefined();
  });

  it("answers with JSON wherever it takes an idempotency key, for nothing else can be kept", () => {
    const takers = catalogue.filter(({ idempotent }) => idempotent);
    expect(takers.filter(({ output, route }) => !output || route?.produces).map(({ name }) => name)).toEqual([]);
  });

  it.each(Object.entries(ARGUMENTS))("lets %s take the arguments that were promised", (tool, fields) => {
    const operation = catalogue.find((candidate) => candidate.tool === tool);
    expect(Object.keys(operation ? (inputSchema(operation.input).properties ?? {}) : {})).toEqual(
      expect.arrayContaining([...fields]),
    );
  });

  it.each<[string, (operation: (typeof catalogue)[number]) => string | undefined]>([
    ["name", ({ name }) => name],
    ["tool", ({ tool }) => tool],
    ["folded tool name", ({ tool }) => tool?.replaceAll("-", "_").toLowerCase()],
    ["route", ({ route }) => route && `${route.method} ${route.path.replaceAll(/:\w+/g, ":")}`],
    ["title", ({ title }) => title],
  ])("gives no %s twice", (_, of) => {
    const all = catalogue.map(of).filter((value) => value !== undefined);
    expect(all).toEqual([...new Set(all)]);
  });
});

every("%s", (name, operation) => {
  it("has a name that is short enough for every client", () => {
    expect(name).toMatch(/^[a-z][a-z0-9]*([-_][a-z0-9]+)+$/);
    expect((PREFIX + name).length).toBeLessThanOrEqual(60);
    expect(operation.tool ?? name).toBe(name);
    expect(operation.tool ?? operation.route).toBeDefined();
  });

  const input = inputSchema(operation.input);

  it("has a title and one short paragraph for people and models", () => {
    expect(operation.title).toMatch(/^[A-Z][^\n]{2,58}[^.\s]$/);
    expect(operation.description).toMatch(/^[A-Z0-9][^\n]*\.$/);
    expect(operation.description.length).toBeLessThan(1024);
    expect(operation.toolset).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  it("says what the audit calls it unless it only reads", () => {
    if (operation.effect === "read") expect(operation.audit).toBeUndefined();
    else {
      expect(operation.audit?.action).toMatch(/^[a-z]+\.[a-z0-9_]+$/);
      expect(operation.audit?.action.split(".")[0]).toBe(operation.audit?.resource);
    }
  });

  it("asks for a scope that a key can have", () => {
    const { scope } = operation;
    const asked = typeof scope === "string" ? [scope] : scope.among;
    expect([...ALL_SCOPES, "none", "owner", "public", "session"]).toEqual(expect.arrayContaining([...asked]));
    const isExcused = Object.hasOwn(BROWSERS, name) || Object.hasOwn(WAYS_IN, name);
    if (operation.effect !== "read" && !isExcused) expect(asked).not.toContain("public");
    if (asked.includes("session")) expect(operation.tool).toBeUndefined();
  });

  it("has arguments that every client accepts", () => {
    expect(input.type).toBe("object");
    expect(input.properties).toBeDefined();
    for (const { path, schema } of places(input)) {
      for (const keyword of [...BANNED, ...BANNED_BOUNDS]) expect(schema, path).not.toHaveProperty([keyword]);
      expect(typeof schema.type, path).toBe("string");
      if (schema.type === "array") expect(schema.items, path).toBeDefined();
      if (schema.enum)
        expect(schema.enum.every((value) => typeof value === "string") && schema.type, path).toBe("string");
      expect((schema.description ?? "").length, path).toBeLessThan(1024);
      for (const field of Object.keys(schema.properties ?? {})) expect(field.length, path).toBeLessThan(64);
      const optional = new Set(Object.keys(schema.properties ?? {}));
      for (const field of schema.required ?? []) expect(optional, path).toContain(field);
    }
  });

  it("takes no argument that it does not know", () => {
    if (Object.hasOwn(BROWSERS, name)) return;
    expect(operation.input.safeParse({ "no-such-field": 1 }).error?.issues.map(({ code }) => code)).toContain(
      "unrecognized_keys",
    );
  });

  it("promises answers in a schema that every client accepts", () => {
    // What Clerk answers is Clerk's to change, and 200 schemas of it would fill every client's context.
    if (operation.toolset.startsWith("clerk")) expect(operation.output).toBeUndefined();
    else if (operation.tool !== undefined) expect(operation.output).toBeDefined();
    if (!operation.output) return;
    const output = outputSchema(operation.output);
    expect(output.type).toBe("object");
    for (const { path, schema } of places(output)) {
      for (const keyword of ["$ref", "$defs", "$schema", "anyOf", "oneOf", "allOf", "not", "if"]) {
        expect(schema, path).not.toHaveProperty([keyword]);
      }
    }
  });

  it("fills its route from its arguments", () => {
    const { route } = operation;
    const fields = Object.keys(input.properties ?? {});
    const inPath = [...(route?.path ?? "").matchAll(/:(\w+)/g)].map(([, field]) => field);
    expect(fields).toEqual(expect.arrayContaining([...inPath, ...(route?.omit ?? [])]));
    for (const field of inPath) expect(input.required).toContain(field);
    for (const field of route?.omit ?? []) expect(input.required ?? []).not.toContain(field);
  });

  it("says why it looks at the face, if and only if it does", async () => {
    const readers = await functionsThatReadTheFace();
    const source = operation.run.toString();
    const looks = /\bface\b/.test(source) || readers.some((reader) => new RegExp(`\\b${reader}\\b`).test(source));
    expect(operation.dependsOnFace !== undefined).toBe(looks);
  });

  it("declares errors that exist, once, and none that any operation may meet", () => {
    expect(Object.keys(ERRORS)).toEqual(expect.arrayContaining([...operation.errors]));
    expect([...new Set(operation.errors)]).toEqual([...operation.errors]);
    const common: readonly ErrorCode[] = COMMON_ERRORS;
    expect(operation.errors.filter((code) => common.includes(code))).toEqual([]);
  });
});

own("%s of the workspace", (name, operation) => {
  it("is named in kebab-case, its verb first", () => {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)+$/);
    expect(VERBS).toContain(name.split("-")[0]);
  });

  it("describes every argument whose name does not say it", () => {
    const unsaid = places(inputSchema(operation.input)).filter(
      ({ name: field, schema }) => field !== undefined && !schema.description && !Object.hasOwn(PLAIN_FIELDS, field),
    );
    expect(unsaid.map(({ path }) => path)).toEqual([]);
  });

  it("is called through every face by a test, with an answer and with each error that can be had", () => {
    if (Object.hasOwn(TESTED_ELSEWHERE, name)) return;
    const calls = callsOf(name);
    const codes = new Set(calls.flatMap(({ codes }) => codes));
    expect(calls.some(({ answers }) => answers)).toBe(true);
    const excused = (code: ErrorCode) => [code, `${name} ${code}`].some((key) => Object.hasOwn(NOT_TO_BE_HAD, key));
    expect([...codes]).toEqual(expect.arrayContaining(operation.errors.filter((code) => !excused(code))));
  });
});

/** Where a provider sends browsers back to: without a key, and with parameters of the provider's own. */
const BROWSERS: Readonly<Record<string, string>> = { "complete-connector": "the state and a cookie stand for the key" };

/** What changes something for callers who have no credential yet, and what stands for one. */
const WAYS_IN: Readonly<Record<string, string>> = {
  "activate-device": "a person approves it",
  "poll-device-activation": "the device code",
  "sign-in": "a one-time link",
};

/** Operations that no tool shows, and where they are tested. */
const TESTED_ELSEWHERE: Readonly<Record<string, string>> = {
  "export-audit-logs": "test/e2e/audit.test.ts",
  "stream-events": "test/e2e/events.test.ts",
  "stream-workflow": "test/e2e/workflow-stream.test.ts",
  "start-connector": "test/e2e/connecting.test.ts",
  "complete-connector": "test/e2e/connecting.test.ts",
  "disconnect-connector": "test/e2e/connecting.test.ts",
  "look-up-device": "test/e2e/activation.test.ts",
  "confirm-device": "test/e2e/activation.test.ts",
  "deny-device": "test/e2e/activation.test.ts",
  "list-consents": "test/e2e/consent.test.ts",
  "approve-consent": "test/e2e/consent.test.ts",
  "deny-consent": "test/e2e/consent.test.ts",
  "sign-in": "test/e2e/people.test.ts",
  "get-session": "test/e2e/people.test.ts",
  "sign-out": "test/e2e/people.test.ts",
};

/** Errors that no client can bring about on purpose: a code, or an operation and a code. */
const NOT_TO_BE_HAD: Readonly<Record<string, string>> = {
  CONFLICT: "wants 200 lost races in a row",
  SEAL_BROKEN: "wants a store that was tampered with: test/services/connectors/connections.test.ts",
  TIMEOUT: "wants a provider that is silent for long: test/outgoing/send.test.ts",
  "connect-connector DECLINED": "wants a client that can be asked: test/e2e/connecting.test.ts",
  "rerun-execution TOOL_NOT_CONNECTED": "wants a connection that ends between two runs",
  "rerun-execution RATE_LIMITED": "wants a provider that changes between two runs",
  "rerun-execution UPSTREAM_FAILED": "wants a provider that changes between two runs",
  "rerun-execution PAYLOAD_TOO_LARGE": "wants a provider that changes between two runs",
  "list-github-repos TOOL_NOT_CONNECTED": "is made of list-sources, where the table has it",
  "list-github-repos NOT_FOUND": "is made of list-sources, where the table has it",
  "list-github-repos RATE_LIMITED": "is made of list-sources, where the table has it",
  "list-github-repos UPSTREAM_FAILED": "is made of list-sources, where the table has it",
  "list-github-repos PAYLOAD_TOO_LARGE": "is made of list-sources, where the table has it",
  "resume-workflow-run DECLINED": "wants a user who declines: test/e2e/workflow-asking.test.ts",
  "get-current-workspace NOT_FOUND": "wants a workspace that was deleted, and nothing deletes one yet",
  "get-profile NOT_FOUND": "wants a person who was deleted, and nothing deletes one yet",
  "update-profile NOT_FOUND": "wants a person who was deleted, and nothing deletes one yet",
  "list-workspaces NOT_FOUND": "wants a workspace that was deleted, and nothing deletes one yet",
  "create-workspace NOT_FOUND": "wants a workspace that was deleted, and nothing deletes one yet",
  "activate-device RATE_LIMITED": "wants many at once",
  "poll-device-activation RATE_LIMITED": "wants many at once",
};

describe("P08: an operation whose answer shows something only once", () => {
  it("says so, and no other does, so that no run of a workflow keeps it", () => {
    const shows = ownOperations.filter(({ tool, name, output }) => {
      const fields = Object.keys((output && outputSchema(output).properties) ?? {});
      return tool !== undefined && fields.some((field) => SHOWN_ONCE.includes(field)) && !PLAIN_URLS.has(name);
    });
    const declared = ownOperations.filter(({ confidential }) => confidential === true);
    expect(declared.map(({ name }) => name)).toEqual(shows.map(({ name }) => name));
    expect(declared.length).toBeGreaterThan(3);
  });
});

let found: Promise<string[]> | undefined;

/** Names of the functions beside the definitions that look at the face. */
function functionsThatReadTheFace(): Promise<string[]> {
  found ??= (async () => {
    const folder = fileURLToPath(new URL("../../tools", import.meta.url));
    const modules = (readdirSync(folder, { recursive: true }) as string[]).filter((file) => file.endsWith(".ts"));
    const exported = await Promise.all(
      modules.map(async (file) => Object.entries((await import(pathToFileURL(join(folder, file)).href)) as object)),
    );
    return exported
      .flat()
      .filter(([, value]) => typeof value === "function" && /\bface\b/.test(String(value)))
      .map(([name]) => name);
  })();
  return found;
}
