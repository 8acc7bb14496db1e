import type { StreamEvent } from "../../src/core/answer.js";
import { allows } from "../../src/core/caller.js";
import type { Context } from "../../src/core/operation.js";
import type { WorkspaceEvent } from "../../src/services/events.js";
import type { Services } from "../../src/services/services.js";

/** What a listener must be allowed to read, beyond having a key. */
const SCOPE_OF: Partial<Record<WorkspaceEvent["type"], string>> = {
  "artifact-created": "workspace:files:read",
  "artifact-deleted": "workspace:files:read",
  "memory-updated": "memory:read",
};

/** Events that may wait for a slow listener; past it the stream ends, and a client that comes back asks for what it missed. */
const BACKLOG = 5000;

interface Filter {
  readonly sources?: string | undefined;
  readonly last_event_id?: string | undefined;
}

/**
 * Events of the caller's workspace from now on, until the call is aborted; those missed since `last_event_id`
 * come first. The subscription stands when this resolves.
 */
export async function eventStream(context: Context<Services>, filter: Filter): Promise<AsyncIterable<StreamEvent>> {
  const { services, caller, signal } = context;
  const waiting: WorkspaceEvent[] = [];
  let wake: () => void = () => undefined;
  const unsubscribe = await services.events.subscribe(caller.workspace, (event) => {
    if (waiting.length <= BACKLOG) waiting.push(event);
    wake();
  });
  const stop = () => {
    wake();
    void unsubscribe();
  };
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  const missed =
    filter.last_event_id === undefined ? [] : await services.events.since(caller.workspace, filter.last_event_id);
  waiting.unshift(...missed);

  const wanted = wantedBy(context, filter);
  return (async function* () {
    let last = 0;
    while (!signal.aborted && waiting.length <= BACKLOG) {
      const event = waiting.shift();
      if (!event) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (waiting.length > 0 || signal.aborted) resolve();
        });
        continue;
      }
      // What was missed may also have come live meanwhile.
      if (missed.length > 0 && Number(event.id) <= last) continue;
      last = Math.max(last, Number(event.id));
      if (wanted(event)) yield { id: event.id, event: event.type, data: event.data };
    }
  })();
}

function wantedBy({ caller }: Context<Services>, { sources }: Filter): (event: WorkspaceEvent) => boolean {
  const named = sources?.split(",").map((source) => source.trim());
  return ({ type, source }) =>
    allows(caller.scopes, SCOPE_OF[type] ?? "none") &&
    (named === undefined || source === undefined || named.includes(source));
}
