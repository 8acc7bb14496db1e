import type { Events, WorkspaceEvent } from "./events.js";

/** Wakes somebody who reads a thing again and again whenever there may be something new of it. */
export interface News {
  /** To be called before each reading: whatever comes from here on is new. */
  begin(): void;
  /** Until something is new, the signal is aborted or so many milliseconds have passed: events may be lost. */
  next(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** The news that a workspace's events bring, of those that concern the reader. */
export async function newsFrom(options: {
  readonly events: Events;
  readonly workspace: number;
  readonly concerns: (event: WorkspaceEvent) => boolean;
  readonly signal: AbortSignal;
}): Promise<News> {
  const { events, workspace, concerns, signal } = options;
  let isNew = false;
  let wake: () => void = () => undefined;
  const stir = () => {
    isNew = true;
    wake();
  };
  const unsubscribe = await events.subscribe(workspace, (event) => {
    if (concerns(event)) stir();
  });
  signal.addEventListener("abort", stir, { once: true });
  return {
    begin: () => void (isNew = false),
    next: (ms) =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
        // It came during the reading, which may have seen what was before.
        if (isNew || signal.aborted) wake();
      }),
    async close() {
      signal.removeEventListener("abort", stir);
      await unsubscribe();
    },
  };
}
