import { createHash } from "node:crypto";
import { z } from "zod";
import { jsonIn } from "../core/decoding.js";
import { AppError, quote } from "../core/errors.js";
import { visible } from "../core/visible.js";
import type { Incoming, Outgoing } from "../outgoing/send.js";
import type { App, Provider } from "./app.js";
import { withoutToken } from "./provider-failure.js";
import type { ProviderSettings } from "./settings.js";

/** What a provider gave for one account. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken?: string;
  /** Milliseconds since 1970; absent for a token without an end. */
  readonly expiresAt?: number;
  /** When to ask for another one, a little before its end. */
  readonly renewAt?: number;
  /** As the provider granted them; absent where it does not say. */
  readonly scopes?: readonly string[];
}

/** The provider does not take a code or a refresh token, or not any longer: only the person can help. */
export class GrantRefused extends Error {
  override readonly name = "GrantRefused";

  constructor(
    /** What the provider says, which may be anything. */
    readonly reason: string,
  ) {
    super("the provider refused the grant");
  }
}

/** OAuth 2 with the providers of the apps. */
export interface OAuth {
  /** Throws `CONNECTOR_NOT_CONFIGURED` where the provider's client is not set. */
  requireConfigured(app: App): void;
  isConfigured(app: App): boolean;
  /** The page of the provider that asks the person: authorization code with PKCE (S256). */
  authorizeUrl(app: App, request: { state: string; verifier: string; redirectUri: string }): string;
  /** Throws {@link GrantRefused}, or an `AppError` where the provider fails. */
  exchange(app: App, request: { code: string; verifier: string; redirectUri: string }): Promise<Tokens>;
  /** As {@link OAuth.exchange}; the old refresh token stays where the provider gives no new one. */
  refresh(app: App, refreshToken: string): Promise<Tokens>;
  /** Has the provider forget what it granted; throws an `AppError` where it did not say that it has. */
  revoke(app: App, tokens: Tokens): Promise<void>;
}

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 64 * 1024;

interface Client extends ProviderSettings {
  readonly clientId: string;
  readonly clientSecret: string;
}

