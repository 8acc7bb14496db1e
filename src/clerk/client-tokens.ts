import { untilCommitted } from "../store/atomic.js";
import type { Store } from "../store/port.js";
import type { Vault } from "../vault/vault.js";

/** Whose client it is: one caller of one workspace, at one instance. */
export interface ClientHolder {
  readonly workspace: number;
  /** The caller within the workspace, such as `key_3`. */
  readonly caller: string;
  /** The address of the instance's Frontend API: a token is never sent to another. */
  readonly instance: string;
}

/** What the Frontend API knows a caller by. */
export interface ClientTokens {
  readonly client?: string;
  /** A development instance's name for a browser. */
  readonly devBrowser?: string;
}

/** The tokens of each caller, sealed at rest; the last writer wins, since a client is renewed as a whole. */
export interface ClientTokenStore {
  get(holder: ClientHolder): Promise<ClientTokens>;
  /** Replaces what is kept; without tokens it forgets. */
  set(holder: ClientHolder, tokens: ClientTokens): Promise<void>;
}

/** Thirty days after the last change a client is forgotten. */
const LIFETIME_MS = 30 * 24 * 60 * 60 * 1000;

interface SealedTokens {
  readonly sealed: string;
}

const collection = (workspace: number) => `clerk-clients:${workspace}`;

/** Where the sealed tokens are, for a workspace's new data key. */
export const sealedClientTokens = (workspace: number) => ({
  collection: collection(workspace),
  field: "sealed",
  recordId: (id: string) => `clerk-client:${workspace}:${id}`,
});

/** Client tokens over a store, sealed by the vault. */
export function createClientTokens(store: Store, vault: Vault): ClientTokenStore {
  const idOf = ({ caller, instance }: ClientHolder) => `${caller}:${instance}`;
  const recordOf = (holder: ClientHolder) => sealedClientTokens(holder.workspace).recordId(idOf(holder));
  const find = (holder: ClientHolder) => store.get<SealedTokens>(collection(holder.workspace), idOf(holder));
  return {
    async get(holder) {
      const found = await find(holder);
      if (!found) return {};
      return JSON.parse(await vault.open(holder.workspace, recordOf(holder), found.value.sealed)) as ClientTokens;
    },
    async set(holder, tokens) {
      const place = { collection: collection(holder.workspace), id: idOf(holder) };
      if (tokens.client === undefined && tokens.devBrowser === undefined) {
        await store.commit([{ kind: "remove", ...place }]);
        return;
      }
      const sealed = await vault.seal(holder.workspace, recordOf(holder), JSON.stringify(tokens));
      const kept = { ...place, value: { sealed } satisfies SealedTokens, ttlMs: LIFETIME_MS };
      await untilCommitted(async () => {
        const found = await find(holder);
        const held = await store.commit([
          found ? { kind: "replace", ...kept, version: found.version } : { kind: "insert", ...kept, order: place.id },
        ]);
        return held ? { result: undefined } : undefined;
      });
    },
  };
}
