import type { Ask } from "../../core/asking.js";
import type { Caller } from "../../core/caller.js";

/** One request of a client, whatever revision of the protocol and transport it came by. */
export interface Exchange {
  readonly caller: Caller;
  /** Aborted when the client cancels or hangs up. */
  readonly signal: AbortSignal;
  /** Puts a question to the client's user. */
  readonly ask: Ask;
  /** What the client gave to be told of progress; absent where it does not want to be. */
  readonly progressToken?: string | number | undefined;
  /** Sends a notification that belongs to this request. */
  notify(notification: { readonly method: string; readonly params: Record<string, unknown> }): Promise<void>;
  /** The addresses whose changes the session's client is told; absent where there is no session. */
  readonly subscriptions?: Subscriptions;
  /** The rest of what a client can do for a call; there for fixtures, which alone use it. */
  readonly client?: ClientSide;
}

/** What a call can have its client do beside asking its user. */
export interface ClientSide {
  readonly capabilities: Readonly<Record<string, unknown>>;
  /**
   * Has the client do several things at once, each under a name of its own within the call; what it answers is not
   * checked. Some clients answer by calling anew, as they do for `ask`.
   */
  gather(requests: ClientRequests): Promise<Readonly<Record<string, unknown>>>;
  /** Tells the client something, unless it wants to hear of graver things only. */
  log(level: "debug" | "info" | "warning" | "error", text: string): Promise<void>;
  /** Ends the stream of the answer, so that the client comes back for the rest; absent where it would not. */
  readonly closeStream?: (() => void) | undefined;
}

/** What a client is asked to do, by name. */
export type ClientRequests = Readonly<
  Record<
    string,
    {
      readonly method: "elicitation/create" | "sampling/createMessage" | "roots/list";
      readonly params: Readonly<Record<string, unknown>>;
    }
  >
>;

/** Thrown by `gather` where the client answers by calling anew: the call ends here, and the face hands these out. */
export class InputsRequired extends Error {
  constructor(readonly requests: ClientRequests) {
    super("The client has to do something first; it calls again with the answers.");
    this.name = "InputsRequired";
  }
}

/** The resources that a session's client wants to hear of. */
export interface Subscriptions {
  /** Throws what the client is to be told when there are too many. */
  add(uri: string): Promise<void>;
  remove(uri: string): Promise<void>;
}

/** A request as JSON-RPC has it. */
export interface MethodCall {
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
}

/** What a method answers: the `result` of JSON-RPC. */
export type MethodResult = Record<string, unknown>;

/** Answers a client's requests; throws `RpcError`, or `InputRequired` where `ask` does. */
export type Answer = (request: MethodCall, exchange: Exchange) => Promise<MethodResult>;
