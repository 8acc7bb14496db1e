import { AppError } from "../../core/errors.js";
import type { Store, Stored } from "../../store/port.js";
import { walk } from "../../store/walk.js";
import { orderOf } from "../records.js";

/** Something that a workspace has in the store, and how to remove it. */
export interface Holding {
  /** Whether a collection is one of this holding's, whichever workspace's it is. */
  readonly owns: (collection: string) => boolean;
  readonly remove: (store: Store, workspace: number) => Promise<void>;
}

const PAGE = 500;
/** Jobs that are looked through; those beyond find nothing to do when their turn comes. */
const MOST_JOBS = 10_000;

/** A collection of the workspace's own: `<name>:<workspace>`. */
function each(name: string): Holding {
  return {
    owns: (collection) => new RegExp(`^${name}:\\d+$`).test(collection),
    remove: (store, workspace) => store.clear(`${name}:${workspace}`),
  };
}

/** What goes with a record of the workspace. */
interface Dependent {
  readonly owns: (collection: string) => boolean;
  readonly remove: (store: Store, workspace: number, record: Stored) => Promise<unknown>;
}

/** How often a collection is gone through whose records others change meanwhile. */
const ROUNDS = 20;

/**
 * The workspace's numbered records with what goes with each. A record is removed as it was when that went: one that a
 * call under way adds or changes meanwhile is not lost sight of while something of it is left.
 */
function family(parent: string, ...dependents: readonly Dependent[]): Holding {
  const itself = each(parent);
  return {
    owns: (collection) => itself.owns(collection) || dependents.some(({ owns }) => owns(collection)),
    async remove(store, workspace) {
      const collection = `${parent}:${workspace}`;
      for (let round = 0, found = true; found; round += 1) {
        if (round === ROUNDS)
          throw new AppError("CONFLICT", "The workspace is still written to; delete it again in a moment.");
        found = false;
        await forEachNumbered(store, collection, async (record) => {
          found = true;
          for (const dependent of dependents) await dependent.remove(store, workspace, record);
          await store.commit([{ kind: "remove", collection, id: record.id, version: record.version }]);
        });
      }
      await itself.remove(store, workspace);
    },
  };
}

/** A collection of a record's own: `<name>:<workspace>:<number>`. */
function beneath(name: string): Dependent {
  return {
    owns: (collection) => new RegExp(`^${name}:\\d+:\\d+$`).test(collection),
    remove: (store, workspace, { id }) => store.clear(`${name}:${workspace}:${id}`),
  };
}

/** The workspace's record in a collection that all of them share. */
function own(name: string): Holding {
  return {
    owns: (collection) => collection === name,
    remove: async (store, workspace) => void (await store.commit([gone(name, String(workspace))])),
  };
}

/** The records of a shared collection that are tagged with the workspace, each with a collection `<below>:<id>`. */
function tagged(name: string, below?: string): Holding {
  return {
    owns: (collection) => collection === name || (below !== undefined && collection.startsWith(`${below}:`)),
    async remove(store, workspace) {
      const query = { direction: "ascending", limit: PAGE, tags: [`workspace:${workspace}`] } as const;
      for (let page = await store.page(name, query); page.rows.length > 0; page = await store.page(name, query)) {
        for (const { id } of page.rows) {
          if (below !== undefined) await store.clear(`${below}:${id}`);
          await store.commit([gone(name, id)]);
        }
      }
    },
  };
}

/** The slug that stands for the workspace; comes before the workspace itself. */
const slug: Holding = {
  owns: (collection) => collection === "workspace-slugs",
  async remove(store, workspace) {
    const found = await store.get<{ slug: string }>("workspaces", String(workspace));
    if (found) await store.commit([gone("workspace-slugs", found.value.slug)]);
  },
};

/** The bindings of the skills that a secret names. */
const bindings: Dependent = {
  owns: (collection) => /^skill-secrets:\d+:/.test(collection),
  async remove(store, workspace, { value }) {
    const { bindings: bound = [] } = value as { readonly bindings?: readonly { readonly slug: string }[] };
    for (const { slug } of bound) await store.clear(`skill-secrets:${workspace}:${slug}`);
  },
};

