import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished } from "vitest";
import { createClerkBackend } from "../../src/clerk/backend.js";
import { createClerkFrontend } from "../../src/clerk/frontend.js";
import { readConfig } from "../../src/config.js";
import { wireConnectors } from "../../src/connector-wiring.js";
import { auditIntent, auditTrail } from "../../src/core/audit-trail.js";
import { wireModels } from "../../src/model-wiring.js";
import type { Caller } from "../../src/core/caller.js";
import { AppError, type ErrorCode } from "../../src/core/errors.js";
import { createInvoke, type Request } from "../../src/core/invoke.js";
import type { Log } from "../../src/core/log.js";
import { createRegistry } from "../../src/core/registry.js";
import { auditLog, authorise, checkOutput, find, mapErrors, parse, run } from "../../src/core/stages.js";
import { workflowStream } from "../../src/runner/workflow-stream.js";
import { createSignedLinks } from "../../src/services/links.js";
import { loadPacks } from "../../src/services/marketplace/load-packs.js";
import { createMarketplace } from "../../src/services/marketplace/marketplace.js";
import type { Pack } from "../../src/services/marketplace/pack.js";
import { createServices, type ServiceOptions, type Services } from "../../src/services/services.js";
import { OWNER } from "../../src/services/workspaces.js";
import { openFileStore } from "../../src/store/file.js";
import { createMemoryStore } from "../../src/store/memory.js";
import type { Store } from "../../src/store/port.js";
import { createSealedTexts } from "../../src/vault/sealed-texts.js";
import { openVault } from "../../src/vault/vault.js";
import { catalogue } from "../../tools/catalogue.js";

export { until } from "./until.js";

export const OWNER_KEY = "ck_owner-key-of-the-tests";

/** The workspace that `ensureOwner` makes. */
export const MINE = OWNER.workspace;

/** Another one, which has nothing to do with it. */
export const THEIRS = 7;

export interface LogLine {
  readonly level: keyof Log;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A log that keeps its lines. */
export function recordingLog() {
  const lines: LogLine[] = [];
  const at = (level: keyof Log) => (fields: object, message: string) =>
    void lines.push({ level, fields: { ...fields }, message });
  const log: Log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  return { log, lines };
}

/** A clock that stands until it is moved; it starts at a round hour. */
export function standingClock(at = Date.UTC(2026, 0, 1)) {
  let time = at;
  return { now: () => time, forward: (ms: number) => void (time += ms) };
}

/** The packs of the project's own marketplace. */
const shippedPacks: readonly Pack[] = await loadPacks({
  folders: [fileURLToPath(new URL("../../skills", import.meta.url))],
  log: recordingLog().log,
});

/** A pack that only has instructions, for tests that need many or odd ones. */
export function packOf(slug: string, more: Partial<Pack> = {}): Pack {
  return {
    slug,
    name: slug,
    title: slug,
    description: `What ${slug} does.`,
    category: "productivity",
    version: "1.0.0",
    license: "MIT",
    parameters: [],
    secrets: [],
    http: [],
    memory: true,
    instructions: "Do it.",
    files: [],
    digest: "",
    ...more,
  };
}

type Options = Partial<Omit<ServiceOptions, "marketplace" | "links" | "workflows">> & {
  readonly workflows?: Partial<ServiceOptions["workflows"]>;
  readonly packs?: readonly Pack[];
  readonly installed?: readonly string[];
  /** Settings of the apps' providers. */
  readonly providers?: Readonly<Record<string, string>>;
};

/** The real services over a real store, a memory store unless another is given; the owner's workspace is there. */
export async function openServices(options: Options = {}) {
  const {
    packs = shippedPacks,
    installed = [],
    store = memoryStore(),
    now = Date.now,
    providers = {},
    workflows = {},
    ...rest
  } = options;
  const { log, lines } = recordingLog();
  const marketplace = createMarketplace(packs);
  const links = createSignedLinks({ secret: Buffer.alloc(32, 7), publicUrl: () => "https://clanker.example", now });
  const vault = await openVault({ store, masterKey: Buffer.alloc(32, 7) });
  const { connectors, close } = wireConnectors(readConfig(providers), {
    store,
    vault,
    publicUrl: () => "https://clanker.example",
    log,
    now,
  });
  onTestFinished(close);
  const models = wireModels(readConfig(providers));
  onTestFinished(models.close);
  const layer = createServices({
    store,
    vault,
    checkAnthropicKey: models.checkAnthropicKey,
    marketplace,
    links,
    clerk: createClerkBackend({ accounts: new Map(), apiUrl: "https://clerk.example", timeoutMs: 1000 }),
    clerkFrontend: createClerkFrontend({
      instances: new Map(),
      accounts: new Map(),
      tokens: { get: () => Promise.resolve({}), set: () => Promise.resolve() },
      timeoutMs: 1000,
    }),
    connectors,
    enqueue: () => Promise.resolve(),
    workflows: {
      definitions: [],
      enqueue: () => Promise.resolve(),
      stream: (updates) => workflowStream(updates, log),
      ...workflows,
    },
    ownerKey: OWNER_KEY,
    pageUrl: (path) => `https://clanker.example${path}`,
    pageSecret: Buffer.alloc(32, 9),
    auditKey: (workspace) => vault.derive(`audit:${workspace}`),
    credits: undefined,
    hasModel: false,
    log,
    now,
    ...rest,
  });
  await layer.services.workspaces.ensureOwner();
  for (const slug of installed) await layer.services.skills.install(MINE, slug);
  return { ...layer, store, vault, marketplace, links, log: rest.log ?? log, lines };
}

export type OpenServices = Awaited<ReturnType<typeof openServices>>;

/** A store that ends with the test. */
export function memoryStore(): Store {
  const store = createMemoryStore();
  onTestFinished(() => store.close());
  return store;
}

/** A store in a file of its own, opened as often as asked for, with all its bytes; it ends with the test. */
export async function fileStores(count: number) {
  const folder = await mkdtemp(join(tmpdir(), "clanker-services-"));
  const stores: Store[] = [];
  onTestFinished(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await rm(folder, { recursive: true, force: true });
  });
  for (let at = 0; at < count; at += 1) stores.push(await openFileStore({ path: join(folder, "clanker.db") }));
  const bytes = async () => {
    const files = await readdir(folder);
    return Buffer.concat(await Promise.all(files.map((file) => readFile(join(folder, file))))).toString("latin1");
  };
  return { stores, bytes };
}

