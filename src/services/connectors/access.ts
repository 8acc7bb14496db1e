import type { ApiOptions, Credentials } from "../../connectors/api.js";
import type { Api, App, AppSlug, Provider } from "../../connectors/app.js";
import type { OAuth } from "../../connectors/oauth.js";
import { AppError, notFound } from "../../core/errors.js";
import type { Log } from "../../core/log.js";
import type { Origin } from "../../core/untrusted.js";
import type { Store } from "../../store/port.js";
import type { Vault } from "../../vault/vault.js";
import { type Connections, createConnections } from "./connections.js";
import { credentialsFor, type EnvironmentToken } from "./credentials.js";
import { noLongerTaken, notConnected } from "./not-connected.js";

/** What the apps need of the world outside. */
export interface AppsOutside {
  readonly apps: readonly App[];
  readonly oauth: OAuth;
  /** Tells an error by which a provider refuses a grant for good. */
  readonly isRefused: (thrown: unknown) => boolean;
  readonly apiUrl: (provider: Provider) => string;
  readonly createApi: (options: Pick<ApiOptions, "app" | "baseUrl" | "credentials" | "read" | "signal">) => Api;
  readonly environment: ReadonlyMap<AppSlug, EnvironmentToken>;
}

/** A way to use an app for one workspace. */
export interface OpenApp {
  readonly app: App;
  readonly api: Api;
  /** Where what comes through the API is from; asks the provider for the account where nobody knows it yet. */
  origin(): Promise<Origin>;
}

/** The apps, as far as a workspace may use them. */
export interface Access extends AppsOutside {
  readonly connections: Connections;
  /** By its slug; throws `NOT_FOUND`. */
  appOf(slug: string): App;
  isConnected(workspace: number, app: App): Promise<boolean>;
  /** Throws `TOOL_NOT_CONNECTED` where the app cannot be used. */
  require(workspace: number, app: App): Promise<void>;
  /** Throws `TOOL_NOT_CONNECTED`; with `read`, nothing that goes through it changes anything. */
  open(
    workspace: number,
    slug: string,
    how: { readonly read: boolean; readonly signal: AbortSignal },
  ): Promise<OpenApp>;
  apiWith(app: App, credentials: Credentials, read: boolean, signal: AbortSignal): Api;
}

export interface AccessOptions extends AppsOutside {
  readonly store: Store;
  readonly vault: Vault;
  readonly log: Log;
  readonly now: () => number;
}

/** Access to the apps over the workspaces' connections. */
export function createAccess(options: AccessOptions): Access {
  const { apps, store, vault, log, environment, apiUrl, createApi } = options;
  const connections = createConnections(store, vault);
  const credentialOptions = { ...options, connections };
  const bySlug = new Map<string, App>(apps.map((app) => [app.slug, app]));
  /** Accounts of the tokens of the settings, once they are known. */
  const accounts = new Map<AppSlug, string>();

  const apiWith = (app: App, credentials: Credentials, read: boolean, signal: AbortSignal): Api =>
    createApi({ app, baseUrl: apiUrl(app.provider), credentials, read, signal });

  const originOf = async (workspace: number, app: App, signal: AbortSignal): Promise<Origin> => {
    const own = await connections.find(workspace, app.slug);
    if (own) return { app: app.slug, account: own.connection.account };
    const known = accounts.get(app.slug);
    if (known !== undefined) return { app: app.slug, account: known };
    const credentials = credentialsFor(credentialOptions, workspace, app, signal);
    const account = await app.account(apiWith(app, credentials, true, signal)).catch((thrown: unknown) => {
      if (thrown instanceof AppError && thrown.code === "TOOL_NOT_CONNECTED") throw thrown;
      log.warn({ err: thrown, app: app.slug }, "whose token the settings hold could not be found out");
      return undefined;
    });
    if (account !== undefined) accounts.set(app.slug, account);
    return { app: app.slug, account };
  };

  const access: Access = {
    ...options,
    connections,
    appOf(slug) {
      const app = bySlug.get(slug);
      if (!app) throw notFound("app", slug, "list-connectors");
      return app;
    },
    async isConnected(workspace, app) {
      const found = await connections.find(workspace, app.slug);
      return found ? !found.connection.refused : environment.has(app.slug);
    },
    async require(workspace, app) {
      const found = await connections.find(workspace, app.slug);
      if (found?.connection.refused) throw noLongerTaken(app);
      if (!found && !environment.has(app.slug)) throw notConnected(app);
    },
    async open(workspace, slug, { read, signal }) {
      const app = access.appOf(slug);
      await access.require(workspace, app);
      const api = apiWith(app, credentialsFor(credentialOptions, workspace, app, signal), read, signal);
      return { app, api, origin: () => originOf(workspace, app, signal) };
    },
    apiWith,
  };
  return access;
}
