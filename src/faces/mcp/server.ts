import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type {
  JSONRPCRequest,
  RequestId,
  ServerCapabilities,
  ServerNotification,
  ServerResult,
} from "@modelcontextprotocol/sdk/types.js";
import type { jsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/types.js";
import { randomUUID } from "node:crypto";
import type { Caller } from "../../core/caller.js";
import { createChangeHub, type Change } from "./change-hub.js";
import { createMethods } from "./methods.js";
import type { Extra, McpOptions, SessionState } from "./options.js";
import { seesSkills } from "./prompts.js";
import { artifactUri, MEMORY_URI, seesArtifacts, seesMemory } from "./resources.js";
import { toRpcError } from "./rpc-error.js";
import { createSearchSurface, SEARCH_INSTRUCTIONS } from "./search-surface.js";
import { createToolLists, type ToolLists } from "./tool-list.js";

/** One client's server: connect it to one transport, once. */
export interface McpSession {
  readonly server: Server;
  /** Requests that are being worked on, by their id, with the signal that says they were cancelled. */
  readonly inFlight: ReadonlyMap<RequestId, AbortSignal>;
  /** Starts to tell the client about changes in its workspace. */
  listen(): void;
  /** Stops telling; closing the server does too. */
  mute(): void;
}

const CAPABILITIES: ServerCapabilities = {
  tools: {},
  prompts: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
};

const COALESCED = ["notifications/prompts/list_changed", "notifications/resources/list_changed"];

/** Servers never validate with it (only elicitation does); given so that no session builds a validator of its own. */
const NO_VALIDATOR: jsonSchemaValidator = {
  getValidator: () => () => ({ valid: false, data: undefined, errorMessage: "nothing is validated here" }),
};

/** Where a transport puts the caller of a request for {@link createSessions}'s servers to find. */
export function authInfoOf(caller: Caller) {
  return { token: "", clientId: "", scopes: [], extra: { caller } };
}

/** What all sessions share, and how one begins. */
export interface Sessions {
  /** A caller has the surface that its session was opened with, already within the operator's limit. */
  open(caller: Caller, onClosed?: () => void): McpSession;
  readonly toolLists: ToolLists;
}

/** Sessions that share everything but their client: methods, tool lists, subscriptions. */
export function createSessions(options: McpOptions): Sessions {
  const { registry, search, log } = options;
  const searchSurface = createSearchSurface({ registry, search }, log);
  const toolLists = createToolLists(registry, searchSurface);
  const methods = createMethods({ ...options, searchSurface, toolLists });
  const hub = createChangeHub(options.events, options.log);
  const serverInfo = { name: "clanker", title: "Clanker", version: options.version };
  const serverOptions = {
    capabilities: CAPABILITIES,
    instructions: options.instructions,
    jsonSchemaValidator: NO_VALIDATOR,
    debouncedNotificationMethods: COALESCED,
  };
  const searchOptions = { ...serverOptions, instructions: `${SEARCH_INSTRUCTIONS}\n\n${options.instructions}` };

  async function answer(state: SessionState, request: JSONRPCRequest, extra: Extra): Promise<ServerResult> {
    const given = extra.authInfo?.extra?.["caller"] as Caller | undefined;
    const caller = given ?? { ...state.caller, requestId: `req_${randomUUID()}` };
    state.caller = caller;
    try {
      return await methods(request, { caller, extra, state });
    } catch (thrown) {
      const error = toRpcError(thrown, caller.requestId);
      if (error.data.code === "INTERNAL") {
        options.log.error(
          { request_id: caller.requestId, method: request.method.slice(0, 64), err: thrown },
          error.message,
        );
      }
      throw error;
    }
  }

  const open = (caller: Caller, onClosed?: () => void): McpSession => {
    const state: SessionState = { caller };
    const inFlight = new Map<RequestId, AbortSignal>();
    const server = new Server(serverInfo, caller.surface?.search ? searchOptions : serverOptions);
    let stop: (() => void) | undefined;
    const mute = () => {
      stop?.();
      stop = undefined;
    };
    server.fallbackRequestHandler = (request, extra) => {
      inFlight.set(request.id, extra.signal);
      return answer(state, request, extra).finally(() => inFlight.delete(request.id));
    };
    server.onclose = () => {
      mute();
      onClosed?.();
    };
    return {
      server,
      inFlight,
      listen() {
        stop ??= hub.listen(state.caller.workspace, (change) => tell(server, state, change));
      },
      mute,
    };
  };
  return { open, toolLists };
}

/** Passes a change on to the client, as far as its scopes let it see it. */
function tell(server: Server, { caller, subscriptions }: SessionState, { type, data }: Change): void {
  const send = (notification: ServerNotification) => {
    // A client that is gone by now is told nothing.
    server.notification(notification).catch(() => undefined);
  };
  const updated = (uri: string) => {
    if (subscriptions?.has(uri)) send({ method: "notifications/resources/updated", params: { uri } });
  };
  if (type === "skills-changed" && seesSkills(caller)) send({ method: "notifications/prompts/list_changed" });
  if (type === "memory-updated" && seesMemory(caller)) updated(MEMORY_URI);
  if ((type === "artifact-created" || type === "artifact-deleted") && seesArtifacts(caller)) {
    send({ method: "notifications/resources/list_changed" });
    if (type === "artifact-deleted" && typeof data["id"] === "string") updated(artifactUri(data["id"]));
  }
}
