import type { Captured } from "./exchange.js";

type Answer = Record<string, unknown>;

/** Clerk's default page size, for lists that were asked for without one. */
const DEFAULT_LIMIT = 10;

/**
 * Clerk's JSON as it came, always as an object: an object unchanged, a list or an envelope as
 * `{ data, total_count?, next_offset? }`, any other value as `{ result }`, nothing as `{ ok: true }`.
 */
export function answerOf(captured: readonly Captured[]): Answer {
  // A list that is asked for together with its count may be answered before it or after it.
  const count = captured.find(({ body }) => isCount(body));
  const last = captured.findLast((one) => one !== count) ?? count;
  if (!last || last.body === undefined) return { ok: true };
  if (Array.isArray(last.body)) return listAnswer(last.body, count && totalOf(count.body), last.url);
  if (typeof last.body !== "object" || last.body === null) return { result: last.body };
  const items = itemsOf(last.body as Answer);
  return items ? listAnswer(items, totalOf(last.body), last.url) : (last.body as Answer);
}

/** A list envelope has a total and one array; Clerk calls the array `data`, or by the name of what is in it. */
function itemsOf(body: Answer): unknown[] | undefined {
  if (totalOf(body) === undefined) return undefined;
  if (Array.isArray(body["data"])) return body["data"] as unknown[];
  const arrays = Object.values(body).filter((value): value is unknown[] => Array.isArray(value));
  return arrays.length === 1 ? arrays[0] : undefined;
}

function listAnswer(data: unknown[], total: number | undefined, url: URL): Answer {
  const offset = Number(url.searchParams.get("offset") ?? 0);
  const limit = Number(url.searchParams.get("limit") ?? DEFAULT_LIMIT);
  const next = offset + data.length;
  const more = total === undefined ? url.searchParams.has("limit") && data.length >= limit : next < total;
  return {
    data,
    ...(total !== undefined && { total_count: total }),
    ...(more && data.length > 0 && { next_offset: next }),
  };
}

function isCount(body: unknown): boolean {
  return (
    typeof body === "object" &&
    body !== null &&
    !Array.isArray(body) &&
    totalOf(body) !== undefined &&
    !itemsOf(body as Answer)
  );
}

function totalOf(body: unknown): number | undefined {
  const total = (body as Answer)["total_count"];
  return typeof total === "number" ? total : undefined;
}
