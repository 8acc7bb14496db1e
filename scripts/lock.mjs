// A lock between processes: a file that names the process which holds it.
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";

const FORGOTTEN_MS = 60_000;

/**
 * Takes the lock if it is free or its holder is gone; answers what releases it, or undefined while another
 * process has it. A lock held longer than a minute counts as forgotten.
 *
 * @param {string} path
 * @returns {(() => void) | undefined}
 */
export function takeLock(path) {
  const name = `${process.pid}`;
  try {
    writeFileSync(path, name, { flag: "wx" });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    removeIfAbandoned(path);
    return undefined;
  }
  return () => {
    if (read(path)?.holder === name) rmSync(path, { force: true });
  };
}

/** @param {string} path */
function removeIfAbandoned(path) {
  const seen = read(path);
  if (!seen || !isAbandoned(seen)) return;
  // Of several that saw the same abandoned lock one moves it; what it moved may be a newer one, then it goes back.
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    const moved = read(aside);
    if (moved && (moved.holder !== seen.holder || moved.since !== seen.since)) linkSync(aside, path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT" && codeOf(error) !== "EEXIST") throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/** @param {{ holder: string, since: number }} lock */
function isAbandoned({ holder, since }) {
  if (Date.now() - since > FORGOTTEN_MS) return true;
  const id = Number(holder);
  if (!Number.isInteger(id) || id <= 0) return false;
  // A process that starts over in a container often gets the number it had before.
  return id === process.pid || !isAlive(id);
}

/** @param {number} id */
function isAlive(id) {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** @param {string} path */
function read(path) {
  try {
    return { holder: readFileSync(path, "utf8"), since: statSync(path).mtimeMs };
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code;
}
