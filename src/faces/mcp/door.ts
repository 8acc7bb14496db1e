import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { answerAndPart } from "../last-words.js";
import { AppError, toAppError } from "../../core/errors.js";
import { RPC } from "./rpc-error.js";

/** Deepest nesting of a message. */
const MAX_DEPTH = 64;

/** A request that is refused before any session sees it. */
export class Refusal extends Error {
  constructor(
    readonly error: AppError,
    readonly rpc: number = RPC.server,
    readonly headers: Readonly<Record<string, string>> = {},
    /** Where the code's own HTTP status is not the one to send. */
    readonly status: number = error.status,
  ) {
    super(error.message);
    this.name = "Refusal";
  }
}

/** The key of a request, from the `x-api-key` header or `Authorization: Bearer`, nowhere else. */
export function keyOf(headers: IncomingHttpHeaders): string | undefined {
  const direct = headers["x-api-key"];
  if (typeof direct === "string" && direct !== "") return direct;
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
}

/** The message of a POST, as checked JSON; throws a {@link Refusal} for what is no single JSON-RPC object. */
export async function readMessage(req: IncomingMessage, maxBody: number): Promise<Readonly<Record<string, unknown>>> {
  requireJson(req.headers);
  const text = (await readBody(req, maxBody)).toString("utf8");
  const message = parseJson(text);
  if (Array.isArray(message)) throw invalidRequest("Batches are not taken; send each message in a request of its own.");
  if (typeof message !== "object" || message === null) throw invalidRequest("Send one JSON-RPC object.");
  if (isDeeper(text, MAX_DEPTH)) throw invalidRequest(`Nest arrays and objects ${MAX_DEPTH} deep at most.`);
  return message as Readonly<Record<string, unknown>>;
}

/** A `Refusal` with HTTP 400 and JSON-RPC's "invalid request". */
export function invalidRequest(message: string): Refusal {
  return new Refusal(new AppError("INVALID_INPUT", message), RPC.invalidRequest);
}

function requireJson(headers: IncomingHttpHeaders): void {
  const [type = ""] = (headers["content-type"] ?? "").split(";", 1);
  if (type.trim().toLowerCase() !== "application/json") {
    throw new Refusal(new AppError("UNSUPPORTED_MEDIA_TYPE", "Send JSON, with content-type: application/json."));
  }
  const encoding = headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity") {
    throw new Refusal(new AppError("UNSUPPORTED_MEDIA_TYPE", "Send the body as it is, without content-encoding."));
  }
}

function readBody(req: IncomingMessage, maxBody: number): Promise<Buffer> {
  const tooLarge = () =>
    new Refusal(new AppError("PAYLOAD_TOO_LARGE", `A body holds ${maxBody} bytes at most; send less at once.`));
  if (Number(req.headers["content-length"] ?? 0) > maxBody) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > maxBody) settle(() => reject(tooLarge()));
    };
    const onEnd = () => settle(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    const onBroken = () => settle(() => reject(invalidRequest("The body ended too early.")));
    const settle = (answer: () => void) => {
      req.off("data", onData).off("end", onEnd).off("close", onBroken).off("error", onBroken);
      answer();
    };
    req.on("data", onData).on("end", onEnd).on("close", onBroken).on("error", onBroken);
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(new AppError("INVALID_INPUT", "The body is no valid JSON."), RPC.parseError);
  }
}

/** Whether valid JSON nests deeper than this, read off the text without recursion. */
function isDeeper(json: string, limit: number): boolean {
  if (json.length <= 2 * limit) return false;
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < json.length; at += 1) {
    const character = json.charCodeAt(at);
    if (quoted) {
      if (character === 0x5c) at += 1;
      else if (character === 0x22) quoted = false;
    } else if (character === 0x22) quoted = true;
    else if (character === 0x5b || character === 0x7b) {
      depth += 1;
      if (depth > limit) return true;
    } else if (character === 0x5d || character === 0x7d) depth -= 1;
  }
  return false;
}

/** Answers with a JSON-RPC error object; whatever of the body is unread is drained for a moment, then cut off. */
export function refuse(req: IncomingMessage, res: ServerResponse, thrown: unknown, requestId: string): void {
  const refusal = thrown instanceof Refusal ? thrown : new Refusal(toAppError(thrown));
  if (res.headersSent) {
    res.end();
    return;
  }
  const { error, rpc, headers, status } = refusal;
  const body = Buffer.from(
    JSON.stringify({
      jsonrpc: "2.0",
      id: null,
      error: { code: rpc, message: error.message, data: { code: error.code, request_id: requestId } },
    }),
  );
  answerAndPart(req, res, {
    status,
    headers: {
      "content-type": "application/json",
      "content-length": body.length,
      "cache-control": "no-store",
      ...(status === 401 && { "www-authenticate": "Bearer" }),
      ...headers,
    },
    body,
  });
}
