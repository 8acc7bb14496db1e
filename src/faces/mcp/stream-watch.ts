import type { Authenticate, RequestOrigin } from "../../core/authenticate.js";
import type { Caller } from "../../core/caller.js";
import { ERRORS, toAppError } from "../../core/errors.js";

/** Whoever sent a request, and with what. */
export interface Visitor {
  readonly caller: Caller;
  readonly key: string;
  readonly origin: RequestOrigin;
}

/** What sessions and streams belong to: the same key, in the same workspace, for the same person. */
export function ownerOf({ kind, key, workspace, person }: Caller): string {
  return `${kind} ${key ?? ""} ${workspace} ${person}`;
}

/** Ends streams whose key is no longer good. */
export interface StreamWatch {
  /** Calls `end` once the visitor's key is revoked, expired or somebody else's; the returned function stops watching. */
  watch(visitor: Visitor, end: () => void): () => void;
  close(): void;
}

/** Looks at the keys of all watched streams every `sweepMs`, each key once. */
export function createStreamWatch(options: { authenticate: Authenticate; sweepMs: number }): StreamWatch {
  const { authenticate } = options;
  const watched = new Set<{ readonly visitor: Visitor; readonly end: () => void }>();
  let checking = false;

  async function recheck(): Promise<void> {
    const verdicts = new Map<string, Promise<string | undefined>>();
    // All at once: a slow look at one key must not let the streams of others live on.
    const checks = [...watched].map(async (stream) => {
      const { visitor, end } = stream;
      const verdict = verdicts.get(visitor.key) ?? ownerNow(visitor);
      verdicts.set(visitor.key, verdict);
      if ((await verdict) !== ownerOf(visitor.caller) && watched.delete(stream)) end();
    });
    await Promise.all(checks);
  }

  /** Whose the key is now; a check that fails for another reason leaves it whose it was. */
  async function ownerNow({ key, origin, caller }: Visitor): Promise<string | undefined> {
    try {
      return ownerOf(await authenticate(key, origin));
    } catch (thrown) {
      return ERRORS[toAppError(thrown).code].status === 401 ? undefined : ownerOf(caller);
    }
  }

  const sweep = setInterval(() => {
    if (checking || watched.size === 0) return;
    checking = true;
    void recheck().finally(() => (checking = false));
  }, options.sweepMs);
  sweep.unref();

  return {
    watch(visitor, end) {
      const stream = { visitor, end };
      watched.add(stream);
      return () => void watched.delete(stream);
    },
    close: () => clearInterval(sweep),
  };
}
