import type { ClerkClient } from "@clerk/backend";
import { z } from "zod";
import { clerkTool, id, listOf, params, text } from "./define.js";

/** Of one email; Clerk takes 50 recipients in all. */
const MAX_COPIES = 49;
/** Base64 of the 1 MiB that all attachments of an email may have together. */
const MAX_ATTACHMENT = 1_400_000;

type Email = Parameters<ClerkClient["emails"]["createBatch"]>[0][number];

const mailbox = () => z.strictObject({ address: text(320), name: text(200).optional() });

const email = z
  .strictObject({
    to: z
      .strictObject({ address: text(320).optional(), user_id: text(255).optional() })
      .describe("address, or user_id for the user's primary address"),
    from: mailbox(),
    reply_to: mailbox().optional(),
    subject: text(998),
    cc: listOf(text(320), MAX_COPIES).optional(),
    bcc: listOf(text(320), MAX_COPIES).optional(),
    headers: z.record(z.string(), text()).optional().describe("X-*, threading, unsubscribe"),
    attachments: z
      .array(z.strictObject({ filename: text(255), content: text(MAX_ATTACHMENT).describe("base64") }))
      .max(10)
      .optional()
      .describe("1 MiB together"),
    html: text(50_000).optional().describe("html, text or both"),
    text: text(50_000).optional(),
    idempotency_key: id().optional().describe("same key and email: sent once"),
  })
  .transform((i, context): Email => {
    const content = contentOf(i.html, i.text);
    const to = recipientOf(i.to.address, i.to.user_id);
    if (!content) context.addIssue("give html or text, or both");
    if (!to) context.addIssue("give to.address or to.user_id, and not both");
    if (!content || !to) return z.NEVER;
    return {
      ...content,
      ...params<Omit<Email, "to" | "html" | "text">>({
        from: params(i.from),
        replyTo: i.reply_to && params(i.reply_to),
        subject: i.subject,
        cc: i.cc,
        bcc: i.bcc,
        headers: i.headers,
        attachments: i.attachments,
        idempotencyKey: i.idempotency_key,
      }),
      to,
    };
  });

function recipientOf(address: string | undefined, userId: string | undefined): Email["to"] | undefined {
  if (address !== undefined && userId === undefined) return { address };
  if (userId !== undefined && address === undefined) return { userId };
  return undefined;
}

function contentOf(html: string | undefined, plain: string | undefined) {
  if (html !== undefined) return { html, ...(plain !== undefined && { text: plain }) };
  return plain === undefined ? undefined : { text: plain };
}

export const emails = [
  clerkTool({
    tool: "create_email",
    title: "Create email",
    description:
      "Sends an email of your own to an address or a user, from the instance's verified domain. Experimental at Clerk; what is sent cannot be called back.",
    toolset: "emails",
    effect: "write",
    input: email,
    call: (clerk, { idempotencyKey, ...message }) => clerk.emails.create(message, params({ idempotencyKey })),
  }),
  clerkTool({
    tool: "create_email_batch",
    title: "Create emails in a batch",
    description:
      "Sends 1 to 100 emails like create_email; each succeeds or fails on its own, so look at every result. Experimental at Clerk.",
    toolset: "emails",
    effect: "write",
    input: z.strictObject({ messages: z.array(email).min(1).max(100) }),
    call: (clerk, i) => clerk.emails.createBatch(i.messages),
  }),
  clerkTool({
    tool: "get_email",
    title: "Get email",
    description: "Reads how far sending an email has come; accepted does not mean delivered. Experimental at Clerk.",
    toolset: "emails",
    effect: "read",
    input: z.strictObject({ email_id: id() }),
    call: (clerk, i) => clerk.emails.get(i.email_id),
  }),
];
