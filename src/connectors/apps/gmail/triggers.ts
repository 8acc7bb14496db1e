import { z } from "zod";
import type { Trigger } from "../../app.js";

const message = {
  message_id: z.string(),
  thread_id: z.string(),
  from: z.string(),
  to: z.string(),
  subject: z.string(),
  date: z.string().describe("ISO 8601"),
  labels: z.array(z.string()).describe("ids"),
  snippet: z.string().describe("the first words"),
};

export const triggers: readonly Trigger[] = [
  {
    name: "message-received",
    title: "A mail came in",
    description: "A new message reached the inbox.",
    payload: z.object(message),
  },
  {
    name: "message-sent",
    title: "A mail was sent",
    description: "The account sent a message, from wherever.",
    payload: z.object(message),
  },
  {
    name: "labels-changed",
    title: "Labels changed",
    description: "A message got a label or lost one: it was read, starred, archived or filed.",
    payload: z.object({
      message_id: z.string(),
      thread_id: z.string(),
      added: z.array(z.string()).describe("ids of labels"),
      removed: z.array(z.string()).describe("ids of labels"),
    }),
  },
];