/** A store whose named methods fail as a store out of reach does while the switch is on. */
export function breakable(store: Store, methods: readonly ("publish" | "commit" | "increment" | "get")[]) {
  const broken = { is: false };
  const away = () => Promise.reject(new AppError("STORE_UNAVAILABLE", "The store is away."));
  const guarded = Object.fromEntries(
    methods.map((name) => {
      const method = store[name] as (...args: unknown[]) => Promise<unknown>;
      return [name, (...args: unknown[]) => (broken.is ? away() : method(...args))];
    }),
  );
  return { store: { ...store, ...guarded }, broken };
}

/** A caller with every scope of an ordinary key, unless told otherwise. */
export function callerOf(more: Partial<Caller> = {}): Caller {
  return {
    kind: "key",
    face: "mcp",
    workspace: MINE,
    person: OWNER.person,
    scopes: new Set(["*"]),
    requestId: "req_test",
    ...more,
  };
}

/** What a refusal must say: a code, and a sentence that fits. */
export const refusal = (code: ErrorCode, message: RegExp | string = /./) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as AppError;

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are JSON that the tests look into
type Answer = any;

/** Calls an operation of the catalogue as the program does; the caller is an agent with an unrestricted key unless told otherwise. */
export function invokeOver({ services, log }: OpenServices) {
  const registry = createRegistry<Services>(catalogue);
  const invoke = createInvoke<Services>([
    mapErrors(log),
    auditLog(log, Date.now),
    find(registry),
    auditTrail(services.audit, Date.now),
    authorise(),
    parse(),
    checkOutput(),
    auditIntent(services.audit),
    run(services, log),
  ]);
  return (
    operation: string,
    args: unknown = {},
    caller: Partial<Caller> = {},
    more: Partial<Request> = {},
  ): Promise<Answer> =>
    invoke({ operation, args, caller: callerOf(caller), signal: new AbortController().signal, ...more });
}

/** Sealed texts of the processes of one server. */
export const sealedTexts = () => createSealedTexts(Buffer.alloc(32, 7));
