import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { z } from "zod";
import type { Caller } from "../../../src/core/caller.js";
import { clerkAccountChoice } from "../../../src/core/clerk-account.js";
import { AppError } from "../../../src/core/errors.js";
import { createInvoke } from "../../../src/core/invoke.js";
import { type AnyOperation, defineFor } from "../../../src/core/operation.js";
import { createRegistry } from "../../../src/core/registry.js";
import { authorise, find, limit, mapErrors, parse, run } from "../../../src/core/stages.js";
import { readSurface, type SurfaceWishes } from "../../../src/core/surface.js";
import { createToolSearch } from "../../../src/search/tool-search.js";
import { callerWith, serveHttp, silent } from "./workbench.js";

/** What the operations below were called with. */
interface Desk {
  readonly calls: { readonly tool: string; readonly account: string | undefined }[];
  readonly aborted: string[];
}

const define = defineFor<Desk>();

const operation = (
  tool: string,
  toolset: string,
  effect: AnyOperation<Desk>["effect"],
  scope = "none",
  aliases: readonly string[] = [],
) =>
  define({
    tool,
    aliases,
    toolset,
    title: tool.replaceAll(/[-_]/g, " "),
    description: `For the test of surfaces: ${tool}.`,
    effect,
    scope,
    input: z.strictObject({ user_id: z.string().optional(), steps: z.int().default(0) }),
    errors: [],
    async run({ steps }, { services, caller, signal, progress }) {
      services.calls.push({ tool, account: caller.clerkAccount });
      for (let step = 1; step <= steps; step += 1) {
        progress({ progress: step, total: steps });
        await sleep(20, undefined, { signal }).catch((thrown: unknown) => {
          services.aborted.push(tool);
          throw thrown;
        });
      }
      return { called: tool, account: caller.clerkAccount ?? "default" };
    },
  });

const catalogue = [
  operation("read-memory", "memory", "read", "memory:read"),
  operation("write-memory", "memory", "write", "memory:write"),
  operation("list-artifacts", "artifacts", "read"),
  operation("list-installed-skills", "skills", "read"),
  operation("list_users", "clerk-users", "read", "clerk:read", ["clerk_list_users"]),
  operation("ban_user", "clerk-users", "destroy", "clerk:write", ["clerk_ban_user"]),
  operation("revoke_session", "clerk-sessions", "destroy", "clerk:write"),
];

export const ALL = catalogue.map(({ tool }) => tool ?? "");
export const WRITES = catalogue
  .filter(({ effect }) => effect !== "read")
  .flatMap(({ tool, aliases = [] }) => [tool ?? "", ...aliases]);
export const TRANSPORTS = ["streamable", "sse"] as const;

export interface Opening {
  readonly transport?: (typeof TRANSPORTS)[number];
  /** Without the question mark. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly key?: string;
}

/** A server with the catalogue above under the operator's limit, until the test ends. */
export async function openSurfaces(operator: SurfaceWishes = {}) {
  const registry = createRegistry(catalogue);
  const desk: Desk = { calls: [], aborted: [] };
  const operatorSurface = readSurface(operator, registry.toolsets);
  const known = ["default", "work"];
  const bench = await serveHttp({
    registry,
    operatorSurface,
    search: createToolSearch(registry.entries),
    chooseClerkAccount: clerkAccountChoice((name) => {
      if (!known.includes(name))
        throw new AppError("NOT_FOUND", `There is no Clerk account; those set are ${known.join(", ")}.`);
    }),
    invoke: createInvoke([
      mapErrors(silent),
      find(registry),
      limit(operatorSurface),
      authorise(),
      parse(),
      run(desk, silent),
    ]),
  });
  onTestFinished(() => bench.close());
  const bound: Caller = callerWith({ key: 4, clerkAccount: "work" });
  bench.keys.set("key-of-bound", bound).set("key-of-reader", callerWith({ key: 5, scopes: new Set(["clerk:read"]) }));

  return {
    ...bench,
    desk,
    /** An official client whose every request carries this query and these headers. */
    async open({
      transport = "streamable",
      query = "",
      headers = {},
      key = "key-of-ada",
    }: Opening = {}): Promise<Client> {
      const all = { "x-api-key": key, ...headers };
      const path = transport === "sse" ? "/mcp/sse" : "/mcp/";
      const url = new URL(`${bench.base}${path}${query === "" ? "" : `?${query}`}`);
      const requestInit = { headers: all };
      const wire =
        transport === "sse"
          ? new SSEClientTransport(url, { requestInit })
          : new StreamableHTTPClientTransport(url, { requestInit });
      const client = new Client({ name: "surfaces", version: "1.0.0" });
      await client.connect(wire);
      onTestFinished(() => client.close());
      return client;
    },
  };
}

export const namesOf = async (client: Client): Promise<string[]> =>
  (await client.listTools()).tools.map(({ name }) => name);

/** What a tool answered; throws where it failed. */
export async function answerOf(client: Client, name: string, args: Record<string, unknown> = {}) {
  const result = (await client.callTool({ name, arguments: args })) as CallToolResult;
  if (result.isError) throw new Error(JSON.stringify(result.content));
  return result.structuredContent as Record<string, unknown>;
}

/** The code of a tool's failure. */
export async function failureOf(client: Client, name: string, args: Record<string, unknown> = {}): Promise<string> {
  const result = (await client.callTool({ name, arguments: args })) as CallToolResult;
  const [block] = result.content;
  if (!result.isError || block?.type !== "text") throw new Error("it did not fail");
  const { error } = JSON.parse(block.text) as { error: string | { code: string } };
  return typeof error === "string" ? error : error.code;
}
