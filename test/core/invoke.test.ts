import { describe, expect, it } from "vitest";
import { z } from "zod";
import { BinaryAnswer, StreamAnswer } from "../../src/core/answer.js";
import type { Caller } from "../../src/core/caller.js";
import { AppError } from "../../src/core/errors.js";
import { createInvoke, type Request, type Stage } from "../../src/core/invoke.js";
import { type AnyOperation, type Context, defineFor } from "../../src/core/operation.js";
import { createRegistry } from "../../src/core/registry.js";
import { auditLog, authorise, checkOutput, find, mapErrors, parse, run } from "../../src/core/stages.js";
import { callerOf, recordingLog, refusal } from "../support/services.js";

interface Desk {
  readonly seen: Context<Desk>[];
}

const define = defineFor<Desk>();

const plain = {
  toolset: "things",
  title: "A thing",
  description: "Does a thing.",
  effect: "read",
  scope: "none",
  input: z.strictObject({ n: z.int().optional(), password: z.string().optional() }),
  errors: [],
} as const;

/** An `invoke` as the program composes it, over the given operations. */
function bench(...operations: AnyOperation<Desk>[]) {
  const { log, lines } = recordingLog();
  const services: Desk = { seen: [] };
  const registry = createRegistry<Desk>(operations);
  let time = 0;
  const invoke = createInvoke<Desk>([
    mapErrors(log),
    auditLog(log, () => (time += 5)),
    find(registry),
    authorise(),
    parse(),
    checkOutput(),
    run(services, log),
  ]);
  const call = (operation: string, args: unknown = {}, caller: Partial<Caller> = {}, more: Partial<Request> = {}) =>
    invoke({ operation, args, caller: callerOf(caller), signal: new AbortController().signal, ...more });
  const audits = () => lines.filter(({ fields }) => "audit" in fields).map(({ fields }) => fields);
  return { call, seen: services.seen, lines, audits };
}

const anonymous: Partial<Caller> = { kind: "anonymous", workspace: 0, person: 0, scopes: new Set() };

describe("invoke", () => {
  it("passes the stages in their order, in and out", async () => {
    const steps: string[] = [];
    const stage =
      (name: string): Stage<Desk> =>
      async (_call, next) => {
        steps.push(`into ${name}`);
        const answer = await next();
        steps.push(`out of ${name}`);
        return answer;
      };
    const invoke = createInvoke<Desk>([stage("a"), stage("b"), async () => "answer"]);
    const request = { operation: "x", args: {}, caller: callerOf(), signal: new AbortController().signal };
    expect(await invoke(request)).toBe("answer");
    expect(steps).toEqual(["into a", "into b", "out of b", "out of a"]);
  });

  it("leaves the request as it was", async () => {
    const invoke = createInvoke<Desk>([async (call) => (call.input = "changed")]);
    const request = Object.freeze({
      operation: "x",
      args: {},
      caller: callerOf(),
      signal: new AbortController().signal,
    });
    expect(await invoke(request)).toBe("changed");
    expect(request).not.toHaveProperty("input");
  });

  it("refuses a list of stages in which none answers", async () => {
    const invoke = createInvoke<Desk>([(_call, next) => next()]);
    const request = { operation: "x", args: {}, caller: callerOf(), signal: new AbortController().signal };
    await expect(invoke(request)).rejects.toThrow("last stage");
  });
});

describe("finding an operation", () => {
  it.each(["no-such-thing", "__proto__", "a\nb"])("refuses the name %j", async (name) => {
    const { call } = bench();
    await expect(call(name)).rejects.toEqual(
      refusal("NOT_FOUND", /^There is no operation "[\w?-]+" here; tools\/list/),
    );
  });
});

