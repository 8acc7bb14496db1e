import type { Log } from "../core/log.js";
import { createMemoryStore } from "./memory.js";
import type { Store } from "./port.js";

/**
 * Opens the store that CLANKER_STORE names: `memory:`, `file:<path>` or `redis://...`; the driver is loaded
 * only then. Throws `STORE_UNAVAILABLE` with a sentence for the person who started the program.
 */
export async function openStore(url: string, log: Log): Promise<Store> {
  if (url === "memory:") return createMemoryStore({ log });
  if (url.startsWith("file:")) {
    const { openFileStore } = await import("./file.js");
    return openFileStore({ path: url.slice("file:".length), log });
  }
  const { openRedisStore } = await import("./redis.js");
  return openRedisStore({ url, log });
}
