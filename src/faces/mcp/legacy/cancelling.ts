import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";
import { AppError } from "../../../core/errors.js";
import { RPC } from "../rpc-error.js";
import type { HttpSession } from "./session-table.js";

const CANCELLED = new AppError("CANCELLED", "The request was cancelled.");

/** Cancels a request of this process as if the client had asked for it here; the client is told why. */
export function cancelInFlight(session: HttpSession, id: RequestId, why: AppError = CANCELLED): void {
  const signal = session.mcp.inFlight.get(id);
  if (!signal) return;
  const message: JSONRPCMessage = {
    jsonrpc: "2.0",
    method: "notifications/cancelled",
    params: { requestId: id, reason: why.message },
  };
  session.transport.onmessage?.(message);
  if (session.kind === "streamable" || why !== CANCELLED) settleCancelled(session, id, signal, why);
}

/**
 * The server sends no answer to a cancelled request, but over Streamable HTTP its HTTP request wants one, and the
 * transport keeps it until there is one.
 */
export function settleCancelled(session: HttpSession, id: RequestId, signal: AbortSignal, why = CANCELLED): void {
  setImmediate(() => {
    if (!signal.aborted) return;
    const code = why === CANCELLED ? RPC.cancelled : RPC.server;
    const error = { code, message: why.message, data: { code: why.code } };
    // It throws where the client has left or the answer was faster: both are fine.
    session.transport.send({ jsonrpc: "2.0", id, error }).catch(() => undefined);
  });
}
