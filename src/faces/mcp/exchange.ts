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
