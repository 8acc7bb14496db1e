import { setTimeout as sleep } from "node:timers/promises";
import type { Credentials } from "../../connectors/api.js";
import type { App, AppSlug } from "../../connectors/app.js";
import type { Tokens } from "../../connectors/oauth.js";
import { AppError, quote } from "../../core/errors.js";
import type { Log } from "../../core/log.js";
import type { ConnectorView } from "../../core/shapes/connector.js";
import type { Store } from "../../store/port.js";
import type { Vault } from "../../vault/vault.js";
import type { Access } from "./access.js";
import { createAuthorizations, LIFETIME_SECONDS } from "./authorizations.js";
import type { HeldConnection } from "./connections.js";
import { notConnected } from "./not-connected.js";
import { standingWith } from "./status.js";

/** What a provider's answer comes back with. */
export interface ProviderReply {
  readonly state?: string | undefined;
  readonly code?: string | undefined;
  readonly error?: string | undefined;
  readonly error_description?: string | undefined;
  /** What the browser was given when it opened the link. */
  readonly browser?: string | undefined;
}

/** How connections come and go. */
export interface Connecting {
  /** A link for the person, good once, for `expires_in` seconds; throws `CONNECTOR_NOT_CONFIGURED`. */
  begin(
    who: { workspace: number; person: number },
    slug: string,
  ): Promise<{ url: string; state: string; expires_in: number }>;
  /** The provider's page for a link that was opened, and what the browser has to keep for these addresses. */
  start(
    slug: string,
    state: string,
    browser: string | undefined,
  ): Promise<{ location: string; browser: string; path: string; secure: boolean; seconds: number }>;
  /** Makes the connection that a provider's answer allows; throws a sentence for the person where it does not. */
  finish(slug: string, reply: ProviderReply, signal: AbortSignal): Promise<ConnectorView>;
  /** How it stands once an app was connected within the last ten minutes, or after so many milliseconds. */
  settled(workspace: number, slug: string, ms: number, signal: AbortSignal): Promise<ConnectorView>;
  /** Has the provider revoke the tokens and forgets them, the latter in any case. */
  disconnect(
    workspace: number,
    slug: string,
  ): Promise<{ app: string; disconnected: true; revoked: boolean; message: string }>;
}

const LOOK_EVERY_MS = 300;

