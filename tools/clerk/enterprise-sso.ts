import type { ClerkClient } from "@clerk/backend";
import { z } from "zod";
import { clerkTool, id, listOf, paging, params, queryFlag, text } from "./define.js";

type Connection = Parameters<ClerkClient["enterpriseConnections"]["createEnterpriseConnection"]>[0];
type Oidc = NonNullable<Connection["oidc"]>;
type Saml = NonNullable<Connection["saml"]>;
type LoginHint = NonNullable<Saml["loginHint"]>;
type CustomAttribute = NonNullable<Connection["customAttributes"]>[number];

const oidc = () =>
  z
    .strictObject({
      auth_url: text().optional(),
      client_id: text().optional(),
      client_secret: text().optional(),
      discovery_url: text().optional(),
      requires_pkce: z.boolean().optional().describe("must be true without a client_secret"),
      token_url: text().optional(),
      user_info_url: text().optional(),
    })
    .transform((i): Oidc =>
      params({
        authUrl: i.auth_url,
        clientId: i.client_id,
        clientSecret: i.client_secret,
        discoveryUrl: i.discovery_url,
        requiresPkce: i.requires_pkce,
        tokenUrl: i.token_url,
        userInfoUrl: i.user_info_url,
      }),
    )
    .optional()
    .describe("for oidc_ providers");

const loginHint = () =>
  z
    .strictObject({
      mode: z.enum(["custom_attribute", "email_address", "off"]),
      source: text().optional().describe("public metadata key, for custom_attribute"),
    })
    .transform(({ mode, source }, context): LoginHint => {
      if (mode === "custom_attribute" && source !== undefined) return { mode, source };
      if (mode !== "custom_attribute" && source === undefined) return { mode };
      context.addIssue("give source with mode custom_attribute, and only then");
      return z.NEVER;
    });

const attributeMapping = () =>
  z
    .strictObject({
      user_id: text().nullish(),
      email_address: text().nullish(),
      first_name: text().nullish(),
      last_name: text().nullish(),
    })
    .transform((i): NonNullable<Saml["attributeMapping"]> =>
      params({
        userId: i.user_id,
        emailAddress: i.email_address,
        firstName: i.first_name,
        lastName: i.last_name,
      }),
    )
    .describe("IdP attribute names; null clears one");

const saml = () =>
  z
    .strictObject({
      allow_idp_initiated: z.boolean().optional(),
      allow_subdomains: z.boolean().optional(),
      attribute_mapping: attributeMapping().optional(),
      force_authn: z.boolean().optional(),
      idp_certificate: text(16_384).optional().describe("PEM"),
      idp_certificates: z.array(text(16_384)).max(20).optional().describe("PEM; replaces all trusted ones"),
      idp_entity_id: text().optional(),
      idp_metadata: text(500_000).optional().describe("XML"),
      idp_metadata_url: text().optional(),
      idp_sso_url: text().optional(),
      login_hint: loginHint().optional(),
    })
    .transform((i): Saml =>
      params({
        allowIdpInitiated: i.allow_idp_initiated,
        allowSubdomains: i.allow_subdomains,
        attributeMapping: i.attribute_mapping,
        forceAuthn: i.force_authn,
        idpCertificate: i.idp_certificate,
        idpCertificates: i.idp_certificates,
        idpEntityId: i.idp_entity_id,
        idpMetadata: i.idp_metadata,
        idpMetadataUrl: i.idp_metadata_url,
        idpSsoUrl: i.idp_sso_url,
        loginHint: i.login_hint,
      }),
    )
    .optional()
    .describe("for saml_ providers");

const customAttributes = () =>
  z
    .array(
      z
        .strictObject({
          name: text(),
          key: text(),
          sso_path: text().optional(),
          scim_path: text().optional(),
          multi_valued: z.boolean().optional(),
        })
        .transform((i): CustomAttribute =>
          params({
            name: i.name,
            key: i.key,
            ssoPath: i.sso_path,
            scimPath: i.scim_path,
            multiValued: i.multi_valued,
          }),
        ),
    )
    .max(100)
    .optional();

const switches = () => ({
  organization_id: id().optional().describe("cannot be unlinked later"),
  active: z.boolean().optional().describe("true may delete verified organization domains with the same names"),
  allow_organization_account_linking: z.boolean().optional(),
  authenticatable: z.boolean().optional().describe("usable to sign in and up"),
  disable_jit_provisioning: z.boolean().optional(),
});

