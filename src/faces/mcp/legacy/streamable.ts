import { isInitializeRequest, type RequestId, SUPPORTED_PROTOCOL_VERSIONS } from "@modelcontextprotocol/sdk/types.js";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { AppError, type ErrorCode } from "../../../core/errors.js";
import type { ChangeSource } from "../change-hub.js";
import type { DoorParts, Serve } from "../door-parts.js";
import { invalidRequest, Refusal } from "../door.js";
import { RPC } from "../rpc-error.js";
import { within } from "../session-choice.js";
import type { Visitor } from "../stream-watch.js";
import { askedBy, withOwnId } from "./asked.js";
import { requireWholeInitialize } from "./initialize.js";
import { cancelInFlight, settleCancelled } from "./cancelling.js";
import { createNotifications, positionOf } from "./notifications.js";
import { relayAnswer } from "./relay.js";
import { follow } from "./replay.js";
import { authInfoOf } from "./server.js";
import { endedAnswer, sessionEnded, type StreamableSession } from "./session-table.js";
import type { StreamableSessions } from "./streamable-sessions.js";
import { webRequest } from "./web-request.js";

type Message = Readonly<Record<string, unknown>>;

/** Streamable HTTP with sessions, over the SDK's transport. */
export interface StreamableDoor {
  /** A POST whose body was read. */
  post(message: Message, req: IncomingMessage, res: ServerResponse, visitor: Visitor): Promise<void>;
  readonly get: Serve;
  readonly del: Serve;
  /** Requests that have no answer yet, or whose answer is on its way out. */
  unanswered(): number;
}

