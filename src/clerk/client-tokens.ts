import { createIfAbsent, untilCommitted, update } from "../store/atomic.js";
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

/** Client tokens over a store, sealed by the vault. */
export function createClientTokens(store: Store, vault: Vault): ClientTokenStore {
  const placeOf = ({ workspace, caller, instance }: ClientHolder) => ({
    collection: `clerk-clients:${workspace}`,
    id: `${caller}:${instance}`,
  });
  const recordOf = ({ workspace, caller, instance }: ClientHolder) => `clerk-client:${workspace}:${caller}:${instance}`;
  return {
    async get(holder) {
      const { collection, id } = placeOf(holder);
      const found = await store.get<string>(collection, id);
      if (!found) return {};
      return JSON.parse(await vault.open(holder.workspace, recordOf(holder), found.value)) as ClientTokens;
    },
    async set(holder, tokens) {
      if (tokens.client === undefined && tokens.devBrowser === undefined) {
        await store.commit([{ kind: "remove", ...placeOf(holder) }]);
        return;
      }
      const sealed = await vault.seal(holder.workspace, recordOf(holder), JSON.stringify(tokens));
      const { collection, id } = placeOf(holder);
      const value = { value: sealed, ttlMs: LIFETIME_MS };
      await untilCommitted(async () => {
        if (await update<string>(store, collection, id, () => value)) return { result: undefined };
        return (await createIfAbsent(store, { collection, id, ...value })) ? { result: undefined } : undefined;
      });
    },
  };
}
