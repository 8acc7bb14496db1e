import type { ServerResponse } from "node:http";
import type { Caller } from "../../../core/caller.js";
import { within } from "../session-choice.js";
import { authInfoOf } from "./server.js";
import type { SseSession } from "./session-table.js";

const MAX_BACKLOG = 8 * 1024 * 1024;

/** Whether more waits for a client than for one that reads, so that its session has to end. */
export const isBehind = (res: ServerResponse): boolean => res.writableLength > MAX_BACKLOG;

/**
 * Handles a message of an HTTP+SSE client, which came in here or at another process and was checked there. Where the
 * client does not read what it is sent, the session ends and the answer is false.
 */
export async function takeMessage(session: SseSession, message: object, caller: Caller): Promise<boolean> {
  const { res, mcp, transport, choice } = session;
  if (isBehind(res)) {
    await mcp.server.close();
    return false;
  }
  await transport.handleMessage(message, { authInfo: authInfoOf(within(choice, caller)) });
  return true;
}
