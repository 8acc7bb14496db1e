import { Client as NewClient, StreamableHTTPClientTransport as NewHttp } from "@modelcontextprotocol/client";
import { StdioClientTransport as NewStdio } from "@modelcontextprotocol/client/stdio";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { type CallToolResult, ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { CHECKOUT, type Environment, environmentOf, LAUNCH } from "./program.js";

/** The official clients, by SDK, how they find the revision, and transport. */
export const CLIENTS = [
  "v1 over Streamable HTTP",
  "v1 over HTTP+SSE",
  "v1 over stdio",
  "v2 auto over HTTP",
  "v2 pinned over HTTP",
  "v2 auto over stdio",
  "v2 pinned over stdio",
] as const;
export type ClientKind = (typeof CLIENTS)[number];

export const isOverStdio = (kind: ClientKind): boolean => kind.endsWith("stdio");

/** What a person says when asked; undefined for a client that cannot ask. */
export type Person = ((message: string) => "accept" | "decline" | "cancel") | undefined;

/** One connected client. */
export interface OfficialClient {
  /** The revision that was agreed on. */
  readonly revision: string | undefined;
  tools(): Promise<string[]>;
  call(
    name: string,
    args?: Record<string, unknown>,
    options?: { signal?: AbortSignal; onprogress?: (step: { readonly progress: number }) => void },
  ): Promise<CallToolResult>;
  /** The questions its person was asked. */
  readonly asked: readonly string[];
  /** What the client took for wrong, such as an answer to nothing that it had sent, or a stream that broke. */
  readonly strays: readonly Error[];
  close(): Promise<void>;
}

/** Where to connect to: a server over HTTP, or a home that a program over stdio works in. */
export type Place =
  | { readonly url: string; readonly key: string; readonly query?: string }
  | { readonly home: string; readonly env?: Environment };

/** Connects an official client of this kind. */
export async function connectClient(kind: ClientKind, place: Place, person?: Person): Promise<OfficialClient> {
  const asked: string[] = [];
  const strays: Error[] = [];
  const answer = (message: string) => {
    asked.push(message);
    return { action: person?.(message) ?? "cancel", content: {} };
  };
  const capabilities = person ? { elicitation: {} } : {};
  const info = { name: "tests", version: "1.0.0" };
  if (kind.startsWith("v1")) {
    const client = new OldClient(info, { capabilities });
    client.onerror = (error) => strays.push(error);
    if (person) client.setRequestHandler(ElicitRequestSchema, ({ params }) => answer(params.message));
    const transport = oldTransport(kind, place);
    await client.connect(transport);
    return {
      revision: transport instanceof StreamableHTTPClientTransport ? transport.protocolVersion : undefined,
      tools: async () => (await client.listTools()).tools.map(({ name }) => name),
      call: async (name, args = {}, options) =>
        (await client.callTool({ name, arguments: args }, undefined, options)) as CallToolResult,
      asked,
      strays,
      close: () => client.close(),
    };
  }
  const mode = kind.includes("pinned") ? { pin: "2026-07-28" } : ("auto" as const);
  const client = new NewClient(info, { capabilities, versionNegotiation: { mode } });
  client.onerror = (error) => strays.push(error);
  if (person) client.setRequestHandler("elicitation/create", ({ params }) => answer(params.message));
  await client.connect(newTransport(place));
  return {
    revision: client.getNegotiatedProtocolVersion(),
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args = {}, options) =>
      (await client.callTool({ name, arguments: args }, options)) as CallToolResult,
    asked,
    strays,
    close: () => client.close(),
  };
}

function oldTransport(kind: ClientKind, place: Place) {
  if (!("url" in place)) return new StdioClientTransport(stdioCommand(place));
  const options = { requestInit: { headers: { "x-api-key": place.key } } };
  const { url, query = "" } = place;
  return kind.endsWith("SSE")
    ? new SSEClientTransport(new URL(`${url}/mcp/sse${query}`), options)
    : new StreamableHTTPClientTransport(new URL(`${url}/mcp/${query}`), options);
}

function newTransport(place: Place) {
  if (!("url" in place)) return new NewStdio(stdioCommand(place));
  const options = { requestInit: { headers: { "x-api-key": place.key } } };
  return new NewHttp(new URL(`${place.url}/mcp/${place.query ?? ""}`), options);
}

function stdioCommand({ home, env = {} }: { readonly home: string; readonly env?: Environment }) {
  return {
    command: process.execPath,
    args: [LAUNCH, "stdio"] as string[],
    env: environmentOf(home, env),
    cwd: CHECKOUT,
    stderr: "ignore",
  } as const;
}
