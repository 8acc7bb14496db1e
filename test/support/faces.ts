import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { RequestOptions } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { catalogue } from "../../tools/catalogue.js";
import { CHECKOUT, type Environment, environmentOf, LAUNCH } from "./program.js";

export type Args = Readonly<Record<string, unknown>>;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are JSON that the tests look into
export type Json = any;

/** How a call ended, whichever face it went through. */
export type Outcome =
  | { readonly answer: Json }
  | { readonly bytes: Buffer; readonly mediaType: string | null }
  /** `error` is the body of an operation's failure; undefined where the door refused. */
  | { readonly code: string; readonly message: string; readonly error?: Json };

/** One caller at one face of a server. */
export interface Face {
  call(operation: string, args?: Args, options?: RequestOptions): Promise<Outcome>;
  close(): Promise<void>;
}

/** A face that is an official SDK client. */
export interface McpFace extends Face {
  readonly client: Client;
}

export const TRANSPORTS = ["streamable", "sse", "stdio"] as const;

/** An SDK client over Streamable HTTP or HTTP+SSE; throws what {@link refusalOf} reads where the door refuses. */
export async function connectHttp(
  transport: "streamable" | "sse",
  url: string,
  key: string | undefined,
): Promise<McpFace> {
  const door: Door = {};
  const headers: Record<string, string> = key === undefined ? {} : { "x-api-key": key };
  const options = { requestInit: { headers }, fetch: notingIn(door) };
  const wire =
    transport === "streamable"
      ? new StreamableHTTPClientTransport(new URL(`${url}/mcp/`), options)
      : new SSEClientTransport(new URL(`${url}/mcp/sse`), options);
  return connect(wire, door);
}

/** A client of revision 2026-07-28, over HTTP. */
export async function connectModern(url: string, key: string | undefined): Promise<Face> {
  const door: Door = {};
  const headers: Record<string, string> = key === undefined ? {} : { "x-api-key": key };
  const wire = new ModernTransport(new URL(`${url}/mcp`), { requestInit: { headers }, fetch: notingIn(door) });
  const client = new ModernClient(
    { name: "tests", version: "1.0.0" },
    { versionNegotiation: { mode: { pin: "2026-07-28" } } },
  );
  try {
    await client.connect(wire);
    await client.listTools();
  } catch (thrown) {
    await client.close().catch(() => undefined);
    throw refusedBy(door) ?? thrown;
  }
  return {
    async call(operation, args = {}) {
      delete door.refused;
      try {
        return outcomeOf((await client.callTool({ name: operation, arguments: { ...args } })) as CallToolResult);
      } catch (thrown) {
        const refused = refusedBy(door);
        if (!refused) throw thrown;
        return { code: refused.code, message: refused.message };
      }
    },
    close: () => client.close(),
  };
}

/** `fetch`, with a note of the last response that was no success. */
function notingIn(door: Door): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (!response.ok) door.refused = { status: response.status, body: await response.clone().text() };
    return response;
  };
}

/** An SDK client of a program that it starts itself, as desktop clients do. */
export async function connectStdio(
  home: string,
  env: Environment = {},
): Promise<McpFace & { pid: () => number; stderr: () => string }> {
  const wire = new StdioClientTransport({
    command: process.execPath,
    args: [LAUNCH, "stdio"],
    env: environmentOf(home, env),
    cwd: CHECKOUT,
    stderr: "pipe",
  });
  let stderr = "";
  wire.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const face = await connect(wire, {}).catch((cause: unknown) => {
    throw new Error(`The program ended: ${stderr}`, { cause });
  });
  const { pid } = wire;
  if (pid === null) throw new Error("The client started no process.");
  return { ...face, pid: () => pid, stderr: () => stderr };
}

/** The code and the sentence of a door that refused a client. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The last response of a door that was no success. */
interface Door {
  refused?: { readonly status: number; readonly body: string };
}

