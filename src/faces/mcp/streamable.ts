import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { isInitializeRequest, type RequestId, SUPPORTED_PROTOCOL_VERSIONS } from "@modelcontextprotocol/sdk/types.js";
import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Caller } from "../../core/caller.js";
import { AppError, type ErrorCode } from "../../core/errors.js";
import { invalidRequest, readMessage, Refusal } from "./door.js";
import { createEventLog } from "./event-log.js";
import type { DoorParts, Serve } from "./door-parts.js";
import { ownerOf, type StreamableSession, type Visitor } from "./http-sessions.js";
import { relayAnswer, relayStream } from "./relay.js";
import { RPC } from "./rpc-error.js";
import { authInfoOf } from "./server.js";
import { type Choice, within } from "./session-choice.js";

type Message = Readonly<Record<string, unknown>>;

/** Streamable HTTP over the SDK's transport, by HTTP method. */
export function createStreamableDoor(parts: DoorParts): ReadonlyMap<string, Serve> {
  const { table, choices, open, toolLists, now, maxBody, patienceMs, keepAliveMs } = parts;

  const post: Serve = async (req, res, visitor) => {
    const message = await readMessage(req, maxBody);
    const id = req.headers["mcp-session-id"];
    if (id === undefined) return begin(message, req, res, visitor);
    const session = sessionOf(String(id), req, visitor);
    const request = requestIdOf(message);
    if (request !== undefined && session.mcp.inFlight.has(request)) {
      throw invalidRequest("This request id is still in use in this session; take another.");
    }
    if (request !== undefined && isPlainList(message, req.headers)) {
      sendResult(res, session.id, request, toolLists.jsonOf(within(session.choice, visitor.caller)));
      return;
    }
    const cancelled = cancelledBy(message, session);
    await converse(session, await handOver(session, message, req.headers, visitor), request, res, visitor);
    if (cancelled) settleCancelled(session, cancelled);
  };

  function sessionOf(id: string, req: IncomingMessage, { caller }: Visitor): StreamableSession {
    const session = table.find(id, "streamable", caller);
    choices.requireSame(req, caller, session.choice);
    return session;
  }

  async function begin(message: Message, req: IncomingMessage, res: ServerResponse, visitor: Visitor) {
    const request = requestIdOf(message);
    if (request === undefined || !isInitializeRequest(message)) {
      throw invalidRequest("Send initialize first, and its Mcp-Session-Id with every request after it.");
    }
    const choice = choices.read(req, visitor.caller);
    const giveBack = table.reserve();
    try {
      const session = await create(visitor.caller, choice);
      const response = await handOver(session, message, req.headers, visitor);
      if (session.transport.sessionId !== undefined) table.add(session);
      await converse(session, response, request, res, visitor);
    } finally {
      giveBack();
    }
  }

  async function create(caller: Caller, choice: Choice): Promise<StreamableSession> {
    const id = randomUUID();
    const log = createEventLog(now);
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => id,
      eventStore: log,
      keepAliveMs,
    });
    const mcp = open(within(choice, caller), () => table.remove(id));
    await mcp.server.connect(transport);
    return { kind: "streamable", id, owner: ownerOf(caller), choice, mcp, transport, log, lastUsed: now(), streams: 0 };
  }

  function handOver(session: StreamableSession, message: Message, headers: IncomingHttpHeaders, { caller }: Visitor) {
    const given = { ...forwarded(headers), "content-type": "application/json" };
    return session.transport.handleRequest(webRequest("POST", given), {
      parsedBody: message,
      authInfo: authInfoOf(within(session.choice, caller)),
    });
  }

  async function converse(
    session: StreamableSession,
    response: Response,
    request: RequestId | undefined,
    res: ServerResponse,
    visitor: Visitor,
  ): Promise<void> {
    if (!response.ok) throw await refusalOf(response);
    if (request === undefined) {
      res.writeHead(response.status).end();
      return;
    }
    let closeStream: (() => void) | undefined;
    try {
      const sent = await relayAnswer({
        response,
        res,
        log: session.log,
        patienceMs,
        onStream: () => (closeStream = table.openStream(session, visitor)),
        onAbandoned: () => abandon(session, request),
      });
      if (!sent) throw sessionEnded();
    } finally {
      closeStream?.();
      session.lastUsed = now();
    }
  }

  const get: Serve = async (req, res, visitor) => {
    const session = sessionOf(sessionIdOf(req.headers), req, visitor);
    const last = req.headers["last-event-id"];
    if (typeof last === "string" && session.log.isAnswer(last)) {
      // That stream is complete: nothing will follow, and 204 keeps a client from asking again.
      res.writeHead(204).end();
      return;
    }
    // What is not kept any more cannot be replayed; the client then listens to what is to come.
    const resumed = typeof last === "string" && session.log.has(last) ? { "last-event-id": last } : {};
    const response = await session.transport.handleRequest(
      webRequest("GET", { ...forwarded(req.headers), ...resumed }),
    );
    if (!response.ok) throw await refusalOf(response);
    const closeStream = table.openStream(session, visitor);
    session.mcp.listen();
    await relayStream({ response, res, log: session.log, onStream: () => undefined }).finally(closeStream);
  };

  const del: Serve = async (req, res, visitor) => {
    const session = sessionOf(sessionIdOf(req.headers), req, visitor);
    const response = await session.transport.handleRequest(webRequest("DELETE", forwarded(req.headers)));
    if (!response.ok) throw await refusalOf(response);
    res.writeHead(response.status).end();
  };

  return new Map([
    ["POST", post],
    ["GET", get],
    ["DELETE", del],
  ]);
}

