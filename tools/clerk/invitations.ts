import type { ClerkClient } from "@clerk/backend";
import { z } from "zod";
import { clerkTool, id, metadata, orderBy, paging, params, text } from "./define.js";

const invitation = z.strictObject({
  email_address: text(320),
  expires_in_days: z.int().min(1).max(365).optional().describe("default 30"),
  ignore_existing: z.boolean().optional().describe("even if invited already"),
  notify: z.boolean().optional().describe("false: sends no email"),
  public_metadata: metadata().optional().describe("goes to the new user"),
  redirect_url: text(2048).optional().describe("where the invited land after accepting"),
  template_slug: z.enum(["invitation", "waitlist_invitation"]).optional(),
});

const invitationOf = (i: z.output<typeof invitation>): Parameters<ClerkClient["invitations"]["createInvitation"]>[0] =>
  params({
    emailAddress: i.email_address,
    expiresInDays: i.expires_in_days,
    ignoreExisting: i.ignore_existing,
    notify: i.notify,
    publicMetadata: i.public_metadata,
    redirectUrl: i.redirect_url,
    templateSlug: i.template_slug,
  });

export const invitations = [
  clerkTool({
    tool: "list_invitations",
    aliases: ["clerk_list_invitations"],
    title: "List invitations",
    description:
      "Lists the invitations to the application, newest first. For one organization's use list_organization_invitations.",
    toolset: "invitations",
    effect: "read",
    input: z.strictObject({
      ...paging(),
      order_by: orderBy("email_address", "created_at", "expires_at"),
      status: z.enum(["pending", "accepted", "revoked", "expired"]).optional(),
      query: text().optional().describe("email address or id"),
    }),
    call: (clerk, i) =>
      clerk.invitations.getInvitationList(
        params({ limit: i.limit, offset: i.offset, orderBy: i.order_by, status: i.status, query: i.query }),
      ),
  }),
  clerkTool({
    tool: "create_invitation",
    aliases: ["clerk_create_invitation"],
    title: "Create invitation",
    description:
      "Invites an email address to sign up to the application. Clerk limits the rate of these. For an organization use create_organization_invitation.",
    toolset: "invitations",
    effect: "write",
    input: invitation,
    call: (clerk, i) => clerk.invitations.createInvitation(invitationOf(i)),
  }),
  clerkTool({
    tool: "create_invitation_bulk",
    title: "Create invitations in bulk",
    description: "Invites one to ten email addresses to sign up to the application. Clerk limits the rate of these.",
    toolset: "invitations",
    effect: "write",
    input: z.strictObject({ invitations: z.array(invitation).min(1).max(10) }),
    call: (clerk, { invitations }) => clerk.invitations.createInvitationBulk(invitations.map(invitationOf)),
  }),
  clerkTool({
    tool: "revoke_invitation",
    aliases: ["clerk_revoke_invitation"],
    title: "Revoke invitation",
    description:
      "Makes the link of an invitation useless and keeps its record; signing up otherwise stays possible. Cannot be undone.",
    toolset: "invitations",
    effect: "destroy",
    input: z.strictObject({ invitation_id: id() }),
    call: (clerk, i) => clerk.invitations.revokeInvitation(i.invitation_id),
  }),
  clerkTool({
    tool: "delete_invitation",
    title: "Delete invitation",
    description:
      "Erases an invitation and the stored copies of its email, whatever its status. To keep the record use revoke_invitation. Cannot be undone.",
    toolset: "invitations",
    effect: "destroy",
    input: z.strictObject({ invitation_id: id() }),
    call: (clerk, i) => clerk.invitations.deleteInvitation(i.invitation_id),
  }),
];
