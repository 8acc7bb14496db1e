import type { AppSlug } from "../../connectors/app.js";
import type { Tokens } from "../../connectors/oauth.js";
import { untilCommitted } from "../../store/atomic.js";
import type { Store } from "../../store/port.js";
import type { Vault } from "../../vault/vault.js";

/** A workspace's way into an app. */
export interface Connection {
  readonly account: string;
  readonly tokens: Tokens;
  readonly person: number;
  /** Milliseconds since 1970. */
  readonly connectedAt: number;
  /** The provider no longer takes it; only connecting anew helps. */
  readonly refused?: true;
}

/** A connection as it was read, so that it can be replaced only where it still is the same. */
export interface HeldConnection {
  readonly connection: Connection;
  readonly version: number;
}

/** The connections of every workspace, one an app, whole and sealed: `SEAL_BROKEN` for one that was tampered with. */
export interface Connections {
  find(workspace: number, app: AppSlug): Promise<HeldConnection | undefined>;
  /** Whatever was there is forgotten. */
  save(workspace: number, app: AppSlug, connection: Connection): Promise<void>;
  /** False where it has changed since it was read, or is gone. */
  replace(workspace: number, app: AppSlug, held: HeldConnection, connection: Connection): Promise<boolean>;
  /** False where it has changed since it was read, or is gone. */
  remove(workspace: number, app: AppSlug, held: HeldConnection): Promise<boolean>;
  /** Forgets it unread; false where there was none. */
  forget(workspace: number, app: AppSlug): Promise<boolean>;
}

interface SealedRecord {
  readonly sealed: string;
}

const collection = (workspace: number) => `connections:${workspace}`;
const sealedFor = (app: string) => `connection:${app}`;

/** Where the sealed connections are, for a workspace's new data key; ids are the apps' slugs. */
export const sealedConnections = (workspace: number) => ({
  collection: collection(workspace),
  field: "sealed",
  recordId: sealedFor,
});

/** Connections over a store, sealed by the vault for their workspace and app. */
export function createConnections(store: Store, vault: Vault): Connections {
  const sealed = async (workspace: number, app: AppSlug, connection: Connection): Promise<SealedRecord> => ({
    sealed: await vault.seal(workspace, sealedFor(app), JSON.stringify(connection)),
  });

  return {
    async find(workspace, app) {
      const found = await store.get<SealedRecord>(collection(workspace), app);
      if (!found) return undefined;
      const text = await vault.open(workspace, sealedFor(app), found.value.sealed);
      return { connection: JSON.parse(text) as Connection, version: found.version };
    },

    async save(workspace, app, connection) {
      const value = await sealed(workspace, app, connection);
      const place = { collection: collection(workspace), id: app, value };
      await untilCommitted(async () => {
        const found = await store.get(place.collection, app);
        const held = await store.commit([
          found ? { kind: "replace", ...place, version: found.version } : { kind: "insert", ...place },
        ]);
        return held ? { result: undefined } : undefined;
      });
    },

    async replace(workspace, app, { version }, connection) {
      const value = await sealed(workspace, app, connection);
      return store.commit([{ kind: "replace", collection: collection(workspace), id: app, version, value }]);
    },

    remove: (workspace, app, { version }) =>
      store.commit([{ kind: "remove", collection: collection(workspace), id: app, version }]),

    forget: (workspace, app) => store.commit([{ kind: "remove", collection: collection(workspace), id: app }]),
  };
}
