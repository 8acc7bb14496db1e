import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { LATEST_PROTOCOL_VERSION } from "@modelcontextprotocol/sdk/types.js";
import { randomUUID } from "node:crypto";
import type { Caller } from "../../../core/caller.js";
import type { SessionRecord } from "../../../core/session-shelf.js";
import type { DoorParts } from "../door-parts.js";
import { type Choice, within } from "../session-choice.js";
import { ownerOf, type Visitor } from "../stream-watch.js";
import { nameRequests } from "./asked.js";
import { createEventLog } from "./event-log.js";
import { authInfoOf, openSession } from "./server.js";
import { noSuchSession, type StreamableSession } from "./session-table.js";
import { RETRY_MS } from "./sse-text.js";
import { subscribedUris } from "./subscriptions.js";
import { webRequest } from "./web-request.js";

type Message = Readonly<Record<string, unknown>>;

/** Longest name and version of a client that a session keeps, in characters. */
const LONGEST_NAME = 200;

/** Sessions over Streamable HTTP: opened here, or taken up from where another process left them. */
export interface StreamableSessions {
  /** A new session, not yet kept. */
  create(caller: Caller, choice: Choice): Promise<StreamableSession>;
  /** Keeps a session that its client has initialized, for every process. */
  keep(session: StreamableSession, initialize: Message): Promise<void>;
  /** The visitor's session by its id, taken up if another process opened it; throws `NOT_FOUND`. */
  find(id: string, visitor: Visitor): Promise<StreamableSession>;
}

/** The sessions of this process, over those of all. */
export function createStreamableSessions(parts: DoorParts): StreamableSessions {
  const { table, choices, answering, shelf, peers, now, keepAliveMs } = parts;
  const takingUp = new Map<string, Promise<StreamableSession>>();

  async function open(id: string, caller: Caller, choice: Choice, uris: readonly string[]): Promise<StreamableSession> {
    await peers.ready();
    const log = createEventLog(shelf, id);
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => id,
      eventStore: log,
      keepAliveMs,
      retryInterval: RETRY_MS,
    });
    const subscriptions = subscribedUris(shelf, id, uris);
    const onClosed = () => table.remove(id);
    const mcp = openSession(answering, { caller: within(choice, caller), subscriptions, onClosed });
    nameRequests(transport, shelf.process);
    await mcp.server.connect(transport);
    const time = { lastUsed: now(), touched: now(), streams: 0 };
    return { kind: "streamable", id, owner: ownerOf(caller), choice, mcp, transport, log, subscriptions, ...time };
  }

  /** Lets the SDK read again what the client said at the start; what it answers was answered then. */
  async function takeUp(id: string, record: SessionRecord, { caller }: Visitor): Promise<StreamableSession> {
    const giveBack = table.reserve();
    try {
      const session = await open(id, caller, choices.again(record.wishes, caller), record.subscriptions);
      const authInfo = authInfoOf(within(session.choice, caller));
      const headers = { accept: "application/json, text/event-stream", "content-type": "application/json" };
      const first = webRequest("POST", headers);
      const response = await session.transport.handleRequest(first, { parsedBody: record.initialize, authInfo });
      if (!response.ok) throw noSuchSession();
      await response.text();
      session.log.clear();
      session.transport.onmessage?.({ jsonrpc: "2.0", method: "notifications/initialized" });
      table.add(session);
      await catchUp(session);
      return session;
    } finally {
      giveBack();
    }
  }

  /** What was said of a session while it was not held here yet was heard by nobody. */
  async function catchUp({ id, subscriptions, mcp }: StreamableSession): Promise<void> {
    const heard = subscriptions.changes();
    const record = await shelf.find(id);
    if (!record) await mcp.server.close();
    else if (subscriptions.changes() === heard) subscriptions.replace(record.subscriptions);
  }

  return {
    create: (caller, choice) => open(randomUUID(), caller, choice, []),
    async keep(session, initialize) {
      const { id, kind, owner, choice } = session;
      const record = { kind, owner, wishes: choice.wishes, initialize: essence(initialize), subscriptions: [] };
      await shelf.put(id, record);
      table.add(session);
    },
    async find(id, visitor) {
      const here = table.find(id, "streamable", visitor.caller);
      if (here) return here;
      // One that this process holds for somebody else is not looked up: it is nobody else's.
      const record = table.get(id) ? undefined : await shelf.find(id);
      if (record?.kind !== "streamable" || record.owner !== ownerOf(visitor.caller)) throw noSuchSession();
      // Another request of its may have taken it up meanwhile: two of one session would get each other's replies.
      const taken = table.find(id, "streamable", visitor.caller);
      if (taken) return taken;
      const taking = takingUp.get(id) ?? takeUp(id, record, visitor).finally(() => takingUp.delete(id));
      takingUp.set(id, taking);
      await taking;
      const session = table.find(id, "streamable", visitor.caller);
      if (!session) throw noSuchSession();
      return session;
    },
  };
}

/** What of the client's first message makes a difference later, and no more: it is kept for every session. */
function essence({ params }: Message): Message {
  const { protocolVersion, capabilities, clientInfo } = params as {
    protocolVersion: string;
    capabilities: Record<string, unknown>;
    clientInfo: { name: string; version: string };
  };
  const { elicitation, sampling, roots } = capabilities;
  return {
    jsonrpc: "2.0",
    id: 0,
    method: "initialize",
    params: {
      protocolVersion: protocolVersion.length > LONGEST_NAME ? LATEST_PROTOCOL_VERSION : protocolVersion,
      capabilities: {
        ...(elicitation !== undefined && { elicitation: outline(elicitation) }),
        ...(sampling !== undefined && { sampling: {} }),
        ...(roots !== undefined && { roots: {} }),
      },
      clientInfo: {
        name: clientInfo.name.slice(0, LONGEST_NAME),
        version: clientInfo.version.slice(0, LONGEST_NAME),
      },
    },
  };
}

function outline(elicitation: unknown): Message {
  const modes = (elicitation ?? {}) as Message;
  return { ...(modes["form"] !== undefined && { form: {} }), ...(modes["url"] !== undefined && { url: {} }) };
}
