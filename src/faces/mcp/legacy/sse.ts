import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import { JSONRPCMessageSchema } from "@modelcontextprotocol/sdk/types.js";
import { AppError } from "../../../core/errors.js";
import type { DoorParts, Serve } from "../door-parts.js";
import { invalidRequest, readMessage, Refusal } from "../door.js";
import { RPC } from "../rpc-error.js";
import { type Choice, within } from "../session-choice.js";
import { ownerOf, type Visitor } from "../stream-watch.js";
import { writeOn } from "../stream-writing.js";
import { requireWholeInitialize } from "./initialize.js";
import { openSession } from "./server.js";
import { noSuchSession, type SseSession } from "./session-table.js";
import { KEEP_ALIVE } from "./sse-text.js";
import { isBehind, takeMessage } from "./sse-message.js";
import { subscribedUris } from "./subscriptions.js";

/** A session whose stream is another process's. */
interface Elsewhere {
  readonly holder: string;
  readonly choice: Choice;
}

/** The transport of 2024-11-05: a stream for the answers, and a door for the messages. */
export function createSseDoors(parts: DoorParts): { stream: Serve; message: Serve } {
  const { table, choices, answering, shelf, peers, log, now, maxBody, keepAliveMs } = parts;

  /** Where the session's stream is: here, or at another process. */
  async function place(id: string, { caller }: Visitor): Promise<SseSession | Elsewhere> {
    const here = table.find(id, "sse", caller);
    if (here) return here;
    const record = table.get(id) ? undefined : await shelf.find(id);
    if (record?.kind !== "sse" || record.owner !== ownerOf(caller) || record.holder === undefined)
      throw noSuchSession();
    const { holder, wishes } = record;
    if (holder !== shelf.process && (await shelf.isAlive(holder))) {
      return { holder, choice: choices.again(wishes, caller) };
    }
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
        const keepAlive = setInterval(() => (isBehind(res) ? res.destroy() : writeOn(res, KEEP_ALIVE)), keepAliveMs);
        keepAlive.unref();
        const closeStream = table.openStream(session, visitor);
        mcp.server.oninitialized = () => mcp.listen();
        const { wishes } = choice;
        try {
          await shelf.put(id, { kind: "sse", owner, wishes, holder: shelf.process, subscriptions: [] });
          table.add(session);
          await mcp.server.connect(transport);
        } catch (thrown) {
          onClosed();
          throw thrown;
        }
        if (res.destroyed) await mcp.server.close();
      } finally {
        giveBack();
      }
    },

    async message(req, res, visitor) {
      const message = await readMessage(req, maxBody);
      requireWholeInitialize(message);
      const id = new URLSearchParams(req.url?.split("?")[1]).get("sessionId");
      if (id === null) throw invalidRequest("Send the sessionId that the stream's endpoint event named.");
      const session = await place(id, visitor);
      choices.requireSame(req, visitor.caller, session.choice);
      if (!JSONRPCMessageSchema.safeParse(message).success) throw invalidRequest("This is no JSON-RPC 2.0 message.");
      if ("holder" in session) {
        await peers.deliver(session.holder, id, message, visitor.caller);
      } else if (!(await takeMessage(session, message, visitor.caller))) {
        throw new Refusal(
          new AppError("NOT_FOUND", "The session has ended because its stream was not read; open a new one."),
          RPC.sessionNotFound,
        );
      }
      res.writeHead(202).end("Accepted");
    },
  };
}
