import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import { AppError } from "../../../core/errors.js";
import type { DoorParts, Serve } from "../door-parts.js";
import { invalidRequest, readMessage, Refusal } from "../door.js";
import { RPC } from "../rpc-error.js";
import { within } from "../session-choice.js";
import { ownerOf, type Visitor } from "../stream-watch.js";
import { authInfoOf, openSession } from "./server.js";
import { noSuchSession, type SseSession } from "./session-table.js";
import { subscribedUris } from "./subscriptions.js";

/** Bytes that may wait for a client that does not read; past them its session ends. */
const MAX_BACKLOG = 8 * 1024 * 1024;

/** The transport of 2024-11-05: a stream for the answers, and a door for the messages. */
export function createSseDoors(parts: DoorParts): { stream: Serve; message: Serve } {
  const { table, choices, answering, shelf, peers, log, now, maxBody, keepAliveMs } = parts;

  /** Where the session's stream is: here, or at another process. */
  async function place(id: string, { caller }: Visitor): Promise<SseSession | { readonly holder: string }> {
    const here = table.find(id, "sse", caller);
    if (here) return here;
    const record = table.get(id) ? undefined : await shelf.find(id);
    if (record?.kind !== "sse" || record.owner !== ownerOf(caller) || record.holder === undefined)
      throw noSuchSession();
    if (record.holder !== shelf.process && (await shelf.isAlive(record.holder))) return { holder: record.holder };
    // Its stream died with the process that held it.
    await shelf.end(id);
    throw noSuchSession();
  }

  return {
    async stream(req, res, visitor) {
      const { caller } = visitor;
      const choice = choices.read(req, caller);
      await peers.ready();
      if (res.destroyed) return; // left while its key was looked up: no close event would end its session
      const giveBack = table.reserve();
      try {
        res.setHeader("x-accel-buffering", "no");
        const transport = new SSEServerTransport("/mcp/messages", res);
        const id = transport.sessionId;
        const owner = ownerOf(caller);
        const subscriptions = subscribedUris(shelf, id);
        const onClosed = () => {
          clearInterval(keepAlive);
          closeStream();
          table.remove(id);
          shelf.end(id).catch((err: unknown) => log.warn({ err }, "a session's end could not be noted"));
        };
        const mcp = openSession(answering, { caller: within(choice, caller), subscriptions, onClosed });
        const time = { lastUsed: now(), touched: now(), streams: 0 };
        const session: SseSession = { kind: "sse", id, owner, choice, mcp, transport, res, subscriptions, ...time };
        const keepAlive = setInterval(() => res.write(": keep-alive\n\n"), keepAliveMs);
        keepAlive.unref();
        const closeStream = table.openStream(session, visitor);
        mcp.server.oninitialized = () => mcp.listen();
        const { wishes } = choice;
        await shelf.put(id, { kind: "sse", owner, wishes, holder: shelf.process, subscriptions: [] });
        table.add(session);
        await mcp.server.connect(transport);
        if (res.destroyed) await mcp.server.close();
      } finally {
        giveBack();
      }
    },

    async message(req, res, visitor) {
      const message = await readMessage(req, maxBody);
      const id = new URLSearchParams(req.url?.split("?")[1]).get("sessionId");
      if (id === null) throw invalidRequest("Send the sessionId that the stream's endpoint event named.");
      const session = await place(id, visitor);
      if ("holder" in session) {
        await peers.deliver(session.holder, id, message, visitor.caller);
        res.writeHead(202).end("Accepted");
        return;
      }
      const { transport, res: stream, mcp, choice } = session;
      choices.requireSame(req, visitor.caller, choice);
      if (stream.writableLength > MAX_BACKLOG) {
        await mcp.server.close();
        throw new Refusal(
          new AppError("NOT_FOUND", "The session has ended because its stream was not read; open a new one."),
          RPC.sessionNotFound,
        );
      }
      try {
        await transport.handleMessage(message, { authInfo: authInfoOf(within(choice, visitor.caller)) });
      } catch {
        throw invalidRequest("This is no JSON-RPC 2.0 message.");
      }
      res.writeHead(202).end("Accepted");
    },
  };
}
