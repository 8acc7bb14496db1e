import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Caller } from "../../../src/core/caller.js";
import { AppError } from "../../../src/core/errors.js";
import { clerkAccountChoice } from "../../../src/core/clerk-account.js";
import { confirm } from "../../../src/core/confirm.js";
import { createInvoke } from "../../../src/core/invoke.js";
import type { Log } from "../../../src/core/log.js";
import { createRegistry } from "../../../src/core/registry.js";
import { auditLog, authorise, checkOutput, find, mapErrors, parse, run } from "../../../src/core/stages.js";
import { WHOLE_SURFACE } from "../../../src/core/surface.js";
import { createGuard } from "../../../src/faces/guard.js";
import { createMcpHttpFace, type McpHttpOptions } from "../../../src/faces/mcp/http.js";
import type { McpOptions } from "../../../src/faces/mcp/options.js";
import { createArtifacts } from "../../../src/services/artifacts.js";
import { createEvents } from "../../../src/services/events.js";
import { createMemory } from "../../../src/services/memory.js";
import { createToolSearch } from "../../../src/search/tool-search.js";
import { createSessionShelf } from "../../../src/services/sessions/session-shelf.js";
import { createMemoryStore } from "../../../src/store/memory.js";
import { createRequestStates } from "../../../src/vault/request-states.js";
import { catalogue, type TestServices } from "./catalogue.js";
import { sealedTexts } from "../../support/services.js";

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

interface Skill {
  readonly slug: string;
  readonly title: string;
  readonly description: string;
  readonly instructions: string;
}

/** Everything behind the face: the real core and services over a memory store, and a catalogue for tests. */
export function createProgram() {
  const store = createMemoryStore();
  const events = createEvents(store);
  const now = Date.now;
  const memory = createMemory({ store, events, now });
  const artifacts = createArtifacts({ store, events, now, isRunning: async () => false });
  const skills = new Map<string, Skill>();
  const subscriptions = { open: 0, made: 0 };
  const services: TestServices = { seen: [] };
  const registry = createRegistry(catalogue);
  const invoke = createInvoke([
    mapErrors(silent),
    auditLog(silent, now),
    find(registry),
    authorise(),
    parse(),
    confirm("auto"),
    checkOutput(),
    run(services, silent),
  ]);

  const options: McpOptions = {
    version: "1.2.3",
    instructions: "Read the memory once at the start.",
    registry,
    invoke,
    operatorSurface: WHOLE_SURFACE,
    search: createToolSearch(registry.entries),
    chooseClerkAccount: clerkAccountChoice(() => undefined),
    log: silent,
    states: createRequestStates({ secret: new Uint8Array(32).fill(7), now }),
    prompts: {
      list: async () => [...skills.values()],
      get: async (_workspace, slug) => skills.get(slug)?.instructions,
    },
    resources: {
      memory: (workspace) => memory.read(workspace),
      artifacts: (workspace, page) => artifacts.page(workspace, page),
      artifact: (workspace, id) => artifacts.content(workspace, id),
    },
    skills: { installed: async () => [], find: async () => undefined },
    events: {
      newest: events.newest,
      since: events.since,
      async subscribe(workspace, listener) {
        subscriptions.open += 1;
        subscriptions.made += 1;
        const end = await events.subscribe(workspace, listener);
        return async () => {
          subscriptions.open -= 1;
          await end();
        };
      },
    },
  };

  return {
    options,
    store,
    services,
    memory,
    artifacts,
    subscriptions,
    async install(skill: Skill, workspace = 1) {
      skills.set(skill.slug, skill);
      await events.publish(workspace, { type: "skills-changed", data: {} });
    },
    async addArtifact(workspace: number, name: string, mimeType: string, content: Uint8Array) {
      const { artifact, changes } = await artifacts.creation(workspace, 1, { name, mimeType, content });
      await store.commit(changes);
      await events.publish(workspace, { type: "artifact-created", data: { id: artifact.id } });
      return artifact;
    },
    close: () => store.close(),
  };
}

export type Program = ReturnType<typeof createProgram>;

