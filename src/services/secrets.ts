import { AppError, notFound, quote } from "../core/errors.js";
import { formatId } from "../core/ids.js";
import type { Page, PageInput } from "../core/page.js";
import type { SecretBinding, SecretView } from "../core/shapes/secret.js";
import { untilCommitted } from "../store/atomic.js";
import type { Change, Store, Stored } from "../store/port.js";
import type { Vault } from "../vault/vault.js";
import type { Marketplace } from "./marketplace/marketplace.js";
import { numberedRecords, orderOf } from "./records.js";

interface SecretRecord {
  readonly name: string;
  /** Counts changes of name and value. */
  readonly revision: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly bindings: readonly { readonly slug: string; readonly envVar: string }[];
}

interface SealedValue {
  readonly sealed: string;
}

/** Which secret a skill has under a name. */
interface BindingRecord {
  readonly secret: number;
}

/** Values that a workspace keeps for its skills: what goes in comes out of {@link Secrets.forSkill} only. */
export interface Secrets {
  page(workspace: number, input: PageInput): Promise<Page<SecretView>>;
  /** Throws `CONFLICT` where the name is taken. */
  create(workspace: number, input: { readonly name: string; readonly value: string }): Promise<SecretView>;
  /** Throws `CONFLICT` where the name is taken, or the version is not the secret's any more. */
  update(
    workspace: number,
    id: string,
    change: {
      readonly name?: string | undefined;
      readonly value?: string | undefined;
      readonly version?: number | undefined;
    },
  ): Promise<SecretView>;
  /** Removes it with its bindings. */
  remove(workspace: number, id: string): Promise<{ id: string; deleted: true }>;
  bindings(workspace: number, slug: string, input: PageInput): Promise<Page<SecretBinding>>;
  /** Throws `CONFLICT` where the skill has another secret under that name. */
  bind(workspace: number, slug: string, id: string, envVar: string): Promise<SecretBinding>;
  /** Ends every binding of the secret to the skill; `NOT_FOUND` where there is none. */
  unbind(workspace: number, slug: string, id: string): Promise<{ id: string; deleted: true }>;
  /** The values of a skill's secrets by the names that they are bound under, for requests that the server sends itself. */
  forSkill(workspace: number, slug: string): Promise<ReadonlyMap<string, string>>;
}

const VALUES = (workspace: number) => `secret-values:${workspace}`;
const NAMES = (workspace: number) => `secret-names:${workspace}`;
const BINDINGS = (workspace: number, slug: string) => `skill-secrets:${workspace}:${slug}`;
const sealedFor = (number: number | string) => `secret:${number}`;

/** More secrets than any skill is bound to. */
const MOST_BINDINGS = 1000;

/** Where the sealed values are, for a workspace's new data key. */
export const sealedSecrets = (workspace: number) => ({
  collection: VALUES(workspace),
  field: "sealed",
  recordId: sealedFor,
  orderOf: (id: string) => orderOf(Number(id)),
});

