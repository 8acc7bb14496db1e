import { randomBytes } from "node:crypto";
import { delimiter, join } from "node:path";
import { catalogue } from "../tools/catalogue.js";
import { createClerkBackend } from "./clerk/backend.js";
import { createClientTokens } from "./clerk/client-tokens.js";
import { createClerkFrontend } from "./clerk/frontend.js";
import { type Config, ConfigError } from "./config.js";
import { wireConnectors } from "./connector-wiring.js";
import { auditIntent, auditTrail } from "./core/audit-trail.js";
import { confirm } from "./core/confirm.js";
import { AppError } from "./core/errors.js";
import { idempotency } from "./core/idempotency.js";
import { createInvoke, type Invoke } from "./core/invoke.js";
import type { Log } from "./core/log.js";
import { createRegistry, type Registry } from "./core/registry.js";
import {
  appraise,
  auditLog,
  authorise,
  checkOutput,
  find,
  limit,
  mapErrors,
  parse,
  run,
  spendGrants,
} from "./core/stages.js";
import { readSurface, type Surface } from "./core/surface.js";
import { wireModels } from "./model-wiring.js";
import { projectRoot } from "./project.js";
import { openQueue } from "./queue/open.js";
import { createRunner } from "./runner/run-skill.js";
import { createIdempotencyKeys } from "./services/idempotency.js";
import { newKey } from "./services/keys/keys.js";
import { createSignedLinks, type Links, type SignedLinks } from "./services/links.js";
import { createLocalLinks } from "./services/local-links.js";
import { createMarketplace } from "./services/marketplace/marketplace.js";
import { loadPacks } from "./services/marketplace/load-packs.js";
import { createPortability, type Portability } from "./services/portability/portability.js";
import { createServices, type Services } from "./services/services.js";
import { openStore } from "./store/open.js";
import type { Store } from "./store/port.js";
import { loadKeyFile } from "./vault/key-file.js";
import { createRequestStates, type RequestStates } from "./vault/request-states.js";
import { createSealedTexts, type SealedTexts } from "./vault/sealed-texts.js";
import { type OpenedVault, openVault } from "./vault/vault.js";
import { wireWorkflows } from "./workflow-wiring.js";

/** The program without its faces. */
export interface App {
  readonly config: Config;
  readonly log: Log;
  readonly store: Store;
  readonly vault: OpenedVault;
  readonly services: Services;
  readonly registry: Registry<Services>;
  readonly invoke: Invoke;
  readonly links: SignedLinks;
  /** What calls leave with their clients between two rounds. */
  readonly requestStates: RequestStates;
  /** What was sent on sessions' streams, as it is kept. */
  readonly sentTexts: SealedTexts;
  /** What the operator limits everybody to. */
  readonly operatorSurface: Surface;
  /** Where the owner's key is kept; undefined when it was given by a setting. */
  readonly ownerKeyFile: string | undefined;
  /** Whole workspaces: written out, read in, removed. */
  readonly portability: Portability;
  /** Begins to run skills and workflows in this process. */
  start(): Promise<void>;
  /** Says that calls end from now on because the program does, and not because their callers leave. */
  leave(): void;
  /** Hands unfinished runs back and closes the store. */
  close(): Promise<void>;
}

export interface ComposeOptions {
  /** How others reach this server, for links; told late because a free port is known late. */
  readonly publicUrl: () => string;
  /** `local` for a client on this machine without an HTTP server, which gets files instead of signed links. */
  readonly downloads: "signed" | "local";
}

const RECOVER_EVERY_MS = 15_000;

/**
 * Everything behind the faces, from the settings. Throws a `ConfigError`, a `WrongMasterKey` or an `AppError`
 * whose message is a sentence for the person who started the program.
 */
