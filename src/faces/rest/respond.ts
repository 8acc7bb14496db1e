import type { ServerResponse } from "node:http";
import type { Response } from "express";
import type { BinaryAnswer } from "../../core/answer.js";
import { type AppError, encodeError, formAt } from "../../core/errors.js";
import { answerAndPart } from "../last-words.js";

/** What keeps a file that somebody made from acting on this origin, should a browser show it. */
const FILE_POLICY =
  "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; " +
  "img-src data: blob:; font-src data:; media-src data: blob:; form-action 'none'; base-uri 'none'";

const MEDIA_TYPE = /^[\w.+-]{1,64}\/[\w.+-]{1,64}(; ?charset=[\w-]{1,40})?$/;

const JSON_TYPE = "application/json; charset=utf-8";

/** Ends the response with bytes of a media type. */
export function sendBytes(res: Response, status: number, mediaType: string, bytes: Uint8Array): void {
  res.status(status);
  res.setHeader("content-type", mediaType);
  res.setHeader("content-length", bytes.length);
  res.end(bytes);
}

/** Ends the response with JSON. */
export function sendJson(res: Response, status: number, body: unknown): void {
  sendBytes(res, status, JSON_TYPE, Buffer.from(JSON.stringify(body ?? null)));
}

/** Ends the response with an error in its one form; where an answer has begun, cuts it off instead. */
export function sendError(res: ServerResponse, error: AppError): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  if (error.status === 401) res.setHeader("www-authenticate", "Bearer");
  const wait = error.fields?.["retry_after_seconds"];
  if (typeof wait === "number" && !res.hasHeader("retry-after"))
    res.setHeader("retry-after", Math.max(1, Math.ceil(wait)));
  const body = Buffer.from(JSON.stringify(encodeError(error, requestIdOf(res), formAt(res.req.url))));
  const headers = { "content-type": JSON_TYPE, "content-length": body.length };
  answerAndPart(res.req, res, { status: error.status, headers, body });
}

/** Ends the response with a file to save; its name and media type may be hostile. */
export function sendFile(res: Response, file: BinaryAnswer): void {
  res.attachment(fileName(file.filename));
  res.setHeader("content-security-policy", FILE_POLICY);
  sendBytes(res, 200, MEDIA_TYPE.test(file.mimeType) ? file.mimeType : "application/octet-stream", file.content);
}

/** The request id that the answer carries. */
export function requestIdOf(res: ServerResponse): string {
  return String(res.getHeader("x-request-id"));
}

/** One plain name: no folders, no control or direction characters, no lone surrogates (they cannot be encoded). */
function fileName(name: string): string {
  const plain = [...name.replaceAll(/[\p{C}/\\]/gu, "_")].slice(0, 150).join("");
  return /^[. ]*$/.test(plain) ? "artifact" : plain;
}
