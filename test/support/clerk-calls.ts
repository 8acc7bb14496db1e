import { createClerkBackend } from "../../src/clerk/backend.js";
import type { Caller } from "../../src/core/caller.js";
import { createInvoke } from "../../src/core/invoke.js";
import { createRegistry } from "../../src/core/registry.js";
import { authorise, find, mapErrors, parse, run } from "../../src/core/stages.js";
import type { Services } from "../../src/services/services.js";
import { clerk } from "../../tools/clerk/catalogue.js";
import type { Args, Json } from "./faces.js";
import { callerOf, recordingLog } from "./services.js";

export const CLERK_KEY = "sk_test_the_key_of_the_tests";

interface Options {
  /** Without the version. */
  readonly url: string;
  readonly timeoutMs?: number;
  readonly keys?: ReadonlyMap<string, string>;
}

interface Call extends Partial<Caller> {
  readonly signal?: AbortSignal;
}

/** The Clerk tools on a Clerk of the test's own, called as every face calls them. */
export function clerkTools({ url, timeoutMs = 5000, keys = new Map([["default", CLERK_KEY]]) }: Options) {
  const { log, lines } = recordingLog();
  // The tools use no other service.
  const services = { clerk: createClerkBackend({ accounts: keys, apiUrl: url, timeoutMs }) } as Services;
  const registry = createRegistry<Services>(clerk);
  const invoke = createInvoke<Services>([mapErrors(log), find(registry), authorise(), parse(), run(services, log)]);
  return {
    registry,
    lines,
    /** The tool's answer; throws the `AppError` that a face would send. */
    call(
      tool: string,
      args: Args = {},
      { signal = new AbortController().signal, ...caller }: Call = {},
    ): Promise<Json> {
      const everything = callerOf({ scopes: new Set(["*", "clerk:secrets"]), ...caller });
      return invoke({ operation: tool, args, caller: everything, signal });
    },
  };
}
