import { z } from "zod";
import { answered } from "../answered.js";
import { htmlText } from "./html-text.js";

const aPart = z.object({
  mimeType: z.string().default(""),
  filename: z.string().default(""),
  headers: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
  body: z
    .object({ attachmentId: z.string().optional(), size: z.number().default(0), data: z.string().optional() })
    .default({ size: 0 }),
  parts: z.array(z.unknown()).default([]),
});
type Part = z.output<typeof aPart>;

const aMessage = z.object({
  id: z.string(),
  threadId: z.string(),
  labelIds: z.array(z.string()).default([]),
  snippet: z.string().default(""),
  internalDate: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional()
    .catch(undefined),
  payload: aPart.default({ mimeType: "", filename: "", headers: [], body: { size: 0 }, parts: [] }),
});

/** Most characters of one message's text. */
const TEXT_LIMIT = 200_000;

/** A message's headers for a list, from Gmail's answer in any format but `raw` and `minimal`. */
export function summary(answer: unknown) {
  const { id, threadId, labelIds, snippet, internalDate, payload } = answered(aMessage, answer);
  const of = (name: string) => header(payload, name);
  return {
    id,
    thread_id: threadId,
    from: of("from"),
    to: of("to"),
    cc: of("cc"),
    subject: of("subject"),
    date: internalDate === undefined ? of("date") : new Date(Number(internalDate)).toISOString(),
    labels: labelIds,
    snippet,
  };
}

/** A message as a person reads it, from Gmail's answer in format `full`. */
export async function readable(answer: unknown) {
  const parts = leaves(answered(aMessage, answer).payload);
  const isFile = (part: Part) => part.filename !== "" || part.body.attachmentId !== undefined;
  const texts = (type: string) => parts.filter((part) => part.mimeType === type && !isFile(part)).map(decoded);
  const plain = texts("text/plain").join("\n");
  const text = plain.trim() === "" ? await htmlText(texts("text/html").join("\n")) : plain;
  return {
    ...summary(answer),
    text: text.slice(0, TEXT_LIMIT),
    text_truncated: text.length > TEXT_LIMIT,
    attachments: parts.filter(isFile).map(({ filename, mimeType, body }) => ({
      attachment_id: body.attachmentId,
      name: filename,
      mime_type: mimeType,
      size: body.size,
    })),
  };
}

/** The headers that an answer to a message needs. */
export function threading(answer: unknown) {
  const { threadId, payload } = answered(aMessage, answer);
  const of = (name: string) => header(payload, name) ?? "";
  return {
    threadId,
    subject: of("subject"),
    from: of("from"),
    replyTo: of("reply-to"),
    to: of("to"),
    cc: of("cc"),
    messageId: messageIds(of("message-id"))[0],
    references: messageIds(of("references")),
  };
}

/** What a stranger put into these headers becomes part of our own: nothing but ids passes. */
function messageIds(value: string): string[] {
  return value.match(/<[^<>\s]{1,250}>/g) ?? [];
}

function header(part: Part, name: string): string | undefined {
  return part.headers.find((one) => one.name.toLowerCase() === name)?.value;
}

/** The parts that hold something, in the order of the message; a loop, since a stranger decides how deep they nest. */
function leaves(root: Part): Part[] {
  const found: Part[] = [];
  const waiting: Part[] = [root];
  for (let part = waiting.pop(); part; part = waiting.pop()) {
    if (part.parts.length === 0) found.push(part);
    for (const inner of part.parts.toReversed()) waiting.push(answered(aPart, inner));
  }
  return found;
}

function decoded(part: Part): string {
  const bytes = Buffer.from(part.body.data ?? "", "base64url");
  const charset = /charset="?([^\s";]+)/i.exec(header(part, "content-type") ?? "")?.[1];
  for (const label of ["utf-8", charset ?? "latin1"]) {
    try {
      return new TextDecoder(label, { fatal: true }).decode(bytes);
    } catch {
      // Not this charset, or none that is known: the next one.
    }
  }
  return new TextDecoder("latin1").decode(bytes);
}
