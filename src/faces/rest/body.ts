import type { IncomingMessage } from "node:http";
import { AppError } from "../../core/errors.js";

const MAX_DEPTH = 64;

/** Whether the request announces a body, be it an empty one sent in chunks. */
export function hasBody(req: IncomingMessage): boolean {
  const length = req.headers["content-length"];
  return req.headers["transfer-encoding"] !== undefined || (length !== undefined && Number(length) > 0);
}

/**
 * The fields of a JSON object in the body; none without a body. Refuses other media types, more than `maxBody`
 * bytes (without reading them all), what is no JSON object, and nesting deeper than 64.
 */
export async function readFields(req: IncomingMessage, maxBody: number): Promise<Record<string, unknown>> {
  if (!hasBody(req)) return {};
  requireJson(req);
  const bytes = await readAll(req, maxBody);
  if (bytes.length === 0) return {};
  const value = parseJson(bytes);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new AppError("INVALID_INPUT", 'The body must be a JSON object, such as {"limit": 20}.');
  }
  return value as Record<string, unknown>;
}

function requireJson(req: IncomingMessage): void {
  if (!/^application\/json[ \t]*(;[ \t]*charset="?utf-8"?[ \t]*)?;?$/i.test(req.headers["content-type"] ?? "")) {
    throw new AppError("UNSUPPORTED_MEDIA_TYPE", "Send the body as content-type: application/json in UTF-8.");
  }
  if ((req.headers["content-encoding"] ?? "identity").toLowerCase() !== "identity") {
    throw new AppError("UNSUPPORTED_MEDIA_TYPE", "Send the body uncompressed, without content-encoding.");
  }
}

async function readAll(req: IncomingMessage, maxBody: number): Promise<Buffer> {
  if (Number(req.headers["content-length"] ?? 0) > maxBody) throw tooLarge(maxBody);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // Destroying the request would destroy the connection that the refusal goes out on.
    for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBody) throw tooLarge(maxBody);
      chunks.push(chunk);
    }
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    throw new AppError("CANCELLED", "The connection broke before the whole body had come; send it again.");
  }
  return Buffer.concat(chunks);
}

function tooLarge(maxBody: number): AppError {
  return new AppError("PAYLOAD_TOO_LARGE", `The body is larger than ${maxBody} bytes; send less at once.`);
}

function parseJson(bytes: Buffer): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    requireShallow(text);
    return JSON.parse(text) as unknown;
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    throw new AppError("INVALID_INPUT", "The body is not JSON; check its quotes, commas and encoding (UTF-8).");
  }
}

/** Looks at the brackets of the text, so that a hostile body is refused before anything is built from it. */
function requireShallow(text: string): void {
  let depth = 0;
  let quoted = false;
  for (let position = 0; position < text.length; position += 1) {
    const character = text.charCodeAt(position);
    if (quoted) {
      if (character === BACKSLASH) position += 1;
      else if (character === QUOTE) quoted = false;
    } else if (character === QUOTE) quoted = true;
    else if (character === OPEN_BRACE || character === OPEN_BRACKET) {
      depth += 1;
      if (depth > MAX_DEPTH) {
        throw new AppError("INVALID_INPUT", `The body is nested deeper than ${MAX_DEPTH} levels; flatten it.`);
      }
    } else if (character === CLOSE_BRACE || character === CLOSE_BRACKET) depth -= 1;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
