import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clerk } from "../../tools/clerk/catalogue.js";
import { CLERK_KEY, clerkTools } from "../support/clerk-calls.js";
import {
  clerkFunctions,
  type ClerkFunction,
  type ClerkParam,
  examplesOf,
  expectedOf,
  ONE_IS_REQUIRED,
  seenOf,
} from "../support/clerk-functions.js";
import { type Arrived, type Recorder, startRecorder } from "../support/clerk-recorder.js";
import type { Args } from "../support/faces.js";
import type { Reply } from "../support/listening.js";

let recorder: Recorder;
let tools: ReturnType<typeof clerkTools>;

beforeAll(async () => {
  recorder = await startRecorder();
  tools = clerkTools({ url: recorder.url });
});

afterAll(() => recorder.stop());

const { registry } = clerkTools({ url: "http://127.0.0.1:1" });

const named = (tool: string) => {
  const entry = registry.findTool(tool);
  if (!entry) throw new Error(`${tool} has no definition`);
  return entry;
};

/** The inventory writes the two values of a flag as words. */
const typed = ({ name, type, values = [] }: ClerkParam) => ({
  name,
  type,
  values: type === "boolean" ? values.map((value) => String(value) === "true") : values,
});

const EFFECTS = { read: "read", write: "write", destructive: "destroy" } as const;

/** What Clerk answers, in a shape that the SDK can take, and what a caller gets of it. */
function exchangeOf({ tool }: ClerkFunction, args: Args): { reply: (request: Arrived) => Reply; answer: unknown } {
  const plain = { answered: tool, metadata: { camelCase: [null, 1.5] } };
  switch (tool) {
    case "list_users":
      return {
        reply: ({ path }) => ({ body: path.endsWith("/count") ? { total_count: 1 } : [plain] }),
        answer: { data: [plain], total_count: 1 },
      };
    case "create_email_batch":
      return { reply: () => ({ body: [plain] }), answer: { data: [plain] } };
    case "verify_oauth_access_token":
      return answering({ ...plain, aud: args["audience"] ?? null });
    default:
      return answering(plain);
  }
}

const answering = (body: unknown) => ({ reply: () => ({ body }), answer: body });

describe("the inventory of Clerk's functions", () => {
  it("has one definition a function, and no other", () => {
    expect(clerkFunctions).toHaveLength(188);
    expect(clerk.map(({ tool }) => tool).sort()).toEqual(clerkFunctions.map(({ tool }) => tool).sort());
  });

  it("finds the names under which the seed knows thirty of them", () => {
    const seeds = clerkFunctions.filter(({ seedFunction }) => seedFunction !== undefined);
    expect(seeds).toHaveLength(30);
    for (const { tool, seedFunction = "" } of seeds) expect(registry.findTool(seedFunction)?.operation.tool).toBe(tool);
  });
});

describe.each(clerkFunctions)("$tool", (fn) => {
  it("has the function's effect, toolset, scope and door", () => {
    const { operation } = named(fn.tool);
    const effect = EFFECTS[fn.verb];
    expect(operation).toMatchObject({
      effect,
      toolset: `clerk-${fn.toolset.replaceAll("_", "-")}`,
      scope: fn.sensitive ? "clerk:secrets" : effect === "read" ? "clerk:read" : "clerk:write",
      route: { method: "POST", path: `/api/v1/clerk/${fn.tool}` },
    });
    expect(operation.output).toBeUndefined();
  });

  it("publishes the function's parameters, requires those it requires, and takes no other", () => {
    const { inputSchema, operation } = named(fn.tool);
    expect(Object.keys(inputSchema.properties ?? {}).sort()).toEqual(fn.params.map(({ name }) => name).sort());
    const required = fn.params.filter((param) => param.required).map(({ name }) => name);
    expect([...(inputSchema.required ?? [])].sort()).toEqual(required.sort());
    const [example] = examplesOf(fn);
    const takes = (args: Args) => operation.input.safeParse(args).success;
    expect(takes({ ...example?.args, surprise: 1 })).toBe(false);
    for (const name of required) expect(takes({ ...example?.args, [name]: undefined }), name).toBe(false);
    if (ONE_IS_REQUIRED.has(fn.tool))
      expect(takes(Object.fromEntries(required.map((name) => [name, example?.args[name]])))).toBe(false);
  });

  it("takes every value that the function names, and null where it clears", () => {
    const { operation } = named(fn.tool);
    for (const { name, type, values } of fn.params.map(typed)) {
      const example = examplesOf(fn).find(({ args }) => name in args);
      for (const value of [...values, ...(type.endsWith("|null") ? [null] : [])]) {
        const given = type.endsWith("[]") ? [value] : value;
        const { error } = operation.input.safeParse({ ...example?.args, [name]: given });
        expect(error, `${name}: ${JSON.stringify(given)}`).toBeUndefined();
      }
    }
  });

  it.each(examplesOf(fn))("sends what the function sends: $label", async ({ args }) => {
    const { reply, answer } = exchangeOf(fn, args);
    recorder.answer(reply);
    expect(await tools.call(fn.tool, args)).toEqual(answer);
    expect(await seenOf(recorder.arrived)).toEqual(expectedOf(fn, args, CLERK_KEY));
  });
});
