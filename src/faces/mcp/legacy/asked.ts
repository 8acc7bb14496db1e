import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";

type Message = Readonly<Record<string, unknown>>;

/**
 * Makes the ids of what the server asks its client name the process that asks, so that a session's two processes never
 * use one id twice and the client's reply finds its way from wherever it comes in.
 */
export function nameRequests(transport: Transport, process: string): void {
  const send = transport.send.bind(transport);
  transport.send = (message, options) =>
    send("method" in message && "id" in message ? { ...message, id: `${process}-${message.id}` } : message, options);
}

/** The process that a reply is for; undefined for what is no reply. */
export function askedBy(message: Message): string | undefined {
  if ("method" in message || !("id" in message)) return undefined;
  return /^([a-z0-9]+)-\d{1,15}$/i.exec(String(message["id"]))?.[1] ?? "";
}

/** The reply as the server that asked knows it. */
export function withOwnId(message: Message): JSONRPCMessage {
  return { ...message, id: Number(String(message["id"]).split("-")[1]) } as unknown as JSONRPCMessage;
}