describe("authorising", () => {
  const answer = { ...plain, run: async () => ({ ok: true }) };
  const { call } = bench(
    define({ ...answer, tool: "get-public", scope: "public" }),
    define({ ...answer, tool: "get-any" }),
    define({ ...answer, tool: "get-memory", scope: "memory:read" }),
    define({ ...answer, tool: "get-owned", scope: "owner" }),
    define({
      ...answer,
      tool: "get-app",
      input: z.strictObject({ app: z.enum(["gmail", "drive"]) }),
      scope: { of: ({ app }) => `connector:${app}:read`, among: ["connector:gmail:read", "connector:drive:read"] },
    }),
  );

  it("lets anybody call what is public", async () => {
    expect(await call("get-public", {}, anonymous)).toEqual({ ok: true });
  });

  it.each(["get-any", "get-memory", "get-owned", "get-app"])("wants a key for %s", async (tool) => {
    await expect(call(tool, { app: "gmail" }, anonymous)).rejects.toEqual(refusal("AUTH_REQUIRED", "x-api-key"));
  });

  it("lets any key call what asks for no scope", async () => {
    expect(await call("get-any", {}, { scopes: new Set() })).toEqual({ ok: true });
  });

  it("names the scope that a key lacks", async () => {
    const refused = call("get-memory", {}, { scopes: new Set(["memory:write"]) });
    await expect(refused).rejects.toMatchObject({
      code: "PERMISSION_REQUIRED",
      message: expect.stringContaining("memory:read"),
      details: { scope: "memory:read" },
    });
  });

  it("wants the wildcard for the owner's work", async () => {
    const refused = call("get-owned", {}, { scopes: new Set(["memory:read"]) });
    await expect(refused).rejects.toMatchObject({ code: "PERMISSION_REQUIRED", details: { scope: "*" } });
    expect(await call("get-owned")).toEqual({ ok: true });
  });

  it("checks a scope that depends on the input", async () => {
    const drive = { scopes: new Set(["connector:drive:read"]) };
    expect(await call("get-app", { app: "drive" }, drive)).toEqual({ ok: true });
    await expect(call("get-app", { app: "gmail" }, drive)).rejects.toMatchObject({
      code: "PERMISSION_REQUIRED",
      details: { scope: "connector:gmail:read" },
    });
  });

  it("wants every one of several scopes", async () => {
    const scopes = ["memory:read", "clerk:secrets"];
    const several = bench(define({ ...answer, tool: "get-both", scope: { of: () => scopes, among: scopes } }));
    await expect(several.call("get-both", {}, { scopes: new Set(["*"]) })).rejects.toMatchObject({
      code: "PERMISSION_REQUIRED",
      details: { scope: "clerk:secrets" },
    });
    expect(await several.call("get-both", {}, { scopes: new Set(["*", "clerk:secrets"]) })).toEqual({ ok: true });
  });

  it("comes before a look at the arguments", async () => {
    const nonsense = { nonsense: true };
    await expect(call("get-any", nonsense, anonymous)).rejects.toEqual(refusal("AUTH_REQUIRED"));
    await expect(call("get-memory", nonsense, { scopes: new Set() })).rejects.toEqual(refusal("PERMISSION_REQUIRED"));
  });
});

describe("parsing", () => {
  const echo = async (input: unknown) => ({ input });
  const { call } = bench(
    define({
      ...plain,
      tool: "get-thing",
      input: z.strictObject({
        n: z.int().min(1).max(9),
        on: z.boolean().default(false),
        list: z.array(z.int()).optional(),
      }),
      run: echo,
    }),
    define({ ...plain, tool: "get-nothing", input: z.strictObject({}), run: echo }),
  );

  it("hands on what was coerced and filled in", async () => {
    expect(await call("get-thing", { n: "5", list: "[1,2]" })).toEqual({ input: { n: 5, on: false, list: [1, 2] } });
  });

  it.each([undefined, null, {}])("takes %j for no arguments", async (args) => {
    expect(await call("get-nothing", args)).toEqual({ input: {} });
  });

  it.each<[unknown, string]>([
    [{}, "n"],
    [{ n: 10 }, "n"],
    [{ n: "many" }, "n"],
    [{ n: 1, list: [1, "x"] }, "list.1"],
    [{ n: 1, extra: 1 }, "(arguments)"],
    ["text", "(arguments)"],
    [[1], "(arguments)"],
    [7, "(arguments)"],
  ])("refuses %j and names the field", async (args, field) => {
    await expect(call("get-thing", args)).rejects.toMatchObject({
      code: "INVALID_INPUT",
      message: expect.stringContaining(`The arguments do not fit: ${field}: `),
      details: { issues: [expect.objectContaining({ field })] },
    });
  });

  it("tells a bounded number of problems in a bounded number of characters", async () => {
    const args = { n: 1, list: Array.from({ length: 50_000 }, () => "x"), ["k".repeat(100_000)]: 1 };
    const thrown = await call("get-thing", args).catch((error: unknown) => error as AppError);
    const { message, details } = thrown as AppError;
    expect((details?.["issues"] as unknown[]).length).toBeLessThanOrEqual(8);
    expect(message.length).toBeLessThan(600);
    expect(JSON.stringify(details).length).toBeLessThan(5000);
  });

  it("does not repeat the value that it refuses", async () => {
    const thrown = await call("get-thing", { n: "hunter2" }).catch((error: unknown) => error as AppError);
    expect(JSON.stringify([(thrown as AppError).message, (thrown as AppError).details])).not.toContain("hunter2");
  });
});

