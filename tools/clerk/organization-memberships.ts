import { z } from "zod";
import { clerkTool, id, listOf, metadata, orderBy, paging, params, text } from "./define.js";

export const organizationMemberships = [
  clerkTool({
    tool: "list_organization_memberships",
    aliases: ["clerk_list_organization_memberships"],
    title: "List organization memberships",
    description: "Lists the members of one organization with their roles, filtered by person, role or activity.",
    toolset: "organizations",
    effect: "read",
    input: z.strictObject({
      ...paging(),
      organization_id: id(),
      order_by: orderBy("email_address", "created_at", "phone_number", "first_name", "last_name", "username"),
      user_id: listOf(text(255)).optional(),
      email_address: listOf(text(320)).optional(),
      phone_number: listOf(text(32)).optional(),
      username: listOf(text(255)).optional(),
      web3_wallet: listOf(text(255)).optional(),
      role: listOf(text(255)).optional().describe("keys, such as org:admin"),
      query: text().optional().describe("part of a name, address, number or user id"),
      email_address_query: text(320).optional().describe("a part of it, as in every *_query"),
      phone_number_query: text(32).optional(),
      username_query: text(255).optional(),
      name_query: text(255).optional(),
      last_active_at_before: z.int().optional().describe("Unix milliseconds, as all times here"),
      last_active_at_after: z.int().optional(),
      created_at_before: z.int().optional(),
      created_at_after: z.int().optional(),
    }),
    call: (clerk, i) =>
      clerk.organizations.getOrganizationMembershipList(
        params({
          limit: i.limit,
          offset: i.offset,
          organizationId: i.organization_id,
          orderBy: i.order_by,
          userId: i.user_id,
          emailAddress: i.email_address,
          phoneNumber: i.phone_number,
          username: i.username,
          web3Wallet: i.web3_wallet,
          role: i.role,
          query: i.query,
          emailAddressQuery: i.email_address_query,
          phoneNumberQuery: i.phone_number_query,
          usernameQuery: i.username_query,
          nameQuery: i.name_query,
          lastActiveAtBefore: i.last_active_at_before,
          lastActiveAtAfter: i.last_active_at_after,
          createdAtBefore: i.created_at_before,
          createdAtAfter: i.created_at_after,
        }),
      ),
  }),
  clerkTool({
    tool: "list_instance_organization_memberships",
    title: "List instance organization memberships",
    description:
      "Lists the memberships of all organizations at once, without filters. For one organization use list_organization_memberships.",
    toolset: "organizations",
    effect: "read",
    input: z.strictObject({
      ...paging(),
      order_by: orderBy("email_address", "created_at", "phone_number", "first_name", "last_name", "username"),
    }),
    call: (clerk, i) =>
      clerk.organizations.getInstanceOrganizationMembershipList(
        params({ limit: i.limit, offset: i.offset, orderBy: i.order_by }),
      ),
  }),
  clerkTool({
    tool: "create_organization_membership",
    aliases: ["clerk_create_organization_membership"],
    title: "Create organization membership",
    description: "Adds an existing user to an organization at once, with no invitation to accept.",
    toolset: "organizations",
    effect: "write",
    input: z.strictObject({
      organization_id: id(),
      user_id: text(255),
      role: text(255).describe("key, such as org:member"),
    }),
    call: (clerk, i) =>
      clerk.organizations.createOrganizationMembership(
        params({ organizationId: i.organization_id, userId: i.user_id, role: i.role }),
      ),
  }),
  clerkTool({
    tool: "update_organization_membership",
    aliases: ["clerk_update_organization_membership"],
    title: "Update organization membership",
    description: "Gives a member of an organization another role.",
    toolset: "organizations",
    effect: "write",
    input: z.strictObject({ organization_id: id(), user_id: id(), role: text(255).describe("key, such as org:admin") }),
    call: (clerk, i) =>
      clerk.organizations.updateOrganizationMembership(
        params({ organizationId: i.organization_id, userId: i.user_id, role: i.role }),
      ),
  }),
  clerkTool({
    tool: "update_organization_membership_metadata",
    title: "Update organization membership metadata",
    description: "Merges values into the metadata of one member's membership at every depth; null removes a key.",
    toolset: "organizations",
    effect: "write",
    input: z.strictObject({
      organization_id: id(),
      user_id: id(),
      public_metadata: metadata().optional(),
      private_metadata: metadata().optional(),
    }),
    call: (clerk, i) =>
      clerk.organizations.updateOrganizationMembershipMetadata(
        params({
          organizationId: i.organization_id,
          userId: i.user_id,
          publicMetadata: i.public_metadata,
          privateMetadata: i.private_metadata,
        }),
      ),
  }),
  clerkTool({
    tool: "delete_organization_membership",
    aliases: ["clerk_delete_organization_membership"],
    title: "Delete organization membership",
    description:
      "Takes a user out of an organization, role and membership metadata with it; the user stays. Cannot be undone.",
    toolset: "organizations",
    effect: "destroy",
    input: z.strictObject({ organization_id: id(), user_id: id() }),
    call: (clerk, i) =>
      clerk.organizations.deleteOrganizationMembership(
        params({ organizationId: i.organization_id, userId: i.user_id }),
      ),
  }),
];
