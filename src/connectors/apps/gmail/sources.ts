import { z } from "zod";
import type { App } from "../../app.js";
import { answered } from "../answered.js";
import { idOfPath, namedPath, requireId } from "../named-path.js";
import { id, label, ME } from "./call.js";
import { listMessages, readMessage } from "./reading.js";

const someLabels = z.object({ labels: z.array(z.object({ id: z.string(), name: z.string() })).default([]) });
const FOLDER = 50;

/** The labels of the mailbox, all on one page. */
export const sources: App["sources"] = async ({ search = "" }, api) => {
  const { labels } = answered(someLabels, await api.json({ path: `${ME}/labels` }));
  const wanted = labels.filter((one) => one.name.toLowerCase().includes(search.toLowerCase()));
  return { data: wanted.map(({ id, name }) => ({ id, name, kind: "label" })) };
};

/** The newest messages of a label, or the text of one of them. */
export const content: App["content"] = async ({ source, path = "" }, api) => {
  const labelId = requireId(label, source, "label");
  if (path === "") {
    const { messages, next_cursor } = await listMessages({ labelIds: [labelId], maxResults: FOLDER }, api);
    const entries = messages.map((one) => ({ path: namedPath(one.id, one.subject ?? ""), kind: "file" as const }));
    return { kind: "folder", path, entries, truncated: next_cursor !== undefined };
  }
  const message = await readMessage(requireId(id, idOfPath(path), "message"), api);
  const headers = (["from", "to", "cc", "subject", "date"] as const).filter((name) => message[name] !== undefined);
  const text = `${headers.map((name) => `${name}: ${message[name]}`).join("\n")}\n\n${message.text}`;
  return { kind: "file", path, mimeType: "text/plain", size: Buffer.byteLength(text), text };
};
