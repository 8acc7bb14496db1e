import fc from "fast-check";
import { inputSchema, type JsonSchema } from "../../src/core/schema.js";
import { ownOperations } from "./own-operations.js";

/** Text that programs stumble over. */
export const oddText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: "grapheme-composite", maxLength: 40 }),
  fc.string({ maxLength: 40 }),
  fc.constantFrom(
    "",
    " ",
    "\u0000",
    "\ud800",
    "\udc00\ud800",
    "\ufeff",
    "\u202e\u2066",
    "\u{e0041}",
    "../../etc/passwd",
    "__proto__",
    "constructor",
    "null",
    "undefined",
    "NaN",
    "-1",
    "1e999",
    "[1,",
    '{"a":',
    "'; --",
    "%00%ff%zz",
    "${x}{{x}}",
    "x".repeat(5000),
  ),
);

/** Text as an address or UTF-8 can carry it: half a character has no place there. */
export const wellFormed = (text: string): string => Buffer.from(text).toString();

/** A value of any kind. */
const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  oddText,
  fc.jsonValue({ maxDepth: 4 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(null, true, false, 0, -0, -1, 0.5, 2 ** 53, -(2 ** 63), 1e308, 5e-324, {}, [], [[]], [null], {
    "": "",
  }),
  fc.array(oddText, { maxLength: 4 }),
  fc.dictionary(oddText, oddText, { maxKeys: 4 }),
);

/** One thing done to a message somewhere inside it. */
interface Change {
  readonly where: number;
  readonly what: "replace" | "drop" | "add" | "wrap" | "rename";
  readonly name: string;
  readonly value: unknown;
}

const change: fc.Arbitrary<Change> = fc.record({
  where: fc.nat({ max: 200 }),
  what: fc.constantFrom("replace", "drop", "add", "wrap", "rename"),
  name: fc.oneof(
    oddText,
    fc.constantFrom("id", "jsonrpc", "method", "params", "_meta", "result", "error", "progressToken"),
  ),
  value: oddValue,
});

type Tree = Record<string, unknown>;

/** Every member of a tree, with what holds it. */
function members(tree: unknown, found: { holder: Tree; name: string }[] = []): { holder: Tree; name: string }[] {
  if (typeof tree !== "object" || tree === null) return found;
  for (const name of Object.keys(tree)) {
    found.push({ holder: tree as Tree, name });
    members((tree as Tree)[name], found);
  }
  return found;
}

function changed(message: object, changes: readonly Change[]): object {
  const copy = structuredClone(message);
  for (const { where, what, name, value: given } of changes) {
    const value = structuredClone(given);
    const all = members(copy);
    const at = all[where % Math.max(all.length, 1)];
    if (!at) continue;
    const { holder } = at;
    if (what === "replace") holder[at.name] = value;
    else if (what === "wrap") holder[at.name] = Array.isArray(value) ? [holder[at.name]] : { [name]: holder[at.name] };
    else if (what === "add")
      Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true });
    else {
      if (what === "rename") holder[`${at.name}x`] = holder[at.name];
      if (Array.isArray(holder)) holder.pop();
      else delete holder[at.name];
    }
  }
  return copy;
}

