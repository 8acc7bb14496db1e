import { z } from "zod";
import { AppError, quote } from "./errors.js";

/** The three arguments of every list. */
export const pageInput = {
  limit: z.int().min(1).max(100).default(20),
  after_id: z.string().min(1).max(128).optional().describe("last_id of the page before"),
  before_id: z.string().min(1).max(128).optional().describe("first_id of the page after"),
};

export interface PageInput {
  readonly limit: number;
  readonly after_id?: string | undefined;
  readonly before_id?: string | undefined;
}

/** One page of a list; `has_more` speaks of the direction that was asked for. */
export interface Page<T> {
  readonly data: T[];
  readonly first_id: string | null;
  readonly last_id: string | null;
  readonly has_more: boolean;
}

/** The answer schema of a list of `item`. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    data: z.array(item),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  });
}

/** A page from rows already in list order, its cursors taken from the rows' ids. */
export function toPage<T>(data: T[], hasMore: boolean, idOf: (row: T) => string): Page<T> {
  const first = data[0];
  const last = data.at(-1);
  return {
    data,
    first_id: first === undefined ? null : idOf(first),
    last_id: last === undefined ? null : idOf(last),
    has_more: hasMore,
  };
}

/** Refuses a request for both directions at once. */
export function requireOneDirection(input: PageInput): void {
  if (input.after_id !== undefined && input.before_id !== undefined) {
    throw new AppError("INVALID_INPUT", "Give after_id or before_id, not both.");
  }
}

/** `INVALID_CURSOR`, naming the cursor that does not fit. */
export function invalidCursor(cursor: string): AppError {
  return new AppError(
    "INVALID_CURSOR",
    `${quote(cursor)} is no cursor of this list; use first_id or last_id of a page.`,
  );
}

/** Pages an in-memory list that is sorted ascending by a unique name. */
export function pageByName<T>(rows: readonly T[], nameOf: (row: T) => string, input: PageInput): Page<T> {
  requireOneDirection(input);
  const { after_id: after, before_id: before, limit } = input;
  if (before !== undefined) {
    const older = rows.filter((row) => nameOf(row) < before);
    return toPage(older.slice(-limit), older.length > limit, nameOf);
  }
  const newer = after === undefined ? rows : rows.filter((row) => nameOf(row) > after);
  return toPage(newer.slice(0, limit), newer.length > limit, nameOf);
}
