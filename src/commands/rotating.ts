import type { Command } from "commander";
import { readConfig } from "../config.js";
import { createLog } from "../log.js";
import { type Terminal, withApp, type WorkspaceOption } from "./terminal.js";

/** `secrets rotate` and `master-key rotate`. */
export function rotatingCommands(root: Command, terminal: Terminal): void {
  const rotation = () => import("../rotating.js");
  const print = (line: string) => void terminal.print(line);
  root
    .command("secrets")
    .description("care for what is kept sealed")
    .command("rotate")
    .description("give a workspace a new data key and seal everything anew")
    .option("--workspace <id>", "whose; the first workspace's if left out")
    .action(({ workspace }: WorkspaceOption) =>
      withApp(terminal, async (app) => (await rotation()).rotateSecrets(app, workspace, print)),
    );
  root
    .command("master-key")
    .description("care for the key that wraps all others")
    .command("rotate")
    .description("change to CLANKER_NEW_MASTER_KEY, or to a new key in CLANKER_HOME/master.key")
    .action(async () => {
      const config = readConfig(terminal.environment);
      const { rotateMaster } = await rotation();
      await rotateMaster(config, createLog(config.CLANKER_LOG_LEVEL), print);
    });
}
