import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { type Config, ConfigError, readConfig } from "./config.js";
import { AppError } from "./core/errors.js";
import type { CreateOptions, KeyCommands } from "./faces/cli/keys.js";
import type { Log } from "./core/log.js";
import { createLog } from "./log.js";
import { projectRoot, version } from "./project.js";
import type * as Rotation from "./rotating.js";

/** A setting, a key or an address that does not fit: the person has to change something first. */
const EXIT_SETTING = 2;
const EXIT_FAILED = 1;

const stopping = new AbortController();

/** What the operator limits everybody to, by flags that win over the environment. */
interface LimitFlags {
  readonly toolsets?: string;
  readonly readOnly?: true;
  readonly surface?: string;
}

function configWith({ toolsets, readOnly, surface }: LimitFlags): Config {
  // Settings that are empty count as left out; a limit that came out empty must not.
  for (const [flag, value] of Object.entries({ toolsets, surface })) {
    if (value?.trim() === "") throw new ConfigError(`--${flag} takes a name, not an empty text.`);
  }
  return readConfig({
    ...process.env,
    ...(toolsets !== undefined && { CLANKER_TOOLSETS: toolsets }),
    ...(readOnly && { CLANKER_READ_ONLY: "true" }),
    ...(surface !== undefined && { CLANKER_SURFACE: surface }),
  });
}

async function serveCommand(flags: LimitFlags): Promise<void> {
  const config = configWith(flags);
  const log = createLog(config.CLANKER_LOG_LEVEL);
  const [{ serve }, { firstContact }] = await Promise.all([
    import("./serve.js"),
    import("./faces/cli/first-contact.js"),
  ]);
  const serving = await serve(config, log);
  const { ownerKeyFile, services } = serving.app;
  process.stdout.write(
    firstContact({
      version,
      url: serving.url,
      ownerKeyFile,
      stdio: { command: "node", args: [join(projectRoot, "scripts", "launch.mjs"), "stdio"] },
      environment: process.env["CLANKER_HOME"] ? { CLANKER_HOME: config.CLANKER_HOME } : {},
      model: config.CLANKER_MODEL,
      skills: services.marketplace.categories().reduce((sum, { count }) => sum + count, 0),
    }),
  );
  await stopped();
  await serving.close();
}

async function stdioCommand(flags: LimitFlags): Promise<void> {
  const config = configWith(flags);
  const log = createLog(config.CLANKER_LOG_LEVEL);
  const { runStdio } = await import("./stdio.js");
  await runStdio(config, log, { stdin: process.stdin, stdout: process.stdout, signal: stopping.signal });
}

async function withKeys(use: (commands: KeyCommands) => Promise<void>): Promise<void> {
  const config: Config = readConfig(process.env);
  const [{ compose }, { OWNER }] = await Promise.all([import("./compose.js"), import("./services/workspaces.js")]);
  const app = await compose(config, createLog(config.CLANKER_LOG_LEVEL), { publicUrl: () => "", downloads: "signed" });
  try {
    const { keys, workspaces, clerk } = app.services;
    const requireClerkAccount = (name: string) => clerk.requireAccount(name);
    const print = (line: string) => void process.stdout.write(`${line}\n`);
    await use({ keys, workspaces, requireClerkAccount, owner: OWNER, print });
  } finally {
    await app.close();
  }
}

async function rotating(
  run: (use: typeof Rotation, config: Config, log: Log, say: (line: string) => void) => Promise<void>,
): Promise<void> {
  const config = readConfig(process.env);
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  await run(await import("./rotating.js"), config, createLog(config.CLANKER_LOG_LEVEL), say);
}

function program(): Command {
  const root = new Command("clanker-mcp")
    .description("A workspace of AI skills for any agent, over MCP and REST.")
    .version(version)
    .exitOverride();
  limited(root.command("serve").description("serve MCP and REST over HTTP")).action(serveCommand);
  limited(root.command("stdio").description("speak MCP over stdin and stdout, as the owner")).action(stdioCommand);

  const keys = root.command("keys").description("make, list and revoke API keys");
  const commands = () => import("./faces/cli/keys.js");
  keys
    .command("create")
    .description("make a key and show it, this once")
    .requiredOption("--name <name>", "what the key is for")
    .option("--scopes <scopes>", "scopes with commas between; read-only ones if left out, * for all")
    .option("--workspace <id>", "the workspace it is bound to; the first if left out")
    .option("--expires <time>", "how long it lives, such as 12h or 30d; until revoked if left out")
    .option("--clerk-account <name>", "the one Clerk account it works with; its holder's choice if left out")
    .action((options: CreateOptions) => withKeys(async (use) => (await commands()).createKey(use, options)));
  keys
    .command("list")
    .description("show every key, without the keys themselves")
    .option("--workspace <id>", "whose keys; the first workspace's if left out")
    .action((options: { workspace?: string }) => withKeys(async (use) => (await commands()).listKeys(use, options)));
  keys
    .command("revoke")
    .description("stop a key for good")
    .argument("<id>", "the key's id, such as key_9")
    .option("--workspace <id>", "whose key; the first workspace's if left out")
    .action((id: string, options: { workspace?: string }) =>
      withKeys(async (use) => (await commands()).revokeKey(use, id, options)),
    );

  root
    .command("secrets")
    .description("care for what is kept sealed")
    .command("rotate")
    .description("give a workspace a new data key and seal everything anew")
    .option("--workspace <id>", "whose; the first workspace's if left out")
    .action((options: { workspace?: string }) =>
      rotating((use, config, log, say) => use.rotateSecrets(config, log, options.workspace, say)),
    );
  root
    .command("master-key")
    .description("care for the key that wraps all others")
    .command("rotate")
    .description("change to CLANKER_NEW_MASTER_KEY, or to a new key in CLANKER_HOME/master.key")
    .action(() => rotating((use, config, log, say) => use.rotateMaster(config, log, say)));
  return root;
}

function limited(command: Command): Command {
  return command
    .option("--toolsets <names>", "the only toolsets that anybody may use, with commas between")
    .option("--read-only", "refuse whatever is not a read")
    .option("--surface <surface>", "search: list three tools behind which all the others are found; all: list all");
}

function stopped(): Promise<void> {
  const { signal } = stopping;
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** The sentence and the exit code for whatever ended the program. */
function farewell(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : EXIT_SETTING;
  if (thrown instanceof ConfigError || thrown instanceof AppError) {
    process.stderr.write(`clanker-mcp: ${thrown.message}\n`);
    return EXIT_SETTING;
  }
  createLog("error").error({ err: thrown }, "the program failed");
  return EXIT_FAILED;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    // A second one does not wait for anything.
    if (stopping.signal.aborted) process.exit(EXIT_FAILED);
    stopping.abort();
  });
}

try {
  await program().parseAsync(process.argv);
} catch (thrown) {
  process.exitCode = farewell(thrown);
}
// Whatever is still open is no longer needed, and must not keep a finished program alive.
process.stdout.write("", () => process.exit());
