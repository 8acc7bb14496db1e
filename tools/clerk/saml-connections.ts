import type { ClerkClient } from "@clerk/backend";
import { z } from "zod";
import { clerkTool, id, listOf, orderBy, paging, params, text } from "./define.js";

type Connection = Parameters<ClerkClient["samlConnections"]["createSamlConnection"]>[0];

const provider = () => z.enum(["saml_custom", "saml_okta", "saml_google", "saml_microsoft"]);

const settings = () => ({
  organization_id: id().optional(),
  idp_entity_id: text().optional(),
  idp_sso_url: text().optional(),
  idp_certificate: text(16_384).optional().describe("deprecated, one PEM"),
  idp_certificates: z.array(text(16_384)).max(20).optional().describe("PEM"),
  idp_metadata_url: text().optional().describe("wins over the single idp_ fields"),
  idp_metadata: text(500_000).optional().describe("XML; wins likewise"),
  attribute_mapping: z
    .strictObject({
      email_address: text().optional(),
      first_name: text().optional(),
      last_name: text().optional(),
      user_id: text().optional(),
    })
    .transform((i): NonNullable<Connection["attributeMapping"]> =>
      params({
        emailAddress: i.email_address,
        firstName: i.first_name,
        lastName: i.last_name,
        userId: i.user_id,
      }),
    )
    .optional()
    .describe("IdP attribute names"),
});

export const samlConnections = [
  clerkTool({
    tool: "list_saml_connections",
    title: "List SAML connections",
    description: "Deprecated, use list_enterprise_connections. Lists SAML connections, searched by name.",
    toolset: "enterprise-sso",
    effect: "read",
    input: z.strictObject({
      ...paging(),
      query: text().optional(),
      order_by: orderBy("email_address", "created_at", "phone_number", "first_name", "last_name", "username"),
      organization_id: listOf(text(255)).optional().describe("- in front excludes one"),
    }),
    call: (clerk, i) =>
      clerk.samlConnections.getSamlConnectionList(
        params({
          limit: i.limit,
          offset: i.offset,
          query: i.query,
          orderBy: i.order_by,
          organizationId: i.organization_id,
        }),
      ),
  }),
  clerkTool({
    tool: "create_saml_connection",
    title: "Create SAML connection",
    description: "Deprecated, use create_enterprise_connection. Sets up SAML sign-in for one email domain.",
    toolset: "enterprise-sso",
    effect: "write",
    input: z.strictObject({
      name: text().min(1),
      provider: provider(),
      domain: text(253).optional(),
      ...settings(),
    }),
    call: (clerk, i) =>
      clerk.samlConnections.createSamlConnection(
        params({
          name: i.name,
          provider: i.provider,
          domain: i.domain,
          organizationId: i.organization_id,
          idpEntityId: i.idp_entity_id,
          idpSsoUrl: i.idp_sso_url,
          idpCertificate: i.idp_certificate,
          idpCertificates: i.idp_certificates,
          idpMetadataUrl: i.idp_metadata_url,
          idpMetadata: i.idp_metadata,
          attributeMapping: i.attribute_mapping,
        }),
      ),
  }),
  clerkTool({
    tool: "get_saml_connection",
    title: "Get SAML connection",
    description: "Deprecated, use get_enterprise_connection. Shows one SAML connection.",
    toolset: "enterprise-sso",
    effect: "read",
    input: z.strictObject({ saml_connection_id: id() }),
    call: (clerk, i) => clerk.samlConnections.getSamlConnection(i.saml_connection_id),
  }),
  clerkTool({
    tool: "update_saml_connection",
    title: "Update SAML connection",
    description: "Deprecated, use update_enterprise_connection. Changes a SAML connection or turns it on or off.",
    toolset: "enterprise-sso",
    effect: "write",
    input: z.strictObject({
      saml_connection_id: id(),
      name: text().optional(),
      provider: provider().optional(),
      domain: text(253).optional(),
      ...settings(),
      active: z.boolean().optional(),
      sync_user_attributes: z.boolean().optional().describe("copied at each sign-in"),
      allow_subdomains: z.boolean().optional(),
      allow_idp_initiated: z.boolean().optional(),
    }),
    call: (clerk, i) =>
      clerk.samlConnections.updateSamlConnection(
        i.saml_connection_id,
        params({
          name: i.name,
          provider: i.provider,
          domain: i.domain,
          organizationId: i.organization_id,
          idpEntityId: i.idp_entity_id,
          idpSsoUrl: i.idp_sso_url,
          idpCertificate: i.idp_certificate,
          idpCertificates: i.idp_certificates,
          idpMetadataUrl: i.idp_metadata_url,
          idpMetadata: i.idp_metadata,
          attributeMapping: i.attribute_mapping,
          active: i.active,
          syncUserAttributes: i.sync_user_attributes,
          allowSubdomains: i.allow_subdomains,
          allowIdpInitiated: i.allow_idp_initiated,
        }),
      ),
  }),
  clerkTool({
    tool: "delete_saml_connection",
    title: "Delete SAML connection",
    description:
      "Deprecated, use delete_enterprise_connection. Removes a SAML connection, ending sign-in through it; cannot be undone.",
    toolset: "enterprise-sso",
    effect: "destroy",
    input: z.strictObject({ saml_connection_id: id() }),
    call: (clerk, i) => clerk.samlConnections.deleteSamlConnection(i.saml_connection_id),
  }),
];