export function createConnecting(options: {
  readonly access: Access;
  readonly store: Store;
  readonly vault: Vault;
  /** How browsers reach this server; empty where they cannot. */
  readonly publicUrl: () => string;
  readonly log: Log;
  readonly now: () => number;
}): Connecting {
  const { access, store, vault, publicUrl, log, now } = options;
  const { oauth, connections, isRefused } = access;
  const authorizations = createAuthorizations(store, vault);

  const tokensFor = async (app: App, request: Parameters<typeof oauth.exchange>[1]): Promise<Tokens> => {
    try {
      return await oauth.exchange(app, request);
    } catch (thrown) {
      if (!isRefused(thrown)) throw thrown;
      const message = `${app.title} did not take the answer that came back, so nothing was connected; ask for a new link.`;
      throw new AppError("INVALID_INPUT", message, { cause: thrown });
    }
  };

  const revoked = async (app: App, tokens: Tokens): Promise<boolean> => {
    try {
      await oauth.revoke(app, tokens);
      return true;
    } catch (err) {
      log.warn({ err, app: app.slug }, "a token could not be revoked");
      return false;
    }
  };

  const accountOf = async (app: App, tokens: Tokens, signal: AbortSignal): Promise<string> => {
    try {
      return await app.account(access.apiWith(app, fixed(app, tokens), true, signal));
    } catch (thrown) {
      await revoked(app, tokens);
      throw thrown;
    }
  };

  return {
    async begin({ workspace, person }, slug) {
      const app = access.appOf(slug);
      oauth.requireConfigured(app);
      const here = `${address(publicUrl())}/api/v1/connectors/${app.slug}`;
      const redirectUri = `${here}/callback`;
      const state = await authorizations.begin({ app: app.slug, workspace, person, redirectUri });
      return { url: `${here}/start?state=${state}`, state, expires_in: LIFETIME_SECONDS };
    },

    async start(slug, state, given) {
      const app = access.appOf(slug);
      const { authorization, verifier, browser } = await authorizations.open(app.slug, state, given);
      const { redirectUri } = authorization;
      const { pathname, protocol } = new URL(redirectUri);
      return {
        location: oauth.authorizeUrl(app, { state, verifier, redirectUri }),
        browser,
        path: pathname.replace(/\/callback$/, ""),
        secure: protocol === "https:",
        seconds: LIFETIME_SECONDS,
      };
    },

    async finish(slug, { state, code, browser, ...reply }, signal) {
      const app = access.appOf(slug);
      if (state === undefined) throw new AppError("INVALID_INPUT", "The answer of the provider lacks its state.");
      const { authorization, verifier } = await authorizations.take(app.slug, state, browser);
      const { workspace, person, redirectUri } = authorization;
      if (reply.error !== undefined) throw declined(app, reply);
      if (code === undefined) throw new AppError("INVALID_INPUT", `The answer of ${app.title} lacks its code.`);
      const tokens = await tokensFor(app, { code, verifier, redirectUri });
      const account = await accountOf(app, tokens, signal);
      await connections.save(workspace, app.slug, { account, tokens, person, connectedAt: now() });
      log.info({ app: app.slug, workspace, person }, "an app was connected");
      return standingWith(access, workspace, app);
    },

    async settled(workspace, slug, ms, signal) {
      const app = access.appOf(slug);
      const began = now();
      for (;;) {
        const found = await connections.find(workspace, app.slug);
        const isFresh = found !== undefined && found.connection.connectedAt > began - LIFETIME_SECONDS * 1000;
        if (isFresh || now() - began >= ms) return standingWith(access, workspace, app);
        await sleep(LOOK_EVERY_MS, undefined, { signal });
      }
    },

    async disconnect(workspace, slug) {
      const app = access.appOf(slug);
      for (;;) {
        const found = await readable(workspace, app.slug);
        if (!found) throw access.environment.has(app.slug) ? ofSettings(app, access) : notConnected(app);
        if (found === "unreadable") {
          await connections.forget(workspace, app.slug);
          return { app: app.slug, disconnected: true, revoked: false, message: left(app) };
        }
        const done = await revoked(app, found.connection.tokens);
        // Renewed or connected anew meanwhile: those tokens have to go as well.
        if (!(await connections.remove(workspace, app.slug, found))) continue;
        const message = done ? `${app.title} has revoked the access.` : left(app);
        return { app: app.slug, disconnected: true, revoked: done, message };
      }
    },
  };

  async function readable(workspace: number, slug: AppSlug): Promise<HeldConnection | "unreadable" | undefined> {
    try {
      return await connections.find(workspace, slug);
    } catch (thrown) {
      if (thrown instanceof AppError && thrown.code === "SEAL_BROKEN") return "unreadable";
      throw thrown;
    }
  }
}

/** The credentials of a connection that is not kept yet. */
function fixed(app: App, { accessToken }: Tokens): Credentials {
  const lost = new AppError("UPSTREAM_FAILED", `${app.title} refused the token that it had just given; try again.`);
  return {
    token: () => Promise.resolve(accessToken),
    renewed: () => Promise.reject(lost),
    lost: () => Promise.resolve(lost),
  };
}

function address(publicUrl: string): string {
  if (publicUrl !== "") return publicUrl;
  throw new AppError(
    "CONNECTOR_NOT_CONFIGURED",
    "A browser cannot come back to this server, which speaks over stdio only: run clanker-mcp serve with the same CLANKER_HOME, and set CLANKER_PUBLIC_URL to its address here.",
  );
}

function declined(app: App, { error = "", error_description: description }: ProviderReply): AppError {
  if (error === "access_denied")
    return new AppError("DECLINED", `Access was declined at ${app.title}; nothing was connected.`);
  const said = description === undefined ? quote(error) : `${quote(error)} ${quote(description)}`;
  return new AppError(
    "UPSTREAM_FAILED",
    `${app.title} did not grant access, so nothing was connected. It says: ${said}.`,
  );
}

function left(app: App): string {
  return `The tokens are forgotten here, but ${app.title} could not be told: revoke the access in the account's settings there.`;
}

function ofSettings(app: App, { environment }: Access): AppError {
  const setting = environment.get(app.slug)?.setting ?? "";
  return new AppError(
    "ACCESS_DENIED",
    `${app.title} is connected by ${setting}, which only the server's operator can unset; there is nothing to disconnect.`,
  );
}
