import type { ClerkClient } from "@clerk/backend";
import { z } from "zod";
import { clerkTool, id, listOf, metadata, paging, params, text } from "./define.js";

const invitation = z.strictObject({
  email_address: text(320),
  role: text(255).describe("key, such as org:member"),
  expires_in_days: z.int().min(1).max(365).optional().describe("default 30"),
  inviter_user_id: text(255).optional().describe("an admin of the organization"),
  private_metadata: metadata().optional(),
  public_metadata: metadata().optional(),
  redirect_url: text(2048).optional().describe("where the invited land after accepting"),
});

const invitationOf = (
  i: z.output<typeof invitation>,
): Parameters<ClerkClient["organizations"]["createOrganizationInvitationBulk"]>[1][number] =>
  params({
    emailAddress: i.email_address,
    role: i.role,
    expiresInDays: i.expires_in_days,
    inviterUserId: i.inviter_user_id,
    privateMetadata: i.private_metadata,
    publicMetadata: i.public_metadata,
    redirectUrl: i.redirect_url,
  });

export const organizationInvitations = [
  clerkTool({
    tool: "list_organization_invitations",
    aliases: ["clerk_list_organization_invitations"],
    title: "List organization invitations",
    description:
      "Lists the invitations to join one organization. For invitations to the application itself use list_invitations.",
    toolset: "organizations",
    effect: "read",
    input: z.strictObject({
      ...paging(),
      organization_id: id(),
      status: listOf(z.enum(["pending", "accepted", "revoked", "expired"])).optional(),
    }),
    call: (clerk, i) =>
      clerk.organizations.getOrganizationInvitationList(
        params({ limit: i.limit, offset: i.offset, organizationId: i.organization_id, status: i.status }),
      ),
  }),
  clerkTool({
    tool: "create_organization_invitation",
    aliases: ["clerk_create_organization_invitation"],
    title: "Create organization invitation",
    description: "Emails somebody an invitation to join an organization in a role. Clerk limits the rate of these.",
    toolset: "organizations",
    effect: "write",
    input: invitation.extend({ organization_id: id() }),
    call: (clerk, { organization_id: organizationId, ...i }) =>
      clerk.organizations.createOrganizationInvitation({ organizationId, ...invitationOf(i) }),
  }),
  clerkTool({
    tool: "create_organization_invitation_bulk",
    title: "Create organization invitations in bulk",
    description:
      "Emails one to ten invitations to join an organization, each with its own role. Clerk limits the rate of these.",
    toolset: "organizations",
    effect: "write",
    input: z.strictObject({ organization_id: id(), invitations: z.array(invitation).min(1).max(10) }),
    call: (clerk, { organization_id, invitations }) =>
      clerk.organizations.createOrganizationInvitationBulk(organization_id, invitations.map(invitationOf)),
  }),
  clerkTool({
    tool: "get_organization_invitation",
    title: "Get organization invitation",
    description: "Reads one invitation to an organization with its role and status.",
    toolset: "organizations",
    effect: "read",
    input: z.strictObject({ organization_id: id(), invitation_id: id() }),
    call: (clerk, i) =>
      clerk.organizations.getOrganizationInvitation(
        params({ organizationId: i.organization_id, invitationId: i.invitation_id }),
      ),
  }),
  clerkTool({
    tool: "revoke_organization_invitation",
    aliases: ["clerk_revoke_organization_invitation"],
    title: "Revoke organization invitation",
    description:
      "Withdraws a pending invitation to an organization, so that its link no longer works. Cannot be undone.",
    toolset: "organizations",
    effect: "destroy",
    input: z.strictObject({
      organization_id: id(),
      invitation_id: id(),
      requesting_user_id: text(255).optional().describe("an admin of the organization"),
    }),
    call: (clerk, i) =>
      clerk.organizations.revokeOrganizationInvitation(
        params({
          organizationId: i.organization_id,
          invitationId: i.invitation_id,
          requestingUserId: i.requesting_user_id,
        }),
      ),
  }),
];
