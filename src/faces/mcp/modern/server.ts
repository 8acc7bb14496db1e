import {
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  type InputRequiredResult,
  type InputResponse,
  type Result,
  Server,
  type ServerContext,
  type ServerOptions,
} from "@modelcontextprotocol/server";
import { createHash } from "node:crypto";
import { z } from "zod";
import { type Ask, InputRequired, type Prompt } from "../../../core/asking.js";
import type { Caller } from "../../../core/caller.js";
import type { Answering } from "../answering.js";
import { ANSWER_WITHIN_MS, asksInMode } from "../asking.js";
import {
  type ClientRequests,
  type ClientSide,
  InputsRequired,
  type MethodCall,
  type Subscriptions,
} from "../exchange.js";
import type { RequestStatePort } from "../options.js";
import { RPC, RpcError } from "../rpc-error.js";
import { EXTENSION_CAPABILITIES, EXTENSION_METHODS } from "../skills-extension.js";
import { ownerOf } from "../stream-watch.js";

/** What a server of the SDK's second version is opened with. */
export interface Opening {
  callerOf(context: ServerContext): Caller;
  readonly states: RequestStatePort;
  /** Who opens it: instructions depend on the surface. */
  readonly opener: Caller;
  /** The methods it has to answer; all where it lives longer than a request. */
  readonly only?: string;
  /** Absent where the protocol has no subscriptions of a session. */
  readonly subscriptions?: Subscriptions;
  /** Told of every request that is being worked on; the returned function says that it is done. */
  readonly onRequest?: () => () => void;
}

const CAPABILITIES = {
  tools: {},
  prompts: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  extensions: EXTENSION_CAPABILITIES,
};

/** Lists that only a new version of the server changes, for one key and surface. */
const STEADY = { ttlMs: 60_000, cacheScope: "private" } as const;

const COALESCED = ["notifications/prompts/list_changed", "notifications/resources/list_changed"];

const METHODS = [
  "tools/call",
  "tools/list",
  "prompts/list",
  "prompts/get",
  "resources/list",
  "resources/templates/list",
  "resources/read",
] as const;

const SESSION_METHODS = ["resources/subscribe", "resources/unsubscribe"] as const;

/** The most questions of one call: its state travels with the client. */
const MAX_QUESTIONS = 16;

/** Where a handler is given the caller of a request for `callerOf` to find. */
export function authInfoOf(caller: Caller) {
  return { token: "", clientId: "", scopes: [], extra: { caller } };
}

/** A server over the methods: for one request of 2026-07-28, or for one connection of either era. */
export function openServer(answering: Answering, opening: Opening): Server {
  return equip(new Server(answering.serverInfo, serverOptions(answering, opening)), answering, opening);
}

/** What a server announces and how it behaves. */
export function serverOptions({ fixtures, instructionsFor }: Answering, { opener }: Opening): ServerOptions {
  return {
    capabilities: {
      ...CAPABILITIES,
      ...fixtures?.capabilities,
    },
    instructions: instructionsFor(opener),
    cacheHints: { "tools/list": STEADY, "resources/templates/list": STEADY, "server/discover": STEADY },
    debouncedNotificationMethods: COALESCED,
    inputRequired: { maxRounds: MAX_QUESTIONS, roundTimeoutMs: ANSWER_WITHIN_MS },
  };
}

/** Has a server answer with the methods. */
export function equip(server: Server, answering: Answering, opening: Opening): Server {
  const { only, subscriptions, callerOf } = opening;
  const { fixtures } = answering;
  const handle = async (request: MethodCall, context: ServerContext): Promise<Result> => {
    const { mcpReq } = context;
    const caller = callerOf(context);
    const round = roundOf(request, caller, context, opening.states);
    const done = opening.onRequest?.();
    try {
      return await answering.answer(request, {
        caller,
        signal: mcpReq.signal,
        ask: round.asker(capabilitiesOf(server, context)),
        progressToken: mcpReq._meta?.progressToken,
        notify: (notification) => mcpReq.notify(notification),
        ...(subscriptions && { subscriptions }),
        ...(fixtures && { client: clientSideOf(context, capabilitiesOf(server, context), round) }),
      });
    } catch (thrown) {
      if (thrown instanceof InputRequired) return round.next({ [thrown.prompt.key]: elicitation(thrown.prompt) });
      if (thrown instanceof InputsRequired) return round.next(thrown.requests as InputRequests);
      throw thrown;
    } finally {
      done?.();
    }
  };
  const wanted = (method: string) => only === undefined || only === method;
  for (const method of [...METHODS, ...(subscriptions ? SESSION_METHODS : []), ...(fixtures?.methods ?? [])]) {
    if (wanted(method)) server.setRequestHandler(method, (request, context) => handle(request, context) as never);
  }
  for (const method of EXTENSION_METHODS) {
    if (!wanted(method)) continue;
    server.setRequestHandler(method, { params: z.looseObject({}).optional() }, (params, context) =>
      handle({ method, params }, context),
    );
  }
  // Over HTTP the SDK refuses what is left before anything is made of it.
  if (only === undefined) server.fallbackRequestHandler = handle;
  return server;
}

