import { onTestFinished } from "vitest";
import { createClerkBackend } from "../../src/clerk/backend.js";
import { createClientTokens } from "../../src/clerk/client-tokens.js";
import { createClerkFrontend, type FrontendInstance } from "../../src/clerk/frontend.js";
import type { Caller } from "../../src/core/caller.js";
import { createInvoke } from "../../src/core/invoke.js";
import { createRegistry } from "../../src/core/registry.js";
import { appraise, auditLog, authorise, find, limit, mapErrors, parse, run } from "../../src/core/stages.js";
import { readSurface, type SurfaceWishes } from "../../src/core/surface.js";
import type { Services } from "../../src/services/services.js";
import { createMemoryStore } from "../../src/store/memory.js";
import { openVault } from "../../src/vault/vault.js";
import { clerk } from "../../tools/clerk/catalogue.js";
import { frontend } from "../../tools/clerk/frontend.js";
import { health } from "../../tools/clerk/health.js";
import { raw } from "../../tools/clerk/raw.js";
import { startRecorder } from "./clerk-recorder.js";
import type { Args, Json } from "./faces.js";
import { callerOf, recordingLog } from "./services.js";

/** A secret key that would be noticed anywhere. */
export const CANARY = "sk_test_CANARY0secret0key0of0the0tests";

const ALL_CLERK = [...clerk, ...raw, ...health, ...frontend];

interface Options {
  /** Addresses without the version. */
  readonly backend?: string;
  readonly instances?: Readonly<Record<string, FrontendInstance>>;
  readonly keys?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** What the operator limits everybody to. */
  readonly operator?: SurfaceWishes;
}

/** Every Clerk tool, called as the program calls them, limits and audit included. */
export async function everyClerkTool(options: Options) {
  const { backend = "http://127.0.0.1:1", instances = {}, keys = { default: CANARY }, timeoutMs = 5000 } = options;
  const { log, lines } = recordingLog();
  const store = createMemoryStore();
  onTestFinished(() => store.close());
  const vault = await openVault({ store, masterKey: Buffer.alloc(32, 3) });
  const accounts = new Map(Object.entries(keys));
  const tokens = createClientTokens(store, vault);
  // The tools use no other service.
  const services = {
    clerk: createClerkBackend({ accounts, apiUrl: backend, timeoutMs }),
    clerkFrontend: createClerkFrontend({ instances: new Map(Object.entries(instances)), accounts, tokens, timeoutMs }),
  } as Services;
  const registry = createRegistry<Services>(ALL_CLERK);
  const operator = readSurface(options.operator ?? {}, registry.toolsets);
  const invoke = createInvoke<Services>([
    mapErrors(log),
    auditLog(log, Date.now),
    find(registry),
    limit(operator),
    authorise(),
    parse(),
    appraise(operator),
    run(services, log),
  ]);
  return {
    registry,
    operator,
    store,
    lines,
    /** Answers what the tool does; throws the `AppError` that a face would send. */
    call(tool: string, args: Args = {}, caller: Partial<Caller> = {}, signal = new AbortController().signal) {
      const entry = registry.findTool(tool);
      const everything = callerOf({ scopes: new Set(["*", "clerk:secrets"]), ...caller });
      const operation = entry?.operation.name ?? tool;
      return invoke({ operation, args, caller: everything, signal }) as Promise<Json>;
    },
  };
}

/** A recorder that ends with the test. */
export async function testRecorder() {
  const recorder = await startRecorder();
  onTestFinished(() => recorder.stop());
  return recorder;
}
