import type { Log } from "../../core/log.js";

/** A change in a workspace, as far as clients are told of it. */
export interface Change {
  /** A number that grows with every change of the workspace. */
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Where changes come from. */
export interface ChangeSource {
  /** The returned function ends the subscription. */
  subscribe(workspace: number, listener: (change: Change) => void): Promise<() => Promise<void>>;
  /** The id of the newest change; "0" before the first. */
  newest(workspace: number): Promise<string>;
  /** Those after this id that are kept, oldest first, or the first part of them; empty where there are no more. */
  since(workspace: number, id: string): Promise<readonly Change[]>;
}

/** Changes for any number of sessions over one subscription a workspace; the last listener ends it. */
export interface ChangeHub {
  /** Hears what happens from when `ready` resolves, and maybe what happens earlier. */
  listen(workspace: number, listener: (change: Change) => void): () => void;
  /** Resolves when those who listen to a workspace now hear every change of it. */
  ready(workspace: number): Promise<void>;
}

interface Shared {
  readonly listeners: Set<(change: Change) => void>;
  readonly subscribed: Promise<unknown>;
  readonly end: () => void;
}

/** The hub of this process. */
export function createChangeHub(source: Pick<ChangeSource, "subscribe">, log: Log): ChangeHub {
  const workspaces = new Map<number, Shared>();

  const open = (workspace: number): Shared => {
    const listeners = new Set<(change: Change) => void>();
    const subscribed = source
      .subscribe(workspace, (change) => listeners.forEach((listener) => listener(change)))
      .catch((err: unknown) => {
        log.warn({ err, workspace }, "cannot follow the changes of a workspace; its sessions are not told");
        if (workspaces.get(workspace)?.listeners === listeners) workspaces.delete(workspace);
        return undefined;
      });
    const end = () => {
      subscribed
        .then((unsubscribe) => unsubscribe?.())
        .catch((err: unknown) => log.warn({ err, workspace }, "cannot end a subscription"));
    };
    return { listeners, subscribed, end };
  };

  return {
    listen(workspace, listener) {
      const shared = workspaces.get(workspace) ?? open(workspace);
      workspaces.set(workspace, shared);
      shared.listeners.add(listener);
      return () => {
        if (!shared.listeners.delete(listener) || shared.listeners.size > 0) return;
        if (workspaces.get(workspace) === shared) workspaces.delete(workspace);
        shared.end();
      };
    },
    ready: async (workspace) => void (await workspaces.get(workspace)?.subscribed),
  };
}
