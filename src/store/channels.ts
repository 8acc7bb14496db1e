import type { Log } from "../core/log.js";
import type { Unsubscribe } from "./port.js";

type Listener = (message: unknown) => void;

/** The listeners of one process; each gets its own copy of a message, and one that throws stops no other. */
export interface Channels {
  add(channel: string, listener: Listener): Unsubscribe;
  /** Hands a message, as JSON text, to the channel's listeners right after the code that is running now. */
  deliver(channel: string, text: string): void;
  has(channel: string): boolean;
  isEmpty(): boolean;
  clear(): void;
}

/** An empty {@link Channels}; `log` hears of listeners that throw. */
export function createChannels(log?: Log): Channels {
  const channels = new Map<string, Set<{ listener: Listener }>>();
  return {
    add(channel, listener) {
      const entry = { listener };
      const entries = channels.get(channel) ?? new Set();
      channels.set(channel, entries.add(entry));
      return async () => {
        entries.delete(entry);
        if (entries.size === 0 && channels.get(channel) === entries) channels.delete(channel);
      };
    },
    deliver(channel, text) {
      for (const entry of channels.get(channel) ?? []) {
        queueMicrotask(() => hear(entry.listener, text, log));
      }
    },
    has: (channel) => channels.has(channel),
    isEmpty: () => channels.size === 0,
    clear: () => channels.clear(),
  };
}

function hear(listener: Listener, text: string, log: Log | undefined): void {
  try {
    listener(JSON.parse(text));
  } catch (error) {
    log?.error({ err: error }, "A subscriber of the store failed.");
  }
}
