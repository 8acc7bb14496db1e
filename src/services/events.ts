import type { Log } from "../core/log.js";
import type { Store, Unsubscribe } from "../store/port.js";

/** What a workspace's listeners are told. */
export interface WorkspaceEvent {
  /** Grows with every event of the workspace. */
  readonly id: string;
  readonly type:
    | "execution-state"
    | "workflow-state"
    | "artifact-created"
    | "artifact-deleted"
    | "memory-updated"
    | "consent-requested"
    | "consent-decided"
    | "skills-changed";
  /** The `interface` of the execution it came from, such as `api` or `mcp`; absent for what no execution did. */
  readonly source?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Live events of a workspace, from every process of the store. */
export interface Events {
  /** Tells of something that is done; never throws, for a listener that hears nothing looks again by itself. */
  publish(workspace: number, event: Omit<WorkspaceEvent, "id">): Promise<void>;
  subscribe(workspace: number, listener: (event: WorkspaceEvent) => void): Promise<Unsubscribe>;
  /** The id of the newest event; "0" before the first. */
  newest(workspace: number): Promise<string>;
  /** Events kept for a listener that comes back: those after this id, oldest first, at most 1,000 and 5 minutes old. */
  since(workspace: number, id: string): Promise<WorkspaceEvent[]>;
}

const KEPT_MS = 5 * 60_000;
const KEPT = 1000;

/** The event service over the store's publish and subscribe. */
export function createEvents(store: Store, log?: Log): Events {
  const channel = (workspace: number) => `events:${workspace}`;
  const order = (id: string | number) => String(id).padStart(16, "0");
  return {
    async publish(workspace, event) {
      try {
        const id = String(await store.increment(channel(workspace)));
        const whole: WorkspaceEvent = { id, ...event };
        await store.commit([
          { kind: "insert", collection: channel(workspace), id, value: whole, order: order(id), ttlMs: KEPT_MS },
        ]);
        await store.publish(channel(workspace), whole);
      } catch (err) {
        // What it tells of is done: a caller who is refused now would do it once more.
        log?.warn({ err, workspace, type: event.type }, "a workspace's listeners could not be told");
      }
    },
    subscribe: (workspace, listener) =>
      store.subscribe(channel(workspace), (message) => listener(message as WorkspaceEvent)),
    newest: async (workspace) => String(await store.counter(channel(workspace))),
    async since(workspace, id) {
      const page = await store.page<WorkspaceEvent>(channel(workspace), {
        direction: "ascending",
        limit: KEPT,
        after: order(id),
      });
      return page.rows.map((row) => row.value);
    },
  };
}
