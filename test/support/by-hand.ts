import type { Json } from "./faces.js";
import { until } from "./program.js";

/** One event of a stream; `message` is undefined where it only carries an id. */
export interface HandEvent {
  readonly id: string | undefined;
  readonly message: Json;
}

/** What answers a request: a stream, or JSON read as a stream of one event. */
export interface HandAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** All that came so far. */
  readonly events: readonly HandEvent[];
  /** The messages of the events that carry one. */
  messages(): Json[];
  /** The first message that fits, once it is there. */
  next(fits: (message: Json) => boolean, ms?: number): Promise<Json>;
  /** Where the messages of an HTTP+SSE session go, once its stream has said so. */
  endpoint(): string | undefined;
  /** Resolves with the last message when there is nothing more to come. */
  readonly ended: Promise<Json>;
  /** Hangs up. */
  close(): void;
}

type Headers = Readonly<Record<string, string>>;

/** A session of 2025 as a client without an SDK holds it, which says itself where each request goes. */
export interface HandSession {
  readonly id: string;
  readonly headers: Headers;
  post(url: string, message: object, headers?: Headers): Promise<HandAnswer>;
  /** Posts a `tools/call` with a progress token. */
  call(url: string, id: number, name: string, args?: object): Promise<HandAnswer>;
  /** Answers a question. */
  reply(url: string, question: Json, action: string): Promise<HandAnswer>;
  /** Opens the stream of notifications, or goes on with any after the event. */
  listen(url: string, lastEventId?: string): Promise<HandAnswer>;
  end(url: string): Promise<HandAnswer>;
}

const REVISION = "2025-11-25";

/** The first message of a client; one that can be asked unless told otherwise. */
export const initialize = (capabilities: object = { elicitation: {} }) => ({
  jsonrpc: "2.0",
  id: "first",
  method: "initialize",
  params: { protocolVersion: REVISION, capabilities, clientInfo: { name: "by hand", version: "1" } },
});

/** Opens a session at one process. */
export async function openByHand(
  url: string,
  key: string,
  { capabilities, query = "" }: { readonly capabilities?: object; readonly query?: string } = {},
): Promise<HandSession> {
  const first = await send(`${url}/mcp${query}`, "POST", { "x-api-key": key }, initialize(capabilities));
  await first.ended;
  const id = first.headers["mcp-session-id"];
  if (id === undefined) throw new Error(`initialize was answered ${first.status}`);
  const headers = { "x-api-key": key, "mcp-session-id": id, "mcp-protocol-version": REVISION };
  const session: HandSession = {
    id,
    headers,
    post: (at, message, more = {}) =>
      send(`${at}/mcp`, "POST", { ...headers, ...more }, { jsonrpc: "2.0", ...message }),
    call: (at, request, name, args = {}) =>
      session.post(at, {
        id: request,
        method: "tools/call",
        params: { name, arguments: args, _meta: { progressToken: request } },
      }),
    reply: (at, { id: asked }, action) =>
      session.post(at, { id: asked, result: { action, ...(action === "accept" && { content: {} }) } }),
    listen: (at, last) =>
      send(`${at}/mcp`, "GET", { ...headers, ...(last !== undefined && { "last-event-id": last }) }),
    end: (at) => send(`${at}/mcp`, "DELETE", headers),
  };
  await session.post(url, { method: "notifications/initialized" });
  return session;
}

/** Sends one request and reads whatever comes back while it comes. */
export async function send(url: string, method: string, headers: Headers, body?: object): Promise<HandAnswer> {
  const leave = new AbortController();
  const response = await fetch(url, {
    method,
    headers: {
      accept: method === "GET" ? "text/event-stream" : "application/json, text/event-stream",
      ...(body && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
    signal: leave.signal,
  });
  const events: HandEvent[] = [];
  let endpoint: string | undefined;
  const messages = () => events.flatMap(({ message }) => (message === undefined ? [] : [message]));
  const ended = read(response, events, (path) => (endpoint = path))
    .catch(() => undefined)
    .then(() => messages().at(-1));
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    events,
    messages,
    next: (fits, ms) => until(() => messages().find(fits), ms),
    endpoint: () => endpoint,
    ended,
    close: () => leave.abort(),
  };
}

async function read(response: Response, events: HandEvent[], onEndpoint: (path: string) => void): Promise<void> {
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
    const text = await response.text();
    if (text.startsWith("{")) events.push({ id: undefined, message: JSON.parse(text) });
    return;
  }
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    const whole = text.split("\n\n");
    text = whole.pop() ?? "";
    for (const block of whole.filter((one) => !one.startsWith(":"))) {
      const data = /^data: ?(.*)$/m.exec(block)?.[1] ?? "";
      if (block.startsWith("event: endpoint")) {
        onEndpoint(data);
        continue;
      }
      events.push({ id: /^id: (.*)$/m.exec(block)?.[1], message: data === "" ? undefined : JSON.parse(data) });
    }
  }
}

/** The last id that a client has of a stream. */
export function lastIdOf({ events }: HandAnswer): string {
  const id = events.findLast((event) => event.id !== undefined)?.id;
  if (id === undefined) throw new Error("No event carried an id.");
  return id;
}

/** Whether a message is the answer to a request. */
export const isAnswerTo = (request: unknown) => (message: Json) => message.id === request && !("method" in message);

export const isQuestion = (message: Json) => message.method === "elicitation/create";
export const isProgress = (message: Json) => message.method === "notifications/progress";
