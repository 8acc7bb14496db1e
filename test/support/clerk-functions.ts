import { readFileSync } from "node:fs";
import type { Arrived } from "./clerk-recorder.js";
import type { Args } from "./faces.js";

/** The part of JSON Schema in which the inventory tells of nested objects. */
interface Nested {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Nested>>;
  readonly required?: readonly string[];
  readonly items?: Nested;
  readonly anyOf?: readonly Nested[];
  readonly enum?: readonly string[];
}

export interface ClerkParam {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly in: "path" | "query" | "body" | "form" | "header" | "local";
  readonly wire?: string;
  readonly values?: readonly (string | boolean)[];
  readonly format?: string;
  readonly min?: number;
  readonly sdkType?: string;
  readonly schema?: Nested;
  readonly secondRequest?: string;
  readonly inSpec?: boolean;
}

export interface ClerkFunction {
  readonly tool: string;
  readonly verb: "read" | "write" | "destructive";
  readonly toolset: string;
  readonly sensitive?: boolean;
  readonly http: {
    readonly method: string;
    readonly path: string;
    readonly versionInPath: boolean;
    readonly alternativePath?: string;
  };
  readonly params: readonly ClerkParam[];
  readonly addsQuery?: string;
  readonly requests?: readonly string[];
  readonly bapiOperationId: string | null;
  readonly seedFunction?: string;
  readonly deprecated?: boolean;
}

const inventory = new URL("../clerk/data/functions.json", import.meta.url);

/** Every function of `@clerk/backend` that has a tool; the one left out is another name of `delete_domain`. */
export const clerkFunctions: readonly ClerkFunction[] = (
  JSON.parse(readFileSync(inventory, "utf8")) as ClerkFunction[]
).filter(({ tool }) => tool !== "delete_domain_deprecated");

/** One way to call a function. */
export interface ClerkExample {
  readonly label: string;
  readonly args: Args;
}

/** Parameters of which a call brings one set or another. */
const ALTERNATIVES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  get_organization: [["organization_id"], ["slug"]],
  create_user: [["password"], ["password_digest", "password_hasher"]],
  update_user: [["password"], ["password_digest", "password_hasher"]],
  create_email: [["html"], ["text"], ["html", "text"]],
};

/** Where one of the alternatives has to be there although no parameter is required. */
export const ONE_IS_REQUIRED: ReadonlySet<string> = new Set(["get_organization", "create_email"]);

/** The function called with all its parameters, and with the required ones alone, in every alternative. */
export function examplesOf(fn: ClerkFunction): ClerkExample[] {
  const alternatives = ALTERNATIVES[fn.tool] ?? [[]];
  const branches = Math.max(1, ...fn.params.map(({ schema }) => branchesOf(schema)));
  const all = alternatives.flatMap((chosen) =>
    Array.from({ length: branches }, (_, branch) => ({
      label: ["all", ...chosen, ...(branch > 0 ? [`branch ${branch}`] : [])].join(" "),
      args: argsOf(fn, branch, (name) => chosen.includes(name) || !alternatives.flat().includes(name)),
    })),
  );
  const forced = ONE_IS_REQUIRED.has(fn.tool) ? alternatives : [[]];
  const required = forced.map((chosen) => ({
    label: ["required", ...chosen].join(" "),
    args: argsOf(fn, 0, (name, isRequired) => isRequired || chosen.includes(name), true),
  }));
  return [...all, ...required];
}

function argsOf(
  fn: ClerkFunction,
  branch: number,
  takes: (name: string, required: boolean) => boolean,
  sparse = false,
): Args {
  const taken = fn.params.filter(({ name, required }) => takes(name, required));
  return Object.fromEntries(taken.map((param) => [param.name, valueOf(fn.tool, param, branch, sparse)]));
}

const PICTURE = Buffer.from("89504e470d0a1a0a", "hex");

/** The file that examples upload. */
const EXAMPLE_FILE = {
  filename: "picture.png",
  mime_type: "image/png",
  content_base64: PICTURE.toString("base64"),
};

