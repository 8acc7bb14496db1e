import type { Command } from "commander";
import type { WorkspaceCommands } from "../faces/cli/workspace.js";
import { type Terminal, theOwner, withApp, type WorkspaceOption } from "./terminal.js";

/** `export`, `import` and `delete`, of whole workspaces. */
export function workspaceCommands(root: Command, terminal: Terminal): void {
  const commands = () => import("../faces/cli/workspace.js");
  const withWorkspaces = (use: (commands: WorkspaceCommands) => Promise<void>) =>
    withApp(terminal, async ({ services: { workspaces }, portability }) => {
      const { stdin, print } = terminal;
      await use({ portability, workspaces, owner: await theOwner(), stdin, print });
    });
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
