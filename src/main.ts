import { hostname } from "node:os";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import type { App } from "./compose.js";
import { type Config, ConfigError, readConfig } from "./config.js";
import { AppError } from "./core/errors.js";
import type { AuditCommands } from "./faces/cli/audit.js";
import type { CreateOptions, KeyCommands } from "./faces/cli/keys.js";
import type { WorkspaceCommands } from "./faces/cli/workspace.js";
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
  const [{ serve }, { firstContact }, { forgetServer, recordServer }] = await Promise.all([
    import("./serve.js"),
    import("./faces/cli/first-contact.js"),
    import("./running-servers.js"),
  ]);
  const serving = await serve(config, log);
  const { pid } = process;
  const { CLANKER_HOME: home } = config;
  await recordServer(home, { pid, url: serving.url, local: serving.local }).catch((err: unknown) =>
    log.info({ err }, "other programs of this home cannot find this server"),
  );
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
  await forgetServer(home, pid).catch(() => undefined);
  await serving.close();
}

async function stdioCommand(flags: LimitFlags): Promise<void> {
  const config = configWith(flags);
  const log = createLog(config.CLANKER_LOG_LEVEL);
  const { runStdio } = await import("./stdio.js");
  await runStdio(config, log, { stdin: process.stdin, stdout: process.stdout, signal: stopping.signal });
}

async function withApp<T>(use: (app: App) => Promise<T>, url = ""): Promise<T> {
  const config: Config = readConfig(process.env);
  const { compose } = await import("./compose.js");
  const app = await compose(config, createLog(config.CLANKER_LOG_LEVEL), { publicUrl: () => url, downloads: "signed" });
  try {
    return await use(app);
  } finally {
    await app.close();
  }
}

/** How people reach this home's server: as the settings say, else where one answers now. */
async function serverUrl({ CLANKER_HOME, CLANKER_PUBLIC_URL, PORT }: Config): Promise<string | undefined> {
  const { findServer } = await import("./running-servers.js");
  return CLANKER_PUBLIC_URL ?? (await findServer(CLANKER_HOME, PORT))?.url;
}

async function ownerLinkCommand(options: { person?: string }): Promise<void> {
  const url = await serverUrl(readConfig(process.env));
  await withApp(async ({ services: { signIns, people }, store }) => {
    const [{ ownerLink }, { OWNER: owner }] = await Promise.all([
      import("./faces/cli/owner-link.js"),
      import("./services/workspaces.js"),
    ]);
    const say = (line: string) => void print(line);
    const isShared = store.kind !== "memory";
    await ownerLink({ signIns, people, isShared, isServing: url !== undefined, owner, print: say }, options);
  }, url);
}

/** Resolves when the line may be followed by another: whoever reads may be slow. */
function print(line: string): Promise<void> {
  return new Promise((resolve) => {
    if (process.stdout.write(`${line}\n`)) resolve();
    else process.stdout.once("drain", resolve);
  });
}

function withKeys(use: (commands: KeyCommands) => Promise<void>): Promise<void> {
  return withApp(async ({ services }) => {
    const { OWNER } = await import("./services/workspaces.js");
    const { keys, workspaces, audit, clerk } = services;
    const requireClerkAccount = (name: string) => clerk.requireAccount(name);
    await use({ keys, workspaces, audit, requireClerkAccount, owner: OWNER, print: (line) => void print(line) });
  });
}

interface WorkspaceOption {
  readonly workspace?: string;
}

function withAudit<T>({ workspace }: WorkspaceOption, use: (commands: AuditCommands) => Promise<T>): Promise<T> {
  return withApp(async ({ services: { audit, workspaces } }) => {
    const [{ chosenWorkspace }, { OWNER }] = await Promise.all([
      import("./faces/cli/workspace-choice.js"),
      import("./services/workspaces.js"),
    ]);
    return use({ audit, workspace: await chosenWorkspace(workspaces, workspace, OWNER.workspace), print });
  });
}

function withWorkspaces(use: (commands: WorkspaceCommands) => Promise<void>): Promise<void> {
  return withApp(async ({ services: { workspaces }, portability }) => {
    const { OWNER } = await import("./services/workspaces.js");
    await use({ portability, workspaces, owner: OWNER, stdin: process.stdin, print });
  });
}

function workspaceCommands(root: Command): void {
  const commands = () => import("./faces/cli/workspace.js");
  root
    .command("export")
    .description("write a workspace out as lines of JSON, without its secrets")
    .option("--workspace <id>", "which one; the first if left out")
    .action((options: WorkspaceOption) =>
      withWorkspaces(async (use) => (await commands()).exportWorkspace(use, options)),
    );
  root
    .command("import")
    .description("make a new workspace of what export wrote, from stdin")
    .action(() => withWorkspaces(async (use) => (await commands()).importWorkspace(use)));
  root
    .command("delete")
    .description("remove a workspace with everything in it, for good")
    .requiredOption("--workspace <id>", "which one, such as ws_2")
    .option("--yes", "really do it")
    .action((options: { workspace: string; yes?: true }) =>
      withWorkspaces(async (use) => (await commands()).deleteWorkspace(use, options)),
    );
}

function auditCommands(root: Command): void {
  const audit = root.command("audit").description("check and export the audit log");
  const commands = () => import("./faces/cli/audit.js");
  audit
    .command("verify")
    .description("say whether the log is as it was written; exit code 1 where it is not")
    .option("--workspace <id>", "whose log; the first workspace's if left out")
    .action(async (options: WorkspaceOption) => {
      const { verifyAudit } = await commands();
      if (!(await withAudit(options, verifyAudit))) process.exitCode = EXIT_FAILED;
    });
  audit
    .command("export")
    .description("write every entry as a line of JSON, oldest first")
    .option("--workspace <id>", "whose log; the first workspace's if left out")
    .action(async (options: WorkspaceOption) => withAudit(options, (await commands()).exportAudit));
}

async function loginCommand(options: { server?: string; label: string }): Promise<void> {
  const config = readConfig(process.env);
  const { login } = await import("./faces/cli/login.js");
  const server = options.server ?? (await serverUrl(config)) ?? `http://127.0.0.1:${config.PORT}`;
  const file = join(config.CLANKER_HOME, "logins.json");
  await login({ file, print: (line) => void print(line), signal: stopping.signal }, { server, label: options.label });
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

  root
    .command("owner-link")
    .description("print a link that signs you in to the pages, once")
    .option("--person <id>", "another person than the owner, such as usr_2")
    .action(ownerLinkCommand);
  root
    .command("login")
    .description("get an API key of a server by approving this device on its pages")
    .option("--server <url>", "the server's address; this machine's own if left out")
    .option("--label <text>", "what the person sees this device as", `clanker-mcp on ${hostname()}`)
    .action(loginCommand);

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
  auditCommands(root);
  workspaceCommands(root);

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
