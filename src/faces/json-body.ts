import type { IncomingMessage } from "node:http";
import { AppError } from "../core/errors.js";

/** How deep arrays and objects may be nested. */
const MAX_DEPTH = 64;

/** Whether the request announces a body, be it an empty one sent in chunks. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/**
 * The bytes of a body that says it is JSON. Throws `UNSUPPORTED_MEDIA_TYPE`, `PAYLOAD_TOO_LARGE` past `maxBody`
 * bytes without reading on, or `CANCELLED` when the client leaves half-way.
 */
export async function readJsonBytes(req: IncomingMessage, maxBody: number): Promise<Buffer> {
  requireJson(req);
  if (Number(req.headers["content-length"] ?? 0) > maxBody) throw tooLarge(maxBody);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    // Never destroys the request: the refusal goes out on its connection.
    const settle = (answer: () => void) => {
      req.off("data", onData).off("end", onEnd).off("close", onBroken).off("error", onBroken);
      answer();
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBody) settle(() => reject(tooLarge(maxBody)));
      else chunks.push(chunk);
    };
    const onEnd = () => settle(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    const onBroken = () =>
      settle(() =>
        reject(new AppError("CANCELLED", "The connection broke before the whole body had come; send it again.")),
      );
    if (req.destroyed) onBroken();
    else req.on("data", onData).on("end", onEnd).on("close", onBroken).on("error", onBroken);
  });
}

/** The text of those bytes; throws `INVALID_INPUT` when they are no UTF-8. */
export function decodeJson(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw notJson();
  }
}

/**
 * Throws `INVALID_INPUT` when the text nests deeper than 64: it counts brackets, without recursion, so that a
 * hostile body is refused before anything is built from it.
 */
export function requireShallow(text: string): void {
  // Too short to be both valid and deep.
  if (text.length <= 2 * MAX_DEPTH) return;
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (quoted) {
      if (character === BACKSLASH) at += 1;
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

/** The value of a text that {@link requireShallow} has let pass; throws `INVALID_INPUT` when it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notJson();
  }
}

function requireJson({ headers }: IncomingMessage): void {
  const [type, ...parameters] = (headers["content-type"] ?? "").split(";").map((part) => part.trim().toLowerCase());
  const isUtf8 = parameters.every((part) => !part.startsWith("charset") || /^charset="?utf-?8"?$/.test(part));
  if (type !== "application/json" || !isUtf8) {
    throw new AppError("UNSUPPORTED_MEDIA_TYPE", "Send the body as content-type: application/json in UTF-8.");
  }
  if ((headers["content-encoding"] ?? "identity").trim().toLowerCase() !== "identity") {
    throw new AppError("UNSUPPORTED_MEDIA_TYPE", "Send the body uncompressed, without content-encoding.");
  }
}

function tooLarge(maxBody: number): AppError {
  return new AppError("PAYLOAD_TOO_LARGE", `A body holds ${maxBody} bytes at most; send less at once.`);
}

function notJson(): AppError {
  return new AppError("INVALID_INPUT", "The body is not JSON; check its quotes, commas and encoding (UTF-8).");
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
