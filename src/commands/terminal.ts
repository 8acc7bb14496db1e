import type { Readable, Writable } from "node:stream";
import type { App } from "../compose.js";
import { readConfig } from "../config.js";
import { createLog } from "../log.js";

/** Where a command was typed: what it reads and writes, its environment, and how it is told to end. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The process's number. */
  readonly pid: number;
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** Aborted when the program is to end. */
  readonly signal: AbortSignal;
  /** Writes a line; resolves when it may be followed by another: whoever reads may be slow. */
  print(line: string): Promise<void>;
  /** Has the program end with the exit code of a failure once the command is through. */
  fail(): void;
}

/** What takes `--workspace`. */
export interface WorkspaceOption {
  readonly workspace?: string;
}

/** Runs a command on everything behind the faces, beside whatever server uses the same store; links lead to `url`. */
export async function withApp<T>({ environment }: Terminal, use: (app: App) => Promise<T>, url = ""): Promise<T> {
  const config = readConfig(environment);
  const { compose } = await import("../compose.js");
  const app = await compose(config, createLog(config.CLANKER_LOG_LEVEL), { publicUrl: () => url, downloads: "signed" });
  try {
    return await use(app);
  } finally {
    await app.close();
  }
}

/** The first workspace and its owner, for whom commands act. */
export async function theOwner(): Promise<{ readonly workspace: number; readonly person: number }> {
  return (await import("../services/workspaces.js")).OWNER;
}
