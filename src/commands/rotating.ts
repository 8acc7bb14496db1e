import type { Command } from "commander";
import { type Config, readConfig } from "../config.js";
import type { Log } from "../core/log.js";
import { createLog } from "../log.js";
import type * as Rotation from "../rotating.js";
import type { Terminal, WorkspaceOption } from "./terminal.js";

/** `secrets rotate` and `master-key rotate`. */
export function rotatingCommands(root: Command, terminal: Terminal): void {
  const rotating = async (
    run: (use: typeof Rotation, config: Config, log: Log, say: (line: string) => void) => Promise<void>,
  ): Promise<void> => {
    const config = readConfig(terminal.environment);
    const say = (line: string) => void terminal.print(line);
    await run(await import("../rotating.js"), config, createLog(config.CLANKER_LOG_LEVEL), say);
  };
  root
    .command("secrets")
    .description("care for what is kept sealed")
    .command("rotate")
    .description("give a workspace a new data key and seal everything anew")
    .option("--workspace <id>", "whose; the first workspace's if left out")
    .action(({ workspace }: WorkspaceOption) =>
      rotating((use, config, log, say) => use.rotateSecrets(config, log, workspace, say)),
    );
  root
    .command("master-key")
    .description("care for the key that wraps all others")
    .command("rotate")
    .description("change to CLANKER_NEW_MASTER_KEY, or to a new key in CLANKER_HOME/master.key")
    .action(() => rotating((use, config, log, say) => use.rotateMaster(config, log, say)));
}
