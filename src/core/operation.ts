import type { z } from "zod";
import type { Need } from "./asking.js";
import type { Caller, Face } from "./caller.js";
import type { ErrorCode } from "./errors.js";
import type { Log } from "./log.js";
import type { Effect, Standing } from "./standing.js";

export type HttpMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** A REST door; path segments such as `:id` are input fields, the rest come from query or body. */
export interface Route {
  readonly method: HttpMethod;
  readonly path: string;
  /** Input fields that only a tool takes. */
  readonly omit?: readonly string[];
  /** The media type of an answer that is not JSON, for the OpenAPI document. */
  readonly produces?: string;
  /** Input fields that a browser sends as a cookie, by the cookie's name; nothing else can give them. */
  readonly cookies?: Readonly<Record<string, string>>;
  /** Where a person goes on from the page that this answers, whether or not it did what was asked. */
  readonly onward?: { readonly path: string; readonly label: string };
  /** Whether a success is a redirect. */
  readonly redirects?: true;
  /** The door also takes the credential or signature from the query; see the face. */
  readonly auth?: "query-key" | "signed-link";
}

/** A scope by name, or one or more that depend on the input, with all the names they can take. */
export type Scope<Input> =
  string | { readonly of: (input: Input) => string | readonly string[]; readonly among: readonly string[] };

/** How far a call has come, for callers that asked to be told. */
export interface Progress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

/** What a call was for another workspace than its caller's, where it was something else there. */
export interface Concern {
  /** The person who did it, where the caller was nobody yet. */
  readonly person?: number;
  readonly action?: string;
  readonly resource?: string;
  readonly resourceId?: string;
}

/** What a running operation is given. `services` is the service layer; core does not know its shape. */
export interface Context<Services> {
  readonly services: Services;
  readonly caller: Omit<Caller, "face">;
  /** Present only where the definition says why in `dependsOnFace`. */
  readonly face?: Face;
  /** Aborted when the caller cancels or hangs up. */
  readonly signal: AbortSignal;
  readonly progress: (progress: Progress) => void;
  /**
   * Asks the person behind the client. Some clients answer by calling anew: whatever `run` does before it asks must
   * be safe to do twice.
   */
  readonly need: Need;
  /** Says that the call concerns another workspace too, whose audit log is to have it; and as what. */
  readonly concerns: (workspace: number, as?: Concern) => void;
  readonly log: Log;
}

/** One operation: everything a face needs to show it and everything a call needs to run it. */
export interface Operation<Services = never, Input extends z.ZodType = z.ZodType, Output = unknown> {
  /** Unique; the tool's name where there is one. */
  readonly name: string;
  /** The MCP tool's name; absent for what an agent has no use for. */
  readonly tool?: string;
  /** Other names that the tool answers to without being listed under them. */
  readonly aliases?: readonly string[];
  readonly route?: Route;
  readonly toolset: string;
  readonly title: string;
  readonly description: string;
  readonly effect: Effect;
  /** Lets a person in or out, and changes nothing that a workspace keeps: no limit leaves it out. */
  readonly admits?: true;
  readonly scope: Scope<z.output<Input>>;
  /** Takes an idempotency key. */
  readonly idempotent?: boolean;
  /** What the audit log calls it; required of whatever is not a read. */
  readonly audit?: { readonly action: string; readonly resource: string };
  /** Its answer holds a key, a token or a link that is shown this once: nothing may keep it for others to read. */
  readonly confidential?: true;
  /** What a call with this input stands for, where that is another operation's business. */
  readonly standsFor?: (input: z.output<Input>) => Standing;
  /** Why `run` looks at the face, where it does. */
  readonly dependsOnFace?: string;
  readonly input: Input;
  readonly output?: z.ZodType;
  /** Codes beyond `COMMON_ERRORS` that `run` may end with. */
  readonly errors: readonly ErrorCode[];
  run(input: z.output<Input>, context: Context<Services>): Promise<Output>;
}

type Definition<Services, Input extends z.ZodType, Output> = Omit<Operation<Services, Input, Output>, "name"> &
  ({ readonly tool: string } | { readonly name: string });

/** An operation with its types forgotten, as the registry and the faces hold it. */
export type AnyOperation<Services> = Operation<Services>;

/** The identity that gives a definition its types; its name defaults to its tool's. */
export function defineFor<Services>() {
  return <Input extends z.ZodType, Output>(definition: Definition<Services, Input, Output>): AnyOperation<Services> => {
    const name = "name" in definition ? definition.name : definition.tool;
    // `run` is contravariant in its input: only `invoke`, which parses first, may call it.
    return { ...definition, name } as unknown as AnyOperation<Services>;
  };
}