/** Values of parameters whose kind does not say enough, by name, or by tool and name. */
const VALUES: Readonly<Record<string, unknown>> = {
  actor: { sub: "user_2", reason: "support" },
  machine_secret_key: "ak_machine",
  role: "org:admin",
  headers: { "X-Campaign": "autumn" },
  request_headers: { "user-agent": ["a browser"], accept: ["text/html", "*/*"] },
  reassignment_mappings: { "org:one": "org:two" },
  claims: { aud: "https://example.com", plan: { tier: 1 } },
  api_key_id: "ak_0123456789abcdef0123456789abcdef",
  "list_api_keys.subject": "user_2abcdefghijklmnopqrstuvwxyz",
  "list_m2m_tokens.subject": "mch_2abcdefghijklmnopqrstuvwxyz",
  m2m_token_id: "mt_0123456789abcdef0123456789abcdef",
  "list_sessions.status": "active",
  "add_domain.name": "example.com",
  "update_domain.name": "example.com",
  "create_organization_domain.name": "example.com",
  "update_organization_domain.name": "example.com",
  "create_organization_domain.enrollment_mode": "manual_invitation",
  "list_organization_memberships.role": ["org:admin", "org:member"],
  "update_enterprise_connection.provider": "saml_custom",
};

function valueOf(tool: string, param: ClerkParam, branch: number, sparse: boolean): unknown {
  const special = VALUES[`${tool}.${param.name}`] ?? VALUES[param.name];
  if (special !== undefined) return special;
  if (param.schema) return nestedValue(param.name, param.schema, branch, sparse);
  const type = param.type.replace("|null", "");
  if (type === "file") return EXAMPLE_FILE;
  if (type.endsWith("[]")) {
    const values = param.values?.slice(0, 2) ?? [textOf(param.name, 1), textOf(param.name, 2)];
    return values.length > 0 ? values : [textOf(param.name, 1)];
  }
  if (type === "string" && param.values) return param.values.find((value) => value !== "");
  if (type === "string" && param.format === "date-time") return "2026-11-01T12:00:00Z";
  return plainValue(param.name, type, param.min);
}

function nestedValue(name: string, schema: Nested, branch: number, sparse: boolean): unknown {
  if (schema.anyOf) {
    const chosen = schema.anyOf[Math.min(branch, schema.anyOf.length - 1)];
    return chosen && nestedValue(name, chosen, branch, sparse);
  }
  if (schema.items) return [nestedValue(name, schema.items, branch, sparse)];
  if (schema.enum) return schema.enum[0];
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== "null") : schema.type;
  if (type !== "object") return plainValue(name, String(type));
  const fields = Object.entries(schema.properties ?? {}).filter(
    ([field]) => !sparse || schema.required?.includes(field),
  );
  if (!schema.properties) return VALUES[name] ?? plainValue(name, "object");
  return Object.fromEntries(
    fields.map(([field, inner]) => [
      field,
      VALUES[field] !== undefined && inner.type !== "array" ? VALUES[field] : nestedValue(field, inner, branch, sparse),
    ]),
  );
}

function plainValue(name: string, type: string, min = 0): unknown {
  switch (type) {
    case "integer":
    case "number":
      return min + 2;
    case "boolean":
      return true;
    case "object":
      return { plan: "pro", nested: { camelCase: [1, null, "ü"] } };
    default:
      return textOf(name, 1);
  }
}

function textOf(name: string, at: number): string {
  if (/email_address(es)?$|_email$|^address$|^(cc|bcc)$/.test(name)) return `ada${at}@example.com`;
  if (/phone_numbers?$/.test(name)) return `+1555555010${at}`;
  if (/ur[il]s?$|origins?$/.test(name)) return `https://example.com/${at}`;
  if (/^domains?$/.test(name)) return `example${at}.com`;
  if (/role(_set)?_keys?$|_key_or_id$/.test(name)) return `org:${name}_${at}`;
  if (/(^|_)ip$/.test(name)) return "203.0.113.7";
  return `${name}_${at}`;
}

function branchesOf(schema: Nested | undefined): number {
  if (!schema) return 1;
  const inner = [
    ...(schema.anyOf ?? []),
    ...Object.values(schema.properties ?? {}),
    ...(schema.items ? [schema.items] : []),
  ];
  return Math.max(schema.anyOf?.length ?? 1, ...inner.map(branchesOf));
}

/** What the SDK adds to a body where a call does not say it. */
const ADDED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  create_organization_domain: { verified: true },
  create_m2m_token: { claims: null, seconds_until_expiration: null, token_format: "opaque" },
  revoke_m2m_token: { revocation_reason: null },
  revoke_api_key: { revocation_reason: null },
};

