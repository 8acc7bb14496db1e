import type { IncomingMessage } from "node:http";
import { AppError } from "../../core/errors.js";
import { decodeJson, hasBody, parseJson, readJsonBytes, requireModest } from "../json-body.js";

/**
 * The fields of a JSON object in the body; none without a body. Refuses other media types, more than `maxBody`
 * bytes (without reading them all), nesting deeper than 64, more than 20,000 values, and what is no
 * JSON object.
 */
export async function readFields(req: IncomingMessage, maxBody: number): Promise<Record<string, unknown>> {
  if (!hasBody(req)) return {};
  const bytes = await readJsonBytes(req, maxBody);
  if (bytes.length === 0) return {};
  const text = decodeJson(bytes);
  requireModest(text);
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new AppError("INVALID_INPUT", 'The body must be a JSON object, such as {"limit": 20}.');
  }
  return value as Record<string, unknown>;
}
