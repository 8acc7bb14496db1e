import { catalogue } from "../../tools/catalogue.js";

/** A door of the server that wants a key. */
export interface KeyDoor {
  readonly method: string;
  readonly path: string;
}

/** The MCP doors, with and without their last slash. */
export const MCP_DOORS: readonly KeyDoor[] = [
  ...["/mcp", "/mcp/"].flatMap((path) => ["POST", "GET", "DELETE"].map((method) => ({ method, path }))),
  { method: "GET", path: "/mcp/sse" },
  { method: "GET", path: "/mcp/sse/" },
  { method: "POST", path: "/mcp/messages?sessionId=x" },
  { method: "POST", path: "/mcp/messages/?sessionId=x" },
];

const routed = catalogue.flatMap(({ route, scope }) =>
  route ? [{ method: route.method, path: route.path.replaceAll(/:\w+/g, "1"), isPublic: scope === "public" }] : [],
);

/** The REST routes that want a key. */
export const REST_DOORS: readonly KeyDoor[] = routed.filter(({ isPublic }) => !isPublic);

/** Those that want none, the server's own pages among them. */
export const OPEN_DOORS: readonly KeyDoor[] = [
  ...routed.filter(({ isPublic }) => isPublic),
  ...["/healthz", "/readyz", "/skill.md", "/api/openapi.json", "/no/such/page"].map((path) => ({
    method: "GET",
    path,
  })),
  { method: "OPTIONS", path: "/api/v1/memory" },
  { method: "OPTIONS", path: "*" },
];

/** A path with one more field in its query. */
export function withQuery(path: string, query: string): string {
  return `${path}${path.includes("?") ? "&" : "?"}${query}`;
}
