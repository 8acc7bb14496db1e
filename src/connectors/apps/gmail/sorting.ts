import { z } from "zod";
import { action, path } from "../../app.js";
import { line } from "../inputs.js";
import { id, labels, ME } from "./call.js";

const changes = {
  add: labels.default([]).describe("ids of labels to put on, such as STARRED"),
  remove: labels.default([]).describe("ids of labels to take off: UNREAD marks as read, INBOX archives"),
};
const asked = (input: { add: string[]; remove: string[] }) => ({
  addLabelIds: input.add,
  removeLabelIds: input.remove,
});

export const sorting = [
  action({
    name: "change-message-labels",
    title: "Change a message's labels",
    description: "Puts labels on a message and takes others off: marks as read or unread, stars, archives, files.",
    effect: "write",
    input: z.strictObject({ message_id: id, ...changes }),
    run: ({ message_id, ...input }, api) =>
      api.json({ method: "POST", path: ME + path`/messages/${message_id}/modify`, body: asked(input) }),
  }),
  action({
    name: "change-thread-labels",
    title: "Change a conversation's labels",
    description: "Puts labels on all messages of a conversation and takes others off.",
    effect: "write",
    input: z.strictObject({ thread_id: id, ...changes }),
    run: ({ thread_id, ...input }, api) =>
      api.json({ method: "POST", path: ME + path`/threads/${thread_id}/modify`, body: asked(input) }),
  }),
  action({
    name: "create-label",
    title: "Create a label",
    description: "Makes a label; a slash in the name puts it below another.",
    effect: "write",
    input: z.strictObject({ name: line.min(1).max(225) }),
    run: ({ name }, api) =>
      api.json({
        method: "POST",
        path: `${ME}/labels`,
        body: { name, labelListVisibility: "labelShow", messageListVisibility: "show" },
      }),
  }),
  action({
    name: "trash-message",
    title: "Move a message to the trash",
    description: "Puts a message into the trash, where Gmail deletes it after 30 days; restore-message brings it back.",
    effect: "destroy",
    input: z.strictObject({ message_id: id }),
    run: ({ message_id }, api) => api.json({ method: "POST", path: ME + path`/messages/${message_id}/trash` }),
  }),
  action({
    name: "restore-message",
    title: "Take a message out of the trash",
    description: "Brings back a message that lies in the trash.",
    effect: "write",
    input: z.strictObject({ message_id: id }),
    run: ({ message_id }, api) => api.json({ method: "POST", path: ME + path`/messages/${message_id}/untrash` }),
  }),
];
