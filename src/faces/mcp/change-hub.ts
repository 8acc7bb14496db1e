import type { Log } from "../../core/log.js";

/** A change in a workspace, as far as clients are told of it. */
export interface Change {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Where changes come from; the returned function ends the subscription. */
export interface ChangeSource {
  subscribe(workspace: number, listener: (change: Change) => void): Promise<() => Promise<void>>;
}

/** Changes for any number of sessions over one subscription a workspace; the last listener ends it. */
export interface ChangeHub {
  listen(workspace: number, listener: (change: Change) => void): () => void;
}

/** The hub of this process. */
export function createChangeHub(source: ChangeSource, log: Log): ChangeHub {
  const workspaces = new Map<number, { listeners: Set<(change: Change) => void>; end: () => void }>();

  const open = (workspace: number) => {
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
    return { listeners, end };
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
  };
}
