import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import { AppError } from "../../core/errors.js";
import type { DoorParts, Serve } from "./door-parts.js";
import { invalidRequest, readMessage, Refusal } from "./door.js";
import { ownerOf } from "./http-sessions.js";
import { RPC } from "./rpc-error.js";
import { authInfoOf } from "./server.js";
import { within } from "./session-choice.js";

/** Bytes that may wait for a client that does not read; past them its session ends. */
const MAX_BACKLOG = 8 * 1024 * 1024;

/** The transport of 2024-11-05: a stream for the answers, and a door for the messages. */
export function createSseDoors({ table, choices, open, now, maxBody, keepAliveMs }: DoorParts): {
  stream: Serve;
  message: Serve;
} {
  return {
    async stream(req, res, visitor) {
      const choice = choices.read(req, visitor.caller);
      if (res.destroyed) return; // left while its key was looked up: no close event would end its session
      const giveBack = table.reserve();
      try {
        res.setHeader("x-accel-buffering", "no");
        const transport = new SSEServerTransport("/mcp/messages", res);
        const id = transport.sessionId;
        const mcp = open(within(choice, visitor.caller), () => {
          clearInterval(keepAlive);
          closeStream();
          table.remove(id);
        });
        const owner = ownerOf(visitor.caller);
        const session = { kind: "sse", id, owner, choice, mcp, transport, res, lastUsed: now(), streams: 0 } as const;
        const keepAlive = setInterval(() => res.write(": keep-alive\n\n"), keepAliveMs);
        keepAlive.unref();
        const closeStream = table.openStream(session, visitor);
        mcp.server.oninitialized = () => mcp.listen();
        table.add(session);
        await mcp.server.connect(transport);
      } finally {
        giveBack();
      }
    },

    async message(req, res, { caller }) {
      const message = await readMessage(req, maxBody);
      const id = new URLSearchParams(req.url?.split("?")[1]).get("sessionId");
      if (id === null) throw invalidRequest("Send the sessionId that the stream's endpoint event named.");
      const { transport, res: stream, mcp, choice } = table.find(id, "sse", caller);
      choices.requireSame(req, caller, choice);
      if (stream.writableLength > MAX_BACKLOG) {
        await mcp.server.close();
        throw new Refusal(
          new AppError("NOT_FOUND", "The session has ended because its stream was not read; open a new one."),
          RPC.sessionNotFound,
        );
      }
      try {
        await transport.handleMessage(message, { authInfo: authInfoOf(within(choice, caller)) });
      } catch {
        throw invalidRequest("This is no JSON-RPC 2.0 message.");
      }
      res.writeHead(202).end("Accepted");
    },
  };
}
