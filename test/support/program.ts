import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout, and the script that starts the program as people do. */
export const CHECKOUT = fileURLToPath(new URL("../../", import.meta.url));
export const LAUNCH = join(CHECKOUT, "scripts", "launch.mjs");

/** Keys for stores that want them given. */
export const OWNER_KEY = "ck_owner_of_the_tests_0123456789";
export const MASTER_KEY = Buffer.alloc(32, 7).toString("base64");

export type Environment = Readonly<Record<string, string>>;

interface Start {
  /** Beside PATH and a home: nothing else of this process's environment is passed on. */
  readonly env?: Environment;
  /** Left out, an empty folder that is removed afterwards. */
  readonly home?: string;
  /** Runs first in the process's shell, such as a `ulimit`. */
  readonly shell?: string;
  /** The script that starts the program; left out, the checkout's. */
  readonly launch?: string;
}

/** How a process ended. */
export interface Ended {
  /** null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running process of the program. */
export interface Program {
  readonly child: ChildProcessWithoutNullStreams;
  readonly home: string;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<Ended>;
  /** Sends the signal and waits for the end. */
  kill(signal?: NodeJS.Signals): Promise<Ended>;
}

/** A process that serves over HTTP. */
export interface Server extends Program {
  readonly url: string;
  /** The owner's key. */
  readonly key: string;
}

const running = new Set<ChildProcessWithoutNullStreams>();
const folders = new Set<string>();
let cleanUps: (() => Promise<unknown>)[] = [];

process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Ends every process that was started here and removes their folders; call it after each test. */
export async function endPrograms(): Promise<void> {
  await Promise.all(
    [...running].map((child) => {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      return gone;
    }),
  );
  const last = cleanUps;
  cleanUps = [];
  for (const cleanUp of last) await cleanUp();
  await Promise.all([...folders].map((folder) => rm(folder, { recursive: true, force: true, maxRetries: 5 })));
  folders.clear();
}

/** Has {@link endPrograms} do this once every process has ended, before it removes the folders. */
export function afterPrograms(cleanUp: () => Promise<unknown>): void {
  cleanUps.push(cleanUp);
}

/** An empty folder that {@link endPrograms} removes. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "clanker-e2e-"));
  folders.add(folder);
  return folder;
}

/** No limits: tests send far more than clients do. Those of the limits set them. */
export const UNLIMITED: Environment = {
  CLANKER_RATE_LIMIT: "0",
  CLANKER_MCP_RATE_LIMIT: "0",
  CLANKER_FAILED_KEY_LIMIT: "0",
};

/** The whole environment of a process whose home is `home`. */
export function environmentOf(home: string, env: Environment = {}): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", HOME: home, CLANKER_HOME: home, ...UNLIMITED, ...env };
}

/** Starts the program with these arguments. */
export async function startProgram(args: readonly string[], start: Start = {}): Promise<Program> {
  const home = start.home ?? (await temporaryFolder());
  const options = { env: environmentOf(home, start.env) };
  const command = [start.launch ?? LAUNCH, ...args];
  const child =
    start.shell === undefined
      ? spawn(process.execPath, command, options)
      : spawn("sh", ["-c", `${start.shell}; exec "$0" "$@"`, process.execPath, ...command], options);
  running.add(child);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.on("error", () => undefined);
  child.once("exit", () => running.delete(child));
  const ended = new Promise<Ended>((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr })));
  return {
    child,
    home,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    kill(signal = "SIGKILL") {
      child.kill(signal);
      return ended;
    },
  };
}

/** Runs the program to its end. */
export async function runProgram(args: readonly string[], start: Start = {}): Promise<Ended> {
  const program = await startProgram(args, start);
  program.child.stdin.end();
  return program.ended;
}

/** Starts a server on a free port and waits until it says where it listens; throws what it said where it ended. */
export async function startServer(start: Start = {}): Promise<Server> {
  const program = await startProgram(["serve"], { ...start, env: { PORT: "0", ...start.env } });
  const url = await new Promise<string>((resolve, reject) => {
    const look = () => {
      const said = /listens on (http:\/\/\S+)\n[^]*Stop with Ctrl-C/.exec(program.stdout())?.[1];
      if (said !== undefined) resolve(said);
    };
    program.child.stdout.on("data", look);
    void program.ended.then(({ code, stderr }) => reject(new Error(`The server ended (${code}): ${stderr}`)));
  });
  const given = start.env?.["CLANKER_OWNER_KEY"];
  const key = given ?? (await readFile(join(program.home, "owner.key"), "utf8")).trim();
  return { ...program, url, key };
}

/** Waits until `check` gives something but undefined and false; throws after so many milliseconds. */
export async function until<T>(check: () => Promise<T> | T, ms = 10_000): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + ms;
  for (;;) {
    const found = await check();
    if (found !== undefined && found !== false) return found as Exclude<T, undefined | false>;
    if (performance.now() > deadline) throw new Error(`not within ${ms} ms: ${check.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
