import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Environment } from "./program.js";
import { listen, type Listening, receive, type Received, type Reply } from "./listening.js";

/** A Google whose tokens end when the test says so; everything that it was asked is kept. */
export interface ProviderStandIn extends Listening {
  readonly received: Received[];
  /** Settings that lead the program here. */
  readonly env: Environment;
  /** What the person's consent gives for the parameters of an authorize page. */
  agree(parameters: URLSearchParams): string;
  /** Seconds that the next access tokens live; undefined for ones without an end. */
  lifetime: number | undefined;
  /** Whether a consent comes with a refresh token. */
  renews: boolean;
  /** Milliseconds that the token endpoint takes to answer what it has done already. */
  slowness: number;
  /** What the token endpoint waits for before it answers, where a test decides when. */
  held?: Promise<void>;
  /** Milliseconds that the API takes to answer what it has done already. */
  apiSlowness: number;
  /** What the token endpoint, or the API, answers instead of what it should. */
  failing: { token?: Reply; api?: Reply; revoke?: Reply };
  /** Access tokens that were given out are no longer taken. */
  forgetAccess(): void;
  /** Nothing that was given out is taken any longer. */
  revokeAll(): void;
  /** How often the token endpoint was asked for this kind of grant. */
  asked(grant: "authorization_code" | "refresh_token"): number;
}

/** The person's account. */
export const ACCOUNT = "ada@example.test";

/** Starts one on a free port. */
export async function startProviderStandIn(): Promise<ProviderStandIn> {
  const codes = new Map<string, URLSearchParams>();
  const access = new Set<string>();
  const refresh = new Set<string>();
  const grants: string[] = [];

  const issue = (withRefresh: boolean): Reply => {
    const token = secret("canary-access");
    access.add(token);
    const renewal = withRefresh ? secret("canary-refresh") : undefined;
    if (renewal !== undefined) refresh.add(renewal);
    return {
      body: {
        access_token: token,
        token_type: "Bearer",
        scope: "email mail",
        ...(standIn.lifetime !== undefined && { expires_in: standIn.lifetime }),
        ...(renewal !== undefined && { refresh_token: renewal }),
      },
    };
  };

  const token = (request: Received): Reply => {
    const fields = fieldsOf(request);
    grants.push(fields.get("grant_type") ?? "");
    if (standIn.failing.token) return standIn.failing.token;
    if (fields.get("grant_type") === "refresh_token") {
      // Each is good once, as with providers that rotate them.
      return refresh.delete(fields.get("refresh_token") ?? "") ? issue(true) : REFUSED;
    }
    const agreed = codes.get(fields.get("code") ?? "");
    codes.delete(fields.get("code") ?? "");
    const challenge = createHash("sha256")
      .update(fields.get("code_verifier") ?? "")
      .digest("base64url");
    const fits =
      agreed?.get("code_challenge") === challenge && agreed.get("redirect_uri") === fields.get("redirect_uri");
    return fits ? issue(standIn.renews) : REFUSED;
  };

  const api = (request: Received): Reply => {
    const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    if (!access.has(given)) return { status: 401, body: { error: { code: 401, message: `bad token ${given}` } } };
    if (standIn.failing.api) return standIn.failing.api;
    if (request.target.startsWith("/oauth2/v2/userinfo")) return { body: { email: ACCOUNT } };
    return { body: { labels: [{ id: "INBOX", name: "INBOX", type: "system" }] } };
  };

  const received: Received[] = [];
  const server = await listen(
    receive(async (request) => {
      received.push(request);
      if (request.target === "/token") {
        const reply = token(request);
        await sleep(standIn.slowness);
        await standIn.held;
        return reply;
      }
      if (request.target !== "/revoke") {
        const reply = api(request);
        await sleep(standIn.apiSlowness);
        return reply;
      }
      if (standIn.failing.revoke) return standIn.failing.revoke;
      const known = fieldsOf(request).get("token") ?? "";
      return refresh.delete(known) || access.delete(known) ? {} : { status: 400, body: { error: "invalid_token" } };
    }),
  );

  const standIn: ProviderStandIn = {
    ...server,
    received,
    env: {
      GOOGLE_CLIENT_ID: "google-client",
      GOOGLE_CLIENT_SECRET: "canary-client-secret",
      GOOGLE_AUTHORIZE_URL: `${server.url}/authorize`,
      GOOGLE_TOKEN_URL: `${server.url}/token`,
      GOOGLE_REVOKE_URL: `${server.url}/revoke`,
      GOOGLE_API_URL: server.url,
    },
    agree(parameters) {
      const code = secret("code");
      codes.set(code, parameters);
      return code;
    },
    lifetime: 3600,
    renews: true,
    slowness: 0,
    apiSlowness: 0,
    failing: {},
    forgetAccess: () => access.clear(),
    revokeAll() {
      access.clear();
      refresh.clear();
    },
    asked: (grant) => grants.filter((asked) => asked === grant).length,
  };
  return standIn;
}

const REFUSED: Reply = { status: 400, body: { error: "invalid_grant", error_description: "Token was \u202Erevoked." } };

const secret = (of: string) => `${of}-${randomBytes(12).toString("hex")}`;

function fieldsOf({ headers, bytes }: Received): URLSearchParams {
  const text = bytes.toString();
  if (!headers["content-type"]?.startsWith("application/json")) return new URLSearchParams(text);
  return new URLSearchParams(JSON.parse(text) as Record<string, string>);
}
