import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { AppError, toAppError } from "../../core/errors.js";
import { decodeJson, parseJson, readJsonBytes, requireModest } from "../json-body.js";
import { answerAndPart } from "../last-words.js";
import { RPC } from "./rpc-error.js";

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
  const bytes = await readJsonBytes(req, maxBody);
  const text = refusing(RPC.parseError, () => decodeJson(bytes));
  refusing(RPC.invalidRequest, () => requireModest(text));
  const message = refusing(RPC.parseError, () => parseJson(text));
  if (Array.isArray(message)) throw invalidRequest("Batches are not taken; send each message in a request of its own.");
  if (typeof message !== "object" || message === null) throw invalidRequest("Send one JSON-RPC object.");
  return message as Readonly<Record<string, unknown>>;
}

function refusing<T>(rpc: number, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw new Refusal(toAppError(thrown), rpc);
  }
}

/** A `Refusal` with HTTP 400 and JSON-RPC's "invalid request". */
export function invalidRequest(message: string): Refusal {
  return new Refusal(new AppError("INVALID_INPUT", message), RPC.invalidRequest);
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