export async function compose(config: Config, log: Log, options: ComposeOptions): Promise<App> {
  const now = Date.now;
  const registry = createRegistry<Services>(catalogue);
  const [keys, packs] = await Promise.all([loadKeys(config), loadPacks({ folders: skillFolders(config), log })]);
  const store = await openStore(config.CLANKER_STORE, log);
  const vault = await openVault({ store, masterKey: keys.master });
  const signed = createSignedLinks({ secret: vault.derive("download-links"), publicUrl: options.publicUrl, now });
  const links: Links =
    options.downloads === "signed" ? signed : createLocalLinks(join(config.CLANKER_HOME, "downloads"));
  const marketplace = createMarketplace(packs);
  const publicUrl = () => config.CLANKER_PUBLIC_URL ?? options.publicUrl();
  // Without a server of its own, a process speaks of the one that its settings would start.
  const pageUrl = (path: string) => `${publicUrl() || `http://127.0.0.1:${config.PORT}`}${path}`;
  const wired = wireConnectors(config, { store, vault, publicUrl, log, now });
  const models = wireModels(config);
  // Only a process that has the server's model may take its jobs; a workspace's own key runs anywhere.
  const jobsNamed = (name: string) => openQueue({ store, storeUrl: config.CLANKER_STORE, log, name });
  const [queue, ownQueue] = await Promise.all([jobsNamed("jobs"), jobsNamed("own-jobs")]);
  const workflows = await wireWorkflows(config, { store, registry, marketplace, log, now });
  const { services, journal, outbox, ownOutbox, runs } = createServices({
    store,
    vault,
    marketplace,
    links,
    clerk: createClerkBackend({
      accounts: config.clerkAccounts,
      apiUrl: config.CLERK_API_URL.replace(/\/v1$/, ""),
      timeoutMs: config.CLANKER_CLERK_TIMEOUT_MS,
    }),
    clerkFrontend: createClerkFrontend({
      instances: config.clerkFrontends,
      accounts: config.clerkAccounts,
      tokens: createClientTokens(store, vault),
      timeoutMs: config.CLANKER_CLERK_TIMEOUT_MS,
    }),
    connectors: wired.connectors,
    enqueue: (job, payer) => (payer === "server" ? queue : ownQueue).enqueue(job),
    workflows: workflows.options,
    ownerKey: keys.owner,
    pageUrl,
    pageSecret: vault.derive("pages"),
    auditKey: (workspace) => vault.derive(`audit:${workspace}`),
    credits: config.CLANKER_CREDITS,
    hasModel: models.hasModel,
    checkAnthropicKey: models.checkAnthropicKey,
    log,
    now,
  });
  await services.workspaces.ensureOwner();

  const portability = createPortability({ store, services, journal, ledger: runs.ledger, log, now });
  const operatorSurface = operatorLimit(config, registry);
  const invoke = createInvoke<Services>([
    mapErrors(log),
    auditLog(log, now),
    find(registry),
    auditTrail(services.audit, now),
    limit(operatorSurface),
    authorise(),
    parse(),
    appraise(operatorSurface),
    confirm(config.CLANKER_CONFIRM),
    idempotency(createIdempotencyKeys({ store, vault, log })),
    spendGrants((caller, consents) => services.keys.spend(caller, consents)),
    checkOutput(),
    auditIntent(services.audit),
    run(services, log),
  ]);

  let recovering: NodeJS.Timeout | undefined;
  return {
    config,
    log,
    store,
    vault,
    services,
    registry,
    invoke,
    links: signed,
    requestStates: createRequestStates({ secret: vault.derive("request-states"), now }),
    sentTexts: createSealedTexts(vault.derive("sent-events")),
    operatorSurface,
    portability,
    ownerKeyFile: keys.ownerFile,
    async start() {
      await workflows.start(runs, services, invoke);
      const { memory, billing, connectors } = services;
      const runner = createRunner({
        ...{ store, journal, marketplace, memory, billing, connectors, log },
        modelFor: models.modelFor(services.byok),
        httpRequests: models.httpRequests(services.secrets),
        runMs: config.CLANKER_RUN_SECONDS * 1000,
      });
      await runner.listen();
      const taken = [{ queue: ownQueue, outbox: ownOutbox }, ...(models.hasModel ? [{ queue, outbox }] : [])];
      for (const { queue, outbox } of taken) {
        await queue.start(runner);
        await outbox.recover();
      }
      recovering = setInterval(() => {
        const recovered = Promise.all([
          workflows.recover(),
          ...taken.map(({ outbox }) => outbox.recover()),
          services.audit.sweep(),
          portability.recover(),
        ]);
        recovered.catch((err: unknown) => log.warn({ err }, "what was left behind could not be looked for"));
      }, RECOVER_EVERY_MS).unref();
    },
    leave: () => void (services.workflows.leaving.is = true),
    async close() {
      clearInterval(recovering);
      await Promise.all([queue.close(), ownQueue.close(), workflows.close()]);
      await Promise.all([wired.close(), models.close()]);
      await store.close();
    },
  };
}

function operatorLimit(config: Config, registry: Registry<Services>): Surface {
  try {
    return readSurface(
      {
        toolsets: config.CLANKER_TOOLSETS,
        readonly: String(config.CLANKER_READ_ONLY),
        surface: config.CLANKER_SURFACE,
      },
      registry.toolsets,
    );
  } catch (thrown) {
    throw thrown instanceof AppError ? new ConfigError(`CLANKER_TOOLSETS: ${thrown.message}`) : thrown;
  }
}

function skillFolders(config: Config): string[] {
  const more = config.CLANKER_SKILLS_PATH?.split(delimiter).filter((folder) => folder !== "") ?? [];
  return [join(projectRoot, "skills"), ...more];
}

async function loadKeys(config: Config): Promise<{ owner: string; ownerFile: string | undefined; master: Uint8Array }> {
  const ownerFile = config.CLANKER_OWNER_KEY === undefined ? join(config.CLANKER_HOME, "owner.key") : undefined;
  const owner = ownerFile === undefined ? config.CLANKER_OWNER_KEY : (await loadKeyFile(ownerFile, newKey)).value;
  const master = config.CLANKER_MASTER_KEY ?? (await loadMasterKey(config.CLANKER_HOME));
  return { owner: owner ?? "", ownerFile, master: Buffer.from(master, "base64") };
}

async function loadMasterKey(home: string): Promise<string> {
  const make = () => randomBytes(32).toString("base64");
  return (await loadKeyFile(join(home, "master.key"), make, /^[A-Za-z0-9+/]{43}=$/)).value;
}