/** What is done to the text of a message, after it was written down. */
const scribble = fc.constantFrom<(text: string) => string>(
  (text) => text,
  (text) => text,
  (text) => text,
  (text) => text,
  (text) => text.replace(/\d+/, "1e999"),
  (text) => text.replace(/\d+/, "9".repeat(400)),
  (text) => text.slice(0, -1),
  (text) => `${text}${text}`,
  (text) => `[${text},${text}]`,
  (text) => `\ufeff${text}`,
  (text) => text.replace(/:/, ":\u0000"),
  (text) => text.replace(/"/, "'"),
  (text) => text.replace(/^\{/, '{"id":1,"id":2,"method":"ping",'),
);

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "x", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": { elicitation: { form: {} } },
};

/** Arguments that fit, for the ones that are required. */
function fitting({ properties = {}, required = [] }: JsonSchema): Record<string, unknown> {
  return Object.fromEntries(
    required.map((name) => {
      const { type, enum: options } = properties[name] ?? {};
      if (type === "array") return [name, []];
      if (type === "object") return [name, {}];
      return [name, type === "integer" || type === "number" ? 1 : (options?.[0] ?? "1")];
    }),
  );
}

/** The workspace's own tools with the names of their arguments; a call that is meant to wait is not asked to. */
export const TOOLS = ownOperations.flatMap(({ tool, name, input, route }) => {
  if (tool === undefined) return [];
  const schema = inputSchema(input);
  const fields = Object.keys(schema.properties ?? {}).filter((field) => field !== "wait_seconds");
  return [{ tool, name, route, fields, fitting: fitting(schema) }];
});

/** Arguments of a tool, some of them odd. */
export const oddCall = fc
  .constantFrom(...TOOLS)
  .chain((tool) =>
    fc
      .dictionary(fc.oneof(fc.constantFrom(...tool.fields, "no_such_field"), oddText), oddValue, { maxKeys: 4 })
      .map((odd) => ({ tool, args: Object.fromEntries([...Object.entries(tool.fitting), ...Object.entries(odd)]) })),
  );

const METHODS: readonly (readonly [string, object])[] = [
  [
    "initialize",
    { protocolVersion: "2025-11-25", capabilities: { elicitation: {} }, clientInfo: { name: "x", version: "1" } },
  ],
  ["ping", {}],
  ["tools/list", { cursor: "x" }],
  ["tools/list", {}],
  ["prompts/list", {}],
  ["prompts/get", { name: "summarize", arguments: { input: "x" } }],
  ["resources/list", {}],
  ["resources/templates/list", {}],
  ["resources/read", { uri: "clanker://memory" }],
  ["resources/subscribe", { uri: "clanker://memory" }],
  ["resources/unsubscribe", { uri: "clanker://memory" }],
  ["completion/complete", { ref: { type: "ref/prompt", name: "summarize" }, argument: { name: "a", value: "b" } }],
  ["logging/setLevel", { level: "debug" }],
  ["server/discover", {}],
  ["subscriptions/listen", { notifications: { toolsListChanged: true, resourceSubscriptions: ["clanker://memory"] } }],
  ["tasks/get", { taskId: "x" }],
  ["no/such/method", {}],
  ...TOOLS.map(({ tool, fitting }) => ["tools/call", { name: tool, arguments: fitting }] as const),
];

const others: readonly object[] = [
  { jsonrpc: "2.0", method: "notifications/initialized" },
  { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1, reason: "x" } },
  { jsonrpc: "2.0", method: "notifications/progress", params: { progressToken: 1, progress: 1, total: 2 } },
  { jsonrpc: "2.0", method: "notifications/roots/list_changed" },
  { jsonrpc: "2.0", id: 1, result: {} },
  { jsonrpc: "2.0", id: 1, result: { action: "accept", content: {} } },
  { jsonrpc: "2.0", id: "x", error: { code: -32000, message: "x", data: {} } },
];

const requests = METHODS.map(([method, params], at) => ({ jsonrpc: "2.0", id: at, method, params }));
const withToken = requests.map((message) => ({
  ...message,
  params: { ...message.params, _meta: { progressToken: 1 } },
}));
const withMeta = requests.map((message) => ({ ...message, params: { ...message.params, _meta: META } }));

const messagesOf = (templates: readonly object[]) =>
  fc
    .record({ template: fc.constantFrom(...templates), changes: fc.array(change, { maxLength: 3 }), scribble })
    .map(({ template, changes, scribble }) => ({
      method: "method" in template ? String(template.method) : "",
      text: scribble(JSON.stringify(changed(template, changes))),
    }));

/** Messages of the revisions with sessions, most of them with something wrong. */
export const legacyMessage = messagesOf([...requests, ...withToken, ...others]);

/** Messages of 2026-07-28, most of them with something wrong. */
export const modernMessage = messagesOf(withMeta);

/** A header's value that can be sent. */
const headerText = fc.oneof(
  fc.string({
    unit: fc
      .integer({ min: 0x20, max: 0xff })
      .filter((code) => code !== 0x7f)
      .map((code) => String.fromCharCode(code)),
    maxLength: 60,
  }),
  fc.constantFrom(
    "",
    "*/*",
    "application/json",
    "text/event-stream",
    "2026-07-28",
    "2025-11-25",
    "1999-01-01",
    "true",
    "gzip",
    "1",
    "-1",
    "x".repeat(3000),
  ),
);

const HEADER_NAMES = [
  ...["accept", "accept-encoding", "authorization", "content-type", "content-encoding", "cookie", "forwarded", "from"],
  ...["if-match", "if-none-match", "if-modified-since", "last-event-id", "range", "referer", "te", "user-agent", "via"],
  ...[
    "clanker-version",
    "idempotency-key",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "mcp-session-id",
    "origin",
  ],
  ...["x-api-key", "x-clerk-account", "x-forwarded-for", "x-forwarded-host", "x-http-method-override", "x-request-id"],
  ...["x-mcp-readonly", "x-mcp-surface", "x-mcp-toolsets", "mcp-param-x", "upgrade-insecure-requests", "__proto__"],
];

/** Headers with odd values, some of them twice. */
export const oddHeaders = fc.array(fc.tuple(fc.constantFrom(...HEADER_NAMES), headerText), { maxLength: 4 });

const queryPart = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 20 }),
  oddText.map((text) => encodeURIComponent(wellFormed(text))),
  fc.constantFrom(
    "apiKey",
    "sessionId",
    "limit",
    "after_id",
    "before_id",
    "toolsets",
    "readonly",
    "surface",
    "id",
    "sources",
  ),
);

/** A query, without its question mark. */
export const oddQuery = fc
  .array(fc.tuple(queryPart, fc.constantFrom("=", "", "[]=", "[x]=", "=="), queryPart), { maxLength: 5 })
  .map((parts) =>
    parts
      .map((part) => part.join(""))
      .join("&")
      .replaceAll("#", "%23"),
  );