function capabilitiesOf(server: Server, { mcpReq }: ServerContext): { readonly elicitation?: unknown } | undefined {
  const envelope = mcpReq.envelope as Readonly<Record<string, unknown>> | undefined;
  return envelope ? (envelope[CLIENT_CAPABILITIES_META_KEY] as object | undefined) : server.getClientCapabilities();
}

function clientSideOf({ mcpReq, http }: ServerContext, capabilities: object | undefined, round: Round): ClientSide {
  return {
    capabilities: { ...capabilities },
    gather: round.gather,
    log: (level, text) => mcpReq.log(level, text),
    closeStream: http?.closeSSE,
  };
}

type InputRequests = NonNullable<InputRequiredResult["inputRequests"]>;
type Round = ReturnType<typeof roundOf>;

interface State {
  /** What the client was given to answer last. */
  readonly asked: readonly string[];
  /** What was answered before. */
  readonly answers: Readonly<Record<string, InputResponse>>;
}

/** One round of a call that asks: what has been answered so far, and how the next question goes out. */
function roundOf(request: MethodCall, caller: Caller, { mcpReq }: ServerContext, states: RequestStatePort) {
  const context = () => [ownerOf(caller), request.method, digestOf(request.params)];
  const sealed = mcpReq.requestState<string>();
  const state = sealed === undefined ? undefined : (states.open(context(), sealed) as State | undefined);
  if (sealed !== undefined && !state) {
    throw new RpcError(
      RPC.invalidParams,
      "This requestState is not valid for this call, or it is too old; call again without it.",
      caller.requestId,
    );
  }
  const answers: Record<string, InputResponse> = { ...state?.answers };
  const responses = { ...mcpReq.inputResponses } as Readonly<Record<string, InputResponse>>;
  for (const key of state?.asked ?? []) {
    const latest = responses[key];
    if (latest !== undefined) answers[key] = latest;
  }

  return {
    asker(capabilities: { readonly elicitation?: unknown } | undefined): Ask {
      return async (prompt) => {
        if (!asksInMode(capabilities?.elicitation, prompt.mode)) return undefined;
        const given = Object.hasOwn(answers, prompt.key) ? answers[prompt.key] : undefined;
        if (given) return given as { action: string; content?: unknown };
        if (Object.keys(answers).length >= MAX_QUESTIONS) throw new Error("this call asks too many questions");
        throw new InputRequired(prompt);
      };
    },
    /** Unlike a question's, these answers also count when they come unasked. */
    async gather(requests: ClientRequests): Promise<Readonly<Record<string, unknown>>> {
      const given = { ...responses, ...answers };
      const open = Object.entries(requests).filter(([key]) => !Object.hasOwn(given, key));
      if (open.length > 0) throw new InputsRequired(Object.fromEntries(open));
      return Object.fromEntries(Object.keys(requests).map((key) => [key, given[key]]));
    },
    next(inputRequests: InputRequests): InputRequiredResult {
      const asked = Object.keys(inputRequests);
      const requestState = states.seal(context(), { asked, answers } satisfies State);
      return inputRequired({ inputRequests, requestState });
    },
  };
}

function elicitation(prompt: Prompt) {
  const { message } = prompt;
  if (prompt.mode === "url") return inputRequired.elicitUrl({ message, url: prompt.url });
  return inputRequired.elicit({ message, requestedSchema: prompt.schema as never });
}

/** What the call is about, without what differs from one round to the next. */
function digestOf(params: MethodCall["params"]): string {
  const { name, arguments: args, uri } = params ?? {};
  return createHash("sha256")
    .update(JSON.stringify([name, uri, sorted(args)]))
    .digest("base64url");
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return fields.map(([name, field]) => [name, sorted(field)]);
}
