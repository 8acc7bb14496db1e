import {
  classifyInboundRequest,
  createMcpHandler,
  type McpHttpHandler,
  type ServerEvent,
  type ServerEventBus,
} from "@modelcontextprotocol/server";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Caller } from "../../../core/caller.js";
import { AppError } from "../../../core/errors.js";
import { toldOf } from "../changes.js";
import type { DoorParts } from "../door-parts.js";
import type { RequestStatePort } from "../options.js";
import { within } from "../session-choice.js";
import type { Visitor } from "../stream-watch.js";
import { openHeaderChecked } from "./header-checked.js";
import { sendAnswer, sendList } from "./respond.js";
import { authInfoOf, openServer } from "./server.js";

type Message = Readonly<Record<string, unknown>>;

/** Revision 2026-07-28 over HTTP: every request stands for itself. */
export interface ModernDoor {
  /** Whether a POST is of this revision, or claims to be and is to be told why it is not. */
  takes(message: Message, headers: IncomingHttpHeaders): boolean;
  post(message: Message, req: IncomingMessage, res: ServerResponse, visitor: Visitor): Promise<void>;
  /** Calls that are being worked on. */
  inFlight(): number;
  /** Ends the subscriptions and aborts what is in flight, which is answered with the reason. */
  close(why: AppError): Promise<void>;
}

interface Extra {
  readonly caller: Caller;
  readonly method: string;
  /** What a call names, as it was sent. */
  readonly tool: unknown;
  readonly plainList: boolean;
}

const REVOKED = new AppError("KEY_REVOKED", "This API key was revoked or has expired; ask the owner for another.");

/** The door over the SDK's handler. */
export function createModernDoor(parts: DoorParts & { readonly states: RequestStatePort }): ModernDoor {
  const { answering, choices, table, watch, states, log, keepAliveMs } = parts;
  const subscriptions = new Set<McpHttpHandler>();
  const underWay = new Set<AbortController>();

  const handlerOver = (bus?: ServerEventBus) =>
    createMcpHandler(
      ({ authInfo }) => {
        const { caller, method, tool, plainList } = authInfo?.extra as unknown as Extra;
        const opening = { callerOf: () => caller, opener: caller, states, only: method } as const;
        const schema = method === "tools/call" ? answering.fixtures?.headerTools.get(String(tool)) : undefined;
        if (schema) return openHeaderChecked(answering, opening, String(tool), schema);
        return openServer(plainList ? listless : answering, opening);
      },
      {
        legacy: "reject",
        keepAliveMs,
        ...(bus && { bus }),
        onerror: (err) => log.debug({ err }, "a request of 2026-07-28 was refused or failed"),
      },
    );
  const calls = handlerOver();
  /** Leaves the tools out, which are put in as bytes that are known beforehand. */
  const listless = { ...answering, answer: () => Promise.resolve({ tools: [] }) };

  /** A subscription has a handler of its own, because a handler's bus knows no callers. */
  async function subscribe(caller: Caller, serve: (handler: McpHttpHandler) => Promise<void>) {
    const giveBack = table.reserve();
    const handler = handlerOver(changesFor(caller));
    subscriptions.add(handler);
    const leave = answering.hub.listen(caller.workspace, () => undefined);
    try {
      // Whoever is told that it listens is told of all that happens from then on.
      await answering.hub.ready(caller.workspace);
      await serve(handler);
    } finally {
      subscriptions.delete(handler);
      leave();
      giveBack();
      await handler.close();
    }
  }

  const changesFor = (caller: Caller): ServerEventBus => ({
    publish: () => undefined,
    subscribe: (listener) =>
      answering.hub.listen(caller.workspace, (change) => {
        for (const told of toldOf(change, caller)) listener(eventOf(told));
      }),
  });

  return {
    takes: (message, headers) => classifyInboundRequest(inbound(message, headers)).kind !== "legacy",
    async post(message, req, res, visitor) {
      const caller = within(choices.read(req, visitor.caller), visitor.caller);
      const leaving = new AbortController();
      const leave = () => {
        if (!res.writableFinished) leaving.abort();
      };
      res.once("close", leave);
      const method = String(message["method"]);
      const tool = (message["params"] as Message | undefined)?.["name"];
      const extra: Extra = { caller, method, tool, plainList: isPlainList(message) };
      const authInfo = { ...authInfoOf(caller), extra: { ...extra } };
      const cut = () => (leaving.signal.reason instanceof AppError ? leaving.signal.reason : undefined);
      const serve = async (handler: McpHttpHandler) => {
        const unwatch = watch.watch(visitor, () => leaving.abort(REVOKED));
        try {
          const request = webRequest(req, leaving.signal);
          const response = await handler.fetch(request, { authInfo, parsedBody: message });
          const why = response.ok ? undefined : cut();
          if (why) throw why;
          if (extra.plainList && response.ok) await sendList(response, answering.toolLists.jsonOf(caller), res);
          else await sendAnswer(response, res, { requestId: caller.requestId, id: idOf(message), cut });
        } finally {
          unwatch();
        }
      };
      if (res.destroyed) return;
      if (method === "subscriptions/listen") return subscribe(caller, serve);
      underWay.add(leaving);
      await serve(calls).finally(() => underWay.delete(leaving));
    },
    inFlight: () => underWay.size,
    async close(why) {
      for (const leaving of underWay) leaving.abort(why);
      await Promise.all([calls, ...subscriptions].map((handler) => handler.close()));
    },
  };
}

function eventOf(told: ReturnType<typeof toldOf>[number]): ServerEvent {
  if (told.kind === "prompts") return { kind: "prompts_list_changed" };
  if (told.kind === "resources") return { kind: "resources_list_changed" };
  return { kind: "resource_updated", uri: told.uri };
}

function idOf({ id }: Message): string | number | undefined {
  return typeof id === "string" || typeof id === "number" ? id : undefined;
}

function inbound(body: Message, headers: IncomingHttpHeaders) {
  const version = headers["mcp-protocol-version"];
  const method = headers["mcp-method"];
  const name = headers["mcp-name"];
  return {
    httpMethod: "POST",
    body,
    ...(version !== undefined && { protocolVersionHeader: String(version) }),
    ...(method !== undefined && { mcpMethodHeader: String(method) }),
    ...(name !== undefined && { mcpNameHeader: String(name) }),
  };
}

/** The part of a web `Request` that the handler reads; a real one costs more than the rest of a call. */
function webRequest({ headers: given }: IncomingMessage, signal: AbortSignal): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === "string" && /^(mcp-.*|accept|content-type)$/.test(name)) headers.set(name, value);
  }
  return { method: "POST", url: "http://localhost/mcp", headers, signal } as Request;
}

/**
 * Whether this asks for all tools. Encoding that answer anew costs most of the request; everything else that the SDK
 * does for it, it does with an empty list.
 */
function isPlainList({ id, method, params }: Message): boolean {
  if (id === undefined) return false; // a notification by that name is acknowledged, not answered
  return method === "tools/list" && Object.keys(params ?? {}).every((name) => name === "_meta");
}