/** The workspace among those of a member. */
const membership: Dependent = {
  owns: (collection) => /^memberships:\d+$/.test(collection),
  remove: (store, workspace, { id }) => store.commit([gone(`memberships:${id}`, String(workspace))]),
};

/** The record of a shared collection whose id stands in a field. */
function namedBy(name: string, field: string): Dependent {
  return {
    owns: (collection) => collection === name,
    async remove(store, _workspace, { value }) {
      const id = (value as Readonly<Record<string, unknown>>)[field];
      if (typeof id === "string") await store.commit([gone(name, id)]);
    },
  };
}

/** The jobs of a queue that are the workspace's: their ids begin with its number. */
function jobs(name: string): Holding {
  return {
    owns: (collection) => collection === name,
    async remove(store, workspace) {
      const page = await store.page(name, { direction: "ascending", limit: MOST_JOBS });
      const mine = page.rows.filter(({ id }) => id.startsWith(`${workspace}.`));
      for (const { id } of mine) await store.commit([gone(name, id)]);
    },
  };
}

/**
 * Everything that a workspace is made of, in the order in which it is removed: its keys first, what others depend on
 * last. Whoever keeps something new of a workspace adds a line here.
 */
export const HOLDINGS: readonly Holding[] = [
  slug,
  own("workspaces"),
  family("key", namedBy("key-hashes", "hash")),
  tagged("sessions", "session-events"),
  family("members", membership),
  family("invitation", namedBy("sign-in-links", "link")),
  each("consent"),
  each("idempotency"),
  family("secret", bindings),
  each("secret-names"),
  each("secret-values"),
  each("byok"),
  each("connections"),
  each("clerk-clients"),
  tagged("connector-authorizations"),
  jobs("outbox"),
  jobs("own-outbox"),
  jobs("run-outbox"),
  jobs("jobs"),
  jobs("own-jobs"),
  jobs("workflows"),
  family("execution", beneath("blocks")),
  each("execution-input"),
  each("artifact-content"),
  each("artifact"),
  family("run", beneath("run-values")),
  each("run-input"),
  tagged("asked-runs"),
  own("memory"),
  each("skills"),
  each("listed-skills"),
  each("transaction"),
  own("accounts"),
  each("events"),
  tagged("audit-pending"),
  each("log"),
  own("audit-head"),
  own("data-keys"),
];

/** Collections that hold nothing of a workspace, and why. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  people: "a person belongs to no workspace",
  "person-sessions": "a person's, and over two weeks after its last use",
  "session-tokens": "of people's sessions, and gone with them",
  devices: "gone by themselves within twenty minutes; none gets a key of a workspace that is gone",
  "device-codes": "gone with the devices",
  "device-guesses": "how often a person mistyped a code, for ten minutes",
  vault: "a check value of the master key",
  leases: "a name and a number for some seconds, then gone by itself",
  "session-processes": "which processes there are",
  "workspace-removals": "numbers of workspaces that are being made or removed",
};

/** Counters of a workspace, and the channels that are called like them. */
const COUNTERS = ["events"];

/** Removes every record, counter and kept message of a workspace; what is gone already is no matter. */
export async function removeHoldings(store: Store, workspace: number): Promise<void> {
  for (const holding of HOLDINGS) await holding.remove(store, workspace);
  for (const counter of COUNTERS) await store.forget(`${counter}:${workspace}`);
}

const gone = (collection: string, id: string) => ({ kind: "remove", collection, id }) as const;

/** Walks the numbered records of a workspace, from the first to the last. */
async function forEachNumbered<T>(
  store: Store,
  collection: string,
  visit: (record: Stored<T>) => Promise<void>,
): Promise<void> {
  const orderOfId = ({ id }: Stored<T>) => orderOf(Number(id));
  for await (const record of walk<T>(store, collection, { limit: PAGE, orderOf: orderOfId })) await visit(record);
}