/** The secrets service. Values are sealed for their record; names are unique within a workspace. */
export function createSecrets(options: {
  store: Store;
  vault: Vault;
  marketplace: Marketplace;
  now: () => number;
}): Secrets {
  const { store, vault, marketplace, now } = options;
  const records = numberedRecords<SecretRecord>(store, {
    kind: "secret",
    called: "secret",
    lister: "list-secrets",
    tags: ({ bindings }) => [...new Set(bindings.map(({ slug }) => `skill:${slug}`))],
  });

  const valueOf = async (workspace: number, number: number, value: string): Promise<SealedValue> => ({
    sealed: await vault.seal(workspace, sealedFor(number), value),
  });
  const nameIsTaken = async (workspace: number, name: string) =>
    (await store.get(NAMES(workspace), name)) !== undefined;
  const requireSkill = (slug: string) => {
    if (!marketplace.pack(slug)) throw notFound("skill", slug, "browse-marketplace");
  };

  return {
    page: (workspace, input) => records.page(workspace, input, [], viewOf),

    async create(workspace, { name, value }) {
      const number = await records.next();
      const at = now();
      const record: SecretRecord = { name, revision: 1, createdAt: at, updatedAt: at, bindings: [] };
      const held = await store.commit([
        records.insert(workspace, number, record),
        { kind: "insert", collection: NAMES(workspace), id: name, value: { secret: number } },
        {
          kind: "insert",
          collection: VALUES(workspace),
          id: String(number),
          value: await valueOf(workspace, number, value),
          order: orderOf(number),
        },
      ]);
      if (!held) throw taken(name);
      return viewOf(record, formatId("secret", number));
    },

    update: (workspace, id, { name, value, version }) =>
      untilCommitted(async () => {
        const found = await records.get(workspace, id);
        const before = found.value;
        if (version !== undefined && version !== before.revision) throw stale(found);
        const renamed = name !== undefined && name !== before.name ? name : undefined;
        if (renamed !== undefined && (await nameIsTaken(workspace, renamed))) throw taken(renamed);
        const record: SecretRecord = {
          ...before,
          name: name ?? before.name,
          revision: before.revision + 1,
          updatedAt: now(),
        };
        const held = await store.commit([
          records.replace(workspace, found, record),
          ...(renamed === undefined
            ? []
            : ([
                { kind: "remove", collection: NAMES(workspace), id: before.name },
                {
                  kind: "insert",
                  collection: NAMES(workspace),
                  id: renamed,
                  value: { secret: Number(found.id) },
                },
              ] satisfies Change[])),
          ...(value === undefined ? [] : await replacedValue(workspace, found.id, value)),
        ]);
        return held ? { result: viewOf(record, formatId("secret", Number(found.id))) } : undefined;
      }),

    remove: (workspace, id) =>
      untilCommitted(async () => {
        const found = await records.get(workspace, id);
        const held = await store.commit([
          records.remove(workspace, found),
          { kind: "remove", collection: NAMES(workspace), id: found.value.name },
          { kind: "remove", collection: VALUES(workspace), id: found.id },
          ...found.value.bindings.map(({ slug, envVar }) => removedBinding(workspace, slug, envVar)),
        ]);
        return held ? { result: deleted(found) } : undefined;
      }),

    async bindings(workspace, slug, input) {
      requireSkill(slug);
      const page = await records.page(workspace, input, [`skill:${slug}`], (record, id) => ({ record, id }));
      const data = page.data.flatMap(({ record, id }) =>
        record.bindings
          .filter((binding) => binding.slug === slug)
          .map(({ envVar }) => ({ id, name: record.name, slug, envVar })),
      );
      return { ...page, data };
    },

    async bind(workspace, slug, id, envVar) {
      requireSkill(slug);
      return untilCommitted(async () => {
        const found = await records.get(workspace, id);
        const secret = Number(found.id);
        const binding = { id: formatId("secret", secret), name: found.value.name, slug, envVar };
        const there = await store.get<BindingRecord>(BINDINGS(workspace, slug), envVar);
        if (there && there.value.secret !== secret) throw bound(slug, envVar, there.value.secret);
        if (there) return { result: binding };
        const bindings = [...found.value.bindings, { slug, envVar }];
        const value: BindingRecord = { secret };
        const held = await store.commit([
          records.replace(workspace, found, { ...found.value, bindings }),
          { kind: "insert", collection: BINDINGS(workspace, slug), id: envVar, value, order: envVar },
        ]);
        return held ? { result: binding } : undefined;
      });
    },

    unbind: (workspace, slug, id) =>
      untilCommitted(async () => {
        const found = await records.get(workspace, id);
        const ended = found.value.bindings.filter((binding) => binding.slug === slug);
        if (ended.length === 0) throw notFound(`secret bound to the skill ${quote(slug)}`, id, "list-skill-secrets");
        const bindings = found.value.bindings.filter((binding) => binding.slug !== slug);
        const held = await store.commit([
          records.replace(workspace, found, { ...found.value, bindings }),
          ...ended.map(({ envVar }) => removedBinding(workspace, slug, envVar)),
        ]);
        return held ? { result: deleted(found) } : undefined;
      }),

    async forSkill(workspace, slug) {
      const { rows } = await store.page<BindingRecord>(BINDINGS(workspace, slug), {
        direction: "ascending",
        limit: MOST_BINDINGS,
      });
      const values = await Promise.all(
        rows.map(async ({ id: envVar, value: { secret } }) => {
          const kept = await store.get<SealedValue>(VALUES(workspace), String(secret));
          return kept && ([envVar, await vault.open(workspace, sealedFor(secret), kept.value.sealed)] as const);
        }),
      );
      return new Map(values.filter((entry) => entry !== undefined));
    },
  };

  async function replacedValue(workspace: number, id: string, value: string): Promise<Change[]> {
    const kept = await store.get(VALUES(workspace), id);
    if (!kept) return [];
    const sealed = await valueOf(workspace, Number(id), value);
    return [{ kind: "replace", collection: VALUES(workspace), id, version: kept.version, value: sealed }];
  }
}

const removedBinding = (workspace: number, slug: string, envVar: string): Change => ({
  kind: "remove",
  collection: BINDINGS(workspace, slug),
  id: envVar,
});

const deleted = ({ id }: Stored) => ({ id: formatId("secret", Number(id)), deleted: true as const });

function viewOf({ name, revision, createdAt, updatedAt, bindings }: SecretRecord, id: string): SecretView {
  return {
    id,
    name,
    version: revision,
    created_at: new Date(createdAt).toISOString(),
    updated_at: new Date(updatedAt).toISOString(),
    skills: bindings.map(({ slug, envVar }) => ({ slug, envVar })),
  };
}

function taken(name: string): AppError {
  return new AppError(
    "CONFLICT",
    `There is a secret named ${quote(name)} already; choose another name, or change that one with update-secret.`,
    { fields: { retryable: false } },
  );
}

function stale({ id, value }: Stored<SecretRecord>): AppError {
  const secret = formatId("secret", Number(id));
  return new AppError(
    "CONFLICT",
    `${secret} was changed meanwhile; look at it with list-secrets and send the version that it has now.`,
    { details: { version: value.revision }, fields: { retryable: false } },
  );
}

function bound(slug: string, envVar: string, secret: number): AppError {
  const id = formatId("secret", secret);
  return new AppError(
    "CONFLICT",
    `The skill ${quote(slug)} has ${id} as ${envVar} already; end that with unbind-skill-secret first.`,
    { fields: { retryable: false } },
  );
}
