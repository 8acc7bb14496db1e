import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { readPublishableKey } from "./clerk/publishable-key.js";
import { connectorSettings } from "./connectors/settings.js";

declare module "zod" {
  interface GlobalMeta {
    /** What the setting takes, to finish the sentence "NAME takes ...". */
    takes?: string;
    /** What the settings table shows as the default where the value itself would mislead. */
    shownDefault?: string;
    /** The value is a secret: it appears in no message. */
    secret?: boolean;
  }
}

/** A setting that makes no sense; its message is one sentence for the person who started the program. */
export class ConfigError extends Error {
  override readonly name: string = "ConfigError";
}

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,12}$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max));

/** Characters that a key sent in a header may have. */
const key = z.string().regex(/^[\x21-\x7e]{16,256}$/);

const webUrl = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ""));

const clerkPublishableKey = z.string().refine((key) => readPublishableKey(key) !== undefined);

const clerkSecretKey = z.string().regex(/^sk_[\x21-\x7e]{1,250}$/);

/** Names with commas between, each of one form. */
const listOf = (item: RegExp) =>
  z
    .string()
    .transform((text) => text.split(",").map((name) => name.trim().toLowerCase()))
    .pipe(z.array(z.string().regex(item)).min(1));

const HOST_ENTRY = /^([a-z0-9_.-]{1,253}|\[[0-9a-f:.]{2,45}\])(:\d{1,5})?$/;
const ORIGIN_ENTRY = /^[a-z][a-z0-9+.-]*:\/\/([a-z0-9_.-]{1,253}|\[[0-9a-f:.]{2,45}\])(:\d{1,5})?$/;

const flag = z.enum(["true", "false", "1", "0"]).transform((value) => value === "true" || value === "1");

