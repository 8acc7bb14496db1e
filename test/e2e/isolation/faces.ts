import type { JsonSchema } from "../../../src/core/schema.js";
import type { App } from "../../../src/compose.js";
import { type Args, connectHttp, connectModern, type Face, type McpFace } from "../../support/faces.js";

type Entry = App["registry"]["entries"][number];

/** How a call ended: all that the caller was sent, and the error's code where it was refused. */
export interface Ended {
  readonly text: string;
  readonly code: string | undefined;
}

/** A caller at a face that can be told to call any operation that is there. */
export interface Walker {
  /** Whether the operation can be called at all at this face. */
  has(entry: Entry): boolean;
  call(entry: Entry, args: Args): Promise<Ended>;
  /** The SDK's client, where there is one. */
  readonly client?: McpFace["client"] | undefined;
  close(): Promise<void>;
}

/** How long a stream is listened to, in milliseconds. */
const LISTEN_MS = 150;

/** Over REST: every route. */
export function walkRest(url: string, key: string): Walker {
  return {
    has: ({ operation }) => operation.route !== undefined,
    async call({ operation: { route }, inputSchema }, args) {
      if (!route) throw new Error("no route");
      const left = new Map(Object.entries(args).filter(([name]) => !route.omit?.includes(name)));
      const path = route.path.replaceAll(/:(\w+)/g, (_, name: string) => {
        const value = textOf(left.get(name) ?? "1");
        left.delete(name);
        return encodeURIComponent(value);
      });
      const target = new URL(path, url);
      const cookies = Object.entries(route.cookies ?? {}).flatMap(([field, cookie]) => {
        const value = left.get(field);
        left.delete(field);
        return value === undefined ? [] : [`${cookie}=${textOf(value)}`];
      });
      const inQuery = route.method === "GET" || route.method === "DELETE";
      if (inQuery) for (const [name, value] of left) addTo(target, name, value, inputSchema);
      const response = await fetch(target, {
        method: route.method,
        redirect: "manual",
        headers: {
          "x-api-key": key,
          ...(cookies.length > 0 && { cookie: cookies.join("; ") }),
          ...(!inQuery && { "content-type": "application/json" }),
        },
        ...(!inQuery && { body: JSON.stringify(Object.fromEntries(left)) }),
      });
      const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
      const text = isStream ? await someOf(response) : await response.text();
      const sent = `${response.headers.get("location") ?? ""} ${text}`;
      return { text: sent, code: response.ok || response.status === 302 ? undefined : codeIn(text) };
    },
    close: () => Promise.resolve(),
  };
}

/** Over MCP: every tool. */
export async function walkMcp(transport: "streamable" | "sse" | "2026-07-28", url: string, key: string) {
  const face: Face | McpFace =
    transport === "2026-07-28" ? await connectModern(url, key) : await connectHttp(transport, url, key);
  const walker: Walker = {
    has: ({ operation }) => operation.tool !== undefined,
    async call({ operation }, args) {
      const outcome = await face.call(operation.name, args).catch((thrown: unknown) => ({
        code: "JSON-RPC",
        message: thrown instanceof Error ? thrown.message : String(thrown),
      }));
      return { text: JSON.stringify(outcome), code: "code" in outcome ? outcome.code : undefined };
    },
    client: (face as Partial<McpFace>).client,
    close: () => face.close(),
  };
  return walker;
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

function addTo(target: URL, name: string, value: unknown, schema: JsonSchema): void {
  const isList = schema.properties?.[name]?.type === "array";
  for (const one of isList && Array.isArray(value) ? (value as unknown[]) : [value]) {
    target.searchParams.append(name, textOf(one));
  }
}

function codeIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error: string | { code: string } };
    return typeof error === "string" ? error : error.code;
  } catch {
    // A page for a browser names the code in its last line.
    return /<small>([A-Z_]+),/.exec(text)?.[1] ?? "?";
  }
}

async function someOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  let text = "";
  const enough = setTimeout(() => void reader?.cancel(), LISTEN_MS);
  for (;;) {
    const part = await reader?.read().catch(() => undefined);
    if (!part || part.done) break;
    text += Buffer.from(part.value as Uint8Array).toString();
  }
  clearTimeout(enough);
  return text;
}