/** The door of the revisions from 2025-03-26 to 2025-11-25. */
export function createStreamableDoor(
  parts: DoorParts & { readonly changes: ChangeSource },
  sessions: StreamableSessions,
): StreamableDoor {
  const { table, choices, answering, shelf, peers, patienceMs, keepAliveMs } = parts;
  const listen = createNotifications(parts);
  /** Requests that have no answer yet, by session and id: one that comes twice would cost the first its stream. */
  const unanswered = new Set<string>();

  async function sessionOf(id: string, req: IncomingMessage, visitor: Visitor): Promise<StreamableSession> {
    const session = await sessions.find(id, visitor);
    choices.requireSame(req, visitor.caller, session.choice);
    return session;
  }

  async function post(message: Message, req: IncomingMessage, res: ServerResponse, visitor: Visitor) {
    requireWholeInitialize(message);
    const id = req.headers["mcp-session-id"];
    if (id === undefined) return begin(message, req, res, visitor);
    const session = await sessionOf(String(id), req, visitor);
    const request = requestIdOf(message);
    if (request === undefined) return notify(session, message, req, res, visitor);
    const name = `${session.id} ${typeof request} ${request}`;
    if (unanswered.has(name) || session.mcp.inFlight.has(request)) {
      throw invalidRequest("This request id is still in use in this session; take another.");
    }
    if (isPlainList(message, req.headers)) {
      sendResult(res, session.id, request, answering.toolLists.jsonOf(within(session.choice, visitor.caller)));
      return;
    }
    unanswered.add(name);
    try {
      await converse(session, await handOver(session, message, req.headers, visitor), request, res, visitor);
    } finally {
      unanswered.delete(name);
    }
  }

  /** A notification of the client's, or its reply to a question. */
  async function notify(
    session: StreamableSession,
    message: Message,
    req: IncomingMessage,
    res: ServerResponse,
    visitor: Visitor,
  ) {
    const asker = askedBy(message);
    if (asker !== undefined && asker !== shelf.process) {
      await peers.deliver(asker, session.id, message);
      res.writeHead(202).end();
      return;
    }
    const cancelled = cancelledBy(message);
    const signal = cancelled === undefined ? undefined : session.mcp.inFlight.get(cancelled);
    if (cancelled !== undefined && !signal) await peers.cancel(session.id, cancelled);
    const own = asker === undefined ? message : withOwnId(message);
    await converse(session, await handOver(session, own, req.headers, visitor), undefined, res, visitor);
    if (cancelled !== undefined && signal) settleCancelled(session, cancelled, signal);
  }

  async function begin(message: Message, req: IncomingMessage, res: ServerResponse, visitor: Visitor) {
    const request = requestIdOf(message);
    if (request === undefined || !isInitializeRequest(message)) {
      throw invalidRequest("Send initialize first, and its Mcp-Session-Id with every request after it.");
    }
    const choice = choices.read(req, visitor.caller);
    const giveBack = table.reserve();
    const open = async () => {
      const session = await sessions.create(visitor.caller, choice);
      const response = await handOver(session, message, req.headers, visitor);
      if (session.transport.sessionId !== undefined) await sessions.keep(session, message);
      return { session, response };
    };
    const { session, response } = await open().finally(giveBack);
    await converse(session, response, request, res, visitor);
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
    const closeStream = table.openStream(session, visitor);
    try {
      const sent = await relayAnswer({
        response,
        res,
        session: session.id,
        log: session.log,
        request,
        patienceMs,
        onAbandoned: () => cancelInFlight(session, request),
        isOpen: () => isOpen(session) && session.mcp.inFlight.has(request),
        lastWords: () => endedAnswer(request),
      });
      if (!sent) throw sessionEnded();
    } finally {
      closeStream();
    }
  }

  const isOpen = (session: StreamableSession): boolean => table.get(session.id) === session;

  const get: Serve = async (req, res, visitor) => {
    const { "last-event-id": lastId = "", "mcp-protocol-version": version, accept = "" } = req.headers;
    const session = await sessionOf(sessionIdOf(req.headers), req, visitor);
    if (!accept.includes("text/event-stream")) {
      throw new Refusal(new AppError("INVALID_INPUT", "Accept text/event-stream."), RPC.server, {}, 406);
    }
    if (version !== undefined && !SUPPORTED_PROTOCOL_VERSIONS.includes(String(version))) {
      throw invalidRequest(
        `This server does not speak this revision; it speaks ${SUPPORTED_PROTOCOL_VERSIONS.join(", ")}.`,
      );
    }
    const after = positionOf(String(lastId));
    // What is not kept any more cannot be replayed; the client then listens to what is to come.
    const last = after || lastId === "" ? undefined : await shelf.event(session.id, String(lastId));
    if (!last) return listen(session, visitor, { headers: req.headers, res, after });
    if (last.last) {
      // That stream is complete: nothing will follow, and 204 keeps a client from asking again.
      res.writeHead(204).end();
      return;
    }
    let look = (): void => undefined;
    const closeStream = table.openStream(session, visitor, () => look());
    await follow({
      shelf,
      session: session.id,
      last,
      res,
      keepAliveMs,
      listen: (heard) => peers.onMore(session.id, (look = heard)),
      isOpen: () => isOpen(session),
    }).finally(closeStream);
  };

  const del: Serve = async (req, res, visitor) => {
    const session = await sessionOf(sessionIdOf(req.headers), req, visitor);
    const response = await session.transport.handleRequest(webRequest("DELETE", forwarded(req.headers)));
    if (!response.ok) throw await refusalOf(response);
    await shelf.end(session.id);
    res.writeHead(response.status).end();
  };

  return { post, get, del, unanswered: () => unanswered.size };
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

function cancelledBy({ method, params }: Message): RequestId | undefined {
  if (method !== "notifications/cancelled") return undefined;
  const { requestId } = (params ?? {}) as { readonly requestId?: unknown };
  return typeof requestId === "string" || typeof requestId === "number" ? requestId : undefined;
}

const CODES: Readonly<Record<number, ErrorCode>> = { 404: "NOT_FOUND", 409: "CONFLICT" };

/** What the transport itself refuses, in our form: its sentence, without what it says of its insides. */
async function refusalOf(response: Response): Promise<Refusal> {
  const { error } = (await response.json()) as { readonly error: { readonly message: string } };
  const { status } = response;
  const rpc = status === 400 ? RPC.invalidRequest : status === 404 ? RPC.sessionNotFound : RPC.server;
  return new Refusal(new AppError(CODES[status] ?? "INVALID_INPUT", error.message), rpc, {}, status);
}