describe("running", () => {
  it("is told who calls, but not through which face", async () => {
    const { call, seen } = bench(
      define({
        ...plain,
        tool: "get-thing",
        run: async (_input, context) => {
          context.services.seen.push(context);
          return {};
        },
      }),
    );
    const { signal } = new AbortController();
    await call("get-thing", {}, { face: "rest", key: 3 }, { signal });
    expect(seen[0]).not.toHaveProperty("face");
    expect(seen[0]?.caller).toMatchObject({ workspace: 1, key: 3 });
    expect(seen[0]?.caller).not.toHaveProperty("face");
    expect(seen[0]?.signal).toBe(signal);
    expect(() => seen[0]?.progress({ progress: 1 })).not.toThrow();
  });

  it("is told the face where the definition says why, and tells its progress", async () => {
    const { call } = bench(
      define({
        ...plain,
        tool: "get-thing",
        dependsOnFace: "tests want to know",
        run: async (_input, { face, progress }) => {
          progress({ progress: 1, total: 2 });
          return { face };
        },
      }),
    );
    const told: unknown[] = [];
    const answer = await call("get-thing", {}, { face: "rest" }, { progress: (progress) => told.push(progress) });
    expect(answer).toEqual({ face: "rest" });
    expect(told).toEqual([{ progress: 1, total: 2 }]);
  });
});

describe("checking the answer", () => {
  const output = z.object({ id: z.string() });
  const answering = (answer: unknown) =>
    bench(define({ ...plain, tool: "get-thing", output, run: async () => answer }));

  it("lets through what was promised, without what was not", async () => {
    expect(await answering({ id: "a", hash: "secret" }).call("get-thing")).toEqual({ id: "a" });
  });

  it("tells a broken promise as a fault of the server, and logs it without the answer", async () => {
    const { call, lines } = answering({ id: 5, hash: "hunter2" });
    await expect(call("get-thing")).rejects.toEqual(refusal("INTERNAL"));
    const [line] = lines.filter(({ level }) => level === "error");
    expect(String(line?.fields["err"])).toContain("get-thing");
    expect(String(line?.fields["err"])).not.toContain("hunter2");
  });

  it("leaves bytes and streams alone", async () => {
    const bytes = new BinaryAnswer(new Uint8Array([1]), "text/plain", "a.txt");
    const stream = new StreamAnswer((async function* () {})());
    expect(await answering(bytes).call("get-thing")).toBe(bytes);
    expect(await answering(stream).call("get-thing")).toBe(stream);
  });
});

