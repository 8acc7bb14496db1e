import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * A program of this machine: the first of these names on PATH, or that of Debian's package, installed where apt
 * and root allow. Throws `advice`, the sentence that says what to install, where there is none.
 */
export async function programOf(
  names: readonly [string, ...string[]],
  packageName: string,
  advice: string,
): Promise<string> {
  const found = await onPath(names);
  if (found) return found;
  await install(packageName).catch((cause: unknown) => {
    throw new Error(advice, { cause });
  });
  const installed = await onPath(names);
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

async function install(packageName: string): Promise<void> {
  if (process.getuid?.() !== 0 || !(await onPath(["apt-get"]))) return;
  // flock: workers wait for the one that installs; the kernel frees the lock when its holder dies.
  // The loop: some other program may be holding apt's own locks.
  const apt = `apt-get update -q && apt-get install -qy --no-install-recommends -o DPkg::Lock::Timeout=300 ${packageName}`;
  const script = `dpkg -s ${packageName} >/dev/null 2>&1 && exit; for try in 1 2 3 4; do ${apt} && exit; sleep 8; done; exit 1`;
  const lock = join(tmpdir(), "clanker-tests-apt.lock");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run("flock", [lock, "sh", "-c", script], { env, maxBuffer: 64 * 1024 * 1024 });
}