/**
 * Whether this is a `tools/list` that the transport would take as it is. Its answer is the longest there is and
 * known beforehand: encoding it anew, and taking it through the transport's stream, costs most of a request.
 */
function isPlainList(message: Message, headers: IncomingHttpHeaders): boolean {
  const { jsonrpc, id, method, params, ...more } = message;
  const { accept = "", "mcp-protocol-version": version } = headers;
  return (
    method === "tools/list" &&
    jsonrpc === "2.0" &&
    (typeof id === "string" || Number.isSafeInteger(id)) &&
    (params === undefined || JSON.stringify(params) === "{}") &&
    Object.keys(more).length === 0 &&
    accept.includes("application/json") &&
    accept.includes("text/event-stream") &&
    (version === undefined || SUPPORTED_PROTOCOL_VERSIONS.includes(String(version)))
  );
}

function sendResult(res: ServerResponse, session: string, id: RequestId, result: Buffer): void {
  const [head, tail] = [Buffer.from('{"result":'), Buffer.from(`,"jsonrpc":"2.0","id":${JSON.stringify(id)}}`)];
  const body = Buffer.concat([head, result, tail]);
  res.writeHead(200, {
    "content-type": "application/json",
    "content-length": body.length,
    "cache-control": "no-store",
    "mcp-session-id": session,
  });
  res.end(body);
}

/** The part of a web `Request` that the transport reads; a real one costs more than the rest of a call. */
function webRequest(method: string, headers: Readonly<Record<string, string>>): Request {
  return { method, url: "http://localhost/mcp", headers: new Headers(headers) } as Request;
}

function forwarded(headers: IncomingHttpHeaders): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of ["accept", "mcp-session-id", "mcp-protocol-version"]) {
    const value = headers[name];
    if (typeof value === "string") passed[name] = value;
  }
  return passed;
}

function sessionIdOf(headers: IncomingHttpHeaders): string {
  const id = headers["mcp-session-id"];
  if (typeof id === "string") return id;
  throw invalidRequest("Send the Mcp-Session-Id that initialize answered.");
}

function requestIdOf({ id, method }: Message): RequestId | undefined {
  return typeof method === "string" && (typeof id === "string" || typeof id === "number") ? id : undefined;
}

function cancelledBy({ method, params }: Message, session: StreamableSession) {
  if (method !== "notifications/cancelled") return undefined;
  const id = (params as { readonly requestId?: RequestId } | undefined)?.requestId;
  const signal = id === undefined ? undefined : session.mcp.inFlight.get(id);
  return id === undefined || !signal ? undefined : { id, signal };
}

/** Cancels a call whose client is gone for good, as if the client had asked for it. */
function abandon(session: StreamableSession, id: RequestId): void {
  const signal = session.mcp.inFlight.get(id);
  if (!signal) return;
  const reason = "the client hung up";
  session.transport.onmessage?.({
    jsonrpc: "2.0",
    method: "notifications/cancelled",
    params: { requestId: id, reason },
  });
  settleCancelled(session, { id, signal });
}

/**
 * The server sends no answer to a cancelled request, but its HTTP request wants one, and the transport keeps
 * it until there is one.
 */
function settleCancelled(session: StreamableSession, { id, signal }: { id: RequestId; signal: AbortSignal }): void {
  setImmediate(() => {
    if (!signal.aborted) return;
    const error = { code: RPC.cancelled, message: "The request was cancelled.", data: { code: "CANCELLED" } };
    // It throws where the client has left or the answer was faster: both are fine.
    session.transport.send({ jsonrpc: "2.0", id, error }).catch(() => undefined);
  });
}

function sessionEnded(): Refusal {
  return new Refusal(
    new AppError("NOT_FOUND", "The session ended before the answer was there; send initialize to open a new one."),
    RPC.sessionNotFound,
  );
}

const CODES: Readonly<Record<number, ErrorCode>> = { 404: "NOT_FOUND", 409: "CONFLICT" };

/** What the transport itself refuses, in our form: its sentence, without what it says of its insides. */
async function refusalOf(response: Response): Promise<Refusal> {
  const { error } = (await response.json()) as { readonly error: { readonly message: string } };
  const { status } = response;
  const rpc = status === 400 ? RPC.invalidRequest : status === 404 ? RPC.sessionNotFound : RPC.server;
  return new Refusal(new AppError(CODES[status] ?? "INVALID_INPUT", error.message), rpc, {}, status);
}
