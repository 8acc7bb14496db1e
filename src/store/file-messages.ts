import { randomUUID } from "node:crypto";
import type { Log } from "../core/log.js";
import { createChannels } from "./channels.js";
import type { FileDatabase } from "./file-database.js";
import type { Store } from "./port.js";
import { textOf } from "./texts.js";

const POLL_MS = 200;
const BATCH = 500;

interface Messages extends Pick<Store, "publish" | "subscribe"> {
  stop(): void;
}

/**
 * Publish and subscribe through a table: this process's listeners hear at once, other processes look for new
 * messages five times a second, and only while they have a listener.
 */
export function fileMessages(db: FileDatabase, log?: Log): Messages {
  const sender = randomUUID();
  const channels = createChannels(log);
  let poll: NodeJS.Timeout | undefined;
  let seen = 0;
  /** Changes whenever another process wrote to the file. */
  let fileVersion: unknown;

  const currentVersion = (): unknown =>
    (db.statement("PRAGMA data_version").get() as { data_version: number }).data_version;
  const lastMessage = (): number =>
    (db.statement("SELECT COALESCE(MAX(seq), 0) AS seq FROM messages").get() as { seq: number }).seq;
  const look = (): void => {
    const version = currentVersion();
    if (version === fileVersion) return;
    const sql = "SELECT seq, sender, channel, body FROM messages WHERE seq > ? ORDER BY seq LIMIT ?";
    const found = db.statement(sql).all(seen, BATCH) as {
      seq: number;
      sender: string;
      channel: string;
      body: string;
    }[];
    for (const message of found) {
      seen = message.seq;
      if (message.sender !== sender) channels.deliver(message.channel, message.body);
    }
    if (found.length < BATCH) fileVersion = version;
  };
  const stop = (): void => {
    clearInterval(poll);
    poll = undefined;
  };

  return {
    async publish(channel, message) {
      const body = textOf(message);
      await db.writeSoon(() =>
        db
          .statement("INSERT INTO messages (sender, channel, created, body) VALUES (?, ?, ?, ?)")
          .run(sender, channel, Date.now(), body),
      );
      channels.deliver(channel, body);
    },
    async subscribe(channel, listener) {
      await db.read(() => {
        if (poll) return;
        fileVersion = currentVersion();
        seen = lastMessage();
      });
      const remove = channels.add(channel, listener);
      poll ??= setInterval(() => {
        db.read(look).catch((error: unknown) => log?.warn({ err: error }, "Messages of other processes wait."));
      }, POLL_MS).unref();
      return async () => {
        await remove();
        if (channels.isEmpty()) stop();
      };
    },
    stop() {
      stop();
      channels.clear();
    },
  };
}
