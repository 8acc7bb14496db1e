import { z } from "zod";
import type { Standing } from "../../src/core/standing.js";
import { clerk } from "./catalogue.js";
import { ROUTES } from "./raw-routes.js";

export type RawMethod = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";

/** A path below `/v1`, given with or without that in front; nothing in it is left for anybody to decode. */
export const rawPath = () =>
  z
    .string()
    .max(1024)
    .transform((path) => `/${path.replace(/^\//, "").replace(/^v1\//, "")}`)
    .refine(
      (path) => /^(\/[A-Za-z0-9_:.-]+)+$/.test(path) && !/\/\.+(\/|$)/.test(path),
      "takes a path below /v1 such as users/user_1: letters, digits, _ : . - and single slashes, no query",
    );

type Scalar = string | number | boolean;

const isScalar = (value: unknown): value is Scalar =>
  (typeof value === "string" && value.length <= 4096) || typeof value === "number" || typeof value === "boolean";

const isParameter = ([name, value]: [string, unknown]) =>
  // Some servers let `_method` say another method than the one that was checked.
  /^[A-Za-z_][\w.[\]-]{0,63}$/.test(name) &&
  name.toLowerCase() !== "_method" &&
  (isScalar(value) || (Array.isArray(value) && value.length <= 500 && value.every(isScalar)));

/** Query parameters by name; a list repeats its name. */
export const rawQuery = () =>
  z
    .record(z.string(), z.unknown())
    .refine(
      (query) => Object.entries(query).length <= 50 && Object.entries(query).every(isParameter),
      "takes text, numbers, true or false, or lists of them, by name",
    )
    .transform((query) => {
      const pairs = Object.entries(query as Readonly<Record<string, Scalar | readonly Scalar[]>>);
      return new URLSearchParams(
        pairs.flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, String(one)])),
      );
    });

/** What a raw call stands for, with the scopes that it needs, all of them. */
export interface RawStanding extends Standing {
  readonly scopes: readonly string[];
}

/** A function of the SDK by the request it makes. */
interface KnownRoute {
  readonly method: string;
  readonly segments: readonly string[];
  readonly standing: RawStanding;
}

const byTool = new Map(clerk.map((operation) => [operation.name, operation]));

const known: readonly KnownRoute[] = ROUTES.map(([method, path, tool]) => {
  const operation = byTool.get(tool);
  if (typeof operation?.scope !== "string") throw new Error(`${tool} is no function of Clerk's`);
  const { effect, toolset, scope, audit } = operation;
  return { method, segments: path.split("/"), standing: { effect, toolset, audit, scopes: [scope] } };
});

/** How many segments of a route stand in a path as they are; undefined where the path is another. */
function fit(segments: readonly string[], path: readonly string[]): number | undefined {
  if (segments.length !== path.length) return undefined;
  const literal = (segment: string) => !segment.startsWith(":");
  if (segments.some((segment, at) => literal(segment) && segment !== path[at]?.toLowerCase())) return undefined;
  return segments.filter(literal).length;
}

/** Paths that no function stands for and that answer with something to be kept secret. */
const SECRET_PATHS = [
  /secret|token|rotate|credential|password|api_key|private|accountless/,
  /^\/(scim_)?directories(\/[^/]+)?$/,
  /^\/enterprise_connections\/[^/]+\/test_runs/,
];

/** Cookies of a session, whatever the path looks like. */
const SESSION_PATHS = /handshake/;

/** What a raw request may do: as much as the function that makes the same request, else what its method and path say. */
export function standingOf(method: RawMethod, path: string): RawStanding {
  const segments = path.split("/");
  const [best] = known
    .filter((route) => route.method === method)
    .map(({ segments: wanted, standing }) => ({ standing, literals: fit(wanted, segments) }))
    .filter(({ literals }) => literals !== undefined)
    .sort((one, other) => (other.literals ?? 0) - (one.literals ?? 0));
  const found = best?.standing ?? unknownStanding(method, path.toLowerCase());
  return SESSION_PATHS.test(path.toLowerCase()) ? { ...found, scopes: [...found.scopes, "clerk:secrets"] } : found;
}

function unknownStanding(method: RawMethod, path: string): RawStanding {
  const read = method === "GET";
  const secret = SECRET_PATHS.some((pattern) => pattern.test(path));
  return {
    effect: read ? "read" : "destroy",
    toolset: "clerk-raw",
    ...(!read && { audit: { action: `clerk.api_${method.toLowerCase()}`, resource: "clerk" } }),
    scopes: [read ? "clerk:read" : "clerk:write", ...(secret ? ["clerk:secrets"] : [])],
  };
}

/** Every scope that a raw call with this method may need. */
export function scopesAmong(method: RawMethod): string[] {
  const matched = known.filter((route) => route.method === method).flatMap(({ standing }) => standing.scopes);
  return [...new Set([method === "GET" ? "clerk:read" : "clerk:write", ...matched, "clerk:secrets"])];
}
