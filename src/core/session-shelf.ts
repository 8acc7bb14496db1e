/** What a client's session is made of, so that any process of the store can take it up. */
export interface SessionRecord {
  readonly kind: "streamable" | "sse";
  /** Whose it is: the same key, in the same workspace, for the same person. */
  readonly owner: string;
  /** What the client chose when it opened the session, in its own words. */
  readonly wishes: Readonly<Record<string, string>>;
  /** The process that holds the stream, where the session lives and dies with one. */
  readonly holder?: string;
  /** The client's first message, where a session is taken up by reading it again. */
  readonly initialize?: Readonly<Record<string, unknown>>;
  /** The addresses whose changes the client asked to be told. */
  readonly subscriptions: readonly string[];
}

/** One thing that was sent on one of a session's streams. */
export interface SentEvent {
  /** Grows within a session, and names the process that sent it. */
  readonly id: string;
  readonly stream: string;
  /** JSON of the message; empty for the event that only carries an id. */
  readonly data: string;
  /** The request that the stream answers; absent for the stream of notifications. */
  readonly request?: string | number;
  /** Whether it is the answer, which ends its stream. */
  readonly last: boolean;
}

/** What processes tell each other about sessions. */
export type SessionMessage =
  /** A message of the client's that the process it is sent to has to handle. */
  | { readonly kind: "deliver"; readonly session: string; readonly message: unknown; readonly caller?: unknown }
  /** The client gave a request up; whoever works on it stops. */
  | { readonly kind: "cancel"; readonly session: string; readonly request: string | number }
  /** The subscriptions are others now. */
  | { readonly kind: "subscriptions"; readonly session: string; readonly uris: readonly string[] }
  /** The client listens to notifications at this process now, and nowhere else. */
  | { readonly kind: "listening"; readonly session: string; readonly process: string }
  /** Something was sent on a stream that nobody was connected to. */
  | { readonly kind: "sent"; readonly session: string }
  /** It is over, on every process. */
  | { readonly kind: "ended"; readonly session: string };

/** Where the sessions of all processes are kept, and how those processes reach each other. */
export interface SessionShelf {
  /** This process, as the others know it: 6 to 22 letters and digits. */
  readonly process: string;
  /** Keeps a new session for `idleMs` after its last use. */
  put(id: string, record: SessionRecord): Promise<void>;
  find(id: string): Promise<SessionRecord | undefined>;
  /** Counts as a use; false where the session is over. */
  touch(id: string): Promise<boolean>;
  /** Changes the subscriptions and tells the other processes; answers those there are now, undefined where it is over. */
  subscribe(id: string, change: (uris: readonly string[]) => readonly string[]): Promise<readonly string[] | undefined>;
  /** Ends a session for every process, with its events; nothing happens where it is over. */
  end(id: string): Promise<void>;

  /** A new id for an event, greater than all before it in this process. */
  nextEventId(): string;
  /** The process that an event's id names. */
  processOf(eventId: string): string;
  /** Keeps events for 5 minutes, at most 1,000 a session. */
  keep(session: string, events: readonly SentEvent[]): Promise<void>;
  event(session: string, id: string): Promise<SentEvent | undefined>;
  /** Those of the same stream behind an event, oldest first. */
  eventsAfter(session: string, event: Pick<SentEvent, "id" | "stream">): Promise<readonly SentEvent[]>;

  /** Tells one process, or every one (this one too). Never throws: who hears nothing finds out by itself. */
  send(process: string, message: SessionMessage): Promise<void>;
  broadcast(message: SessionMessage): Promise<void>;
  /** Hears what is sent to this process and to all; the returned function stops. */
  listen(listener: (message: SessionMessage) => void): Promise<() => Promise<void>>;
  /** Whether a process still runs; one that stopped without a word is missed within 5 s. */
  isAlive(process: string): Promise<boolean>;
  /** Leaves: nobody counts on this process any more. */
  close(): Promise<void>;
}
