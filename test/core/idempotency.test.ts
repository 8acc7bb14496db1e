import { expect, it } from "vitest";
import { z } from "zod";
import { InputRequired } from "../../src/core/asking.js";
import { AppError } from "../../src/core/errors.js";
import { idempotency } from "../../src/core/idempotency.js";
import { createInvoke } from "../../src/core/invoke.js";
import { splitKeyArgument } from "../../src/core/key-argument.js";
import { defineFor } from "../../src/core/operation.js";
import { createRegistry } from "../../src/core/registry.js";
import { find, mapErrors, parse, run } from "../../src/core/stages.js";
import { createIdempotencyKeys } from "../../src/services/idempotency.js";
import { openVault } from "../../src/vault/vault.js";
import { callerOf, memoryStore, recordingLog, refusal } from "../support/services.js";

type Outcome = () => Promise<unknown>;

/** An operation whose calls end one after the other as told, behind the stage over the real keys. */
async function desk(...outcomes: readonly Outcome[]) {
  const calls = [...outcomes];
  const define = defineFor<null>();
  const common = {
    toolset: "tests",
    title: "T",
    description: "T.",
    effect: "write",
    scope: "none",
    errors: [],
  } as const;
  const operation = (tool: string, idempotent: boolean) =>
    define({
      ...common,
      tool,
      idempotent,
      input: z.strictObject({ text: z.string().default("") }),
      run: () => calls.shift()?.() ?? Promise.reject(new Error("it ran too often")),
    });
  const store = memoryStore();
  const { log } = recordingLog();
  const vault = await openVault({ store, masterKey: Buffer.alloc(32, 7) });
  const registry = createRegistry([operation("takes-keys", true), operation("takes-none", false)]);
  const invoke = createInvoke<null>([
    mapErrors(log),
    find(registry),
    parse(),
    idempotency(createIdempotencyKeys({ store, vault, log })),
    run(null, log),
  ]);
  let replays = 0;
  return {
    registry,
    replays: () => replays,
    call: (more: { operation?: string; signal?: AbortSignal; key?: unknown; args?: unknown } = {}) =>
      invoke({
        operation: more.operation ?? "takes-keys",
        args: more.args ?? {},
        caller: callerOf(),
        signal: more.signal ?? new AbortController().signal,
        idempotencyKey: "key" in more ? more.key : "k",
        onReplay: () => void (replays += 1),
      }),
  };
}

const fail =
  (thrown: Error): Outcome =>
  () =>
    Promise.reject(thrown);
const done: Outcome = () => Promise.resolve({ done: true });

it("P14: an answer is kept, and its replay is told to the face", async () => {
  const { call, replays } = await desk(done);
  expect(await call()).toEqual({ done: true });
  expect(replays()).toBe(0);
  expect(await call()).toEqual({ done: true });
  expect(replays()).toBe(1);
});

it.each(["NOT_FOUND", "SKILL_NOT_INSTALLED", "INSUFFICIENT_CREDITS", "EXECUTION_RUNNING"] as const)(
  "%s of the operation itself is kept",
  async (code) => {
    const { call, replays } = await desk(fail(new AppError(code, "No.", { details: { why: 1 } })));
    await expect(call()).rejects.toEqual(refusal(code, "No."));
    await expect(call()).rejects.toMatchObject({ code, message: "No.", details: { why: 1 } });
    expect(replays()).toBe(1);
  },
);

it.each([
  ["arguments that do not fit", new AppError("INVALID_INPUT", "No.")],
  ["a provider's limit", new AppError("RATE_LIMITED", "Wait.")],
  ["a race that was lost", new AppError("CONFLICT", "Again.")],
  ["a store that is away", new AppError("STORE_UNAVAILABLE", "Away.")],
  ["a provider that fails", new AppError("UPSTREAM_FAILED", "Away.")],
  ["a fault of ours", new Error("oops")],
  ["a question to the person", new InputRequired({ mode: "form", key: "q", message: "?", schema: {} })],
])("%s is not kept: the same call runs again", async (_what, thrown) => {
  const { call, replays } = await desk(fail(thrown), done);
  await expect(call()).rejects.toBeInstanceOf(AppError);
  expect(await call()).toEqual({ done: true });
  expect(replays()).toBe(0);
});

it("a call that its caller cancelled is not kept", async () => {
  const leaving = new AbortController();
  const { call } = await desk(
    () =>
      new Promise((_, reject) => {
        leaving.signal.addEventListener("abort", () => reject(new Error("aborted")));
        leaving.abort();
      }),
    done,
  );
  const cancelled = call({ signal: leaving.signal });
  await expect(cancelled).rejects.toEqual(refusal("CANCELLED"));
  expect(await call()).toEqual({ done: true });
});

it("what does not parse never claims the key", async () => {
  const { call } = await desk(done);
  await expect(call({ args: { text: 7 } })).rejects.toEqual(refusal("INVALID_INPUT"));
  expect(await call()).toEqual({ done: true });
});

it.each([[""], ["x".repeat(256)], ["tab\there"], ["\u00e9"], [7], [null], [["a", "b"]]])(
  "%j is no key, where one is taken",
  async (key) => {
    const { call } = await desk(done, done);
    await expect(call({ key })).rejects.toMatchObject({
      code: "INVALID_INPUT",
      details: { issues: [{ field: "idempotency_key" }] },
    });
    expect(await call({ key, operation: "takes-none" })).toEqual({ done: true });
    expect(await call({ key: "a key: 'quoted' ~" })).toEqual({ done: true });
  },
);

it("the schema of a tool has the key where the operation takes one; that of the operation never", async () => {
  const { registry } = await desk();
  const fields = (tool: string, which: "toolSchema" | "inputSchema") =>
    Object.keys(registry.findTool(tool)?.[which].properties ?? {});
  expect(fields("takes-keys", "toolSchema")).toEqual(["text", "idempotency_key"]);
  expect(fields("takes-keys", "inputSchema")).toEqual(["text"]);
  expect(fields("takes-none", "toolSchema")).toEqual(["text"]);
});

it.each<[unknown, unknown]>([
  [{ a: 1 }, { args: { a: 1 } }],
  [undefined, { args: undefined }],
  [[1], { args: [1] }],
  [
    { a: 1, idempotency_key: "k" },
    { args: { a: 1 }, idempotencyKey: "k" },
  ],
  ['{"a":1,"idempotency_key":"k"}', { args: { a: 1 }, idempotencyKey: "k" }],
])("the key is taken out of the arguments %j", (args, split) => {
  expect(splitKeyArgument(args)).toEqual(split);
});
