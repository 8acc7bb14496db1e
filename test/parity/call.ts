import type { ErrorCode } from "../../src/core/errors.js";
import type { Args, Json } from "../support/faces.js";

/** Who calls: the owner, keys with other scopes, and those who must not get in. */
export type CallerName =
  "owner" | "reader" | "runner" | "writer" | "mover" | "nobody" | "stranger" | "revoked" | "expired";

/** What was kept of earlier answers, by the name it was kept under. */
export type Made = Readonly<Record<string, Json>>;

/** What a call has to end with: an answer that has these fields, or an error. */
export type Expected = { readonly gives: object | ((made: Made) => object) } | { readonly code: ErrorCode };

/** One row of the table. */
export interface Call {
  /** Unique within its chapter. */
  readonly title: string;
  readonly operation: string;
  readonly args: Args | ((made: Made) => Args);
  readonly as: CallerName;
  /** `agent`: always by an MCP client, because only one can do this; `face`: through the face that is being tested. */
  readonly by: "face" | "agent";
  readonly expected: Expected;
  /** What MCP has to end with where it is meant to differ from REST. */
  readonly overMcp?: Expected;
  /** Whether only the codes have to be the same: the sentence speaks of the face. */
  readonly codeOnly?: boolean;
  /** The call is repeated until this holds of its answer. */
  readonly until?: (answer: Json) => boolean;
  /** The name to keep the answer under. */
  readonly keep?: string;
}

type More = Partial<Omit<Call, "title" | "operation" | "args" | "expected">>;

const DEFAULTS = { as: "owner", by: "face" } as const;

/** A call that has to be answered. */
export function good(
  operation: string,
  title: string,
  args: Call["args"],
  gives: object | ((made: Made) => object),
  more: More = {},
): Call {
  return { ...DEFAULTS, title: `${operation} ${title}`, operation, args, expected: { gives }, ...more };
}

/** A call that has to be refused. */
export function bad(operation: string, title: string, args: Call["args"], code: ErrorCode, more: More = {}): Call {
  return { ...DEFAULTS, title: `${operation} ${title}: ${code}`, operation, args, expected: { code }, ...more };
}

/** What every list refuses; `cursor` is one that the list takes. */
export function badPages(operation: string, cursor: string): Call[] {
  return [
    bad(operation, "with a page of 0", { limit: 0 }, "INVALID_INPUT"),
    bad(operation, "with a page of 101", { limit: 101 }, "INVALID_INPUT"),
    bad(operation, "with a page of 1.5", { limit: 1.5 }, "INVALID_INPUT"),
    bad(operation, "with a page of some", { limit: "some" }, "INVALID_INPUT"),
    bad(operation, "in both directions", { after_id: cursor, before_id: cursor }, "INVALID_INPUT"),
    bad(operation, "after what never was", { after_id: "never-was" }, "INVALID_CURSOR"),
    bad(operation, "before what never was", { before_id: "never-was" }, "INVALID_CURSOR"),
    bad(operation, "after another resource", { after_id: "ws_1" }, "INVALID_CURSOR"),
    bad(operation, "with an argument it does not know", { page: 2 }, "INVALID_INPUT"),
  ];
}

/** Ids that name nothing. */
export function badIds(operation: string, foreign: string, args: Args = {}): Call[] {
  return [
    bad(operation, "of an id that was never given", { id: "987654", ...args }, "NOT_FOUND"),
    bad(operation, "of another resource", { id: foreign, ...args }, "NOT_FOUND"),
    bad(operation, "of what is no id", { id: "no/such id?", ...args }, "NOT_FOUND"),
    bad(operation, "of 0", { id: 0, ...args }, "NOT_FOUND"),
    bad(operation, "of an id that is too long", { id: "9".repeat(65), ...args }, "INVALID_INPUT"),
  ];
}
