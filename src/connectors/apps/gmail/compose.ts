import { z } from "zod";
import { email, line } from "../inputs.js";
import { decodedFile } from "../text.js";

const recipients = z.array(email).max(100);

const anAttachment = z.strictObject({
  name: line.min(1).max(255),
  mime_type: z.string().regex(/^[a-z0-9!#$&^_.+-]{1,80}\/[a-z0-9!#$&^_.+-]{1,80}$/i),
  content: z.string().max(4_000_000),
  encoding: z.enum(["text", "base64"]).default("text"),
});

/** The text part of a mail to write. */
export const body = {
  text: z.string().min(1).max(500_000).describe("plain text"),
  html: z.string().max(500_000).optional().describe("the same as HTML, for readers that show it"),
  attachments: z.array(anAttachment).max(10).optional(),
};

/** A whole mail to write. */
export const mail = {
  to: recipients.min(1),
  cc: recipients.optional(),
  bcc: recipients.optional(),
  subject: line.max(900),
  ...body,
};

interface Mail {
  readonly to: readonly string[];
  readonly cc?: readonly string[] | undefined;
  readonly bcc?: readonly string[] | undefined;
  readonly subject: string;
  readonly text: string;
  readonly html?: string | undefined;
  readonly attachments?: readonly z.output<typeof anAttachment>[] | undefined;
  readonly inReplyTo?: string | undefined;
  readonly references?: readonly string[] | undefined;
}

/** A mail as RFC 5322 has it, in base64url as Gmail takes it; Gmail adds the sender. */
export async function rawMail(mail: Mail): Promise<string> {
  const { default: MailComposer } = await import("nodemailer/lib/mail-composer");
  const { to, cc, bcc, subject, text, html, inReplyTo, references } = mail;
  const composed = new MailComposer({
    to: [...to],
    cc: cc && [...cc],
    bcc: bcc && [...bcc],
    subject,
    text,
    html,
    inReplyTo,
    references: references && [...references],
    attachments: mail.attachments?.map(({ name, mime_type, ...file }) => ({
      filename: name,
      contentType: mime_type,
      content: decodedFile(file),
    })),
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile();
  // Gmail reads the hidden recipients from the message and takes them out itself.
  composed.keepBcc = true;
  return (await composed.build()).toString("base64url");
}
