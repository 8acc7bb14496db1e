import { z } from "zod";
import type { Provider } from "./app.js";

const address = z
  .url({ protocol: /^https?$/ })
  .refine((url) => /^[^?#@]*$/.test(url))
  .transform((url) => url.replace(/\/+$/, ""));

const printable = z.string().regex(/^[\x21-\x7e]{1,1024}$/);

const ADDRESS = "an http or https URL without a query, a fragment or a password";

function addressOf(whole: string, standard: string) {
  return address.prefault(standard).meta({ description: `Another address of ${whole}.`, takes: ADDRESS });
}

function clientId(of: string) {
  return printable.optional().meta({
    description: `Client id of the OAuth application registered with ${of}.`,
    takes: "1 to 1024 printable characters without spaces",
  });
}

function clientSecret() {
  return printable.optional().meta({
    description: "Its client secret.",
    takes: "1 to 1024 printable characters without spaces",
    secret: true,
  });
}

/** The settings of the apps' providers, by their environment variables. */
export const connectorSettings = {
  GITHUB_TOKEN: printable.optional().meta({
    description:
      "A GitHub token: GitHub then counts as connected in every workspace of this server that has not connected an account of its own.",
    takes: "1 to 1024 printable characters without spaces",
    secret: true,
  }),
  GITHUB_CLIENT_ID: clientId("GitHub"),
  GITHUB_CLIENT_SECRET: clientSecret(),
  GITHUB_AUTHORIZE_URL: addressOf("GitHub's authorize page", "https://github.com/login/oauth/authorize"),
  GITHUB_TOKEN_URL: addressOf("GitHub's token endpoint", "https://github.com/login/oauth/access_token"),
  GITHUB_REVOKE_URL: addressOf(
    "GitHub's endpoint that revokes a token; {client_id} stands for the client id",
    "https://api.github.com/applications/{client_id}/token",
  ),
  GITHUB_API_URL: addressOf("GitHub's REST API", "https://api.github.com"),
  GOOGLE_CLIENT_ID: clientId("Google, for gmail, calendar and drive"),
  GOOGLE_CLIENT_SECRET: clientSecret(),
  GOOGLE_AUTHORIZE_URL: addressOf("Google's authorize page", "https://accounts.google.com/o/oauth2/v2/auth"),
  GOOGLE_TOKEN_URL: addressOf("Google's token endpoint", "https://oauth2.googleapis.com/token"),
  GOOGLE_REVOKE_URL: addressOf("Google's endpoint that revokes a token", "https://oauth2.googleapis.com/revoke"),
  GOOGLE_API_URL: addressOf("Google's APIs", "https://www.googleapis.com"),
  NOTION_CLIENT_ID: clientId("Notion"),
  NOTION_CLIENT_SECRET: clientSecret(),
  NOTION_AUTHORIZE_URL: addressOf("Notion's authorize page", "https://api.notion.com/v1/oauth/authorize"),
  NOTION_TOKEN_URL: addressOf("Notion's token endpoint", "https://api.notion.com/v1/oauth/token"),
  NOTION_REVOKE_URL: addressOf("Notion's endpoint that revokes a token", "https://api.notion.com/v1/oauth/revoke"),
  NOTION_API_URL: addressOf("Notion's API", "https://api.notion.com"),
};

type ConnectorSettings = z.output<z.ZodObject<typeof connectorSettings>>;

/** Where a provider is, and as which client it knows this server. */
export interface ProviderSettings {
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
  readonly authorizeUrl: string;
  readonly tokenUrl: string;
  readonly revokeUrl: string;
  /** Without the version that some clients expect at its end. */
  readonly apiUrl: string;
}

/** One provider's part of the settings. */
export function providerSettings(settings: ConnectorSettings, provider: Provider): ProviderSettings {
  return {
    clientId: settings[`${provider}_CLIENT_ID`],
    clientSecret: settings[`${provider}_CLIENT_SECRET`],
    authorizeUrl: settings[`${provider}_AUTHORIZE_URL`],
    tokenUrl: settings[`${provider}_TOKEN_URL`],
    revokeUrl: settings[`${provider}_REVOKE_URL`],
    apiUrl: settings[`${provider}_API_URL`].replace(/\/v1$/, ""),
  };
}