export const enterpriseSso = [
  clerkTool({
    tool: "create_enterprise_connection",
    title: "Create enterprise connection",
    description:
      "Lets everybody of some email domains sign in through their company's identity provider, by SAML or OIDC.",
    toolset: "enterprise-sso",
    effect: "write",
    input: z.strictObject({
      name: text().min(1),
      domains: listOf(text(253).min(1)),
      provider: z.enum([
        "saml_custom",
        "saml_okta",
        "saml_google",
        "saml_microsoft",
        "oidc_custom",
        "oidc_github_enterprise",
        "oidc_gitlab",
      ]),
      ...switches(),
      sync_user_attributes: z.boolean().optional().describe("deprecated"),
      custom_attributes: customAttributes(),
      oidc: oidc(),
      saml: saml(),
    }),
    call: (clerk, i) =>
      clerk.enterpriseConnections.createEnterpriseConnection(
        params({
          name: i.name,
          domains: i.domains,
          organizationId: i.organization_id,
          active: i.active,
          syncUserAttributes: i.sync_user_attributes,
          provider: i.provider,
          allowOrganizationAccountLinking: i.allow_organization_account_linking,
          customAttributes: i.custom_attributes,
          authenticatable: i.authenticatable,
          disableJitProvisioning: i.disable_jit_provisioning,
          oidc: i.oidc,
          saml: i.saml,
        }),
      ),
  }),
  clerkTool({
    tool: "update_enterprise_connection",
    title: "Update enterprise connection",
    description: "Changes a company sign-in connection, its domains or certificates, or turns it on or off.",
    toolset: "enterprise-sso",
    effect: "write",
    input: z.strictObject({
      enterprise_connection_id: id(),
      name: text().optional(),
      domains: z.array(text(253)).max(100).optional().describe("replaces all; empty changes nothing"),
      provider: text().optional().describe("deprecated"),
      ...switches(),
      sync_user_attributes: z.boolean().optional().describe("copied at each sign-in"),
      disable_additional_identifications: z.boolean().optional(),
      custom_attributes: customAttributes(),
      oidc: oidc(),
      saml: saml(),
    }),
    call: (clerk, i) =>
      clerk.enterpriseConnections.updateEnterpriseConnection(
        i.enterprise_connection_id,
        params({
          name: i.name,
          domains: i.domains,
          organizationId: i.organization_id,
          active: i.active,
          syncUserAttributes: i.sync_user_attributes,
          disableAdditionalIdentifications: i.disable_additional_identifications,
          allowOrganizationAccountLinking: i.allow_organization_account_linking,
          customAttributes: i.custom_attributes,
          authenticatable: i.authenticatable,
          disableJitProvisioning: i.disable_jit_provisioning,
          provider: i.provider,
          oidc: i.oidc,
          saml: i.saml,
        }),
      ),
  }),
  clerkTool({
    tool: "list_enterprise_connections",
    title: "List enterprise connections",
    description: "Lists the SAML and OIDC connections to companies' identity providers, of one organization or of all.",
    toolset: "enterprise-sso",
    effect: "read",
    input: z.strictObject({ ...paging(), organization_id: id().optional(), active: z.boolean().optional() }),
    call: (clerk, i) =>
      clerk.enterpriseConnections.getEnterpriseConnectionList(
        params({ limit: i.limit, offset: i.offset, organizationId: i.organization_id, active: queryFlag(i.active) }),
      ),
  }),
  clerkTool({
    tool: "get_enterprise_connection",
    title: "Get enterprise connection",
    description: "Shows one company sign-in connection with its domains and SAML or OIDC settings.",
    toolset: "enterprise-sso",
    effect: "read",
    input: z.strictObject({ enterprise_connection_id: id() }),
    call: (clerk, i) => clerk.enterpriseConnections.getEnterpriseConnection(i.enterprise_connection_id),
  }),
  clerkTool({
    tool: "delete_enterprise_connection",
    title: "Delete enterprise connection",
    description:
      "Removes a company's sign-in connection; its people can no longer sign in that way. Cannot be undone; to pause it, set active to false.",
    toolset: "enterprise-sso",
    effect: "destroy",
    input: z.strictObject({ enterprise_connection_id: id() }),
    call: (clerk, i) => clerk.enterpriseConnections.deleteEnterpriseConnection(i.enterprise_connection_id),
  }),
];