async function connect(transport: Transport, door: Door): Promise<McpFace> {
  const client = new Client({ name: "tests", version: "1.0.0" });
  try {
    await client.connect(transport);
    // The client checks answers against the output schemas of the tools that it has seen.
    await client.listTools();
  } catch (thrown) {
    await client.close().catch(() => undefined);
    throw refusedBy(door) ?? thrown;
  }
  return {
    client,
    async call(operation, args = {}, options = {}) {
      delete door.refused;
      try {
        const result = await client.callTool({ name: operation, arguments: { ...args } }, undefined, options);
        return outcomeOf(result as CallToolResult);
      } catch (thrown) {
        const refused = refusedBy(door);
        if (!refused) throw thrown;
        return { code: refused.code, message: refused.message };
      }
    },
    close: () => client.close(),
  };
}

function refusedBy({ refused }: Door): Refused | undefined {
  if (!refused) return undefined;
  const { error } = JSON.parse(refused.body) as { error: { message: string; data: { code: string } } };
  return new Refused(refused.status, error.data.code, error.message);
}

function outcomeOf(result: CallToolResult): Outcome {
  const [block] = result.content;
  const text = block?.type === "text" ? block.text : "";
  if (!result.isError) return { answer: result.structuredContent };
  return failureOf(JSON.parse(text));
}

/** A failure's two forms read as one. */
function failureOf(body: Json): Outcome {
  const flat = typeof body.error === "string";
  return {
    code: flat ? body.error : body.error.code,
    message: flat ? body.message : body.error.message,
    error: body,
  };
}

/** The REST face: every operation by its route in the catalogue. */
export function connectRest(url: string, key: string | undefined): Face {
  return {
    async call(operation, args = {}) {
      const { target, init } = requestOf(url, key, operation, args);
      const response = await fetch(target, init);
      const mediaType = response.headers.get("content-type");
      if (response.ok && response.headers.get("content-disposition") !== null) {
        return { bytes: Buffer.from(await response.arrayBuffer()), mediaType };
      }
      const body = await response.json();
      return response.ok ? { answer: body } : failureOf(body);
    },
    close: () => Promise.resolve(),
  };
}

function requestOf(url: string, key: string | undefined, operation: string, args: Args) {
  const route = catalogue.find(({ name }) => name === operation)?.route;
  if (!route) throw new Error(`${operation} has no route`);
  const rest = new Map(Object.entries(args));
  const path = route.path.replaceAll(/:(\w+)/g, (_, name: string) => {
    const value = rest.get(name);
    rest.delete(name);
    return encodeURIComponent(inAddress(value));
  });
  const target = new URL(path, url);
  const inQuery = route.method === "GET" || route.method === "DELETE";
  if (inQuery) for (const [name, value] of rest) target.searchParams.set(name, inAddress(value));
  const body = inQuery || rest.size === 0 ? undefined : JSON.stringify(Object.fromEntries(rest));
  const headers: Record<string, string> = {
    ...(key !== undefined && { "x-api-key": key }),
    ...(body !== undefined && { "content-type": "application/json" }),
  };
  return { target, init: { method: route.method, headers, ...(body !== undefined && { body }) } };
}

/** A value as an address carries it: half a character has no place there. */
function inAddress(value: unknown): string {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString();
}

/** The answer of a call that has to succeed. */
export async function ask(face: Face, operation: string, args: Args = {}, options?: RequestOptions): Promise<Json> {
  const outcome = await face.call(operation, args, options);
  if ("answer" in outcome) return outcome.answer;
  throw new Error(`${operation} gave no answer: ${JSON.stringify(outcome)}`);
}

/** The code of a call that has to fail. */
export async function refusalCode(face: Face, operation: string, args: Args = {}): Promise<string> {
  const outcome = await face.call(operation, args);
  if ("code" in outcome) return outcome.code;
  throw new Error(`${operation} did not fail: ${JSON.stringify(outcome)}`);
}
