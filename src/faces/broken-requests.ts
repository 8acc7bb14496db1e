import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { AppError, encodeError } from "../core/errors.js";
import type { Log } from "../core/log.js";
import { METHODS } from "./guard.js";
import { answerAndPart } from "./last-words.js";

interface BrokenRequestOptions {
  readonly newRequestId: () => string;
  readonly log: Log;
  /** Whether an answer has begun on this connection: a second one would be taken for a part of it. */
  readonly hasBegun: (socket: Duplex) => boolean;
}

interface Answer {
  readonly status: number;
  readonly error: AppError;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How long a client may take to read its answer before its connection is cut, in milliseconds. */
const LINGER_MS = 1000;

/** Answers what never reaches a door: what is no HTTP, too long, too slow, `CONNECT`, an unknown expectation. */
export function answerBrokenRequests(server: Server, options: BrokenRequestOptions): void {
  const { newRequestId, log, hasBegun } = options;

  const encode = ({ status, error, headers }: Answer, why: string) => {
    const requestId = newRequestId();
    log.debug({ request_id: requestId, status, why }, "a broken request");
    const body = Buffer.from(JSON.stringify(encodeError(error, requestId)));
    const all = {
      "content-type": "application/json; charset=utf-8",
      "content-length": body.length,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "x-request-id": requestId,
      ...headers,
    };
    return { status, headers: all, body };
  };

  const answerOn = (socket: Duplex, answer: Answer, why: string) => {
    const { status, headers, body } = encode(answer, why);
    const lines = Object.entries({ ...headers, connection: "close" }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n`);
    socket.end(body);
    const patience = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once("close", () => clearTimeout(patience));
  };

  server.on("clientError", (thrown: NodeJS.ErrnoException, socket: Duplex) => {
    // It has had its answer, and sends on.
    if (socket.writableEnded && !socket.destroyed) return;
    if (!socket.writable || hasBegun(socket)) socket.destroy();
    else answerOn(socket, answerTo(thrown.code), String(thrown.code));
  });

  server.on("connect", (_req: IncomingMessage, socket: Duplex) => {
    socket.on("error", () => undefined).resume();
    const error = new AppError("METHOD_NOT_ALLOWED", "This server is no proxy; send it requests of its own.");
    answerOn(socket, { status: 405, error, headers: { allow: METHODS.join(", ") } }, "CONNECT");
  });

  server.on("checkExpectation", (req: IncomingMessage, res: ServerResponse) => {
    const error = new AppError(
      "INVALID_INPUT",
      "Of all that Expect can ask for, this server knows 100-continue alone.",
    );
    answerAndPart(req, res, encode({ status: 417, error }, "Expect"));
  });
}

function answerTo(code: string | undefined): Answer {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return {
        status: 431,
        error: new AppError("PAYLOAD_TOO_LARGE", "The address and headers are too long; send less."),
      };
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return { status: 413, error: new AppError("PAYLOAD_TOO_LARGE", "The chunk extensions are too long; send none.") };
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return { status: 408, error: new AppError("TIMEOUT", "The request came too slowly; send it again, at once.") };
    default:
      return {
        status: 400,
        error: new AppError("INVALID_INPUT", "This is no HTTP request that can be read; check it."),
      };
  }
}
