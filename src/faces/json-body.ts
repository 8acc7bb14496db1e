import type { IncomingMessage } from "node:http";
import { AppError } from "../core/errors.js";
import { excessOf } from "../core/json-limits.js";

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

/** Throws `INVALID_INPUT` when the text is too deep or too wide to build anything from it. */
export function requireModest(text: string): void {
  const excess = excessOf(text);
  if (excess !== undefined) throw new AppError("INVALID_INPUT", `The body ${excess}.`);
}

/** The value of a text that {@link requireModest} has let pass; throws `INVALID_INPUT` when it is no JSON. */
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
