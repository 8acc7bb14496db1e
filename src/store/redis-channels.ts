import type { Log } from "../core/log.js";
import { createChannels } from "./channels.js";
import type { Store } from "./port.js";
import type { Connection } from "./redis-connection.js";
import { fromSortKey, toSortKey } from "./sort-key.js";
import { textOf } from "./texts.js";

/** Publish and subscribe over Redis: one subscription a channel and process, however many listen. */
export function redisChannels(
  { client, subscriber, guard }: Connection,
  prefix: string,
  log?: Log,
): Pick<Store, "publish" | "subscribe"> {
  const channels = createChannels(log);
  const subscribed = new Set<string>();
  const nameOf = (channel: string): string => prefix + toSortKey(channel);
  /** One function for all, so that Redis's client, which keeps a set of them, never calls it twice. */
  const forward = (text: string, name: string): void => {
    channels.deliver(fromSortKey(name.slice(prefix.length)), text);
  };

  let last: Promise<unknown> = Promise.resolve();
  /** Brings Redis in line with whether anyone listens; one at a time, or the client mixes up their effects. */
  const align = (channel: string): Promise<void> => {
    const turn = last.then(async () => {
      if (channels.has(channel) === subscribed.has(channel)) return;
      if (channels.has(channel)) {
        await guard(() => subscriber.subscribe(nameOf(channel), forward), subscriber);
        subscribed.add(channel);
      } else {
        await guard(() => subscriber.unsubscribe(nameOf(channel)), subscriber);
        subscribed.delete(channel);
      }
    });
    last = turn.catch(() => undefined);
    return turn;
  };

  return {
    async publish(channel, message) {
      const text = textOf(message);
      await guard(() => client.publish(nameOf(channel), text));
    },
    async subscribe(channel, listener) {
      await guard(async () => undefined, subscriber);
      const remove = channels.add(channel, listener);
      try {
        await align(channel);
      } catch (error) {
        await remove();
        throw error;
      }
      return async () => {
        await remove();
        // With Redis away the subscription stays on its list, and delivers to nobody.
        await align(channel).catch(() => undefined);
      };
    },
  };
}
