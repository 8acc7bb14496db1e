import { createApi } from "./connectors/api.js";
import type { AppSlug } from "./connectors/app.js";
import { APPS } from "./connectors/apps.js";
import { createOAuth, GrantRefused } from "./connectors/oauth.js";
import { repositoryText } from "./connectors/repository-text.js";
import { providerSettings } from "./connectors/settings.js";
import type { Config } from "./config.js";
import type { Log } from "./core/log.js";
import { createOutgoing } from "./outgoing/send.js";
import { version } from "./project.js";
import { createSearch } from "./search/tool-search.js";
import { type AppAction, actionsOf } from "./services/connectors/actions.js";
import { type Connectors, createConnectors } from "./services/connectors/connectors.js";
import type { EnvironmentToken } from "./services/connectors/credentials.js";
import type { Store } from "./store/port.js";
import type { Vault } from "./vault/vault.js";

/** Milliseconds that one call of an app may take. */
const TIMEOUT_MS = 20_000;

/** The connectors service over the settings, and what has to be closed with it. */
export function wireConnectors(
  config: Config,
  around: { store: Store; vault: Vault; publicUrl: () => string; log: Log; now: () => number },
): { readonly connectors: Connectors; close(): Promise<void> } {
  const outgoing = createOutgoing();
  const userAgent = `clanker-mcp/${version}`;
  const environment = new Map<AppSlug, EnvironmentToken>();
  if (config.GITHUB_TOKEN !== undefined) {
    environment.set("github", { setting: "GITHUB_TOKEN", token: config.GITHUB_TOKEN });
  }
  const rank = createSearch<AppAction>(actionsOf(APPS), ({ app, action, inputSchema }) => ({
    id: `${app.slug}.${action.name}`,
    name: `${app.slug}-${action.name}`,
    title: action.title,
    description: `${app.title}: ${action.description}`,
    effect: action.effect,
    inputSchema,
  }));
  const connectors = createConnectors({
    ...around,
    apps: APPS,
    oauth: createOAuth({
      settingsOf: (provider) => providerSettings(config, provider),
      outgoing,
      userAgent,
      now: around.now,
    }),
    isRefused: (thrown) => thrown instanceof GrantRefused,
    apiUrl: (provider) => providerSettings(config, provider).apiUrl,
    createApi: (options) => createApi({ ...options, outgoing, userAgent, timeoutMs: TIMEOUT_MS }),
    environment,
    rank,
    repositoryText,
  });
  return { connectors, close: () => outgoing.close() };
}
