import type { Command } from "commander";
import type { CreateOptions, KeyCommands } from "../faces/cli/keys.js";
import { type Terminal, theOwner, withApp, type WorkspaceOption } from "./terminal.js";

/** `keys create`, `keys list` and `keys revoke`. */
export function keysCommands(root: Command, terminal: Terminal): void {
  const keys = root.command("keys").description("make, list and revoke API keys");
  const commands = () => import("../faces/cli/keys.js");
  const withKeys = (use: (commands: KeyCommands) => Promise<void>) =>
    withApp(terminal, async ({ services: { keys, workspaces, audit, clerk } }) => {
      const requireClerkAccount = (name: string) => clerk.requireAccount(name);
      const print = (line: string) => void terminal.print(line);
      await use({ keys, workspaces, audit, requireClerkAccount, owner: await theOwner(), print });
    });
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
    .action((options: WorkspaceOption) => withKeys(async (use) => (await commands()).listKeys(use, options)));
  keys
    .command("revoke")
    .description("stop a key for good")
    .argument("<id>", "the key's id, such as key_9")
    .option("--workspace <id>", "whose key; the first workspace's if left out")
    .action((id: string, options: WorkspaceOption) =>
      withKeys(async (use) => (await commands()).revokeKey(use, id, options)),
    );
}
