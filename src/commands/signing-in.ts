import { hostname } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import type { App } from "../compose.js";
import { type Config, readConfig } from "../config.js";
import { type Terminal, theOwner, withApp } from "./terminal.js";

/** `owner-link` and `login`. */
export function signingInCommands(root: Command, terminal: Terminal): void {
  const print = (line: string) => void terminal.print(line);
  root
    .command("owner-link")
    .description("print a link that signs you in to the pages, once")
    .option("--person <id>", "another person than the owner, such as usr_2")
    .action(async (options: { person?: string }) => {
      const url = await serverUrl(readConfig(terminal.environment));
      const linking = async ({ services: { signIns, people, audit }, store }: App) => {
        const { ownerLink } = await import("../faces/cli/owner-link.js");
        const [isShared, isServing] = [store.kind !== "memory", url !== undefined];
        await ownerLink({ signIns, people, isShared, isServing, audit, owner: await theOwner(), print }, options);
      };
      await withApp(terminal, linking, url);
    });
  root
    .command("login")
    .description("get an API key of a server by approving this device on its pages")
    .option("--server <url>", "the server's address; this machine's own if left out")
    .option("--label <text>", "what the person sees this device as", `clanker-mcp on ${hostname()}`)
    .action(async (options: { server?: string; label: string }) => {
      const config = readConfig(terminal.environment);
      const { login } = await import("../faces/cli/login.js");
      const server = options.server ?? (await serverUrl(config)) ?? `http://127.0.0.1:${config.PORT}`;
      const file = join(config.CLANKER_HOME, "logins.json");
      await login({ file, print, signal: terminal.signal }, { server, label: options.label });
    });
}

/** How people reach this home's server: as the settings say, else where one answers now. */
async function serverUrl({
  CLANKER_HOME,
  CLANKER_PUBLIC_URL,
  CLANKER_STORE,
  PORT,
}: Config): Promise<string | undefined> {
  const { findServer } = await import("../running-servers.js");
  return CLANKER_PUBLIC_URL ?? (await findServer(CLANKER_HOME, CLANKER_STORE, PORT));
}
