import { z } from "zod";
import { action, type Api, path } from "../../app.js";
import { googleAccount } from "../google.js";
import { body, mail, rawMail } from "./compose.js";
import { id, ME } from "./call.js";
import { threading } from "./message.js";

const HEADERS = ["Message-ID", "References", "Subject", "From", "Reply-To", "To", "Cc"];

async function answeredMessage(message: string, api: Api) {
  const query = { format: "metadata", metadataHeaders: HEADERS };
  return threading(await api.json({ path: ME + path`/messages/${message}`, query }));
}

/** What ties a mail to the one it answers. */
function ties(original: Awaited<ReturnType<typeof answeredMessage>>) {
  const { messageId, references } = original;
  if (messageId === undefined) return {};
  return { inReplyTo: messageId, references: [...references.filter((one) => one !== messageId), messageId] };
}

/** Who gets a reply: whoever wrote, or asked for answers elsewhere; to an own mail, whom it went to. */
async function recipients(original: Awaited<ReturnType<typeof answeredMessage>>, all: boolean, api: Api) {
  const { default: parse } = await import("nodemailer/lib/addressparser");
  const addresses = (header: string) => parse(header, { flatten: true }).map((one) => one.address);
  const me = (await googleAccount(api)).toLowerCase();
  const others = (list: readonly string[]) =>
    [...new Set(list)].filter((one) => one !== "" && one.toLowerCase() !== me);
  const author = others(addresses(original.replyTo || original.from));
  const to = author.length > 0 ? author : others(addresses(original.to));
  const cc = all
    ? others([...addresses(original.to), ...addresses(original.cc)]).filter((one) => !to.includes(one))
    : [];
  return { to: to.length > 0 ? to : [me], ...(cc.length > 0 && { cc }) };
}

export const writing = [
  action({
    name: "send-message",
    title: "Send a mail",
    description: "Writes a mail and sends it at once; it cannot be called back. create-draft lets a person look first.",
    effect: "write",
    input: z.strictObject(mail),
    run: async (input, api) =>
      api.json({ method: "POST", path: `${ME}/messages/send`, body: { raw: await rawMail(input) } }),
  }),
  action({
    name: "reply-to-message",
    title: "Reply to a mail",
    description: "Answers a message in its conversation and sends at once, to its author or to all who got it.",
    effect: "write",
    input: z.strictObject({ message_id: id, reply_all: z.boolean().default(false), ...body }),
    async run({ message_id, reply_all, ...body }, api) {
      const original = await answeredMessage(message_id, api);
      const subject = /^re:/i.test(original.subject) ? original.subject : `Re: ${original.subject}`;
      const raw = await rawMail({
        ...body,
        ...(await recipients(original, reply_all, api)),
        ...ties(original),
        subject,
      });
      const { threadId } = original;
      return api.json({ method: "POST", path: `${ME}/messages/send`, body: { raw, threadId } });
    },
  }),
  action({
    name: "create-draft",
    title: "Write a draft",
    description: "Writes a mail and keeps it among the drafts, where a person can change and send it.",
    effect: "write",
    input: z.strictObject({
      ...mail,
      reply_to: id.optional().describe("id of the message that it answers, to stand in the same conversation"),
    }),
    async run({ reply_to, ...input }, api) {
      const original = reply_to === undefined ? undefined : await answeredMessage(reply_to, api);
      const raw = await rawMail({ ...input, ...(original && ties(original)) });
      const message = { raw, ...(original && { threadId: original.threadId }) };
      return api.json({ method: "POST", path: `${ME}/drafts`, body: { message } });
    },
  }),
  action({
    name: "send-draft",
    title: "Send a draft",
    description: "Sends a draft as it is; it cannot be called back.",
    effect: "write",
    input: z.strictObject({ draft_id: id.describe("the draft's own id, not its message's") }),
    run: ({ draft_id }, api) => api.json({ method: "POST", path: `${ME}/drafts/send`, body: { id: draft_id } }),
  }),
];
