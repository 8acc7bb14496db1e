import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { BinaryAnswer, StreamAnswer } from "../../core/answer.js";
import { AppError, encodeError } from "../../core/errors.js";
import type { Page } from "../../core/page.js";
import { endOfCut } from "../../core/untrusted.js";

/** Longest text block of a result, in characters. */
export const TEXT_LIMIT = 50_000;

const CUT_NOTE =
  "\n[Cut at 50,000 characters. For the rest, page with limit and after_id, or ask again with narrower arguments.]";

type Row = Readonly<Record<string, unknown>>;

/**
 * What a tool answers as MCP has it: an object, and the same JSON as text. A page that is too long loses rows
 * at its far end and says `has_more`; any other text is cut with a sentence.
 */
export function success(answer: unknown, args: unknown): CallToolResult {
  if (answer instanceof BinaryAnswer || answer instanceof StreamAnswer) {
    throw new AppError("INTERNAL", "This answer is no JSON and cannot be given to an agent; fetch it over REST.");
  }
  const content = asObject(answer);
  const text = JSON.stringify(content);
  if (text.length <= TEXT_LIMIT) return resultOf(content, text);
  if (!isPage(content)) return resultOf(content, cut(text));
  const shortened = shorten(content, isGoingBack(args));
  return resultOf(shortened, cut(JSON.stringify(shortened)));
}

/** A failed call, told to the model: no structured content, for clients check that against the output schema. */
export function failure(error: AppError, requestId: string, form?: "flat"): CallToolResult {
  return { isError: true, content: [{ type: "text", text: JSON.stringify(encodeError(error, requestId, form)) }] };
}

/** The result with a word that it is the kept one of an earlier call, where it is. */
export function marked(result: CallToolResult, isReplay: boolean): CallToolResult {
  return isReplay ? { ...result, _meta: { "idempotency-replayed": true } } : result;
}

function resultOf(structuredContent: Record<string, unknown>, text: string): CallToolResult {
  return { content: [{ type: "text", text }], structuredContent };
}

function asObject(answer: unknown): Record<string, unknown> {
  if (typeof answer === "object" && answer !== null && !Array.isArray(answer)) return answer as Record<string, unknown>;
  return answer === undefined ? {} : { value: answer };
}

function cut(text: string): string {
  if (text.length <= TEXT_LIMIT) return text;
  const kept = upTo(text, TEXT_LIMIT - CUT_NOTE.length);
  const mark = endOfCut(kept);
  return mark === "" ? kept + CUT_NOTE : `${upTo(kept, kept.length - mark.length - 1)}\n${mark}${CUT_NOTE}`;
}

/** The text's beginning, not cut inside a character. */
function upTo(text: string, end: number): string {
  const splitsPair = /[\uD800-\uDBFF]/.test(text.charAt(end - 1));
  return text.slice(0, splitsPair ? end - 1 : end);
}

function isPage(content: Record<string, unknown>): content is Page<Row> & Record<string, unknown> {
  return Array.isArray(content["data"]) && typeof content["has_more"] === "boolean" && "last_id" in content;
}

function isGoingBack(args: unknown): boolean {
  return typeof args === "object" && args !== null && (args as Row)["before_id"] !== undefined;
}

/**
 * The page with as many rows as fit, one at least, cut off at the end that the next page continues from:
 * the last rows, or the first ones where the caller pages backwards. Unchanged where no row names the cursor.
 */
function shorten<P extends Page<Row>>(page: P, goingBack: boolean): P {
  const cursorField = fieldOf(page.data.at(-1), page.last_id);
  if (cursorField === undefined) return page;
  const lengths = page.data.map((row) => JSON.stringify(row).length + 1);
  const frame = JSON.stringify({ ...page, data: [] }).length + 300;
  const kept = goingBack
    ? page.data.slice(page.data.length - fitting(lengths.reverse(), frame))
    : page.data.slice(0, fitting(lengths, frame));
  if (kept.length === page.data.length) return page;
  return {
    ...page,
    data: kept,
    first_id: cursorOf(kept[0], cursorField),
    last_id: cursorOf(kept.at(-1), cursorField),
    has_more: true,
  };
}

function fitting(lengths: readonly number[], frame: number): number {
  let total = frame;
  let count = 0;
  for (const length of lengths) {
    total += length;
    if (total > TEXT_LIMIT) break;
    count += 1;
  }
  return Math.max(count, 1);
}

function fieldOf(row: Row | undefined, cursor: string | null): string | undefined {
  return cursor === null || !row ? undefined : Object.keys(row).find((field) => row[field] === cursor);
}

function cursorOf(row: Row | undefined, field: string): string | null {
  const cursor = row?.[field];
  return typeof cursor === "string" ? cursor : null;
}
