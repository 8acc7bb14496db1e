import type { Request } from "express";
import { AppError } from "../../core/errors.js";
import type { Route } from "../../core/operation.js";
import type { Entry } from "../../core/registry.js";
import type { JsonSchema } from "../../core/schema.js";
import { hasBody } from "../json-body.js";
import { readFields } from "./body.js";
import { cookieOf } from "./credentials.js";

type Fields = Record<string, unknown>;

/** Whether a route takes its arguments from the query; the others take a JSON body. */
export function takesQuery(route: Route): boolean {
  return route.method === "GET" || route.method === "DELETE";
}

/** The arguments of one request, as they came: `invoke` coerces and validates them. */
export async function readArguments<Services>(
  req: Request,
  query: URLSearchParams,
  { operation: { route }, inputSchema }: Entry<Services> & { operation: { route: Route } },
  maxBody: number,
): Promise<Fields> {
  const fields = takesQuery(route)
    ? queryFields(req, query, inputSchema.properties ?? {})
    : await bodyFields(req, query, maxBody);
  for (const name of route.omit ?? []) {
    if (Object.hasOwn(fields, name)) throw unfit(name, "only the tool takes this field; leave it out");
  }
  return withPath(withCookies(req, fields, route), req.params);
}

/** Adds the fields that cookies give; what a page can put into an address must not pass for one. */
function withCookies(req: Request, fields: Fields, { cookies = {} }: Route): Fields {
  const sent = Object.entries(cookies).flatMap(([field, cookie]) => {
    if (Object.hasOwn(fields, field)) throw unfit(field, "only a cookie gives this field; leave it out");
    const value = cookieOf(req, cookie);
    return value === undefined ? [] : [[field, value] as const];
  });
  return Object.fromEntries([...Object.entries(fields), ...sent]);
}

function queryFields(req: Request, query: URLSearchParams, properties: Record<string, JsonSchema>): Fields {
  if (hasBody(req)) {
    throw new AppError("INVALID_INPUT", `${req.method} takes its arguments from the query; send no body.`);
  }
  const names = [...new Set(query.keys())];
  return Object.fromEntries(
    names.map((name) => {
      const [first, ...others] = query.getAll(name);
      if (others.length > 0) return [name, [first, ...others]];
      const wantsList = Object.hasOwn(properties, name) && properties[name]?.type === "array";
      return [name, wantsList && !first?.trimStart().startsWith("[") ? [first] : first];
    }),
  );
}

async function bodyFields(req: Request, query: URLSearchParams, maxBody: number): Promise<Fields> {
  const fields = await readFields(req, maxBody);
  const [stray] = query.keys();
  if (stray !== undefined) throw unfit(stray, `${req.method} takes its arguments from the JSON body, not the query`);
  return fields;
}

/** Adds the path's fields; built with `fromEntries`, so that a field named `__proto__` stays a plain field. */
function withPath(fields: Fields, path: Request["params"]): Fields {
  for (const [name, value] of Object.entries(path)) {
    if (Object.hasOwn(fields, name) && !same(fields[name], value)) {
      throw unfit(name, "the path gives another value for this field; give it once");
    }
  }
  return Object.fromEntries([...Object.entries(fields), ...Object.entries(path)]);
}

function same(field: unknown, inPath: unknown): boolean {
  return (typeof field === "string" || typeof field === "number") && String(field) === inPath;
}

function unfit(name: string, problem: string): AppError {
  const field = name.slice(0, 128);
  return new AppError("INVALID_INPUT", `The arguments do not fit: ${field}: ${problem}.`, {
    details: { issues: [{ field, problem }] },
  });
}
