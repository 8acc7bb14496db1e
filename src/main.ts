import { Command, CommanderError } from "commander";
import { auditCommands } from "./commands/audit.js";
import { keysCommands } from "./commands/keys.js";
import { rotatingCommands } from "./commands/rotating.js";
import { servingCommands } from "./commands/serving.js";
import { signingInCommands } from "./commands/signing-in.js";
import type { Terminal } from "./commands/terminal.js";
import { workspaceCommands } from "./commands/workspaces.js";
import { ConfigError } from "./config.js";
import { AppError } from "./core/errors.js";
import { createLog } from "./log.js";
import { version } from "./project.js";

/** A setting, a key or an address that does not fit: the person has to change something first. */
const EXIT_SETTING = 2;
const EXIT_FAILED = 1;

/** Every subject that has commands, in the order in which the help lists them. */
const COMMANDS = [servingCommands, signingInCommands, keysCommands, auditCommands, workspaceCommands, rotatingCommands];

const stopping = new AbortController();

const terminal: Terminal = {
  environment: process.env,
  pid: process.pid,
  // Looking at stdin opens it.
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  signal: stopping.signal,
  print: (line) =>
    new Promise((resolve) => {
      if (process.stdout.write(`${line}\n`)) resolve();
      else process.stdout.once("drain", resolve);
    }),
  fail: () => void (process.exitCode = EXIT_FAILED),
};

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

const program = new Command("clanker-mcp")
  .description("A workspace of AI skills for any agent, over MCP and REST.")
  .version(version)
  .exitOverride();
for (const add of COMMANDS) add(program, terminal);

try {
  await program.parseAsync(process.argv);
} catch (thrown) {
  process.exitCode = farewell(thrown);
}
// Whatever is still open is no longer needed, and must not keep a finished program alive.
process.stdout.write("", () => process.exit());
