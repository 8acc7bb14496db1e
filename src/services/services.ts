import type { ClerkBackend } from "../clerk/backend.js";
import type { ClerkFrontend } from "../clerk/frontend.js";
import type { Log } from "../core/log.js";
import type { Store } from "../store/port.js";
import type { Vault } from "../vault/vault.js";
import { type Activation, createActivation } from "./keys/activation.js";
import { type Audit, createAudit } from "./audit/audit.js";
import { type Consents, createConsents } from "./consents/consents.js";
import { type Artifacts, createArtifacts } from "./artifacts.js";
import { type Billing, createBilling } from "./billing.js";
import { type Byok, type CheckAnthropicKey, createByok } from "./byok.js";
import type { Connectors } from "./connectors/connectors.js";
import { createEvents, type Events } from "./events.js";
import { createExecutions, type Executions, type RunsOn } from "./executions/executions.js";
import { createJournal, type Journal } from "./executions/journal.js";
import { createOutbox, type Outbox } from "./executions/outbox.js";
import { type ExecutionRecord, executionTags, FINAL_STATES } from "./executions/record.js";
import { createInvitations, type Invitations } from "./people/invitations.js";
import { createKeys, type Keys } from "./keys/keys.js";
import type { Links } from "./links.js";
import type { Marketplace } from "./marketplace/marketplace.js";
import { createMemberships, type Memberships } from "./people/memberships.js";
import { createMemory, type Memory } from "./memory.js";
import { createPeople, type People } from "./people/people.js";
import { numberedRecords } from "./records.js";
import { createSignIns, type SignIns } from "./people/sign-ins.js";
import { createSecrets, type Secrets } from "./secrets.js";
import { createSkills, type Skills } from "./skills.js";
import { createRunLedger, type RunLedger } from "./workflows/run-ledger.js";
import { runJob } from "./workflows/run-record.js";
import type { Workflow } from "./workflows/workflow.js";
import { createWorkflows, type Workflows } from "./workflows/workflows.js";
import { createWorkspaces, type Workspaces } from "./workspaces.js";

/** The service layer: what every operation is given. */
export interface Services {
  readonly marketplace: Marketplace;
  readonly skills: Skills;
  readonly executions: Executions;
  readonly artifacts: Artifacts;
  readonly memory: Memory;
  readonly billing: Billing;
  readonly workspaces: Workspaces;
  readonly keys: Keys;
  readonly events: Events;
  readonly links: Links;
  readonly clerk: ClerkBackend;
  readonly clerkFrontend: ClerkFrontend;
  readonly connectors: Connectors;
  readonly workflows: Workflows;
  readonly people: People;
  readonly memberships: Memberships;
  readonly invitations: Invitations;
  readonly signIns: SignIns;
  readonly activation: Activation;
  readonly consents: Consents;
  /** The address of a page of this server, by its path. */
  readonly pageUrl: (path: string) => string;
  readonly audit: Audit;
  readonly secrets: Secrets;
  readonly byok: Byok;
}

export interface ServiceOptions {
  readonly store: Store;
  readonly vault: Vault;
  readonly marketplace: Marketplace;
  readonly links: Links;
  readonly clerk: ClerkBackend;
  readonly clerkFrontend: ClerkFrontend;
  readonly connectors: Connectors;
  /** Queues an execution for the server's model, or for the workspace's own key. */
  readonly enqueue: (job: string, payer: "server" | "workspace") => Promise<void>;
  /** The workflows that can be started, where their runs are queued, and how a run is told as it goes on. */
  readonly workflows: {
    readonly definitions: readonly Workflow[];
    readonly enqueue: (job: string) => Promise<void>;
    readonly stream: Workflows["stream"];
  };
  readonly ownerKey: string;
  readonly pageUrl: (path: string) => string;
  /** 32 bytes that only this server's processes know, for the tokens of its pages. */
  readonly pageSecret: Uint8Array;
  /** The key that a workspace's audit log is chained with. */
  readonly auditKey: (workspace: number) => Uint8Array;
  /** A new workspace's balance in dollarinos; undefined for unlimited. */
  readonly credits: number | undefined;
  /** Whether the server has a model of its own; workspaces may have keys of theirs beside it. */
  readonly hasModel: boolean;
  readonly checkAnthropicKey: CheckAnthropicKey;
  readonly log: Log;
  readonly now: () => number;
}

