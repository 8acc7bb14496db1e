import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

/** Where a server of this machine is. */
export interface RunningServer {
  readonly pid: number;
  /** How people reach it. */
  readonly url: string;
  /** How this machine reaches it. */
  readonly local: string;
  /** The setting of its store. */
  readonly store: string;
}

const httpAddress = z.url({ protocol: /^https?$/ });
const record = z.object({ pid: z.int().positive(), url: httpAddress, local: httpAddress, store: z.string() });

const ANSWER_MS = 2000;

const RECORD = /^server-\d+\.json$/;
const fileOf = (home: string, pid: number) => join(home, `server-${pid}.json`);

/** The setting may hold a password. */
const fingerprintOf = (store: string): string => createHash("sha256").update(store).digest("hex");

/** Lets other programs of this home find the server, until {@link forgetServer}; throws where the file cannot be kept. */
export async function recordServer(home: string, server: RunningServer): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const file = fileOf(home, server.pid);
  await writeFile(`${file}.new`, JSON.stringify({ ...server, store: fingerprintOf(server.store) }), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** Takes a server out of what {@link findServer} finds. */
export async function forgetServer(home: string, pid: number): Promise<void> {
  await rm(fileOf(home, pid), { force: true });
}

/**
 * The address of a server of this home and store that answers now, the one on `port` before others; undefined where none
 * does. The record of a process that was killed is passed over: its port may be anybody's by now.
 */
export async function findServer(home: string, store: string, port: number): Promise<string | undefined> {
  const names = (await readdir(home).catch(() => [])).filter((name) => RECORD.test(name));
  const records = await Promise.all(names.map((name) => read(home, name)));
  const wanted = fingerprintOf(store);
  const here = records.flat().filter((server) => server.store === wanted && isAlive(server.pid));
  const answering = (await Promise.all(here.map(async (server) => ((await answers(server)) ? [server] : [])))).flat();
  return (answering.find(({ local }) => Number(new URL(local).port) === port) ?? answering[0])?.url;
}

async function read(home: string, name: string): Promise<RunningServer[]> {
  try {
    return [record.parse(JSON.parse(await readFile(join(home, name), "utf8")))];
  } catch {
    // Gone meanwhile, or not written by a server: nothing to go by either way.
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    // Another user's process is alive too.
    return (thrown as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function answers({ local }: RunningServer): Promise<boolean> {
  try {
    const answer = await fetch(new URL("/healthz", local), {
      signal: AbortSignal.timeout(ANSWER_MS),
      redirect: "error",
    });
    return answer.ok;
  } catch {
    return false;
  }
}
