import { z } from "zod";
import { clerkTool, id, paging, params, text } from "./define.js";

export const organizationDomains = [
  clerkTool({
    tool: "list_organization_domains",
    title: "List organization domains",
    description: "Lists the email domains through which people join an organization.",
    toolset: "organizations",
    effect: "read",
    input: z.strictObject({ organization_id: id(), ...paging() }),
    call: (clerk, i) =>
      clerk.organizations.getOrganizationDomainList(
        params({ organizationId: i.organization_id, limit: i.limit, offset: i.offset }),
      ),
  }),
  clerkTool({
    tool: "create_organization_domain",
    title: "Create organization domain",
    description: "Gives an organization an email domain, through which people with such an address can join.",
    toolset: "organizations",
    effect: "write",
    input: z.strictObject({
      organization_id: id(),
      name: text(255).describe("such as example.com"),
      enrollment_mode: z
        .enum(["manual_invitation", "automatic_invitation", "automatic_suggestion", "enterprise_sso"])
        .optional(),
      verified: z.boolean().optional().describe("default true, with no proof asked"),
    }),
    call: (clerk, i) =>
      clerk.organizations.createOrganizationDomain(
        params({
          organizationId: i.organization_id,
          name: i.name,
          enrollmentMode: i.enrollment_mode,
          verified: i.verified,
        }),
      ),
  }),
  clerkTool({
    tool: "update_organization_domain",
    title: "Update organization domain",
    description: "Changes how people join through an organization's email domain, or whether it counts as verified.",
    toolset: "organizations",
    effect: "write",
    input: z.strictObject({
      organization_id: id(),
      domain_id: id(),
      name: text(255).optional(),
      enrollment_mode: z
        .enum(["manual_invitation", "automatic_invitation", "automatic_suggestion", "enterprise_sso"])
        .optional(),
      verified: z.boolean().optional(),
    }),
    call: (clerk, i) =>
      clerk.organizations.updateOrganizationDomain(
        params({
          organizationId: i.organization_id,
          domainId: i.domain_id,
          name: i.name,
          enrollmentMode: i.enrollment_mode,
          verified: i.verified,
        }),
      ),
  }),
  clerkTool({
    tool: "delete_organization_domain",
    title: "Delete organization domain",
    description: "Takes an email domain from an organization; nobody joins through it any more. Cannot be undone.",
    toolset: "organizations",
    effect: "destroy",
    input: z.strictObject({ organization_id: id(), domain_id: id() }),
    call: (clerk, i) =>
      clerk.organizations.deleteOrganizationDomain(
        params({ organizationId: i.organization_id, domainId: i.domain_id }),
      ),
  }),
];
