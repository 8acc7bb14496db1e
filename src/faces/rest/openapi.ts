import type { Route } from "../../core/operation.js";
import type { Entry, Registry } from "../../core/registry.js";
import { type JsonSchema, outputSchema } from "../../core/schema.js";
import { takesQuery } from "./arguments.js";
import {
  answerHeaders,
  components,
  errorResponse,
  errorResponses,
  limitHeaders,
  type Part,
  ref,
} from "./openapi-components.js";
import { isRouted } from "./operation-door.js";

type Routed<Services> = Entry<Services> & { readonly operation: { readonly route: Route } };

interface DocumentOptions {
  /** The server's own version. */
  readonly version: string;
  /** How others reach it; the document's own origin if left out. */
  readonly serverUrl?: string;
}

/** The OpenAPI 3.1 document of every REST route. */
export function openApiDocument<Services>(registry: Registry<Services>, options: DocumentOptions): Part {
  const routed = registry.entries.filter(isRouted);
  const toolsets = [...new Set(routed.map((entry) => entry.operation.toolset))].sort();
  return {
    openapi: "3.1.0",
    info: {
      title: "Clanker",
      version: options.version,
      description: "A workspace of AI skills: find a skill, run it, keep its artifacts and notes.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: options.serverUrl ?? "/" }],
    security: [{ apiKey: [] }, { bearer: [] }],
    tags: [
      ...toolsets.map((name) => ({ name, description: `Operations of the ${name} toolset.` })),
      { name: "server", description: "The server itself." },
    ],
    paths: paths(routed),
    components,
  };
}

function paths<Services>(routed: readonly Routed<Services>[]): Part {
  const found: Record<string, Part> = { ...serverPaths() };
  for (const entry of routed) {
    const { method, path } = entry.operation.route;
    const template = path.replaceAll(/:(\w+)/g, "{$1}");
    found[template] = { ...found[template], [method.toLowerCase()]: describe(entry) };
  }
  return found;
}

function describe<Services>(entry: Routed<Services>): Part {
  const { operation, inputSchema } = entry;
  const { route } = operation;
  const inPath = [...route.path.matchAll(/:(\w+)/g)].map((match) => String(match[1]));
  const inCookies = Object.keys(route.cookies ?? {});
  const elsewhere = [...inPath, ...inCookies, ...(route.omit ?? [])];
  const body = takesQuery(route) ? undefined : bodySchema(inputSchema, elsewhere);
  return {
    operationId: operation.name,
    tags: [operation.toolset],
    summary: operation.title,
    description: operation.description,
    ...securityOf(entry),
    "x-scope": typeof operation.scope === "string" ? operation.scope : { among: operation.scope.among },
    parameters: [
      ...inPath.map((name) => parameter("path", name, inputSchema)),
      ...(takesQuery(route) ? queryParameters(inputSchema, elsewhere) : []),
      ...inCookies.map((name) => ({ ...parameter("cookie", name, inputSchema), name: route.cookies?.[name] })),
      ...(operation.idempotent ? [ref("parameters", "IdempotencyKey")] : []),
      ref("parameters", "RequestId"),
      ref("parameters", "Version"),
    ],
    ...(body && {
      requestBody: { required: body.required !== undefined, content: { "application/json": { schema: body } } },
    }),
    responses: {
      ...(route.redirects
        ? { "302": { description: "Go on there.", headers: { ...answerHeaders(), location: LOCATION } } }
        : { "200": { description: "Done.", headers: headersOf(entry), content: contentOf(entry) } }),
      ...errorResponses([
        ...operation.errors,
        ...(operation.idempotent ? (["IDEMPOTENCY_IN_FLIGHT", "IDEMPOTENCY_KEY_REUSED"] as const) : []),
        ...(takesQuery(route) ? [] : (["PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"] as const)),
      ]),
    },
  };
}

function headersOf<Services>({ operation }: Routed<Services>): Part {
  return {
    ...answerHeaders(),
    ...limitHeaders(),
    ...(operation.idempotent && { "idempotency-replayed": ref("headers", "Replayed") }),
  };
}

function securityOf<Services>({ operation: { scope, route } }: Routed<Services>): Part {
  if (scope === "public") return { security: [] };
  if (route.auth === undefined) return {};
  const inQuery = route.auth === "query-key" ? { queryKey: [] } : { signedLink: [] };
  return { security: [{ apiKey: [] }, { bearer: [] }, inQuery] };
}

function contentOf<Services>({ operation: { output, route } }: Routed<Services>): Part {
  const { produces } = route;
  if (produces !== undefined) return { [produces]: produces.startsWith("text/") ? { schema: { type: "string" } } : {} };
  return { "application/json": { schema: output ? outputSchema(output) : { type: "object" } } };
}

const LOCATION = { description: "Where to go on.", schema: { type: "string", format: "uri" } };

function parameter(place: "path" | "query" | "cookie", name: string, input: JsonSchema): Part {
  const { description, ...schema } = input.properties?.[name] ?? { type: "string" };
  return {
    name,
    in: place,
    required: place === "path" || (input.required ?? []).includes(name),
    ...(description !== undefined && { description }),
    schema,
  };
}

function queryParameters(input: JsonSchema, elsewhere: readonly string[]): Part[] {
  return Object.keys(input.properties ?? {})
    .filter((name) => !elsewhere.includes(name))
    .map((name) => parameter("query", name, input));
}

function bodySchema(input: JsonSchema, elsewhere: readonly string[]): JsonSchema | undefined {
  const properties = Object.entries(input.properties ?? {}).filter(([name]) => !elsewhere.includes(name));
  if (properties.length === 0) return undefined;
  const required = (input.required ?? []).filter((name) => !elsewhere.includes(name));
  return { type: "object", properties: Object.fromEntries(properties), ...(required.length > 0 && { required }) };
}

function serverPaths(): Record<string, Part> {
  const page = (operationId: string, summary: string, mediaType: string, schema: Part, errors: Part = {}) => ({
    get: {
      operationId,
      tags: ["server"],
      summary,
      security: [],
      responses: {
        "200": {
          description: "Done.",
          headers: { "x-request-id": ref("headers", "RequestId") },
          content: { [mediaType]: { schema } },
        },
        "4XX": errorResponse(["INVALID_INPUT", "HOST_REFUSED", "ORIGIN_REFUSED"]),
        ...errors,
      },
    },
  });
  const status = (word: string) => ({
    type: "object",
    required: ["status"],
    properties: { status: { type: "string", enum: [word] } },
  });
  const away = { "503": errorResponse(["STORE_UNAVAILABLE"]) };
  return {
    "/healthz": page("healthz", "Whether the process is alive", "application/json", status("ok")),
    "/readyz": page("readyz", "Whether the store answers too", "application/json", status("ready"), away),
    "/api/openapi.json": page("openapi", "This document", "application/json", { type: "object" }),
    "/skill.md": page("skill-document", "What an agent needs to know", "text/markdown", { type: "string" }),
  };
}
