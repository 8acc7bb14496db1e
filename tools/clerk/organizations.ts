import type { ClerkClient } from "@clerk/backend";
import { z } from "zod";
import { clerkTool, file, id, listOf, metadata, orderBy, paging, params, text } from "./define.js";

type Which = Parameters<ClerkClient["organizations"]["getOrganization"]>[0];

export const organizations = [
  clerkTool({
    tool: "list_organizations",
    aliases: ["clerk_list_organizations"],
    title: "List organizations",
    description: "Lists the instance's organizations, newest first.",
    toolset: "organizations",
    effect: "read",
    input: z.strictObject({
      ...paging(),
      include_members_count: z.boolean().optional(),
      query: text().optional().describe("whole id, or part of a name or slug"),
      order_by: orderBy("name", "created_at", "members_count"),
      organization_id: listOf(text(255)).optional(),
    }),
    call: (clerk, i) =>
      clerk.organizations.getOrganizationList(
        params({
          limit: i.limit,
          offset: i.offset,
          includeMembersCount: i.include_members_count,
          query: i.query,
          orderBy: i.order_by,
          organizationId: i.organization_id,
        }),
      ),
  }),
  clerkTool({
    tool: "create_organization",
    aliases: ["clerk_create_organization"],
    title: "Create organization",
    description: "Creates an organization, with a first admin if created_by names one.",
    toolset: "organizations",
    effect: "write",
    input: z.strictObject({
      name: text(256),
      slug: text(256).optional().describe("a-z, 0-9, -"),
      created_by: text(255).optional().describe("user id"),
      max_allowed_memberships: z.int().min(0).optional().describe("0: no limit"),
      public_metadata: metadata().optional(),
      private_metadata: metadata().optional(),
    }),
    call: (clerk, i) =>
      clerk.organizations.createOrganization(
        params({
          name: i.name,
          slug: i.slug,
          createdBy: i.created_by,
          maxAllowedMemberships: i.max_allowed_memberships,
          publicMetadata: i.public_metadata,
          privateMetadata: i.private_metadata,
        }),
      ),
  }),
  clerkTool({
    tool: "get_organization",
    aliases: ["clerk_get_organization"],
    title: "Get organization",
    description: "Reads one organization by its id or its slug.",
    toolset: "organizations",
    effect: "read",
    input: z
      .strictObject({
        organization_id: id().optional(),
        slug: id().optional(),
        include_members_count: z.boolean().optional(),
      })
      .transform(({ organization_id, slug, include_members_count }, context) => {
        const more = params<Pick<Which, "includeMembersCount">>({ includeMembersCount: include_members_count });
        if (organization_id !== undefined && slug === undefined) return { organizationId: organization_id, ...more };
        if (slug !== undefined && organization_id === undefined) return { slug, ...more };
        context.addIssue("give organization_id or slug, and not both");
        return z.NEVER;
      }),
    call: (clerk, which) => clerk.organizations.getOrganization(which),
  }),
  clerkTool({
    tool: "update_organization",
    aliases: ["clerk_update_organization"],
    title: "Update organization",
    description:
      "Changes an organization's name, slug, member limit or whether its admins may delete it. For metadata use update_organization_metadata.",
    toolset: "organizations",
    effect: "write",
    input: z.strictObject({
      organization_id: id(),
      name: text(256).optional(),
      slug: text(256).optional(),
      admin_delete_enabled: z.boolean().optional(),
      max_allowed_memberships: z.int().min(0).optional().describe("0: no limit"),
      public_metadata: metadata().optional().describe("deprecated, replaces"),
      private_metadata: metadata().optional().describe("deprecated, replaces"),
    }),
    call: (clerk, i) =>
      clerk.organizations.updateOrganization(
        i.organization_id,
        params({
          name: i.name,
          slug: i.slug,
          adminDeleteEnabled: i.admin_delete_enabled,
          maxAllowedMemberships: i.max_allowed_memberships,
          publicMetadata: i.public_metadata,
          privateMetadata: i.private_metadata,
        }),
      ),
  }),
  clerkTool({
    tool: "update_organization_logo",
    title: "Update organization logo",
    description: "Sets or replaces an organization's logo: JPEG, PNG, GIF or WebP up to 10 MB.",
    toolset: "organizations",
    effect: "write",
    input: z.strictObject({ organization_id: id(), file: file(), uploader_user_id: text(255).optional() }),
    call: (clerk, i) =>
      clerk.organizations.updateOrganizationLogo(
        i.organization_id,
        params({ file: i.file, uploaderUserId: i.uploader_user_id }),
      ),
  }),
  clerkTool({
    tool: "delete_organization_logo",
    title: "Delete organization logo",
    description: "Takes an organization's logo away. Cannot be undone.",
    toolset: "organizations",
    effect: "destroy",
    input: z.strictObject({ organization_id: id() }),
    call: (clerk, i) => clerk.organizations.deleteOrganizationLogo(i.organization_id),
  }),
  clerkTool({
    tool: "update_organization_metadata",
    title: "Update organization metadata",
    description:
      "Merges values into an organization's metadata at every depth; null removes a key, keys not named stay.",
    toolset: "organizations",
    effect: "write",
    input: z.strictObject({
      organization_id: id(),
      public_metadata: metadata().optional(),
      private_metadata: metadata().optional(),
    }),
    call: (clerk, i) =>
      clerk.organizations.updateOrganizationMetadata(
        i.organization_id,
        params({ publicMetadata: i.public_metadata, privateMetadata: i.private_metadata }),
      ),
  }),
  clerkTool({
    tool: "replace_organization_metadata",
    title: "Replace organization metadata",
    description:
      "Overwrites an organization's public or private metadata; keys not given again are lost for good. To merge use update_organization_metadata.",
    toolset: "organizations",
    effect: "destroy",
    input: z.strictObject({
      organization_id: id(),
      public_metadata: metadata().optional(),
      private_metadata: metadata().optional(),
    }),
    call: (clerk, i) =>
      clerk.organizations.replaceOrganizationMetadata(
        i.organization_id,
        params({ publicMetadata: i.public_metadata, privateMetadata: i.private_metadata }),
      ),
  }),
  clerkTool({
    tool: "delete_organization",
    aliases: ["clerk_delete_organization"],
    title: "Delete organization",
    description: "Deletes an organization together with its memberships and invitations. Cannot be undone.",
    toolset: "organizations",
    effect: "destroy",
    input: z.strictObject({ organization_id: id() }),
    call: (clerk, i) => clerk.organizations.deleteOrganization(i.organization_id),
  }),
];
