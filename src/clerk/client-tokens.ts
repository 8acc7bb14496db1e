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
export function createClientTokens(store: Pick<Store, "documents">, vault: Vault): ClientTokenStore {
  const documents = store.documents("clerk-clients");
  const idOf = ({ workspace, caller, instance }: ClientHolder) => `${workspace}:${caller}:${instance}`;
  const recordOf = (holder: ClientHolder) => `clerk-client:${idOf(holder)}`;
  return {
    async get(holder) {
      const sealed: unknown = await documents.get(idOf(holder));
      if (typeof sealed !== "string") return {};
      return JSON.parse(await vault.open(holder.workspace, recordOf(holder), sealed)) as ClientTokens;
    },
    async set(holder, tokens) {
      if (tokens.client === undefined && tokens.devBrowser === undefined) {
        await documents.delete(idOf(holder));
        return;
      }
      const sealed = await vault.seal(holder.workspace, recordOf(holder), JSON.stringify(tokens));
      await documents.set(idOf(holder), sealed, LIFETIME_MS);
    },
  };
}
