import { setTimeout as sleep } from "node:timers/promises";
import type { Credentials } from "../../connectors/api.js";
import type { App, AppSlug } from "../../connectors/app.js";
import type { OAuth, Tokens } from "../../connectors/oauth.js";
import { AppError } from "../../core/errors.js";
import type { Log } from "../../core/log.js";
import type { Store } from "../../store/port.js";
import type { Connection, Connections, HeldConnection } from "./connections.js";
import { takeLease } from "./leases.js";
import { noLongerTaken, notConnected, settingNotTaken } from "./not-connected.js";

/** A token from the settings, and the setting's name. */
export interface EnvironmentToken {
  readonly setting: string;
  readonly token: string;
}

/** How long one process may take to renew a token before another tries, and how long others wait, in milliseconds. */
const LEASE_MS = 30_000;
const WAIT_MS = 20_000;
/** How long a renewed token waits for a store that is away, within the lease and after the provider took its 10 s. */
const STORE_WAIT_MS = 15_000;
const STORE_RETRY_MS = 250;

export interface CredentialsOptions {
  readonly store: Store;
  readonly connections: Connections;
  readonly oauth: OAuth;
  /** Tokens that stand in where a workspace has no connection of its own. */
  readonly environment: ReadonlyMap<AppSlug, EnvironmentToken>;
  /** Tells an error by which a provider refuses a grant for good. */
  readonly isRefused: (thrown: unknown) => boolean;
  readonly log: Log;
  readonly now: () => number;
}

/**
 * The credentials of one workspace's connection of an app. However many calls, of however many processes, need a new token
 * at the same moment, the provider is asked for one once.
 */
export function credentialsFor(
  options: CredentialsOptions,
  workspace: number,
  app: App,
  signal: AbortSignal,
): Credentials {
  const { store, connections, oauth, environment, isRefused, log, now } = options;
  const ofSettings = environment.get(app.slug);

  const held = async (): Promise<HeldConnection> => {
    const found = await connections.find(workspace, app.slug);
    if (!found) throw notConnected(app);
    if (found.connection.refused) throw noLongerTaken(app);
    return found;
  };

  const markRefused = async (found: HeldConnection): Promise<AppError> => {
    await connections.replace(workspace, app.slug, found, { ...found.connection, refused: true });
    return noLongerTaken(app);
  };

  /** Under the lease: the provider is asked unless somebody else was faster. */
  const refresh = async (isStale: (tokens: Tokens) => boolean): Promise<Connection | undefined> => {
    const found = await held();
    const { tokens } = found.connection;
    if (!isStale(tokens)) return found.connection;
    if (tokens.refreshToken === undefined) throw await markRefused(found);
    const renewed = await oauth.refresh(app, tokens.refreshToken).catch(async (thrown: unknown) => {
      throw isRefused(thrown) ? await markRefused(found) : thrown;
    });
    return keep(found, { ...scopesOf(tokens), ...renewed });
  };

  /**
   * Keeps what the provider gave for what was found, which it may not take any longer: where the record was sealed anew
   * meanwhile, and once a store is back that went away. Undefined where the connection is gone, or another one.
   */
  const keep = async (found: HeldConnection, tokens: Tokens): Promise<Connection | undefined> => {
    const connection: Connection = { ...found.connection, tokens };
    const patient = patientFor(STORE_WAIT_MS);
    for (let before: HeldConnection | undefined = found; before;) {
      const held = before;
      if (await patient(() => connections.replace(workspace, app.slug, held, connection))) return connection;
      before = await patient(() => connections.find(workspace, app.slug));
      const now = before?.connection.tokens;
      // It was kept after all, although the store did not get to say so.
      if (now && isSame(now, tokens)) return before?.connection;
      if (now && !isSame(now, found.connection.tokens)) return undefined;
    }
    // Disconnected meanwhile: nobody may be left with a token of it.
    await oauth.revoke(app, tokens).catch((err: unknown) => {
      log.warn({ err, app: app.slug }, "a token that was renewed during a disconnect could not be revoked");
    });
    return undefined;
  };

  const fresh = async (isStale: (tokens: Tokens) => boolean): Promise<Connection> => {
    const deadline = now() + WAIT_MS;
    for (;;) {
      const { connection } = await held();
      if (!isStale(connection.tokens)) return connection;
      const release = await takeLease(store, `connection:${workspace}:${app.slug}`, LEASE_MS);
      if (release) {
        const renewed = await refresh(isStale).finally(release);
        if (renewed) return renewed;
      } else if (now() > deadline) {
        throw new AppError("TIMEOUT", `${app.title}'s token is being renewed and that takes long; try again.`);
      } else await sleep(30 + Math.random() * 70, undefined, { signal });
    }
  };

  const isDue = ({ renewAt, expiresAt, refreshToken }: Tokens): boolean => {
    const end = refreshToken === undefined ? expiresAt : renewAt;
    return end !== undefined && end <= now();
  };

  return {
    async token() {
      if (ofSettings && !(await connections.find(workspace, app.slug))) return ofSettings.token;
      return (await fresh(isDue)).tokens.accessToken;
    },
    async renewed(refused) {
      if (refused === ofSettings?.token) throw settingNotTaken(app, ofSettings.setting);
      return (await fresh(({ accessToken }) => accessToken === refused)).tokens.accessToken;
    },
    async lost(refused) {
      const found = await held();
      return found.connection.tokens.accessToken === refused ? markRefused(found) : noLongerTaken(app);
    },
  };
}

/** Tries again where the store is away, for so many milliseconds with all that is tried. */
function patientFor(ms: number) {
  const deadline = performance.now() + ms;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await work();
      } catch (thrown) {
        const isAway = thrown instanceof AppError && thrown.code === "STORE_UNAVAILABLE";
        if (!isAway || performance.now() > deadline) throw thrown;
        await sleep(STORE_RETRY_MS);
      }
    }
  };
}

/** A provider may give the access token that was there with another refresh token. */
function isSame(one: Tokens, other: Tokens): boolean {
  return one.accessToken === other.accessToken && one.refreshToken === other.refreshToken;
}

/** A provider need not repeat the scopes when it renews a token. */
function scopesOf({ scopes }: Tokens): Pick<Tokens, "scopes"> {
  return scopes ? { scopes } : {};
}