describe("mapping errors", () => {
  const failing = (thrown: unknown) =>
    bench(
      define({
        ...plain,
        tool: "get-thing",
        run: () => {
          throw thrown;
        },
      }),
    );

  it("passes on a typed error and logs only its cause", async () => {
    const plainError = new AppError("NOT_FOUND", "Not here.");
    const first = failing(plainError);
    await expect(first.call("get-thing")).rejects.toBe(plainError);
    expect(first.lines.filter(({ level }) => level === "error")).toEqual([]);
    const cause = new Error("connection refused");
    const second = failing(new AppError("UPSTREAM_FAILED", "Try later.", { cause }));
    await expect(second.call("get-thing")).rejects.toEqual(refusal("UPSTREAM_FAILED"));
    expect(second.lines.filter(({ level }) => level === "error")).toMatchObject([
      { fields: { request_id: "req_test", operation: "get-thing", code: "UPSTREAM_FAILED", err: cause } },
    ]);
  });

  it("hides an unknown throw and logs it", async () => {
    const cause = new TypeError("undefined is not a function");
    const { call, lines } = failing(cause);
    await expect(call("get-thing")).rejects.toEqual(refusal("INTERNAL", /^Something failed on the server/));
    expect(lines.filter(({ level }) => level === "error")).toMatchObject([{ fields: { err: cause } }]);
  });

  it("tells a call that its caller gave up as cancelled, in the audit too", async () => {
    const { call, lines, audits } = failing(new Error("aborted"));
    const refused = call("get-thing", {}, {}, { signal: AbortSignal.abort() });
    await expect(refused).rejects.toEqual(refusal("CANCELLED"));
    expect(lines.filter(({ level }) => level === "error")).toEqual([]);
    expect(audits()).toMatchObject([{ outcome: "CANCELLED" }]);
  });
});

describe("the audit log", () => {
  const SECRET = "hunter2-canary";
  const write = define({
    ...plain,
    tool: "update-thing",
    effect: "write",
    audit: { action: "thing.update", resource: "thing" },
    run: async ({ n }) => {
      if (n === 1) throw new AppError("CONFLICT", "Try again.");
      if (n === 2) throw new Error(SECRET);
      return { key: SECRET };
    },
  });
  const read = define({ ...plain, tool: "get-thing", scope: "memory:read", run: async () => ({}) });

  it("has one line for a write: who, what, how it ended, how long it took", async () => {
    const { call, audits } = bench(write);
    await call("update-thing", { password: SECRET }, { keyPrefix: "ck_abcde", ip: "192.0.2.1" });
    expect(audits()).toEqual([
      {
        audit: "thing.update",
        resource: "thing",
        operation: "update-thing",
        outcome: "ok",
        ms: 5,
        request_id: "req_test",
        workspace: 1,
        actor: "key",
        key: "ck_abcde",
        ip: "192.0.2.1",
      },
    ]);
  });

  it("has the code of a write that failed or was refused", async () => {
    const { call, audits } = bench(write);
    await expect(call("update-thing", { n: 1 })).rejects.toThrow();
    await expect(call("update-thing", { n: 2 })).rejects.toThrow();
    await expect(call("update-thing", { extra: SECRET })).rejects.toThrow();
    await expect(call("update-thing", {}, anonymous)).rejects.toThrow();
    expect(audits().map(({ outcome }) => outcome)).toEqual(["CONFLICT", "INTERNAL", "INVALID_INPUT", "AUTH_REQUIRED"]);
    expect(audits()[3]).toMatchObject({ actor: "anonymous", workspace: 0 });
  });

  it("has no line for a read, unless it was refused", async () => {
    const { call, audits } = bench(read);
    await call("get-thing");
    expect(audits()).toEqual([]);
    await expect(call("get-thing", {}, { scopes: new Set() })).rejects.toThrow();
    expect(audits()).toMatchObject([{ audit: "get-thing", outcome: "PERMISSION_REQUIRED" }]);
  });

  it("has the beginning of a name that does not exist", async () => {
    const { call, audits } = bench(read);
    await expect(call("x".repeat(1000))).rejects.toThrow();
    expect(audits()).toMatchObject([{ audit: "x".repeat(64), outcome: "NOT_FOUND" }]);
  });

  it("holds neither arguments nor answers", async () => {
    const { call, audits } = bench(write);
    await call("update-thing", { password: SECRET });
    await expect(call("update-thing", { n: 2, password: SECRET })).rejects.toThrow();
    await expect(call("update-thing", { n: "x", password: SECRET })).rejects.toThrow();
    expect(audits()).toHaveLength(3);
    expect(JSON.stringify(audits())).not.toContain(SECRET);
  });
});
