import { execFile } from "node:child_process";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterPrograms, type Program, temporaryFolder } from "./program.js";

const run = promisify(execFile);

/** A folder on a disk that can run out of space. */
export interface SmallDisk {
  readonly folder: string;
  /** What a process that is to feel it runs first in its shell. */
  readonly shell: string;
  /** Uses up what is left; `writer` is who is to feel it. */
  fill(writer?: Program): Promise<void>;
  free(writer?: Program): Promise<void>;
  /** Lets nothing be written from now on; only while no file is open. */
  makeReadOnly(): Promise<void>;
}

/**
 * A disk of 4 MB. Where this user may not mount one, a folder: then a limit on the size of the writer's files
 * stands for the full disk, and the modes in the folder for the read-only one.
 */
export async function smallDisk(): Promise<SmallDisk> {
  const folder = await temporaryFolder();
  try {
    await run("mount", ["-t", "tmpfs", "-o", "size=4m", "clanker-tests", folder]);
  } catch {
    return limitedFolder(folder);
  }
  afterPrograms(() => run("umount", ["-l", folder]));
  const filler = join(folder, "filler");
  return {
    folder,
    shell: ":",
    fill: () => fill(filler),
    free: () => rm(filler),
    async makeReadOnly() {
      await run("mount", ["-o", "remount,ro", folder]);
    },
  };
}

async function fill(path: string): Promise<void> {
  const file = await open(path, "w");
  try {
    for (const size of [65_536, 512]) for (;;) if (!(await fits(file.write(Buffer.alloc(size))))) break;
  } finally {
    await file.close();
  }
}

async function fits(writing: Promise<{ bytesWritten: number }>): Promise<boolean> {
  const written = await writing.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOSPC") throw error;
    return { bytesWritten: 0 };
  });
  return written.bytesWritten > 0;
}

function limitedFolder(folder: string): SmallDisk {
  afterPrograms(() => run("chmod", ["-R", "u+w", folder]));
  const limit = async (bytes: string, writer: Program | undefined) => {
    if (writer) await run("prlimit", ["--pid", String(writer.child.pid), `--fsize=${bytes}:unlimited`]);
  };
  let shell = "trap '' XFSZ";
  return {
    folder,
    get shell() {
      return shell;
    },
    async fill(writer) {
      if (writer) await limit("1024", writer);
      else shell += "; ulimit -S -f 0";
    },
    free: (writer) => limit("unlimited", writer),
    async makeReadOnly() {
      await run("chmod", ["-R", "a-w", folder]);
    },
  };
}
