import { z } from "zod";
import { clerkTool, id, orderBy, paging, params, text } from "./define.js";

export const waitlist = [
  clerkTool({
    tool: "list_waitlist_entries",
    title: "List waitlist entries",
    description: "Lists who waits to be let into the application, and who was invited or rejected.",
    toolset: "waitlist",
    effect: "read",
    input: z.strictObject({
      ...paging(),
      query: text().optional().describe("email address or id"),
      status: z.enum(["pending", "invited", "completed", "rejected"]).optional(),
      order_by: orderBy("email_address", "created_at", "invited_at"),
    }),
    call: (clerk, i) =>
      clerk.waitlistEntries.list(
        params({ limit: i.limit, offset: i.offset, query: i.query, status: i.status, orderBy: i.order_by }),
      ),
  }),
  clerkTool({
    tool: "create_waitlist_entry",
    title: "Create waitlist entry",
    description: "Puts an email address on the waitlist; one that is on it already is answered unchanged.",
    toolset: "waitlist",
    effect: "write",
    input: z.strictObject({
      email_address: text(320),
      notify: z.boolean().optional().describe("false: sends no email"),
    }),
    call: (clerk, i) => clerk.waitlistEntries.create(params({ emailAddress: i.email_address, notify: i.notify })),
  }),
  clerkTool({
    tool: "create_waitlist_entry_bulk",
    title: "Create waitlist entries in bulk",
    description: "Puts up to 50 different email addresses on the waitlist; those on it already stay unchanged.",
    toolset: "waitlist",
    effect: "write",
    input: z.strictObject({
      waitlist_entries: z
        .array(
          z.strictObject({
            email_address: text(320),
            notify: z.boolean().optional().describe("false: sends no email"),
          }),
        )
        .min(1)
        .max(50),
    }),
    call: (clerk, { waitlist_entries }) =>
      clerk.waitlistEntries.createBulk(
        waitlist_entries.map((i) => params({ emailAddress: i.email_address, notify: i.notify })),
      ),
  }),
  clerkTool({
    tool: "invite_waitlist_entry",
    title: "Invite waitlist entry",
    description: "Lets somebody in from the waitlist by emailing them an invitation. Clerk limits the rate of these.",
    toolset: "waitlist",
    effect: "write",
    input: z.strictObject({
      waitlist_entry_id: id(),
      ignore_existing: z.boolean().optional().describe("even if invited already"),
    }),
    call: (clerk, i) =>
      clerk.waitlistEntries.invite(i.waitlist_entry_id, params({ ignoreExisting: i.ignore_existing })),
  }),
  clerkTool({
    tool: "reject_waitlist_entry",
    title: "Reject waitlist entry",
    description: "Turns somebody on the waitlist down; the entry stays, marked rejected.",
    toolset: "waitlist",
    effect: "write",
    input: z.strictObject({ waitlist_entry_id: id() }),
    call: (clerk, i) => clerk.waitlistEntries.reject(i.waitlist_entry_id),
  }),
  clerkTool({
    tool: "delete_waitlist_entry",
    title: "Delete waitlist entry",
    description: "Deletes a waitlist entry that is still pending. Cannot be undone.",
    toolset: "waitlist",
    effect: "destroy",
    input: z.strictObject({ waitlist_entry_id: id() }),
    call: (clerk, i) => clerk.waitlistEntries.delete(i.waitlist_entry_id),
  }),
];