/** A request with its order forgotten. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: readonly string[];
  readonly authorization: string | undefined;
  readonly idempotencyKey?: string;
  readonly body?: unknown;
  readonly form?: Readonly<Record<string, unknown>>;
}

/** What has to arrive when a function is called with these arguments. */
export function expectedOf(fn: ClerkFunction, args: Args, secretKey: string): Seen[] {
  const { params, http, addsQuery, requests } = fn;
  const given = params.filter(({ name }) => args[name] !== undefined);
  const within = (place: ClerkParam["in"]) => given.filter((param) => param.in === place && !param.secondRequest);
  const header = (wire: string) => given.find((param) => param.wire === wire);
  const machineKey = header("Authorization: Bearer");
  const idempotency = header("Idempotency-Key");
  const path = `${http.versionInPath ? "/v1" : ""}${pathOf(fn, args)}`;
  const authorization = `Bearer ${machineKey ? String(args[machineKey.name]) : secretKey}`;
  const query = [...within("query").flatMap((param) => pairs(param, args)), ...(addsQuery ? [addsQuery] : [])].sort();
  const body = bodyOf(fn, within("body"), args);
  const form = within("form");
  const first: Seen = {
    method: http.method,
    path,
    query,
    authorization,
    ...(idempotency && { idempotencyKey: String(args[idempotency.name]) }),
    ...(body !== undefined && { body }),
    ...(form.length > 0 && { form: Object.fromEntries(form.map(({ name }) => [name, args[name]])) }),
  };
  const later = given.filter(({ secondRequest }) => secondRequest);
  const replaced: Seen[] = later.length
    ? [{ method: "PUT", path: `${path}/metadata`, query: [], authorization, body: bodyOf(fn, later, args) }]
    : [];
  const counted: Seen[] = requests
    ? [{ ...first, path: `${path}/count`, query: query.filter((pair) => !/^(limit|offset|order_by)=/.test(pair)) }]
    : [];
  return [first, ...counted, ...replaced].sort(byPath);
}

const byPath = (one: Seen, other: Seen) => one.path.length - other.path.length;

function pathOf({ http, params }: ClerkFunction, args: Args): string {
  const uses = http.alternativePath !== undefined && args["template"] !== undefined;
  return (uses ? (http.alternativePath ?? "") : http.path).replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const stands =
      args[name] ??
      params
        .filter((param) => param.in === "path")
        .map((param) => args[param.name])
        .find(Boolean);
    return String(stands);
  });
}

function pairs({ name, wire = name }: ClerkParam, args: Args): string[] {
  return [args[name]].flat().map((value) => `${wire}=${String(value)}`);
}

function bodyOf({ tool }: ClerkFunction, params: readonly ClerkParam[], args: Args): unknown {
  const root = params.find(({ wire }) => wire === "(root array)");
  if (root) return args[root.name];
  const fields = params.map(({ name, wire = name, sdkType }) => {
    const value = args[name];
    return [wire, sdkType === "Date" ? new Date(String(value)).toISOString() : value];
  });
  const body = { ...ADDED[tool], ...(Object.fromEntries(fields) as object) };
  return Object.keys(body).length > 0 ? body : undefined;
}

/** What arrived, in the same terms. */
export async function seenOf(arrived: readonly Arrived[]): Promise<Seen[]> {
  const seen = await Promise.all(
    arrived.map(async ({ method, path, query, headers, bytes }): Promise<Seen> => {
      const key = headers["idempotency-key"];
      return {
        method,
        path,
        query: [...query].map(([name, value]) => `${name}=${value}`).sort(),
        authorization: headers.authorization,
        ...(typeof key === "string" && { idempotencyKey: key }),
        ...(await contentOf(headers["content-type"] ?? "", bytes)),
      };
    }),
  );
  return seen.sort(byPath);
}

async function contentOf(mediaType: string, bytes: Buffer): Promise<Pick<Seen, "body" | "form">> {
  if (bytes.length === 0) return {};
  if (!mediaType.startsWith("multipart/")) {
    const body = JSON.parse(bytes.toString("utf8"));
    return isEmptyObject(body) ? {} : { body };
  }
  const fields = await new Response(bytes, { headers: { "content-type": mediaType } }).formData();
  const read = [...fields].map(async ([name, value]) => [
    name,
    typeof value === "string"
      ? value
      : {
          filename: value.name,
          mime_type: value.type,
          content_base64: Buffer.from(await value.arrayBuffer()).toString("base64"),
        },
  ]);
  return { form: Object.fromEntries(await Promise.all(read)) };
}

const isEmptyObject = (value: unknown) =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
