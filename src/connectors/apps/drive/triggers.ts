import { z } from "zod";
import type { Trigger } from "../../app.js";

const file = {
  file_id: z.string(),
  name: z.string(),
  mime_type: z.string(),
  modified_time: z.string().describe("ISO 8601"),
  html_url: z.string().optional(),
};

export const triggers: readonly Trigger[] = [
  {
    name: "file-created",
    title: "A file was created",
    description: "A new file or folder stands in the drive.",
    payload: z.object({ ...file, folder_id: z.string().optional() }),
  },
  {
    name: "file-changed",
    title: "A file changed",
    description: "Somebody changed the content or name of a file.",
    payload: z.object({ ...file, modified_by: z.string().optional() }),
  },
  {
    name: "file-trashed",
    title: "A file was trashed",
    description: "A file or folder went into the trash.",
    payload: z.object(file),
  },
  {
    name: "file-commented",
    title: "Somebody commented on a file",
    description: "A new comment, or an answer to one.",
    payload: z.object({ ...file, comment_id: z.string(), content: z.string(), author: z.string() }),
  },
];
