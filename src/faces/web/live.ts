import { type Api, Failure } from "./api.js";

/** Something that happened in the workspace; `anything` where some of it may have been missed. */
export interface LiveEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The workspace's events while somebody looks at the page. */
export interface Live {
  listen(listener: (event: LiveEvent) => void): () => void;
  /** Tells the other parts of this page of something it did itself. */
  tell(event: LiveEvent): void;
  /** Told at once, and whenever it changes, whether events should come in and do not. */
  watch(watcher: (lost: boolean) => void): () => void;
  close(): void;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 20_000;
/** What a stream that is up sends at least every 15 s. */
const SILENCE_MS = 40_000;
/** How long the server keeps events for a listener that comes back, with a margin. */
const REMEMBERED_MS = 4 * 60_000;

/**
 * Follows `/api/events` over `fetch`, which unlike `EventSource` can say which workspace is meant and learns when the
 * session is over. It comes back by itself with the last event it saw, and rests while the page is hidden: browsers
 * open six connections to a server and no more.
 */
export function openLive(api: Api): Live {
  const listeners = new Set<(event: LiveEvent) => void>();
  const watchers = new Set<(lost: boolean) => void>();
  const closing = new AbortController();
  let lost = true;
  let lastId: string | undefined;
  let seenAt = Date.now();

  const tell = (event: LiveEvent) => listeners.forEach((listener) => listener(event));
  const set = (now: boolean) => {
    if (now === lost) return;
    lost = now;
    watchers.forEach((watcher) => watcher(now));
  };

  const follow = async (signal: AbortSignal, renew: () => void): Promise<void> => {
    const missed = lastId === undefined || Date.now() - seenAt > REMEMBERED_MS;
    const headers = lastId === undefined ? {} : { "last-event-id": lastId };
    const answer = await api.open("/api/events", headers, signal);
    set(false);
    if (missed) tell({ type: "anything", data: {} });
    for await (const { id, event } of readEvents(answer, renew)) {
      seenAt = Date.now();
      lastId = id ?? lastId;
      if (event) tell(event);
    }
  };

  const run = async (): Promise<void> => {
    let pause = FIRST_PAUSE_MS;
    while (!closing.signal.aborted) {
      await untilVisible(closing.signal);
      const attempt = new AbortController();
      const stop = () => attempt.abort();
      closing.signal.addEventListener("abort", stop, { once: true });
      document.addEventListener("visibilitychange", stop, { once: true });
      let silence = setTimeout(stop, SILENCE_MS);
      const renew = () => {
        clearTimeout(silence);
        silence = setTimeout(stop, SILENCE_MS);
        pause = FIRST_PAUSE_MS;
      };
      const over = await follow(attempt.signal, renew).then(
        () => false,
        (thrown: unknown) => thrown instanceof Failure && [401, 403].includes(thrown.status),
      );
      clearTimeout(silence);
      closing.signal.removeEventListener("abort", stop);
      document.removeEventListener("visibilitychange", stop);
      // Where the server shows no events, none are lost.
      if (over) set(false);
      if (over || closing.signal.aborted) return;
      if (document.hidden) continue;
      set(true);
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  };
  void run();

  return {
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    tell,
    watch(watcher) {
      watchers.add(watcher);
      watcher(lost);
      return () => void watchers.delete(watcher);
    },
    close: () => closing.abort(),
  };
}

async function untilVisible(signal: AbortSignal): Promise<void> {
  if (!document.hidden) return;
  await new Promise<void>((resolve) => {
    document.addEventListener("visibilitychange", () => resolve(), { once: true });
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** The events of a stream; `heard` is called for whatever comes, comments too. */
async function* readEvents(answer: Response, heard: () => void): AsyncGenerator<{ id?: string; event?: LiveEvent }> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  while (reader) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) yield readEvent(block);
  }
}

function readEvent(block: string): { id?: string; event?: LiveEvent } {
  const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1];
  const [id, type, data] = [field("id"), field("event"), field("data")];
  if (type === undefined || type === "error" || data === undefined) return {};
  return { ...(id !== undefined && { id }), event: { type, data: asObject(data) } };
}

function asObject(json: string): Record<string, unknown> {
  const value: unknown = JSON.parse(json);
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
