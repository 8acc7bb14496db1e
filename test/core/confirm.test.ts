import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type Ask, InputRequired, needFrom, type Prompt } from "../../src/core/asking.js";
import { confirm, type ConfirmPolicy } from "../../src/core/confirm.js";
import { createInvoke, type Request } from "../../src/core/invoke.js";
import { defineFor } from "../../src/core/operation.js";
import { createRegistry } from "../../src/core/registry.js";
import { appraise, find, mapErrors, parse, run } from "../../src/core/stages.js";
import { WHOLE_SURFACE } from "../../src/core/surface.js";
import { callerOf, recordingLog } from "../support/services.js";

interface Desk {
  done: number;
}

const define = defineFor<Desk>();
const plain = { toolset: "things", description: "Does a thing.", scope: "none", errors: [] } as const;
const act = (_input: unknown, { services }: { services: Desk }) => Promise.resolve({ done: (services.done += 1) });

const OPERATIONS = [
  define({
    ...plain,
    tool: "destroy-it",
    title: "Destroy it",
    effect: "destroy",
    input: z.object({ id: z.string() }),
    run: act,
  }),
  define({ ...plain, tool: "change-it", title: "Change it", effect: "write", input: z.object({}), run: act }),
  define({
    ...plain,
    tool: "do-whatever",
    title: "Do whatever",
    effect: "write",
    input: z.object({ gently: z.boolean() }),
    standsFor: ({ gently }) => ({ effect: gently ? "read" : "destroy", toolset: "things" }),
    run: act,
  }),
  define({
    ...plain,
    tool: "ask-a-name",
    title: "Ask a name",
    effect: "write",
    input: z.object({}),
    run: (_input, { need }) => need({ key: "name", message: "Who?", fields: z.object({ name: z.string().min(2) }) }),
  }),
];

/** An `invoke` with the confirmation in its place, and what was asked. */
function bench(policy: ConfirmPolicy, answer?: Awaited<ReturnType<Ask>>) {
  const services: Desk = { done: 0 };
  const registry = createRegistry<Desk>(OPERATIONS);
  const { log } = recordingLog();
  const invoke = createInvoke<Desk>([
    mapErrors(log),
    find(registry),
    parse(),
    appraise(WHOLE_SURFACE),
    confirm(policy),
    run(services, log),
  ]);
  const prompts: Prompt[] = [];
  const ask: Ask = (prompt) => {
    prompts.push(prompt);
    return Promise.resolve(answer);
  };
  const call = (operation: string, args: unknown = {}, more: Partial<Request> = {}) =>
    invoke({ operation, args, caller: callerOf({ face: "mcp" }), signal: new AbortController().signal, ask, ...more });
  return { call, prompts, services };
}

const accept = { action: "accept", content: {} };

describe("a destructive call", () => {
  it("acts once the person accepts, and was told what it is about", async () => {
    const { call, prompts } = bench("auto", accept);
    await expect(call("destroy-it", { id: "art_7" })).resolves.toEqual({ done: 1 });
    expect(prompts).toMatchObject([{ mode: "form", key: "confirm" }]);
    expect(prompts[0]?.message).toContain('Destroy it (destroy-it) with {"id":"art_7"}');
  });

  it.each([{ action: "decline" }, { action: "cancel" }, { action: "nonsense" }])(
    "does nothing on %o",
    async (answer) => {
      const { call, services } = bench("auto", answer);
      await expect(call("destroy-it", { id: "x" })).rejects.toMatchObject({ code: "DECLINED" });
      expect(services.done).toBe(0);
    },
  );

  it("that cannot be asked acts with auto and is refused with always", async () => {
    for (const more of [{}, { ask: undefined as never }]) {
      await expect(bench("auto").call("destroy-it", { id: "x" }, more)).resolves.toEqual({ done: 1 });
      const { call, services } = bench("always");
      await expect(call("destroy-it", { id: "x" }, more)).rejects.toMatchObject({ code: "CONFIRMATION_REQUIRED" });
      expect(services.done).toBe(0);
    }
  });

  it("is not asked about with never, nor over REST", async () => {
    const never = bench("never", { action: "decline" });
    await expect(never.call("destroy-it", { id: "x" })).resolves.toEqual({ done: 1 });
    const rest = bench("always", { action: "decline" });
    await expect(rest.call("destroy-it", { id: "x" }, { caller: callerOf({ face: "rest" }) })).resolves.toEqual({
      done: 1,
    });
    expect([...never.prompts, ...rest.prompts]).toEqual([]);
  });

  it("is what its input makes of it", async () => {
    const { call, prompts } = bench("auto", accept);
    await call("do-whatever", { gently: true });
    await call("change-it");
    expect(prompts).toEqual([]);
    await call("do-whatever", { gently: false });
    expect(prompts).toHaveLength(1);
  });

  it("shows long or hostile arguments short and harmless", async () => {
    const { call, prompts } = bench("auto", accept);
    await call("destroy-it", { id: `\u001b[2J\u202e\n${"x".repeat(5000)}` });
    const message = prompts[0]?.message ?? "";
    expect(message.length).toBeLessThan(500);
    expect(message).not.toMatch(/[\p{C}]/u);
  });

  it("that is asked by a call to come is not told of as failed on the server", async () => {
    const { call, services } = bench("auto");
    const ask: Ask = (prompt) => Promise.reject(new InputRequired(prompt));
    await expect(call("destroy-it", { id: "x" }, { ask })).rejects.toBeInstanceOf(InputRequired);
    expect(services.done).toBe(0);
  });
});

describe("an operation that asks", () => {
  it("goes on with what fits its fields, and is told of what does not", async () => {
    const fitting = bench("auto", { action: "accept", content: { name: "Ada" } });
    await expect(fitting.call("ask-a-name")).resolves.toEqual({ action: "accept", content: { name: "Ada" } });
    expect(fitting.prompts[0]).toMatchObject({ schema: { type: "object", properties: { name: { type: "string" } } } });
    for (const content of [undefined, null, {}, { name: "A" }, { name: 7 }, "Ada"]) {
      const { call } = bench("auto", { action: "accept", content });
      await expect(call("ask-a-name")).rejects.toMatchObject({ code: "INVALID_INPUT" });
    }
  });

  it("puts a page's address to the person where the client can open one", async () => {
    const prompts: Prompt[] = [];
    const need = needFrom((prompt) => {
      prompts.push(prompt);
      return Promise.resolve({ action: "accept" });
    });
    const page = { key: "page", message: "Open it.", url: "https://example.com/", id: "one" };
    await expect(need(page)).resolves.toEqual({ action: "accept", content: {} });
    expect(prompts).toEqual([{ mode: "url", ...page }]);
    await expect(needFrom(undefined)(page)).resolves.toEqual({ action: "unasked" });
  });
});
