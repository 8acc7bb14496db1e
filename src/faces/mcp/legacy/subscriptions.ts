import type { SessionShelf } from "../../../core/session-shelf.js";
import { AppError } from "../../../core/errors.js";
import type { Subscriptions } from "../exchange.js";

/** Addresses one session may subscribe to. */
const MAX_SUBSCRIPTIONS = 1000;

/** The addresses a session subscribed to, as this process knows them. */
export interface SubscribedUris extends Subscriptions {
  has(uri: string): boolean;
  /** How often they were replaced: whoever reads them elsewhere sees by it that what was read may be old. */
  changes(): number;
  /** Takes over what another process says they are now. */
  replace(uris: readonly string[]): void;
}

/** A session's subscriptions: kept on the shelf, known here. */
export function subscribedUris(shelf: SessionShelf, session: string, known: readonly string[] = []): SubscribedUris {
  let uris: ReadonlySet<string> | undefined = known.length > 0 ? new Set(known) : undefined;
  let changes = 0;
  const replace = (now: readonly string[]) => {
    changes += 1;
    uris = now.length > 0 ? new Set(now) : undefined;
  };
  const change = async (how: (uris: readonly string[]) => readonly string[]) => {
    const now = await shelf.subscribe(session, how);
    if (now) replace(now);
  };
  return {
    has: (uri) => uris?.has(uri) ?? false,
    changes: () => changes,
    replace,
    async add(uri) {
      if (uris?.has(uri)) return;
      if (uris && uris.size >= MAX_SUBSCRIPTIONS) {
        throw new AppError(
          "INVALID_INPUT",
          `A session subscribes to ${MAX_SUBSCRIPTIONS} resources at most; end some first.`,
        );
      }
      await change((before) => (before.includes(uri) ? before : [...before, uri]));
    },
    async remove(uri) {
      await change((before) => before.filter((other) => other !== uri));
    },
  };
}
