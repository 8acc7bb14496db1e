import { z } from "zod";
import { AppError } from "../../../core/errors.js";
import { action, type Api, type Query, path } from "../../app.js";
import { answered } from "../answered.js";
import { cursorPaging } from "../inputs.js";
import { encodedFile, requireTextSize } from "../text.js";
import { id, labels, ME, MESSAGE_LIMIT } from "./call.js";
import { readable, summary } from "./message.js";

const aList = z.object({
  messages: z.array(z.object({ id: z.string() })).default([]),
  nextPageToken: z.string().optional(),
  resultSizeEstimate: z.number().optional(),
});
const aThread = z.object({ id: z.string(), messages: z.array(z.unknown()).default([]) });

/** Gmail refuses more calls of one account at a time. */
const AT_ONCE = 5;

/** A page of messages with their headers; one that is deleted meanwhile is left out. */
export async function listMessages(query: Query, api: Api) {
  const answer = answered(aList, await api.json({ path: `${ME}/messages`, query }));
  const messages: ReturnType<typeof summary>[] = [];
  for (let at = 0; at < answer.messages.length; at += AT_ONCE) {
    const some = answer.messages.slice(at, at + AT_ONCE).map((message) => headersOf(message.id, api));
    messages.push(...(await Promise.all(some)).filter((message) => message !== undefined));
  }
  return { messages, next_cursor: answer.nextPageToken, result_size_estimate: answer.resultSizeEstimate };
}

async function headersOf(message: string, api: Api) {
  const query = { format: "metadata", metadataHeaders: ["From", "To", "Cc", "Subject", "Date"] };
  try {
    return summary(await api.json({ path: ME + path`/messages/${message}`, query }));
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === "NOT_FOUND") return undefined;
    throw thrown;
  }
}

/** One message with its text, without what is attached. */
export async function readMessage(message: string, api: Api) {
  const query = { format: "full" };
  return readable(await api.json({ path: ME + path`/messages/${message}`, query, maxBytes: MESSAGE_LIMIT }));
}

export const reading = [
  action({
    name: "search-messages",
    title: "Search mail",
    description:
      "Messages that fit a search, newest first: sender, recipients, subject, date, first words. The words are Gmail's own, such as: from:ann is:unread newer_than:7d.",
    effect: "read",
    input: z.strictObject({
      query: z.string().max(1000).optional().describe("leave out for all mail"),
      labels: labels.optional().describe("ids of labels that a message must all have, such as INBOX"),
      include_spam_trash: z.boolean().default(false),
      ...cursorPaging(50, 10),
    }),
    run: ({ query, labels, include_spam_trash, limit, cursor }, api) =>
      listMessages(
        { q: query, labelIds: labels, includeSpamTrash: include_spam_trash, maxResults: limit, pageToken: cursor },
        api,
      ),
  }),
  action({
    name: "get-message",
    title: "Read a message",
    description: "One message: who wrote to whom, its text (of HTML mail the visible words) and what is attached.",
    effect: "read",
    input: z.strictObject({ message_id: id }),
    run: ({ message_id }, api) => readMessage(message_id, api),
  }),
  action({
    name: "get-thread",
    title: "Read a conversation",
    description: "All messages of one conversation, oldest first, each as get-message gives it.",
    effect: "read",
    input: z.strictObject({ thread_id: id }),
    async run({ thread_id }, api) {
      const query = { format: "full" };
      const answer = await api.json({ path: ME + path`/threads/${thread_id}`, query, maxBytes: MESSAGE_LIMIT });
      const thread = answered(aThread, answer);
      return { id: thread.id, messages: await Promise.all(thread.messages.map(readable)) };
    },
  }),
  action({
    name: "get-attachment",
    title: "Get an attachment",
    description: "A file of a message, up to 1 MiB: text as it is, anything else in base64.",
    effect: "read",
    input: z.strictObject({
      message_id: id,
      attachment_id: z
        .string()
        .regex(/^[A-Za-z0-9_-]{1,2000}$/)
        .describe("as get-message has just shown it"),
    }),
    async run({ message_id, attachment_id }, api) {
      const answer = await api.json({
        path: ME + path`/messages/${message_id}/attachments/${attachment_id}`,
        maxBytes: 2 * MESSAGE_LIMIT,
      });
      const { data, size } = answered(z.object({ data: z.string(), size: z.number().default(0) }), answer);
      requireTextSize("The attachment", size);
      return { size, ...encodedFile("The attachment", Buffer.from(data, "base64url")) };
    },
  }),
  action({
    name: "list-labels",
    title: "List labels",
    description: "The labels of the mailbox with their ids: Gmail's own such as INBOX and those that people made.",
    effect: "read",
    input: z.strictObject({}),
    run: (_input, api) => api.json({ path: `${ME}/labels` }),
  }),
  action({
    name: "list-drafts",
    title: "List drafts",
    description: "Ids of the drafts and of their messages, newest first; get-message reads them.",
    effect: "read",
    input: z.strictObject({ query: z.string().max(1000).optional(), ...cursorPaging(100, 20) }),
    run: ({ query, limit, cursor }, api) =>
      api.json({ path: `${ME}/drafts`, query: { q: query, maxResults: limit, pageToken: cursor } }),
  }),
];