interface TokenRequest {
  readonly method: "POST" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How the providers differ: where the client's own secret goes, and what revokes a token. */
const DIALECTS: Readonly<
  Record<
    Provider,
    {
      readonly token: (client: Client, fields: Readonly<Record<string, string>>) => TokenRequest;
      readonly revoke: (client: Client, tokens: Tokens) => TokenRequest;
      /** With which a token is refused that is no longer good anyway. */
      readonly alreadyRevoked: number;
    }
  >
> = {
  GITHUB: {
    token: ({ clientId, clientSecret }, fields) =>
      form({ ...fields, client_id: clientId, client_secret: clientSecret }),
    revoke: (client, { accessToken }) => ({
      ...json({ access_token: accessToken }, { ...basic(client), accept: "application/vnd.github+json" }),
      method: "DELETE",
    }),
    alreadyRevoked: 422,
  },
  GOOGLE: {
    token: ({ clientId, clientSecret }, fields) =>
      form({ ...fields, client_id: clientId, client_secret: clientSecret }),
    revoke: (_client, { accessToken, refreshToken }) => form({ token: refreshToken ?? accessToken }),
    alreadyRevoked: 400,
  },
  NOTION: {
    token: (client, fields) => json(fields, basic(client)),
    revoke: (client, { accessToken }) => json({ token: accessToken }, basic(client)),
    alreadyRevoked: 404,
  },
};

function form(fields: Readonly<Record<string, string>>): TokenRequest {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return { method: "POST", headers, body: new URLSearchParams(fields).toString() };
}

function json(fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>>): TokenRequest {
  return { method: "POST", headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(fields) };
}

function basic({ clientId, clientSecret }: Client): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}` };
}

/** OAuth over the way out; a token endpoint is asked once, whatever becomes of it. */
export function createOAuth(options: {
  readonly settingsOf: (provider: Provider) => ProviderSettings;
  readonly outgoing: Outgoing;
  readonly userAgent: string;
  readonly now: () => number;
}): OAuth {
  const { settingsOf, outgoing, userAgent, now } = options;

  const clientOf = (app: App): Client => {
    const { clientId, clientSecret, ...rest } = settingsOf(app.provider);
    if (clientId !== undefined && clientSecret !== undefined) return { ...rest, clientId, clientSecret };
    throw notConfigured(app);
  };

  const send = (app: App, url: string, { method, headers, body }: TokenRequest): Promise<Incoming> =>
    outgoing.send({
      who: app.title,
      method,
      url: new URL(url),
      headers: { accept: "application/json", "user-agent": userAgent, ...headers },
      body,
      read: false,
      maxBytes: MAX_BYTES,
      timeoutMs: TIMEOUT_MS,
      // One caller that leaves must not lose what the provider may have changed already.
      signal: new AbortController().signal,
    });

  const ask = async (app: App, fields: Readonly<Record<string, string>>): Promise<Tokens> => {
    const client = clientOf(app);
    const answer = await send(app, client.tokenUrl, DIALECTS[app.provider].token(client, fields));
    const { code, refresh_token, code_verifier } = fields;
    const secrets = [client.clientSecret, code, refresh_token, code_verifier].filter((text) => text !== undefined);
    return tokensOf(app, answer, now(), secrets);
  };

  return {
    requireConfigured: (app) => void clientOf(app),
    isConfigured(app) {
      const { clientId, clientSecret } = settingsOf(app.provider);
      return clientId !== undefined && clientSecret !== undefined;
    },
    authorizeUrl(app, { state, verifier, redirectUri }) {
      const { authorizeUrl, clientId } = clientOf(app);
      const url = new URL(authorizeUrl);
      const parameters = {
        ...app.authorizeParams,
        response_type: "code",
        client_id: clientId,
        redirect_uri: redirectUri,
        ...(app.scopes.length > 0 && { scope: app.scopes.join(" ") }),
        state,
        code_challenge: createHash("sha256").update(verifier).digest("base64url"),
        code_challenge_method: "S256",
      };
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
      return url.href;
    },
    exchange: (app, { code, verifier, redirectUri }) =>
      ask(app, { grant_type: "authorization_code", code, redirect_uri: redirectUri, code_verifier: verifier }),
    async refresh(app, refreshToken) {
      const tokens = await ask(app, { grant_type: "refresh_token", refresh_token: refreshToken });
      return { refreshToken, ...tokens };
    },
    async revoke(app, tokens) {
      const client = clientOf(app);
      const url = client.revokeUrl.replaceAll("{client_id}", encodeURIComponent(client.clientId));
      const { revoke, alreadyRevoked } = DIALECTS[app.provider];
      const { status } = await send(app, url, revoke(client, tokens));
      if (status < 300 || status === alreadyRevoked) return;
      throw new AppError("UPSTREAM_FAILED", `${app.title} did not revoke the token (status ${status}).`);
    },
  };
}

function notConfigured({ title, provider }: App): AppError {
  const other = provider === "GITHUB" ? ", or a token as GITHUB_TOKEN," : "";
  return new AppError(
    "CONNECTOR_NOT_CONFIGURED",
    `This server cannot connect ${title} yet: set ${provider}_CLIENT_ID and ${provider}_CLIENT_SECRET to those of an OAuth application${other} and start it again.`,
  );
}

const text = z.string().min(1).max(16_384);

const success = z.object({
  access_token: text,
  refresh_token: text.nullish(),
  expires_in: z.coerce.number().positive().nullish().catch(undefined),
  scope: z.string().nullish(),
});

const failure = z.object({ error: z.string(), error_description: z.string().optional() });

/** Errors after which a code or a refresh token will never be taken. */
const GRANT_ERRORS = new Set(["invalid_grant", "bad_verification_code", "bad_refresh_token", "expired_token"]);

/** Errors about this server's own client: nothing that the person could mend. */
const CLIENT_ERRORS = new Set(["invalid_client", "unauthorized_client", "incorrect_client_credentials"]);

function tokensOf(app: App, { status, content }: Incoming, now: number, secrets: readonly string[]): Tokens {
  const body = jsonIn(content.toString());
  // GitHub tells its errors with status 200.
  const failed = failure.safeParse(body);
  if (failed.success) throw refused(app, failed.data, secrets);
  const granted = success.safeParse(body);
  if (status >= 300 || !granted.success) {
    throw new AppError("UPSTREAM_FAILED", `${app.title} gave no token (status ${status}); try again in a moment.`);
  }
  const { access_token, refresh_token, expires_in, scope } = granted.data;
  return {
    accessToken: access_token,
    ...(refresh_token && { refreshToken: refresh_token }),
    ...(expires_in && lifetimeOf(expires_in * 1000, now)),
    ...(scope && { scopes: scope.split(/[\s,]+/).filter((name) => name !== "") }),
  };
}

function lifetimeOf(ms: number, now: number): Pick<Tokens, "expiresAt" | "renewAt"> {
  return { expiresAt: now + ms, renewAt: now + ms - Math.min(60_000, ms / 10) };
}

function refused(
  app: App,
  { error, error_description: description = "" }: z.output<typeof failure>,
  secrets: readonly string[],
): Error {
  if (GRANT_ERRORS.has(error)) {
    const said = secrets.reduce(withoutToken<string>, `${error} ${description}`);
    return new GrantRefused(visible(said).slice(0, 300));
  }
  if (!CLIENT_ERRORS.has(error)) {
    return new AppError("UPSTREAM_FAILED", `${app.title} gave no token: ${quote(error)}; try again in a moment.`);
  }
  return new AppError(
    "UPSTREAM_FAILED",
    `${app.title} does not know this server's client (${quote(error)}); its operator has to check ${app.provider}_CLIENT_ID and ${app.provider}_CLIENT_SECRET.`,
  );
}
