import { join } from "node:path";
import {
  afterPrograms,
  type Environment,
  MASTER_KEY,
  OWNER_KEY,
  runProgram,
  type Server,
  startServer,
  temporaryFolder,
} from "./program.js";
import { startRedis } from "./redis.js";
import { type RoundRobin, startRoundRobin } from "./round-robin.js";

/** Two processes of the program over one store, behind a proxy; all of it ends with `endPrograms`. */
export interface TwoProcesses {
  /** Where the proxy listens. */
  readonly url: string;
  /** The owner's key. */
  readonly key: string;
  readonly proxy: RoundRobin;
  /** The processes, as they are now. */
  readonly servers: readonly [Server, Server];
  /** Starts one again in its place, which has to have ended. */
  startAgain(process: 0 | 1): Promise<void>;
  /** Makes a key with every scope, or those named. */
  makeKey(scopes?: string): Promise<{ readonly key: string; readonly id: string }>;
  revokeKey(id: string): Promise<void>;
  /** A link that signs the owner in. */
  ownerLink(): Promise<string>;
}

/** Starts them over a Redis of their own, or over one file. */
export async function startTwoProcesses(
  env: Environment = {},
  kind: "redis" | "file" = "redis",
): Promise<TwoProcesses> {
  const home = await temporaryFolder();
  const settings = {
    CLANKER_STORE: kind === "redis" ? await ownRedis() : `file:${join(home, "store.db")}`,
    CLANKER_OWNER_KEY: OWNER_KEY,
    CLANKER_MASTER_KEY: MASTER_KEY,
    CLANKER_LOG_LEVEL: "warn",
    ...env,
  };
  const start = () => startServer({ home, env: settings });
  const servers = [await start(), await start()] as [Server, Server];
  const proxy = await startRoundRobin(servers.map(({ url }) => url));
  afterPrograms(() => proxy.stop());

  const command = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runProgram(args, { home, env: settings });
    if (code !== 0) throw new Error(`${args.join(" ")} failed: ${stderr}`);
    return stdout;
  };
  return {
    url: proxy.url,
    key: OWNER_KEY,
    proxy,
    servers,
    async startAgain(process) {
      servers[process] = await start();
      proxy.replace(process, servers[process].url);
    },
    async makeKey(scopes = "*") {
      const [key = "", described = ""] = (await command("keys", "create", "--name", "x", "--scopes", scopes)).split(
        "\n",
      );
      return { key, id: described.split(" ")[0] ?? "" };
    },
    async revokeKey(id) {
      await command("keys", "revoke", id);
    },
    ownerLink: async () => (await command("owner-link")).split("\n")[0] ?? "",
  };
}

async function ownRedis(): Promise<string> {
  const redis = await startRedis();
  afterPrograms(() => redis.stop());
  return redis.url;
}
