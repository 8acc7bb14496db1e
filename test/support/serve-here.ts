import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../src/config.js";
import type { Log } from "../../src/core/log.js";
import { serve } from "../../src/serve.js";
import { type Environment, MASTER_KEY, OWNER_KEY, UNLIMITED } from "./program.js";

/** The whole server in this process, over a memory store, for tests that look at what it does to the process. */
export async function serveHere(env: Environment = {}) {
  const home = await mkdtemp(join(tmpdir(), "clanker-here-"));
  const lines: string[] = [];
  const note = (fields: object, message: string) => void lines.push(JSON.stringify({ ...fields, message }));
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const keys = { CLANKER_OWNER_KEY: OWNER_KEY, CLANKER_MASTER_KEY: MASTER_KEY };
  const config = readConfig({ CLANKER_HOME: home, CLANKER_STORE: "memory:", PORT: "0", ...UNLIMITED, ...keys, ...env });
  const { url, app, close } = await serve(config, log);
  return {
    url,
    app,
    key: OWNER_KEY,
    /** What was logged, a line an entry. */
    lines,
    async close() {
      await close();
      await rm(home, { recursive: true, force: true });
    },
  };
}
