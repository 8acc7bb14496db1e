import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, link, mkdir, open, readFile, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { ConfigError } from "../config.js";

const ANY_KEY = /^[\x21-\x7e]{16,256}$/;

/** Why a system call failed, to finish the sentence "PATH cannot be ...: ". */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "this user may not",
  EPERM: "this user may not",
  EROFS: "the disk is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is no folder",
  EEXIST: "a part of the path is no folder",
  ENOENT: "the folder does not exist and cannot be made",
};

/**
 * The key kept in a file, trimmed; where there is none, `make` gives one, written whole or not at all with mode
 * 0600 in a folder of mode 0700, and processes that start at once agree on one. Throws {@link ConfigError} with
 * one sentence that names the path.
 */
export async function loadKeyFile(
  path: string,
  make: () => string,
  fits: RegExp = ANY_KEY,
): Promise<{ readonly value: string; readonly created: boolean }> {
  const kept = await read(path);
  if (kept !== undefined) return { value: checked(path, kept, fits), created: false };
  const created = await create(path, make());
  return { value: checked(path, (await read(path)) ?? "", fits), created };
}

/** Puts the key of one file in place of another's, whole or not at all. Throws {@link ConfigError} as above. */
export async function replaceKeyFile(path: string, draft: string): Promise<void> {
  try {
    await rename(draft, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    throw failure(path, "written", cause);
  }
}

function checked(path: string, text: string, fits: RegExp): string {
  const value = text.trim();
  if (fits.test(value)) return value;
  const fault = value === "" ? "is empty" : "does not hold a key of the right form";
  throw new ConfigError(`${path} ${fault}: put the right key back, or remove the file to have a new one made.`);
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return undefined;
    throw failure(path, "read", cause);
  }
}

/** False where another process was faster. */
async function create(path: string, value: string): Promise<boolean> {
  const draft = `${path}.${randomBytes(6).toString("hex")}.new`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    try {
      await writeThrough(draft, `${value}\n`);
      const first = await publish(draft, path);
      await syncFolder(dirname(path));
      return first;
    } finally {
      await unlink(draft).catch(() => undefined);
    }
  } catch (cause) {
    throw failure(path, "written", cause);
  }
}

async function writeThrough(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Without this a power cut may forget the name of the file; some systems cannot do it. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r").catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

async function publish(draft: string, path: string): Promise<boolean> {
  try {
    // Some file systems know no hard links; an exclusive copy still lets one process win.
    await link(draft, path).catch((cause: unknown) => {
      if (codeOf(cause) === "EEXIST") throw cause;
      return copyFile(draft, path, constants.COPYFILE_EXCL);
    });
    return true;
  } catch (cause) {
    if (codeOf(cause) === "EEXIST") return false;
    throw cause;
  }
}

function failure(path: string, done: "read" | "written", cause: unknown): ConfigError {
  const code = codeOf(cause);
  const error = new ConfigError(`${path} cannot be ${done}: ${REASONS[code] ?? `the system says ${code}`}.`);
  error.cause = cause;
  return error;
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : "an unknown error";
}
