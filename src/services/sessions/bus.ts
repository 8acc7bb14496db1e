import type { SessionMessage } from "../../core/session-shelf.js";
import { AppError } from "../../core/errors.js";
import type { Store, Unsubscribe } from "../../store/port.js";
import type { Complain } from "./complaints.js";
import { isProcessName } from "./event-ids.js";
import type { Heartbeat } from "./heartbeat.js";

/** A message on its way. */
export interface Envelope {
  readonly message: SessionMessage;
  /** Of the record that the message tells of. */
  readonly version?: number;
}

/** How processes tell each other; see the port for what is promised. */
export interface Bus {
  send(process: string, envelope: Envelope): Promise<void>;
  broadcast(envelope: Envelope): Promise<void>;
  /** Throws where the store is away. */
  listen(listener: (envelope: Envelope) => void): Promise<Unsubscribe>;
  /** Ends every listening, and lets nobody begin anew. */
  close(): Promise<void>;
}

const ALL = "sessions:all";
const channelOf = (process: string): string => `sessions:to:${process}`;

interface BusOptions {
  readonly store: Store;
  /** This process. */
  readonly process: string;
  readonly heartbeat: Heartbeat;
  readonly complain: Complain;
}

/** A channel of the store for each process, and one for all; who listens has a heartbeat. */
export function createBus({ store, process, heartbeat, complain }: BusOptions): Bus {
  const stops = new Set<Unsubscribe>();
  let closed = false;

  const publish = async (channel: string, envelope: Envelope): Promise<void> => {
    try {
      await store.publish(channel, envelope);
    } catch (err) {
      complain(err, "Other processes cannot be told what happens to their sessions.");
    }
  };

  return {
    // A name may come from a client, in an event's id or with an answer.
    send: async (to, envelope) => (isProcessName(to) ? publish(channelOf(to), envelope) : undefined),
    broadcast: (envelope) => publish(ALL, envelope),
    async listen(listener) {
      const ends: Unsubscribe[] = [];
      const stop: Unsubscribe = async () => {
        stops.delete(stop);
        for (const end of ends.splice(0).reverse()) await end();
      };
      stops.add(stop);
      try {
        for (const channel of [channelOf(process), ALL]) {
          ends.push(await store.subscribe(channel, (envelope) => listener(envelope as Envelope)));
        }
        // Last, so that whoever finds this process alive is heard by it.
        await heartbeat.enter();
        ends.push(() => heartbeat.leave());
        if (closed) throw new AppError("SHUTTING_DOWN", "This server is stopping; try again in a moment.");
      } catch (error) {
        await stop();
        throw error;
      }
      return stop;
    },
    async close() {
      closed = true;
      await Promise.all([...stops].map((stop) => stop()));
    },
  };
}
