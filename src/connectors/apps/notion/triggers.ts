import { z } from "zod";
import type { Trigger } from "../../app.js";

const page = {
  page_id: z.string(),
  title: z.string(),
  url: z.string(),
  parent_id: z.string().optional().describe("of the page or data source that it lies in"),
  last_edited_time: z.string().describe("ISO 8601"),
};

export const triggers: readonly Trigger[] = [
  {
    name: "page-created",
    title: "A page was created",
    description: "A new page, or a new row of a data source.",
    payload: z.object({ ...page, created_by: z.string().optional() }),
  },
  {
    name: "page-content-changed",
    title: "A page's text changed",
    description: "Somebody changed what a page says.",
    payload: z.object({ ...page, edited_by: z.string().optional() }),
  },
  {
    name: "page-properties-changed",
    title: "A page's properties changed",
    description: "A row of a data source has other values now.",
    payload: z.object({ ...page, properties: z.array(z.string()).describe("names of those that changed") }),
  },
  {
    name: "comment-created",
    title: "Somebody commented",
    description: "A new comment on a page or a block.",
    payload: z.object({
      comment_id: z.string(),
      discussion_id: z.string(),
      page_id: z.string(),
      text: z.string(),
      author: z.string(),
    }),
  },
];
