import { SUPPORTED_PROTOCOL_VERSIONS } from "@modelcontextprotocol/sdk/types.js";
import type { IncomingHttpHeaders } from "node:http";

const META_PREFIX = "io.modelcontextprotocol/";

/**
 * Whether a message could be of a revision after 2025-11-25, seen from afar: its metadata is of the protocol's own, or
 * its header names a revision that sessions do not speak. What cannot be is spared the SDK's own, closer look.
 */
export function mayBeModern({ params }: Readonly<Record<string, unknown>>, headers: IncomingHttpHeaders): boolean {
  const version = headers["mcp-protocol-version"];
  if (version !== undefined && !SUPPORTED_PROTOCOL_VERSIONS.includes(String(version))) return true;
  const meta = typeof params === "object" && params !== null && "_meta" in params ? params._meta : undefined;
  if (typeof meta !== "object" || meta === null) return meta !== undefined;
  return Object.keys(meta).some((key) => key.startsWith(META_PREFIX));
}
