import type { IRedisClient } from "bullmq";
import type { Log } from "../core/log.js";

/** A connection in the form BullMQ takes, with those that BullMQ makes after its pattern. */
export interface RedisConnection {
  readonly client: IRedisClient;
  /** Drops them all at once, also while Redis is away. */
  close(): void;
}

const CONNECT_MS = 5000;
const LONGEST_WAIT_MS = 2000;

/**
 * Connects in the background and again after every loss. While Redis is away a command fails at once or waits
 * for it, as asked; the first failure after a success is logged as a warning.
 */
export async function connectRedis(options: {
  readonly url: string;
  readonly whileAway: "fail" | "wait";
  readonly log: Log;
}): Promise<RedisConnection> {
  const [{ createClient }, { createNodeRedisClient }] = await Promise.all([import("redis"), import("bullmq")]);
  const clients: IRedisClient[] = [];
  let away = false;

  /** BullMQ drops its own listeners before the last errors come, and an unheard one ends the process. */
  const heard = (client: IRedisClient): IRedisClient => {
    clients.push(client);
    client.on("ready", () => (away = false));
    client.on("error", (error: unknown) => {
      options.log[away ? "debug" : "warn"]({ err: error }, "The queue has lost Redis; it connects again by itself.");
      away = true;
    });
    const duplicate = client.duplicate.bind(client);
    client.duplicate = (...args: unknown[]) => heard(duplicate(...args));
    return client;
  };

  const raw = createClient({
    url: options.url,
    disableOfflineQueue: options.whileAway === "fail",
    socket: {
      connectTimeout: CONNECT_MS,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** Math.min(retries, 10), LONGEST_WAIT_MS),
    },
  });
  const client = heard(createNodeRedisClient(raw));
  return {
    client,
    close() {
      for (const each of clients) each.disconnect();
    },
  };
}