/** Every setting, by its environment variable; the settings table of the README is made from this. */
export const settings = z.object({
  HOST: z.string().min(1).max(255).default("127.0.0.1").meta({
    description: "Address to listen on.",
    takes: "a host name or an IP address",
  }),
  PORT: whole(0, 65_535).prefault("8787").meta({
    description: "Port to listen on; 0 takes a free one and prints it.",
    takes: "a whole number from 0 to 65535",
  }),
  CLANKER_HOME: z.string().min(1).default(join(homedir(), ".clanker")).meta({
    description: "Folder of the store's file, the owner's key and the master key.",
    takes: "a folder's path",
    shownDefault: "~/.clanker",
  }),
  CLANKER_STORE: z
    .string()
    .regex(/^(memory:|file:.+|rediss?:\/\/.+)$/)
    .optional()
    .meta({
      description: "Where everything is kept: a file, this process's memory, or a Redis that several processes share.",
      takes: "file:<path>, memory: or redis://host:port",
      shownDefault: "file:<CLANKER_HOME>/clanker.db",
      secret: true,
    }),
  CLANKER_OWNER_KEY: key.optional().meta({
    description:
      "The owner's key to accept. Left out, one is made at the first start and kept in CLANKER_HOME/owner.key.",
    takes: "16 to 256 printable characters without spaces",
    shownDefault: "made at first start",
    secret: true,
  }),
  CLANKER_MASTER_KEY: z
    .string()
    .regex(/^[A-Za-z0-9+/]{43}=$/)
    .optional()
    .meta({
      description:
        "Wraps every secret at rest. Left out, one is made at the first start and kept in CLANKER_HOME/master.key.",
      takes: "32 bytes in base64 (44 characters)",
      shownDefault: "made at first start",
      secret: true,
    }),
  CLANKER_NEW_MASTER_KEY: z
    .string()
    .regex(/^[A-Za-z0-9+/]{43}=$/)
    .optional()
    .meta({
      description: "The master key that clanker-mcp master-key rotate changes to. Left out, one is made.",
      takes: "32 bytes in base64 (44 characters)",
      secret: true,
    }),
  CLANKER_SKILLS_PATH: z.string().min(1).optional().meta({
    description: "More folders of skill packs, separated like PATH.",
    takes: "folders' paths",
  }),
  CLANKER_WORKFLOWS_PATH: z.string().min(1).optional().meta({
    description: "More folders of workflows, separated like PATH.",
    takes: "folders' paths",
  }),
  CLANKER_MODEL: z
    .string()
    .regex(/^(anthropic|openai-compatible)\/.+$/)
    .optional()
    .meta({
      description: "The model that runs skills. Left out, the calling agent runs them itself and nobody is billed.",
      takes: "anthropic/<model> or openai-compatible/<model>",
      shownDefault: "none",
    }),
  CLANKER_BYOK_MODEL: z
    .string()
    .regex(/^anthropic\/.+$/)
    .default("anthropic/claude-sonnet-5-5")
    .meta({
      description:
        "The model that runs the skills of workspaces with an Anthropic key of their own, where CLANKER_MODEL is none of Anthropic's.",
      takes: "anthropic/<model>",
    }),
  ANTHROPIC_API_KEY: z.string().min(1).optional().meta({
    description: "Key for an anthropic/ model.",
    takes: "a key",
    secret: true,
  }),
  ANTHROPIC_BASE_URL: webUrl.optional().meta({
    description: "Another address of the Anthropic API, with or without /v1.",
    takes: "an http or https URL",
  }),
  OPENAI_API_KEY: z.string().min(1).optional().meta({
    description: "Key for an openai-compatible/ model; a local one may want none.",
    takes: "a key",
    secret: true,
  }),
  OPENAI_BASE_URL: webUrl.optional().meta({
    description: "Address of an OpenAI-compatible API, a local one included, with or without /v1.",
    takes: "an http or https URL",
  }),
  CLERK_SECRET_KEY: clerkSecretKey.optional().meta({
    description:
      "Secret key of the Clerk instance that the Clerk tools work on; CLERK_SECRET_KEY_<NAME> adds a named account.",
    takes: "a Clerk secret key (sk_..., never the publishable pk_...)",
    secret: true,
  }),
  CLERK_API_URL: webUrl.prefault("https://api.clerk.com").meta({
    description: "Another address of Clerk's Backend API, with or without /v1.",
    takes: "an http or https URL",
  }),
  CLERK_PUBLISHABLE_KEY: clerkPublishableKey.optional().meta({
    description:
      "Publishable key of the default account: tells where its Frontend API is; CLERK_PUBLISHABLE_KEY_<NAME> for a named one.",
    takes: "a Clerk publishable key (pk_..., which holds the host of the instance)",
  }),
  CLERK_FRONTEND_API_URL: webUrl
    .refine((url) => /^[^?#@]*$/.test(url))
    .optional()
    .meta({
      description: "Another address of the default account's Frontend API; wins over the one in CLERK_PUBLISHABLE_KEY.",
      takes: "an http or https URL without a query, a fragment or a password",
    }),
  CLANKER_CLERK_TIMEOUT_MS: whole(100, 600_000).prefault("15000").meta({
    description: "Milliseconds that a call to Clerk may take.",
    takes: "a whole number of milliseconds from 100 to 600000",
  }),
  CLANKER_TOOLSETS: z.string().min(1).optional().meta({
    description: "The only toolsets that anybody may use, with commas between; clerk stands for all of Clerk's.",
    takes: "names of toolsets",
    shownDefault: "all",
  }),
  CLANKER_READ_ONLY: flag.prefault("false").meta({
    description:
      "Refuses every operation that is not a read, whatever a key allows; people may still sign in and look.",
    takes: "true or false",
  }),
  CLANKER_SURFACE: z.enum(["all", "search"]).default("all").meta({
    description: "With search, MCP clients are listed three tools behind which all the others are found and called.",
    takes: "all or search",
  }),
  CLANKER_CONFIRM: z.enum(["auto", "always", "never"]).default("auto").meta({
    description:
      "Whether a destructive tool asks the user first: auto asks where the client can be asked, always refuses where it cannot, never does not ask. REST is never asked.",
    takes: "auto, always or never",
  }),
  CLANKER_PUBLIC_URL: webUrl.optional().meta({
    description: "How others reach this server: used in links, and allowed as Host and Origin.",
    takes: "an http or https URL",
    shownDefault: "http://<HOST>:<PORT>",
  }),
  CLANKER_ALLOWED_HOSTS: listOf(HOST_ENTRY).optional().meta({
    description:
      "More names that requests may have in their Host header, beside localhost and the public URL; a name without a port stands for all its ports.",
    takes: "host names with commas between, each with or without a port",
    shownDefault: "none",
  }),
  CLANKER_ALLOWED_ORIGINS: listOf(ORIGIN_ENTRY).optional().meta({
    description: "More origins of web pages that may call this server, beside localhost and the public URL.",
    takes: "origins such as https://app.example.com with commas between",
    shownDefault: "none",
  }),
  CLANKER_TRUST_PROXY: whole(0, 10).prefault("0").meta({
    description: "How many proxies in front of this server to believe about the client's address.",
    takes: "a whole number from 0 to 10",
  }),
  CLANKER_MAX_SESSIONS: whole(1, 1_000_000).prefault("2000").meta({
    description: "MCP sessions held at once by one process.",
    takes: "a whole number from 1 to 1000000",
  }),
  CLANKER_SESSION_IDLE_SECONDS: whole(1, 604_800).prefault("1800").meta({
    description: "Seconds after which an MCP session without a request or an open stream ends.",
    takes: "a whole number of seconds from 1 to 604800",
  }),
  CLANKER_RUN_SECONDS: whole(1, 86_400).prefault("300").meta({
    description: "Seconds a skill may run.",
    takes: "a whole number of seconds from 1 to 86400",
  }),
  CLANKER_MAX_BODY: whole(1024, 268_435_456).prefault("4194304").meta({
    description: "Largest request body in bytes.",
    takes: "a whole number of bytes from 1024 to 268435456",
  }),
  ...connectorSettings,
  CLANKER_CREDITS: whole(0, 1_000_000_000).optional().meta({
    description: "A new workspace's balance in dollarinos.",
    takes: "a whole number from 0 to 1000000000",
    shownDefault: "unlimited",
  }),
  CLANKER_RATE_LIMIT: whole(0, 1_000_000).prefault("100").meta({
    description:
      "REST requests a minute that a key, a person's session or, without a valid one, an address may send below /api/v1/, over all processes of a Redis.",
    takes: "a whole number from 0 (no limit) to 1000000",
  }),
  CLANKER_MCP_RATE_LIMIT: whole(0, 1_000_000).prefault("600").meta({
    description: "MCP requests (POST) a minute of a key, or of an address without a valid one; stdio is not limited.",
    takes: "a whole number from 0 (no limit) to 1000000",
  }),
  CLANKER_FAILED_KEY_LIMIT: whole(0, 1_000_000).prefault("30").meta({
    description:
      "Wrong keys a minute that an address may present before it is told to wait; the right one is taken all the same.",
    takes: "a whole number from 0 (no limit) to 1000000",
  }),
  CLANKER_FIXTURES: flag.prefault("false").meta({
    description: "Adds the tools, prompts and resources that MCP's conformance suite asks for; refused in production.",
    takes: "true or false",
  }),
  NODE_ENV: z.string().default("development").meta({
    description: "With production, the server refuses to start with settings that are unsafe there.",
    takes: "production, or anything else",
  }),
  CLANKER_LOG_LEVEL: z.enum(["debug", "info", "warn", "error", "silent"]).default("info").meta({
    description: "How much to log on stderr.",
    takes: "debug, info, warn, error or silent",
  }),
});

export type Config = z.output<typeof settings> & {
  readonly CLANKER_STORE: string;
  /** Clerk's secret keys by account, `default` among them where it is set. */
  readonly clerkAccounts: ReadonlyMap<string, string>;
  /** Where the Frontend API of an account is, for those whose settings say so. */
  readonly clerkFrontends: ReadonlyMap<string, { readonly url: string; readonly development: boolean }>;
};

/**
 * The settings from an environment; empty values count as left out. Throws {@link ConfigError} with one
 * sentence that names the first setting that does not fit and what it takes.
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(
    Object.keys(settings.shape)
      .map((name) => [name, environment[name]?.trim()] as const)
      .filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = settings.safeParse(given);
  if (!parsed.success) throw unfit(String(parsed.error.issues[0]?.path[0]), given);
  const config = {
    ...parsed.data,
    CLANKER_STORE: parsed.data.CLANKER_STORE ?? `file:${join(parsed.data.CLANKER_HOME, "clanker.db")}`,
    clerkAccounts: byAccount("CLERK_SECRET_KEY", parsed.data, environment),
    clerkFrontends: clerkFrontends(parsed.data, environment),
  };
  requireTogether(config);
  return config;
}

const ACCOUNT_SETTINGS = { CLERK_SECRET_KEY: clerkSecretKey, CLERK_PUBLISHABLE_KEY: clerkPublishableKey };

type Environment = Readonly<Record<string, string | undefined>>;
type Parsed = z.output<typeof settings>;

/** A setting of Clerk's for each account: its own name is `default`'s, `<setting>_<NAME>` those of the others. */
function byAccount(setting: keyof typeof ACCOUNT_SETTINGS, parsed: Parsed, environment: Environment) {
  const standard = parsed[setting];
  const accounts = new Map(standard === undefined ? [] : [["default", standard]]);
  for (const [name, value] of Object.entries(environment)) {
    const account = new RegExp(`^${setting}_([A-Z0-9_]{1,32})$`).exec(name)?.[1]?.toLowerCase();
    if (account === undefined || value === undefined || value.trim() === "") continue;
    if (account === "default") throw new ConfigError(`${name} takes another name; the default account is ${setting}.`);
    if (!ACCOUNT_SETTINGS[setting].safeParse(value.trim()).success) {
      throw new ConfigError(`${name} takes ${settings.shape[setting].meta()?.takes ?? ""}, not what is set.`);
    }
    accounts.set(account, value.trim());
  }
  return accounts;
}

function clerkFrontends(parsed: Parsed, environment: Environment) {
  const frontends = new Map<string, { url: string; development: boolean }>();
  for (const [account, value] of byAccount("CLERK_PUBLISHABLE_KEY", parsed, environment)) {
    const key = readPublishableKey(value);
    if (key) frontends.set(account, { url: `https://${key.host}`, development: key.development });
  }
  const { CLERK_FRONTEND_API_URL: url, CLERK_SECRET_KEY: secretKey } = parsed;
  if (url !== undefined) {
    const development = frontends.get("default")?.development ?? secretKey?.startsWith("sk_test_") ?? false;
    frontends.set("default", { url: url.replace(/\/v1$/, ""), development });
  }
  return frontends;
}

function unfit(name: string, given: Readonly<Record<string, string | undefined>>): ConfigError {
  const meta = settings.shape[name as keyof typeof settings.shape].meta();
  const value = meta?.secret ? "what is set" : JSON.stringify(given[name]?.slice(0, 60));
  return new ConfigError(`${name} takes ${meta?.takes ?? "another value"}, not ${value}.`);
}

function requireTogether(config: Config): void {
  if (/^rediss?:/.test(config.CLANKER_STORE)) {
    for (const name of ["CLANKER_OWNER_KEY", "CLANKER_MASTER_KEY"] as const) {
      if (config[name] === undefined) {
        throw new ConfigError(
          `${name} must be set when CLANKER_STORE is a Redis, so that every process has the same one.`,
        );
      }
    }
  }
  if (config.CLANKER_MODEL?.startsWith("anthropic/") && !config.ANTHROPIC_API_KEY) {
    throw new ConfigError("ANTHROPIC_API_KEY must be set for the model that CLANKER_MODEL names.");
  }
  if (config.CLANKER_MODEL?.startsWith("openai-compatible/") && !config.OPENAI_BASE_URL) {
    throw new ConfigError("OPENAI_BASE_URL must be set for the model that CLANKER_MODEL names.");
  }
}

const PLACEHOLDER = /change|example|default|placeholder|secret|password|test|sample/i;

/** Whether a server that listens on this host listens on every address of the machine. */
export function isEveryAddress(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, "");
  const url = `http://${address.includes(":") ? `[${address}]` : address}`;
  // In a URL each way to write an address becomes the same one: 0, 0x0, 0:0:0:0:0:0:0:0.
  return URL.canParse(url) && ["0.0.0.0", "[::]", "[::ffff:0:0]"].includes(new URL(url).hostname);
}

/** Throws {@link ConfigError} when a server in production would have settings that are unsafe there. */
export function requireSafe(config: Config): void {
  if (config.NODE_ENV !== "production") return;
  const { CLANKER_FIXTURES, CLANKER_OWNER_KEY: key, CLANKER_PUBLIC_URL, HOST } = config;
  if (CLANKER_FIXTURES) throw new ConfigError("CLANKER_FIXTURES must be off where NODE_ENV is production.");
  if (key === undefined || PLACEHOLDER.test(key) || new Set(key).size < 8) {
    throw new ConfigError(
      "CLANKER_OWNER_KEY must be set to a random key of your own where NODE_ENV is production, such as the output of: openssl rand -hex 32.",
    );
  }
  if (isEveryAddress(HOST) && CLANKER_PUBLIC_URL === undefined) {
    throw new ConfigError(
      `CLANKER_PUBLIC_URL must be set where NODE_ENV is production and HOST is ${HOST}, so that only known names reach the server.`,
    );
  }
}
