// As little of an MCP client as figures need: it must not be what is measured.
import { Pool } from "undici";

export const KEY = "benchmark-key-0123456789abcdef";

/** @typedef {{ path: string, method: "POST", headers: Record<string, string>, body: string }} Request */

/**
 * @param {unknown} message
 * @param {string} [session]
 * @returns {Request}
 */
export function mcpRequest(message, session) {
  return {
    path: "/mcp/",
    method: "POST",
    headers: {
      "x-api-key": KEY,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...(session === undefined ? {} : { "mcp-session-id": session, "mcp-protocol-version": "2025-11-25" }),
    },
    body: JSON.stringify(message),
  };
}

const MODERN_META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "benchmark", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/**
 * A request of revision 2026-07-28, which needs no session.
 *
 * @param {{ id: number, method: string, params?: object }} message
 * @returns {Request}
 */
export function modernRequest({ id, method, params = {} }) {
  const plain = mcpRequest({ jsonrpc: "2.0", id, method, params: { ...params, _meta: MODERN_META } });
  const name = "name" in params ? { "mcp-name": String(params.name) } : {};
  return {
    ...plain,
    headers: { ...plain.headers, "mcp-protocol-version": "2026-07-28", "mcp-method": method, ...name },
  };
}

export const INITIALIZE = mcpRequest({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "benchmark", version: "1" } },
});

/**
 * Connections that stay open, each with one request at a time.
 *
 * @param {string} url
 * @param {number} connections
 */
export function connect(url, connections) {
  return new Pool(url, { connections, pipelining: 1 });
}

/**
 * The whole answer; throws unless its status is a 2xx.
 *
 * @param {Pool} pool
 * @param {Request} request
 */
export async function send(pool, request) {
  const { statusCode, headers, body } = await pool.request(request);
  const bytes = Buffer.from(await body.arrayBuffer());
  if (statusCode < 200 || statusCode > 299) throw new Error(`The server answered ${statusCode}: ${bytes.toString()}`);
  return { statusCode, headers, bytes };
}

/**
 * Opens a session and answers its id.
 *
 * @param {Pool} pool
 */
export async function openSession(pool) {
  const { headers } = await send(pool, INITIALIZE);
  const session = headers["mcp-session-id"];
  if (typeof session !== "string") throw new Error("The server opened no session.");
  await send(pool, mcpRequest({ jsonrpc: "2.0", method: "notifications/initialized" }, session));
  return session;
}
