import { z } from "zod";

/** Gmail's paths of the connected account. */
export const ME = "/gmail/v1/users/me";

/** Most bytes of one message with its text; attachments are not part of it. */
export const MESSAGE_LIMIT = 16 * 1024 * 1024;

/** The id of a message, thread or draft. */
export const id = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/);

/** Ids of labels; those of Gmail itself are words such as INBOX. */
export const label = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/);
export const labels = z.array(label).max(50);
