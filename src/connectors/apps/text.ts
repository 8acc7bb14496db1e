import { textIn } from "../../core/decoding.js";
import { AppError, quote } from "../../core/errors.js";

/** Most bytes of a file that {@link fileText} gives. */
export const TEXT_LIMIT = 1024 * 1024;

/** Throws `PAYLOAD_TOO_LARGE` for a file of more bytes than {@link TEXT_LIMIT}. */
export function requireTextSize(name: string, size: number): void {
  if (size <= TEXT_LIMIT) return;
  throw new AppError(
    "PAYLOAD_TOO_LARGE",
    `${quote(name)} has ${size} bytes and only files up to 1 MiB are read; take a smaller file or open it in the app.`,
    { details: { size, limit: TEXT_LIMIT } },
  );
}

/** A file's bytes as UTF-8 text; throws `UNSUPPORTED_MEDIA_TYPE` for what is none and `PAYLOAD_TOO_LARGE` for too much. */
export function fileText(name: string, content: Uint8Array): string {
  requireTextSize(name, content.byteLength);
  const text = textIn(content);
  if (text !== undefined) return text;
  throw new AppError("UNSUPPORTED_MEDIA_TYPE", `${quote(name)} is no text; only UTF-8 text files can be read.`);
}

/** A file's bytes as they are handed to an agent: text where they are UTF-8, else base64. */
export function encodedFile(name: string, content: Uint8Array): { encoding: "text" | "base64"; content: string } {
  requireTextSize(name, content.byteLength);
  const text = textIn(content);
  if (text !== undefined) return { encoding: "text", content: text };
  return { encoding: "base64", content: Buffer.from(content).toString("base64") };
}

/** What an agent hands in as {@link encodedFile} hands it out; throws `INVALID_INPUT` for base64 that is none. */
export function decodedFile(input: { readonly content: string; readonly encoding: "text" | "base64" }): Buffer {
  if (input.encoding === "text") return Buffer.from(input.content, "utf8");
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(input.content)) return Buffer.from(input.content, "base64");
  throw new AppError("INVALID_INPUT", "content is no base64; give it in base64 without line breaks, or encoding text.");
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  css: "text/css",
  csv: "text/csv",
  htm: "text/html",
  html: "text/html",
  js: "text/javascript",
  json: "application/json",
  md: "text/markdown",
  mjs: "text/javascript",
  svg: "image/svg+xml",
  xml: "application/xml",
  yaml: "application/yaml",
  yml: "application/yaml",
};

/** A text file's media type by its name's ending. */
export function textType(name: string): string {
  const ending = /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(MEDIA_TYPES, ending) ? (MEDIA_TYPES[ending] ?? "text/plain") : "text/plain";
}
