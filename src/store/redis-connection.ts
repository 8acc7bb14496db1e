import type { createClient } from "redis";
import { AppError } from "../core/errors.js";
import type { Log } from "../core/log.js";
import { closed, unavailable } from "./unavailable.js";

type CreateClient = typeof createClient;
type Client = ReturnType<CreateClient>;

/** Two connections to one Redis: for commands, and for subscriptions. */
export interface Connection {
  readonly client: Client;
  readonly subscriber: Client;
  /** Does a command; one that fails or takes too long, or a Redis that is away, is `STORE_UNAVAILABLE`. */
  readonly guard: <T>(command: () => Promise<T>, over?: Client) => Promise<T>;
  close(): Promise<void>;
}

interface ConnectOptions {
  readonly url: string;
  readonly log?: Log;
  readonly openMs?: number;
  readonly commandMs?: number;
}

/** Quiet connections are asked after; one that stays silent is replaced. Milliseconds. */
const PING_MS = 2000;
const SILENCE_MS = 6000;
const MAX_PAUSE_MS = 1000;

/** Connects, or throws `STORE_UNAVAILABLE` that names the setting and never the password. */
export async function connectRedis(create: CreateClient, options: ConnectOptions): Promise<Connection> {
  const { url, log, openMs = 10_000, commandMs = 2000 } = options;
  const clients = [make(create, url, openMs, true), make(create, url, openMs, false)] as const;
  const [client, subscriber] = clients;
  let lastError: unknown;
  client.on("error", (error: unknown) => (lastError = error));
  subscriber.on("error", () => undefined);
  try {
    await within(openMs, Promise.all(clients.map((one) => one.connect())));
  } catch (error) {
    for (const one of clients) if (one.isOpen) one.destroy();
    throw new AppError(
      "STORE_UNAVAILABLE",
      `CLANKER_STORE names a Redis at ${new URL(url).host} that cannot be used (${reasonOf(lastError ?? error)}); ` +
        "start it or correct the setting.",
      { cause: lastError ?? error },
    );
  }
  tellOutages(client, log);

  let open = true;
  /** Commands without an answer in time: nothing more is sent, so that a dead connection is found to be silent. */
  let stalled = 0;
  return {
    client,
    subscriber,
    async guard(command, over = client) {
      if (!open) throw closed();
      if (!over.isReady || stalled > 0) throw unavailable(lastError);
      const answer = command();
      try {
        return await within(commandMs, answer);
      } catch (error) {
        if (error instanceof Overdue) {
          stalled += 1;
          answer.catch(() => undefined).finally(() => (stalled -= 1));
        }
        throw unavailable(error);
      }
    },
    async close() {
      if (!open) return;
      open = false;
      await within(
        commandMs,
        Promise.all(clients.map(async (one) => (one.isReady ? one.close() : one.destroy()))),
      ).catch(() => clients.filter((one) => one.isOpen).forEach((one) => one.destroy()));
    },
  };
}

function make(create: CreateClient, url: string, openMs: number, disableOfflineQueue: boolean): Client {
  let wasReady = false;
  try {
    const client = create({
      url,
      disableOfflineQueue,
      pingInterval: PING_MS,
      socket: {
        connectTimeout: Math.min(openMs, 5000),
        socketTimeout: SILENCE_MS,
        reconnectStrategy: (retries, cause) =>
          !wasReady && /^(WRONGPASS|NOAUTH|NOPERM)/.test(cause.message)
            ? false
            : Math.min(50 * 2 ** retries, MAX_PAUSE_MS) * (0.75 + Math.random() / 4),
      },
    });
    client.on("ready", () => (wasReady = true));
    return client;
  } catch {
    // What the client throws quotes the address with its password.
    throw new AppError("STORE_UNAVAILABLE", "CLANKER_STORE is no address of a Redis; it takes redis://host:port.");
  }
}

function tellOutages(client: Client, log: Log | undefined): void {
  let away = false;
  client.on("error", (error) => {
    if (!away) log?.warn({ err: error as unknown }, "Redis is away; waiting for it to come back.");
    away = true;
  });
  client.on("ready", () => {
    if (away) log?.info({}, "Redis is back.");
    away = false;
  });
}

class Overdue extends Error {}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Overdue(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return error instanceof Error ? error.message : String(error);
}
