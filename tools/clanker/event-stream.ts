import type { StreamEvent } from "../../src/core/answer.js";
import { allows, isPerson } from "../../src/core/caller.js";
import { formatId } from "../../src/core/ids.js";
import type { Context } from "../../src/core/operation.js";
import type { WorkspaceEvent } from "../../src/services/events.js";
import type { Services } from "../../src/services/services.js";

/** What a listener must be allowed to read, beyond having a key. */
const SCOPE_OF: Partial<Record<WorkspaceEvent["type"], string>> = {
  "artifact-created": "workspace:files:read",
  "artifact-deleted": "workspace:files:read",
  "memory-updated": "memory:read",
  // Whoever manages the workspace decides for every key, others for their own.
  "consent-requested": "owner",
  "consent-decided": "owner",
};

/** Events that may wait for a slow listener; past it the stream ends, and a client that comes back asks for what it missed. */
const BACKLOG = 5000;

/** How often an open stream looks whether its key is still good. */
const RECHECK_MS = 1000;

interface Filter {
  readonly sources?: string | undefined;
  readonly last_event_id?: string | undefined;
}

/**
 * Events of the caller's workspace from now on, until the call is aborted or the caller's key is no longer good;
 * those missed since `last_event_id` come first. The subscription stands when this resolves.
 */
export async function eventStream(context: Context<Services>, filter: Filter): Promise<AsyncIterable<StreamEvent>> {
  const { services, caller, signal } = context;
  const waiting: WorkspaceEvent[] = [];
  /** Events that were missed: each may also come live, however late. */
  const caughtUp = new Set<string>();
  let ended = false;
  let wake: () => void = () => undefined;
  const unsubscribe = await services.events.subscribe(caller.workspace, (event) => {
    if (caughtUp.has(event.id)) return;
    if (waiting.length <= BACKLOG) waiting.push(event);
    wake();
  });
  let { scopes } = caller;
  const recheck = setInterval(() => {
    // A store that does not answer now is asked again.
    services.keys.scopesLeft(caller).then(
      (left) => (left ? (scopes = left) : end()),
      () => undefined,
    );
  }, RECHECK_MS).unref();
  const end = () => {
    if (ended) return;
    ended = true;
    clearInterval(recheck);
    wake();
    unsubscribe().catch(() => undefined);
  };
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();

  if (filter.last_event_id !== undefined) {
    try {
      const missed = await services.events.since(caller.workspace, filter.last_event_id);
      for (const { id } of missed) caughtUp.add(id);
      waiting.splice(0, waiting.length, ...missed, ...waiting.filter(({ id }) => !caughtUp.has(id)));
    } catch (thrown) {
      end();
      throw thrown;
    }
  }

  const wanted = wantedBy(context, filter, () => scopes);
  return (async function* () {
    try {
      while (!ended && waiting.length <= BACKLOG) {
        const event = waiting.shift();
        if (event && wanted(event)) yield { id: event.id, event: event.type, data: event.data };
        if (event) continue;
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (waiting.length > 0 || ended) resolve();
        });
      }
    } finally {
      end();
    }
  })();
}

function wantedBy(
  { caller }: Context<Services>,
  { sources }: Filter,
  scopes: () => ReadonlySet<string>,
): (event: WorkspaceEvent) => boolean {
  const named = sources?.split(",").map((source) => source.trim());
  const isTheirs = ({ type, data }: WorkspaceEvent) =>
    type.startsWith("consent-") && isPerson(caller) && data["person"] === formatId("person", caller.person);
  return (event) =>
    (allows(scopes(), SCOPE_OF[event.type] ?? "none") || isTheirs(event)) &&
    (named === undefined || event.source === undefined || named.includes(event.source));
}
