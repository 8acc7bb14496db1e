import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** A Chromium on this machine: `CHROMIUM_PATH`, one on PATH, or Debian's, installed where apt and root allow. */
export async function chromiumPath(): Promise<string> {
  const given = process.env["CHROMIUM_PATH"];
  if (given) return given;
  const advice = "This test needs Chromium: install Debian's chromium package, or set CHROMIUM_PATH to its program.";
  const found = await onPath(NAMES);
  if (found) return found;
  const installed = await install().catch((cause: unknown) => {
    throw new Error(advice, { cause });
  });
  if (installed) return installed;
  throw new Error(advice);
}

async function onPath(names: readonly string[]): Promise<string | undefined> {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter(Boolean);
  for (const path of names.flatMap((name) => folders.map((folder) => join(folder, name)))) {
    const executable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return path;
  }
  return undefined;
}

async function install(): Promise<string | undefined> {
  if (process.getuid?.() !== 0 || !(await onPath(["apt-get"]))) return undefined;
  // flock: workers wait for the one that installs; the kernel frees the lock when its holder dies.
  // The loop: some other program may be holding apt's own locks.
  const apt = "apt-get update -q && apt-get install -qy --no-install-recommends -o DPkg::Lock::Timeout=300 chromium";
  const script = `command -v chromium && exit; for try in 1 2 3 4; do ${apt} && exit; sleep 8; done; exit 1`;
  const lock = join(tmpdir(), "clanker-tests-apt.lock");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run("flock", [lock, "sh", "-c", script], { env, maxBuffer: 64 * 1024 * 1024 });
  return onPath(["chromium"]);
}
