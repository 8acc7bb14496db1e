import { isInitializeRequest } from "@modelcontextprotocol/sdk/types.js";
import { invalidRequest } from "../door.js";

/** Refuses an `initialize` that lacks something: the SDK would answer with what its validator says of it. */
export function requireWholeInitialize(message: Readonly<Record<string, unknown>>): void {
  if (message["method"] !== "initialize" || isInitializeRequest(message)) return;
  throw invalidRequest("Send initialize with an id, protocolVersion, capabilities and clientInfo (name and version).");
}