/** The services over one store, with what only those may touch that work on executions and on runs of workflows. */
export function createServices(options: ServiceOptions): {
  services: Services;
  journal: Journal;
  outbox: Outbox;
  ownOutbox: Outbox;
  runs: { readonly ledger: RunLedger; readonly outbox: Outbox };
} {
  const {
    store,
    vault,
    marketplace,
    links,
    clerk,
    clerkFrontend,
    connectors,
    enqueue,
    workflows,
    ownerKey,
    pageUrl,
    pageSecret,
    auditKey,
    credits,
    hasModel,
    log,
    now,
  } = options;
  const records = numberedRecords<ExecutionRecord>(store, {
    kind: "execution",
    called: "execution",
    lister: "list-executions",
    tags: executionTags,
  });
  const isRunning = async (workspace: number, execution: number): Promise<boolean> => {
    const found = await records.find(workspace, execution);
    return found !== undefined && !FINAL_STATES.has(found.value.status);
  };

  const events = createEvents(store, log);
  const billing = createBilling({ store, credits, now });
  const people = createPeople({ store, now });
  const memberships = createMemberships(store);
  const workspaces = createWorkspaces({ store, people, memberships, billing, now });
  const artifacts = createArtifacts({ store, events, isRunning, now });
  const skills = createSkills({ store, marketplace, events, now });
  const memory = createMemory({ store, events, now });
  const runOutbox = createOutbox({ store, collection: "run-outbox", enqueue: workflows.enqueue, log, now });
  const journal = createJournal({
    store,
    records,
    artifacts,
    billing,
    events,
    sequel({ workspace, number }, { run }) {
      if (run === undefined) return undefined;
      const job = runJob({ workspace, number: run }, `e${number}`);
      return { changes: [runOutbox.change(job)], after: () => runOutbox.send(job) };
    },
    now,
  });
  const outbox = createOutbox({ store, collection: "outbox", enqueue: (job) => enqueue(job, "server"), log, now });
  const enqueueOwn = (job: string) => enqueue(job, "workspace");
  const ownOutbox = createOutbox({ store, collection: "own-outbox", enqueue: enqueueOwn, log, now });
  const byok = createByok({ store, vault, check: options.checkAnthropicKey });
  const runsOn = async (workspace: number): Promise<RunsOn> =>
    (await byok.status(workspace)).configured ? "workspace" : hasModel ? "server" : "agent";
  const ledger = createRunLedger(store, events);
  const executions = createExecutions({
    store,
    records,
    journal,
    outbox,
    ownOutbox,
    skills,
    marketplace,
    memory,
    billing,
    events,
    connectors,
    runsOn,
    now,
  });
  const linkTo = (token: string) => pageUrl(`/sign-in#token=${token}`);
  const signIns = createSignIns({ store, people, workspaces, memberships, secret: pageSecret, linkTo, now });
  const keys = createKeys({ store, ownerKey, isSignedIn: (session) => signIns.isSignedIn(session), now });
  return {
    journal,
    outbox,
    ownOutbox,
    runs: { ledger, outbox: runOutbox },
    services: {
      marketplace,
      skills,
      executions,
      artifacts,
      memory,
      billing,
      workspaces,
      keys,
      people,
      memberships,
      invitations: createInvitations({ store, linkTo, now }),
      signIns,
      activation: createActivation({ store, keys, exists: (workspace) => workspaces.exists(workspace), now }),
      consents: createConsents({ store, events, now }),
      pageUrl,
      audit: createAudit({ store, keyOf: auditKey, exists: (workspace) => workspaces.exists(workspace), log, now }),
      events,
      links,
      clerk,
      clerkFrontend,
      connectors,
      workflows: createWorkflows({
        ...workflows,
        store,
        ledger,
        outbox: runOutbox,
        executions,
        skills,
        events,
        runsOn,
        now,
      }),
      secrets: createSecrets({ store, vault, marketplace, now }),
      byok,
    },
  };
}
