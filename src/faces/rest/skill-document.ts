import { MEMORY_MANNERS } from "../../core/manners.js";
import type { Registry } from "../../core/registry.js";
import { isRouted } from "./operation-door.js";
import { LATEST_VERSION } from "./version.js";

interface DocumentOptions {
  /** How others reach this server, without a slash at the end. */
  readonly publicUrl: string;
  /** The server's own version. */
  readonly version: string;
}

/** The running server's own page for agents, in Markdown. */
export function skillDocument<Services>(registry: Registry<Services>, options: DocumentOptions): string {
  const sections = [
    intro(options),
    authentication(options),
    mcp(options),
    memory(registry),
    walkThrough(registry, options.publicUrl),
    CONVENTIONS,
    routes(registry),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

const intro = ({ publicUrl, version }: DocumentOptions) => `# Clanker ${version}

This server keeps a workspace of AI skills. A skill is a set of instructions for one kind of job. You look one up,
install it, run it on your input, and the workspace keeps what came out: the execution, its artifacts, and a memory
document that all agents share.

You can work here over MCP or over plain HTTP; both do the same and answer the same. This page is served by
${publicUrl} itself, and ${publicUrl}/api/openapi.json describes each route in full.`;

const authentication = ({ publicUrl }: DocumentOptions) => `## Your key

Send the workspace's API key with each request, in one of two headers:

    x-api-key: <key>
    Authorization: Bearer <key>

Ask the person who runs this server for one. They find their own in \`owner.key\` in the server's home folder
(\`~/.clanker\` unless \`CLANKER_HOME\` says otherwise; the server prints the path when it starts), or they chose it
themselves as \`CLANKER_OWNER_KEY\`. A key belongs to one workspace and is meant for ${publicUrl} alone. Routes whose
scope is \`public\` below want no key.`;

const mcp = ({ publicUrl }: DocumentOptions) => `## MCP

| Transport | Where |
|---|---|
| Streamable HTTP | \`${publicUrl}/mcp/\` |
| HTTP with SSE, for older clients | \`${publicUrl}/mcp/sse\` |
| stdio, on the owner's machine | \`clanker-mcp stdio\` |

The HTTP ones take the key as above; stdio needs none.`;

function memory<Services>(registry: Registry<Services>): string {
  return registry.find("read-memory") && registry.find("write-memory") ? `## Memory\n\n${MEMORY_MANNERS}` : "";
}

const CONVENTIONS = `## Good to know

- **Arguments.** GET and DELETE take them from the query, the others from a JSON object in the body. A field of the
  path is given in the path alone.
- **Ids** look like \`exec_42\` or \`art_7\`; the number alone is taken too. Skills go by their slug.
- **Lists** take \`limit\` (1 to 100) and answer \`data\`, \`first_id\`, \`last_id\`, \`has_more\`. For the next page send
  \`after_id\` with the \`last_id\` you have; \`before_id\` with \`first_id\` goes back.
- **Errors** are JSON with a fixed \`code\`, a \`type\`, and a sentence that says what to do next:
  \`{"error": {"type", "message", "code", "retryable", "request_id"}}\`. Go by \`code\`, never by the sentence. A key
  that may not do something gets \`{"error": "PERMISSION_REQUIRED", "scope", ...}\` with status 403.
- **Request ids.** Each answer has an \`x-request-id\`; send your own to find a request again.
- **Versions.** \`clanker-version: ${LATEST_VERSION}\` keeps the answers as they are on that date.`;

/** The steps from a slug to an artifact, each shown only where the server has its route. */
const STEPS: readonly { operation: string; says: string; body?: string; query?: string }[] = [
  { operation: "browse-marketplace", says: "Find a skill.", query: "?search=summarize" },
  { operation: "install-skill", says: "Install it, once a workspace." },
  {
    operation: "execute-skill",
    says:
      "Run it. The answer has an `executionId`. Over HTTP the server's own model does the work; where it has none you " +
      "get `MODEL_NOT_CONFIGURED`, and run the skill over MCP instead, where it is handed to you.",
    body: '{"input": "Three sentences, please: ...", "interface": "api"}',
  },
  {
    operation: "get-execution-status",
    says: "Ask until `status` is `completed`, `failed` or `cancelled`; `outputBlocks` grow meanwhile.",
  },
  { operation: "list-artifacts", says: "See what files it made.", query: "?execution_id=exec_42" },
  { operation: "download-artifact", says: "Fetch one." },
];

const EXAMPLES: Readonly<Record<string, string>> = { slug: "summarize" };
const EXAMPLE_IDS: Readonly<Record<string, string>> = { "download-artifact": "art_7" };

function walkThrough<Services>(registry: Registry<Services>, publicUrl: string): string {
  const steps = STEPS.flatMap(({ operation, says, body, query }) => {
    const found = registry.find(operation)?.operation;
    if (!found?.route) return [];
    const path = found.route.path.replaceAll(/:(\w+)/g, (_all, name: string) => {
      return EXAMPLES[name] ?? EXAMPLE_IDS[operation] ?? "exec_42";
    });
    const lines = [
      `curl ${found.route.method === "GET" ? "" : `-X ${found.route.method} `}"${publicUrl}${path}${query ?? ""}"`,
      ...(found.scope === "public" ? [] : [`-H "x-api-key: $CLANKER_KEY"`]),
      ...(body === undefined ? [] : [`-H "content-type: application/json"`, `-d '${body}'`]),
    ];
    return [`${says}\n\n\`\`\`sh\n${lines.join(" \\\n  ")}\n\`\`\``];
  });
  const numbered = steps.map((step, position) => `${position + 1}. ${step.replaceAll(/\n(?=.)/g, "\n   ")}`);
  return numbered.length === 0 ? "" : `## From a skill to its result\n\n${numbered.join("\n\n")}`;
}

function routes<Services>(registry: Registry<Services>): string {
  const rows = registry.entries.filter(isRouted).map(({ operation: { route, scope, tool, title } }) => {
    const scopes = typeof scope === "string" ? scope : scope.among.join(" or ");
    const cells = [route.method, `\`${route.path}\``, `\`${scopes}\``, tool ? `\`${tool}\`` : "", title];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
  return `## Every route

Scope \`none\` takes any key, \`owner\` an unrestricted one (\`*\`), \`public\` no key at all.

| Method | Path | Scope | Tool | What |
|---|---|---|---|---|
${rows.join("\n")}`;
}
