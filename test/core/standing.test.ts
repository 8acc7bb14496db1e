import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createInvoke, type Stage } from "../../src/core/invoke.js";
import { defineFor } from "../../src/core/operation.js";
import { createRegistry } from "../../src/core/registry.js";
import { appraise, auditLog, authorise, find, limit, mapErrors, parse, run } from "../../src/core/stages.js";
import type { Effect } from "../../src/core/standing.js";
import { type Surface, WHOLE_SURFACE } from "../../src/core/surface.js";
import { callerOf, recordingLog, refusal } from "../support/services.js";

type Services = object;

/** Stands for whatever its arguments say. */
const proxy = defineFor<Services>()({
  tool: "proxy",
  toolset: "proxies",
  title: "A proxy",
  description: "Does what it is told.",
  effect: "read",
  scope: { of: ({ scopes }) => scopes, among: ["memory:read", "memory:write"] },
  standsFor: ({ effect, toolset }) => ({ effect, toolset, audit: { action: "thing.done", resource: "thing" } }),
  input: z.strictObject({
    effect: z.enum(["read", "write", "destroy"]),
    toolset: z.string().default("things"),
    scopes: z.array(z.string()).default([]),
  }),
  errors: [],
  run: () => Promise.resolve("done"),
});

function bench(operator: Surface = WHOLE_SURFACE, appraised = true) {
  const { log, lines } = recordingLog();
  const stages: Stage<Services>[] = [
    mapErrors(log),
    auditLog(log, Date.now),
    find(createRegistry<Services>([proxy])),
    limit(operator),
    authorise(),
    parse(),
    ...(appraised ? [appraise<Services>(operator)] : []),
    run({}, log),
  ];
  const invoke = createInvoke<Services>(stages);
  const signal = new AbortController().signal;
  return {
    call: (args: object, caller: Parameters<typeof callerOf>[0] = {}) =>
      invoke({ operation: "proxy", args, caller: callerOf(caller), signal }),
    audits: () => lines.filter(({ fields }) => "audit" in fields).map(({ fields }) => fields["audit"]),
  };
}

describe("an operation that stands for others", () => {
  it.each<[Effect, boolean]>([
    ["read", true],
    ["write", false],
    ["destroy", false],
  ])("may be a %s on a read-only surface: %s", async (effect, allowed) => {
    const readOnly: Surface = { ...WHOLE_SURFACE, readOnly: true };
    for (const answer of [bench(readOnly).call({ effect }), bench().call({ effect }, { surface: readOnly })]) {
      if (allowed) expect(await answer).toBe("done");
      else await expect(answer).rejects.toEqual(refusal("ACCESS_DENIED", "read-only"));
    }
  });

  it("needs both toolsets, from the operator and from the caller", async () => {
    const on = (...toolsets: string[]): Surface => ({ ...WHOLE_SURFACE, toolsets: new Set(toolsets) });
    const args = { effect: "read" };
    expect(await bench(on("proxies", "things")).call(args)).toBe("done");
    await expect(bench(on("proxies")).call(args)).rejects.toEqual(refusal("ACCESS_DENIED", "things"));
    await expect(bench(on("things")).call(args)).rejects.toEqual(refusal("ACCESS_DENIED", "proxies"));
    await expect(bench().call(args, { surface: on("proxies") })).rejects.toEqual(refusal("ACCESS_DENIED", "things"));
  });

  it("needs every scope that its input asks for", async () => {
    const args = { effect: "read", scopes: ["memory:read", "memory:write"] };
    expect(await bench().call(args, { scopes: new Set(["memory:read", "memory:write"]) })).toBe("done");
    await expect(bench().call(args, { scopes: new Set(["memory:read"]) })).rejects.toEqual(
      refusal("PERMISSION_REQUIRED", "memory:write"),
    );
  });

  it("stands in the audit as what it stood for", async () => {
    const { call, audits } = bench();
    await call({ effect: "read" });
    await call({ effect: "write" });
    expect(audits()).toEqual(["thing.done"]);
  });

  it("does not run where nobody has looked at what it stands for", async () => {
    await expect(bench(WHOLE_SURFACE, false).call({ effect: "read" })).rejects.toEqual(refusal("INTERNAL"));
  });
});
