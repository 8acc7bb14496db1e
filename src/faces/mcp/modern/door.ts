import {
  classifyInboundRequest,
  createMcpHandler,
  type McpHttpHandler,
  type ServerEvent,
  type ServerEventBus,
} from "@modelcontextprotocol/server";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Caller } from "../../../core/caller.js";
import type { AppError } from "../../../core/errors.js";
import { toldOf } from "../changes.js";
import type { DoorParts } from "../door-parts.js";
import type { RequestStatePort } from "../options.js";
import { stableCodeOf } from "../rpc-error.js";
import { within } from "../session-choice.js";
import type { Visitor } from "../stream-watch.js";
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
  readonly plainList: boolean;
}

/** The door over the SDK's handler. */
export function createModernDoor(parts: DoorParts & { readonly states: RequestStatePort }): ModernDoor {
  const { answering, choices, table, watch, states, log, keepAliveMs } = parts;
  const subscriptions = new Set<McpHttpHandler>();
  const underWay = new Set<AbortController>();
  let closing: AppError | undefined;

  const handlerOver = (bus?: ServerEventBus) =>
    createMcpHandler(
      ({ authInfo }) => {
        const { caller, method, plainList } = authInfo?.extra as unknown as Extra;
        return openServer(plainList ? listless : answering, {
          era: "modern",
          callerOf: () => caller,
          opener: caller,
          states,
          only: method,
        });
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
    try {
      await serve(handler);
    } finally {
      subscriptions.delete(handler);
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
      const extra: Extra = { caller, method, plainList: isPlainList(message) };
      const authInfo = { ...authInfoOf(caller), extra: { ...extra } };
      const serve = async (handler: McpHttpHandler) => {
        const unwatch = watch.watch(visitor, () => {
          leaving.abort();
          res.end();
        });
        try {
          const request = webRequest(req, leaving.signal);
          const response = await handler.fetch(request, { authInfo, parsedBody: message });
          if (extra.plainList && response.ok) await sendList(response, answering.toolLists.jsonOf(caller), res);
          else if (!closing || response.ok) await send(response, res, caller.requestId);
        } finally {
          unwatch();
        }
      };
      if (res.destroyed) return;
      if (method === "subscriptions/listen") return subscribe(caller, serve);
      underWay.add(leaving);
      await serve(calls).finally(() => underWay.delete(leaving));
      if (closing && !res.headersSent) throw closing;
    },
    inFlight: () => underWay.size,
    async close(why) {
      closing = why;
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

async function send(response: Response, res: ServerResponse, requestId: string): Promise<void> {
  if (res.destroyed) return;
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("text/event-stream") && response.body) return stream(response, response.body, res);
  const text = await response.text();
  const body = response.ok ? text : withStableCode(text, requestId);
  res.writeHead(response.status, {
    ...(body !== "" && { "content-type": "application/json" }),
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
  });
  res.end(body);
}

/**
 * Whether this asks for all tools. Encoding that answer anew costs most of the request; everything else that the SDK
 * does for it, it does with an empty list.
 */
function isPlainList({ method, params }: Message): boolean {
  return method === "tools/list" && Object.keys(params ?? {}).every((name) => name === "_meta");
}

const NO_TOOLS = '"tools":[]';

async function sendList(response: Response, list: Buffer, res: ServerResponse): Promise<void> {
  const frame = await response.text();
  const at = frame.indexOf(NO_TOOLS);
  if (at === -1) throw new Error("the list has no place for its tools");
  const [head, tail] = [Buffer.from(frame.slice(0, at)), Buffer.from(frame.slice(at + NO_TOOLS.length))];
  const body = Buffer.concat([head, list.subarray(1, -1), tail]);
  res.writeHead(200, {
    "content-type": "application/json",
    "content-length": body.length,
    "cache-control": "no-store",
  });
  res.end(body);
}

async function stream(response: Response, body: ReadableStream<Uint8Array>, res: ServerResponse): Promise<void> {
  res.writeHead(200, { ...Object.fromEntries(response.headers), "cache-control": "no-store, no-transform" });
  res.flushHeaders();
  const reader = body.getReader();
  res.once("close", () => void reader.cancel());
  for (;;) {
    const { value, done } = await reader.read();
    if (done || res.destroyed) break;
    if (!res.write(value)) await new Promise<void>((goOn) => res.once("drain", goOn).once("close", goOn));
  }
  res.end();
}

/** What the SDK refuses by itself, with our code and the request's id beside its own data. */
function withStableCode(text: string, requestId: string): string {
  if (text === "") return text;
  const answer = JSON.parse(text) as { readonly error: { readonly code: number; readonly data?: object } };
  const { error } = answer;
  const data = { code: stableCodeOf(error.code), request_id: requestId, ...error.data };
  return JSON.stringify({ ...answer, error: { ...error, data } });
}