/** A caller with everything but what is given. */
export function callerWith(given: Partial<Caller> = {}): Caller {
  return {
    kind: "key",
    face: "mcp",
    workspace: 1,
    person: 1,
    key: 1,
    scopes: new Set(["*"]),
    requestId: "to be replaced",
    ...given,
  };
}

/** An HTTP server with the MCP doors; `keys` says who holds which key and may be changed while it runs. */
export async function serveHttp(given: Partial<McpHttpOptions> = {}) {
  const program = createProgram();
  const keys = new Map<string, Caller>([
    ["key-of-ada", callerWith({ key: 1, person: 1 })],
    ["key-of-bob", callerWith({ key: 2, person: 2, workspace: 2 })],
    ["key-of-eve", callerWith({ key: 3, scopes: new Set(["billing:read"]) })],
  ]);
  const presented: string[] = [];
  const face = createMcpHttpFace({
    ...program.options,
    guard: createGuard({}),
    shelf: createSessionShelf({
      store: program.store,
      idleMs: given.idleMs ?? 60_000,
      texts: sealedTexts(),
      log: silent,
    }),
    maxBody: 64 * 1024,
    maxSessions: 200,
    idleMs: 60_000,
    async authenticate(key, origin) {
      presented.push(String(key));
      const caller = keys.get(String(key));
      if (!caller) throw new AppError("AUTH_REQUIRED", "This key is unknown; ask the owner for one.");
      return { ...caller, ...origin };
    },
    ...given,
  });
  const requests: IncomingMessage[] = [];
  const server = createServer((req, res) => {
    requests.push(req);
    if (face.handles(new URL(req.url ?? "/", "http://x").pathname)) face.handler(req, res);
    else res.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clients: Client[] = [];

  const connect = async (transport: Transport) => {
    const client = new Client({ name: "test", version: "1.0.0" });
    await client.connect(transport);
    clients.push(client);
    return client;
  };
  const withKey = (key: string) => ({ requestInit: { headers: { "x-api-key": key } } });

  return {
    ...program,
    face,
    base,
    keys,
    presented,
    requests,
    async streamable(key = "key-of-ada") {
      const transport = new StreamableHTTPClientTransport(new URL(`${base}/mcp`), {
        ...withKey(key),
        reconnectionOptions: {
          initialReconnectionDelay: 20,
          maxReconnectionDelay: 100,
          reconnectionDelayGrowFactor: 1,
          maxRetries: 5,
        },
      });
      return { client: await connect(transport), transport };
    },
    async sse(key = "key-of-ada") {
      const transport = new SSEClientTransport(new URL(`${base}/mcp/sse`), {
        ...withKey(key),
        eventSourceInit: {
          fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, "x-api-key": key } }),
        },
      });
      return { client: await connect(transport), transport };
    },
    /** One POST as a client without an SDK sends it. */
    post: (body: unknown, headers: Record<string, string> = {}, path = "/mcp") =>
      fetch(base + path, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          "x-api-key": "key-of-ada",
          ...headers,
        },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      await face.close();
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      await program.close();
    },
  };
}

export type HttpBench = Awaited<ReturnType<typeof serveHttp>>;

export const initialize = (protocolVersion = "2025-11-25") => ({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion, capabilities: {}, clientInfo: { name: "raw", version: "1" } },
});

export const callOf = (id: number, name: string, args: object = {}, meta?: object) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: args, ...(meta && { _meta: meta }) },
});

/** Opens a session by hand; the headers that its requests carry. */
export async function openSession(bench: HttpBench, key = "key-of-ada"): Promise<Record<string, string>> {
  const response = await bench.post(initialize(), { "x-api-key": key });
  const id = response.headers.get("mcp-session-id");
  await response.text();
  if (id === null) throw new Error("initialize gave no session id");
  const headers = { "x-api-key": key, "mcp-session-id": id, "mcp-protocol-version": "2025-11-25" };
  await bench.post({ jsonrpc: "2.0", method: "notifications/initialized" }, headers);
  return headers;
}

/** Waits until something holds, for ten seconds at most. */
export async function eventually(holds: () => boolean): Promise<void> {
  for (let waited = 0; waited < 10_000 && !holds(); waited += 10) await sleep(10);
  if (!holds()) throw new Error("it did not come true within ten seconds");
}
