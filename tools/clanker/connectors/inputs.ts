import { z } from "zod";
import { APP_SLUGS } from "../../../src/connectors/app.js";
import { APPS } from "../../../src/connectors/apps.js";
import type { ErrorCode } from "../../../src/core/errors.js";
import { invalidCursor, type Page, pageByName, type PageInput } from "../../../src/core/page.js";
import { connectorScope } from "../../../src/core/scopes.js";
import type { Effect } from "../../../src/core/standing.js";

/** An app; one that does not exist is not found, whatever the schema lists. */
export const app = z
  .string()
  .min(1)
  .max(64)
  .meta({ enum: [...APP_SLUGS], description: "the app" });

export const search = z.string().min(1).max(200).optional().describe("part of the name");

/** A page of a list whose rows are known beforehand; a cursor that is none of them is `INVALID_CURSOR`. */
export function pageOfKnown<Row>(rows: readonly Row[], idOf: (row: Row) => string, input: PageInput): Page<Row> {
  const ids = rows.map(idOf);
  for (const cursor of [input.after_id, input.before_id]) {
    if (cursor !== undefined && !ids.includes(cursor)) throw invalidCursor(cursor);
  }
  const sorted = [...rows].sort((one, other) => (idOf(one) < idOf(other) ? -1 : 1));
  return pageByName(sorted, idOf, input);
}

/** What a call of an app may end with. */
export const APP_ERRORS = [
  "TOOL_NOT_CONNECTED",
  "NOT_FOUND",
  "CONFLICT",
  "PAYLOAD_TOO_LARGE",
  "RATE_LIMITED",
  "UPSTREAM_FAILED",
  "TIMEOUT",
  "SEAL_BROKEN",
] as const satisfies readonly ErrorCode[];

const known = (slug: string): boolean => APPS.some((app) => app.slug === slug);

/** What reading an app takes; nothing for one that does not exist, which is then told. */
export const readingScope = {
  of: ({ app: slug }: { readonly app: string }) => (known(slug) ? connectorScope(slug, "read") : []),
  among: APP_SLUGS.map((slug) => connectorScope(slug, "read")),
};

/** What an action does; one that does not exist does nothing. */
export function effectOf(slug: string, name: string): Effect {
  const action = APPS.find((app) => app.slug === slug)?.actions.find((action) => action.name === name);
  return action?.effect ?? "read";
}

/** What running an action takes. */
export const runningScope = {
  of: ({ app: slug, action }: { readonly app: string; readonly action: string }) =>
    known(slug) ? connectorScope(slug, effectOf(slug, action)) : [],
  among: [...readingScope.among, ...APP_SLUGS.map((slug) => connectorScope(slug, "write"))],
};
