import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import {
  type ClientCapabilities,
  ElicitResultSchema,
  ErrorCode,
  McpError,
  type RequestId,
  type ServerCapabilities,
  type ServerNotification,
  type ServerRequest,
} from "@modelcontextprotocol/sdk/types.js";
import type { RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type { jsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/types.js";
import type { Ask, Prompt } from "../../../core/asking.js";
import type { Caller } from "../../../core/caller.js";
import type { Answering } from "../answering.js";
import { ANSWER_WITHIN_MS, asksInMode } from "../asking.js";
import type { Change } from "../change-hub.js";
import { toldOf } from "../changes.js";
import type { Subscriptions } from "../exchange.js";
import { EXTENSION_CAPABILITIES } from "../skills-extension.js";
import { createClientSide } from "./client-side.js";

/** One client's server: connect it to one transport, once. */
export interface McpSession {
  readonly server: Server;
  /** Requests that are being worked on, by their id, with the signal that says they were cancelled. */
  readonly inFlight: ReadonlyMap<RequestId, AbortSignal>;
  /** Who sent the latest request. */
  caller(): Caller;
  /** Tells the client about changes in its workspace from now on. */
  listen(): void;
}

/** What a session is opened with. */
export interface Opening {
  /** Who opens it, with the surface it is opened with, already within the operator's limit. */
  readonly caller: Caller;
  readonly subscriptions: Subscriptions & { has(uri: string): boolean };
  readonly onClosed: () => void;
}

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

const CAPABILITIES: ServerCapabilities = {
  tools: {},
  prompts: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  extensions: EXTENSION_CAPABILITIES,
};

const COALESCED = ["notifications/prompts/list_changed", "notifications/resources/list_changed"];

/** What a client answers is checked against the question itself; given so that no session builds a validator. */
const NO_VALIDATOR: jsonSchemaValidator = {
  getValidator: () => () => ({ valid: false, data: undefined, errorMessage: "nothing is validated here" }),
};

/** Where a transport puts the caller of a request for {@link openSession}'s servers to find. */
export function authInfoOf(caller: Caller) {
  return { token: "", clientId: "", scopes: [], extra: { caller } };
}

/** A session of the revisions up to 2025-11-25. */
export function openSession(answering: Answering, { caller: opener, subscriptions, onClosed }: Opening): McpSession {
  let latest = opener;
  const inFlight = new Map<RequestId, AbortSignal>();
  const server = new Server(answering.serverInfo, {
    capabilities: { ...CAPABILITIES, ...answering.fixtures?.capabilities },
    instructions: answering.instructionsFor(opener),
    jsonSchemaValidator: NO_VALIDATOR,
    debouncedNotificationMethods: COALESCED,
  });
  const clientSide = answering.fixtures && createClientSide(server);
  let stop: (() => void) | undefined;
  server.fallbackRequestHandler = async (request, extra) => {
    const caller = extra.authInfo?.extra?.["caller"] as Caller;
    latest = caller;
    inFlight.set(request.id, extra.signal);
    try {
      const answer = await answering.answer(request, {
        caller,
        signal: extra.signal,
        ask: asker(server.getClientCapabilities(), extra),
        progressToken: extra._meta?.progressToken,
        notify: (notification) => extra.sendNotification(notification),
        subscriptions,
        ...(clientSide && { client: clientSide(extra, caller.requestId) }),
      });
      return answer;
    } finally {
      inFlight.delete(request.id);
    }
  };
  server.onclose = () => {
    stop?.();
    onClosed();
  };
  return {
    server,
    inFlight,
    caller: () => latest,
    listen() {
      stop ??= answering.hub.listen(latest.workspace, (change) => {
        for (const notification of notificationsOf(change, latest, subscriptions)) {
          // A client that is gone by now is told nothing.
          server.notification(notification).catch(() => undefined);
        }
      });
    },
  };
}

/** What a session's client is told of a change. */
export function notificationsOf(
  change: Change,
  caller: Caller,
  subscriptions: { has(uri: string): boolean },
): ServerNotification[] {
  return toldOf(change, caller).flatMap((told): ServerNotification[] => {
    if (told.kind === "prompts") return [{ method: "notifications/prompts/list_changed" }];
    if (told.kind === "resources") return [{ method: "notifications/resources/list_changed" }];
    return subscriptions.has(told.uri)
      ? [{ method: "notifications/resources/updated", params: { uri: told.uri } }]
      : [];
  });
}

/** Questions as `elicitation/create` on the stream of the request they belong to. */
function asker(capabilities: ClientCapabilities | undefined, extra: Extra): Ask {
  return async (prompt) => {
    if (!asksInMode(capabilities?.elicitation, prompt.mode)) return undefined;
    const options = { timeout: ANSWER_WITHIN_MS, signal: extra.signal };
    try {
      return await extra.sendRequest(elicitation(prompt), ElicitResultSchema, options);
    } catch (thrown) {
      if (extra.signal.aborted) throw thrown;
      if (thrown instanceof McpError && thrown.code === Number(ErrorCode.ConnectionClosed)) throw thrown;
      // It took too long, or what the client answered is no answer: nobody agreed to anything.
      return { action: "cancel" };
    }
  };
}

function elicitation(prompt: Prompt): ServerRequest {
  const { message } = prompt;
  const params =
    prompt.mode === "url"
      ? { mode: "url", message, url: prompt.url, elicitationId: prompt.id }
      : { message, requestedSchema: prompt.schema };
  return { method: "elicitation/create", params } as ServerRequest;
}
