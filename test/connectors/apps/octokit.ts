import { endpoint } from "@octokit/endpoint";
import type { paths } from "@octokit/openapi-types";
import type { Asked } from "./requests.js";

type Verb = "get" | "post" | "put" | "patch" | "delete";
type Part<Operation, Name extends "path" | "query"> = Operation extends { parameters: Record<Name, infer Values> }
  ? Values
  : Operation extends { parameters: Partial<Record<Name, infer Values>> }
    ? Values
    : never;
type Body<Operation> = Operation extends { requestBody?: { content: { "application/json": infer Values } } }
  ? Values
  : never;

type Given<Operation> = { readonly query?: Part<Operation, "query">; readonly body?: Body<Operation> } & ([
  NonNullable<Part<Operation, "path">>,
] extends [never]
  ? unknown
  : { readonly path: Part<Operation, "path"> });

/** What GitHub's official client asks for: the names and types are checked against GitHub's own description. */
export function octokit<Path extends keyof paths, Method extends Verb & keyof paths[Path]>(
  method: Method,
  path: Path,
  given: Given<paths[Path][Method]>,
): Asked {
  const { path: values, query, body } = given as { path?: object; query?: object; body?: object };
  const request = endpoint(`${method.toUpperCase()} ${path}`, { ...values, ...query, ...body });
  const url = new URL(request.url);
  return {
    method: request.method,
    path: decodeURIComponent(url.pathname),
    query: [...url.searchParams].map(([name, value]) => `${name}=${value}`).sort(),
    body: request.body,
  };
}
