import type { RequestId } from "@modelcontextprotocol/sdk/types.js";
import type { Caller } from "../../../core/caller.js";
import type { SessionMessage, SessionShelf } from "../../../core/session-shelf.js";
import { withOwnId } from "./asked.js";
import { cancelInFlight } from "./cancelling.js";
import type { HttpSession, SessionTable } from "./session-table.js";
import { takeMessage } from "./sse-message.js";

/** The other processes of the store, as far as they hold parts of the same sessions. */
export interface Peers {
  /** Resolves once this process hears the others: before it holds a part of any session. */
  ready(): Promise<void>;
  /** Hears of what is kept for a session on any process; the returned function stops. */
  onMore(session: string, look: () => void): () => void;
  /** Hands a message of the client's to the process that has to handle it. */
  deliver(process: string, session: string, message: object, caller?: Caller): Promise<void>;
  /** Stops a request that another process may be working on. */
  cancel(session: string, request: RequestId): Promise<void>;
  close(): Promise<void>;
}

/** Does what the other processes say to the sessions of this one; listens from the first session on. */
export function createPeers(shelf: SessionShelf, table: SessionTable): Peers {
  const lookers = new Map<string, Set<() => void>>();
  let listening: Promise<() => Promise<void>> | undefined;

  function hear(message: SessionMessage): void {
    if (message.kind === "sent") lookers.get(message.session)?.forEach((look) => look());
    const session = table.get(message.session);
    if (!session) return;
    if (message.kind === "ended") void table.end(session);
    else if (message.kind === "subscriptions") session.subscriptions.replace(message.uris);
    else if (message.kind === "listening") moveListening(session, message.process);
    else if (message.kind === "cancel") cancelInFlight(session, message.request);
    else if (message.kind === "deliver") receive(session, message);
  }

  function moveListening(session: HttpSession, process: string): void {
    if (session.kind === "streamable" && process !== shelf.process) session.listening?.();
  }

  return {
    async ready() {
      listening ??= shelf.listen(hear).catch((thrown: unknown) => {
        listening = undefined;
        throw thrown;
      });
      await listening;
    },
    onMore(session, look) {
      const looks = lookers.get(session) ?? new Set();
      lookers.set(session, looks.add(look));
      return () => {
        looks.delete(look);
        if (looks.size === 0) lookers.delete(session);
      };
    },
    deliver: (process, session, message, caller) =>
      shelf.send(process, { kind: "deliver", session, message, ...(caller && { caller: written(caller) }) }),
    cancel: (session, request) => shelf.broadcast({ kind: "cancel", session, request }),
    async close() {
      const stop = await listening?.catch(() => undefined);
      await stop?.();
    },
  };
}

function receive(session: HttpSession, { message, caller }: Extract<SessionMessage, { kind: "deliver" }>): void {
  if (session.kind === "streamable") {
    session.transport.onmessage?.(withOwnId(message as Readonly<Record<string, unknown>>));
    return;
  }
  // Whoever sent it has been answered already; a session that ends tells its client by its stream.
  takeMessage(session, message as object, read(caller)).catch(() => undefined);
}

const written = (caller: Caller) => ({ ...caller, scopes: [...caller.scopes] });
const read = (caller: unknown): Caller => {
  const { scopes, ...rest } = caller as ReturnType<typeof written>;
  return { ...rest, scopes: new Set(scopes) };
};
