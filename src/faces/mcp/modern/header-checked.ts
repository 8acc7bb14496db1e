import { fromJsonSchema, McpServer } from "@modelcontextprotocol/server";
import type { Answering } from "../answering.js";
import { equip, type Opening, serverOptions } from "./server.js";

/**
 * A server for one call of a tool some of whose arguments are in `Mcp-Param-*` headers too. The SDK's handler compares
 * them before it lets the call in, for servers of its high-level kind that know the tool.
 */
export function openHeaderChecked(
  answering: Answering,
  opening: Opening,
  tool: string,
  inputSchema: Readonly<Record<string, unknown>>,
): McpServer {
  const product = new McpServer(answering.serverInfo, serverOptions(answering, opening));
  // It is never run: the methods answer the call.
  product.registerTool(tool, { inputSchema: fromJsonSchema(inputSchema) }, () => ({ content: [] }));
  equip(product.server, answering, opening);
  return product;
}
