import { join } from "node:path";
import type { Command } from "commander";
import { type Config, ConfigError, readConfig } from "../config.js";
import { createLog } from "../log.js";
import { projectRoot, version } from "../project.js";
import type { Terminal } from "./terminal.js";

/** What the operator limits everybody to, by flags that win over the environment. */
interface LimitFlags {
  readonly toolsets?: string;
  readonly readOnly?: true;
  readonly surface?: string;
}

/** `serve` and `stdio`. */
export function servingCommands(root: Command, terminal: Terminal): void {
  limited(root.command("serve").description("serve MCP and REST over HTTP")).action((flags: LimitFlags) =>
    serve(terminal, flags),
  );
  limited(root.command("stdio").description("speak MCP over stdin and stdout, as the owner")).action(
    async (flags: LimitFlags) => {
      const config = configWith(terminal, flags);
      const { runStdio } = await import("../stdio.js");
      await runStdio(config, createLog(config.CLANKER_LOG_LEVEL), terminal);
    },
  );
}

function limited(command: Command): Command {
  return command
    .option("--toolsets <names>", "the only toolsets that anybody may use, with commas between")
    .option("--read-only", "refuse whatever is not a read")
    .option("--surface <surface>", "search: list three tools behind which all the others are found; all: list all");
}

function configWith({ environment }: Terminal, { toolsets, readOnly, surface }: LimitFlags): Config {
  // Settings that are empty count as left out; a limit that came out empty must not.
  for (const [flag, value] of Object.entries({ toolsets, surface })) {
    if (value?.trim() === "") throw new ConfigError(`--${flag} takes a name, not an empty text.`);
  }
  return readConfig({
    ...environment,
    ...(toolsets !== undefined && { CLANKER_TOOLSETS: toolsets }),
    ...(readOnly && { CLANKER_READ_ONLY: "true" }),
    ...(surface !== undefined && { CLANKER_SURFACE: surface }),
  });
}

async function serve(terminal: Terminal, flags: LimitFlags): Promise<void> {
  const config = configWith(terminal, flags);
  const log = createLog(config.CLANKER_LOG_LEVEL);
  const [{ serve }, { firstContact }, { forgetServer, recordServer }] = await Promise.all([
    import("../serve.js"),
    import("../faces/cli/first-contact.js"),
    import("../running-servers.js"),
  ]);
  const serving = await serve(config, log);
  const { pid } = terminal;
  const { CLANKER_HOME: home, CLANKER_STORE: store } = config;
  await recordServer(home, { pid, url: serving.url, local: serving.local, store }).catch((err: unknown) =>
    log.info({ err }, "other programs of this home cannot find this server"),
  );
  const { ownerKeyFile, services } = serving.app;
  terminal.stdout.write(
    firstContact({
      version,
      url: serving.url,
      ownerKeyFile,
      stdio: { command: "node", args: [join(projectRoot, "scripts", "launch.mjs"), "stdio"] },
      environment: terminal.environment["CLANKER_HOME"] ? { CLANKER_HOME: config.CLANKER_HOME } : {},
      model: config.CLANKER_MODEL,
      skills: services.marketplace.categories().reduce((sum, { count }) => sum + count, 0),
    }),
  );
  await aborted(terminal.signal);
  await forgetServer(home, pid).catch(() => undefined);
  await serving.close();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
