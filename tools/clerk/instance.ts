import { z } from "zod";
import { clearable, clerkTool, id, params, text } from "./define.js";

const domainName = () => text(255).min(1);
const proxyUrl = () => text(2048);
const flag = () => z.boolean().nullish();

export const instance = [
  clerkTool({
    tool: "change_domain",
    title: "Change domain",
    description:
      "Moves the whole production instance to another domain: signs everybody out and breaks sign-in until DNS, certificates and keys follow. Beta; update_domain edits one entry.",
    toolset: "instance",
    effect: "destroy",
    input: z.strictObject({
      home_url: text(2048).optional().describe("such as https://www.example.com"),
      is_secondary: z.boolean().optional().describe("keeps the subdomain, for a further app on one root domain"),
    }),
    call: (clerk, i) => clerk.betaFeatures.changeDomain(params({ homeUrl: i.home_url, isSecondary: i.is_secondary })),
  }),
  clerkTool({
    tool: "list_domains",
    title: "List domains",
    description: "Lists the domains that the instance serves, primary and satellites, with the DNS records they need.",
    toolset: "instance",
    effect: "read",
    input: z.strictObject({}),
    call: (clerk) => clerk.domains.list(),
  }),
  clerkTool({
    tool: "add_domain",
    title: "Add domain",
    description: "Adds a satellite domain, which shares its users and sign-ins with the primary one.",
    toolset: "instance",
    effect: "write",
    input: z.strictObject({
      name: domainName().describe("host without protocol"),
      is_satellite: z.boolean().describe("must be true"),
      proxy_url: proxyUrl().nullish().describe("production only"),
    }),
    call: (clerk, i) =>
      clerk.domains.add(params({ name: i.name, is_satellite: i.is_satellite, proxy_url: i.proxy_url })),
  }),
  clerkTool({
    tool: "update_domain",
    title: "Update domain",
    description:
      "Renames a domain or changes its proxy; a new name of the primary one causes downtime until DNS is ready.",
    toolset: "instance",
    effect: "write",
    input: z.strictObject({
      domain_id: id(),
      name: domainName().optional().describe("host without protocol"),
      proxy_url: clearable(proxyUrl(), "production only; null clears: back to DNS").optional(),
      is_secondary: flag().describe("keeps the subdomain, for a further app on one root domain"),
    }),
    call: (clerk, i) =>
      clerk.domains.update(
        params({ name: i.name, proxy_url: i.proxy_url, domainId: i.domain_id, is_secondary: i.is_secondary }),
      ),
  }),
  clerkTool({
    tool: "delete_domain",
    title: "Delete domain",
    description:
      "Removes a satellite domain; sign-in there stops. The primary one cannot be removed. Cannot be undone.",
    toolset: "instance",
    effect: "destroy",
    input: z.strictObject({ domain_id: id() }),
    call: (clerk, i) => clerk.domains.delete(i.domain_id),
  }),
  clerkTool({
    tool: "get_instance",
    title: "Get instance",
    description: "Tells which Clerk instance this is, development or production, and its allowed origins.",
    toolset: "instance",
    effect: "read",
    input: z.strictObject({}),
    call: (clerk) => clerk.instance.get(),
  }),
  clerkTool({
    tool: "update_instance",
    title: "Update instance",
    description:
      "Changes general settings of the whole instance: test mode, leaked-password check, support email, allowed origins.",
    toolset: "instance",
    effect: "write",
    input: z.strictObject({
      test_mode: flag().describe("allows made-up test emails and phones"),
      hibp: flag().describe("refuse passwords known from leaks"),
      enhanced_email_deliverability: flag().describe("mail comes from Clerk's domain"),
      support_email: clearable(text(320)).optional(),
      clerk_js_version: clearable(text(64)).optional(),
      development_origin: clearable(text(2048)).optional(),
      allowed_origins: z
        .array(text(2048))
        .max(100)
        .optional()
        .describe("replaces all; for extensions, Electron, Capacitor"),
      url_based_session_syncing: flag().describe("development without third-party cookies"),
      // Published without an enum: some clients refuse one that holds an empty string.
      preferred_sign_in_strategy_when_password_required: z
        .templateLiteral([z.enum(["", "password", "otp"])], { error: 'takes password, otp or ""' })
        .nullish()
        .describe('password or otp; "" clears'),
    }),
    call: (clerk, i) =>
      clerk.instance.update(
        params({
          testMode: i.test_mode,
          hibp: i.hibp,
          enhancedEmailDeliverability: i.enhanced_email_deliverability,
          supportEmail: i.support_email,
          clerkJsVersion: i.clerk_js_version,
          developmentOrigin: i.development_origin,
          allowedOrigins: i.allowed_origins,
          urlBasedSessionSyncing: i.url_based_session_syncing,
          preferredSignInStrategyWhenPasswordRequired: i.preferred_sign_in_strategy_when_password_required,
        }),
      ),
  }),
  clerkTool({
    tool: "update_instance_restrictions",
    title: "Update instance restrictions",
    description:
      "Turns allowlist, blocklist and email sign-up filters on or off; with the allowlist on, only its entries can sign up.",
    toolset: "instance",
    effect: "write",
    input: z.strictObject({
      allowlist: flag(),
      blocklist: flag(),
      block_email_subaddresses: flag().describe("+, = and # in the local part"),
      block_disposable_email_domains: flag(),
      ignore_dots_for_gmail_addresses: flag(),
    }),
    call: (clerk, i) =>
      clerk.instance.updateRestrictions(
        params({
          allowlist: i.allowlist,
          blocklist: i.blocklist,
          blockEmailSubaddresses: i.block_email_subaddresses,
          blockDisposableEmailDomains: i.block_disposable_email_domains,
          ignoreDotsForGmailAddresses: i.ignore_dots_for_gmail_addresses,
        }),
      ),
  }),
  clerkTool({
    tool: "get_instance_organization_settings",
    title: "Get instance organization settings",
    description: "Shows what holds for all organizations: whether enabled, member limit, default roles, domain rules.",
    toolset: "instance",
    effect: "read",
    input: z.strictObject({}),
    call: (clerk) => clerk.instance.getOrganizationSettings(),
  }),
  clerkTool({
    tool: "update_instance_organization_settings",
    title: "Update instance organization settings",
    description:
      "Changes what holds for all organizations, or turns the feature off; for one of them use update_organization.",
    toolset: "instance",
    effect: "write",
    input: z.strictObject({
      enabled: flag(),
      max_allowed_memberships: clearable(z.int().min(0), "in each; null clears").optional(),
      admin_delete_enabled: flag().describe("admins may delete their own"),
      domains_enabled: flag(),
      domains_enrollment_modes: z
        .array(text(64))
        .max(10)
        .optional()
        .describe("automatic_invitation, automatic_suggestion"),
      creator_role_id: clearable(id()).optional(),
      domains_default_role_id: clearable(id()).optional(),
    }),
    call: (clerk, i) =>
      clerk.instance.updateOrganizationSettings(
        params({
          enabled: i.enabled,
          maxAllowedMemberships: i.max_allowed_memberships,
          adminDeleteEnabled: i.admin_delete_enabled,
          domainsEnabled: i.domains_enabled,
          domainsEnrollmentModes: i.domains_enrollment_modes,
          creatorRoleId: i.creator_role_id,
          domainsDefaultRoleId: i.domains_default_role_id,
        }),
      ),
  }),
  clerkTool({
    tool: "verify_domain_proxy",
    title: "Verify domain proxy",
    description: "Tests whether a proxy reaches Clerk for a domain; do so before update_domain sets it.",
    toolset: "instance",
    effect: "write",
    input: z.strictObject({
      domain_id: id(),
      proxy_url: proxyUrl().min(1).describe("such as https://example.com/__clerk"),
    }),
    call: (clerk, i) => clerk.proxyChecks.verify(params({ domainId: i.domain_id, proxyUrl: i.proxy_url })),
  }),
  clerkTool({
    tool: "list_redirect_urls",
    title: "List redirect URLs",
    description: "Lists the addresses that native apps may be sent back to after sign-in.",
    toolset: "instance",
    effect: "read",
    input: z.strictObject({}),
    call: (clerk) => clerk.redirectUrls.getRedirectUrlList(),
  }),
  clerkTool({
    tool: "get_redirect_url",
    title: "Get redirect URL",
    description: "Looks up one permitted return address by its id.",
    toolset: "instance",
    effect: "read",
    input: z.strictObject({ redirect_url_id: id() }),
    call: (clerk, i) => clerk.redirectUrls.getRedirectUrl(i.redirect_url_id),
  }),
  clerkTool({
    tool: "create_redirect_url",
    title: "Create redirect URL",
    description: "Permits one more address that native apps may be sent back to after sign-in.",
    toolset: "instance",
    effect: "write",
    input: z.strictObject({ url: text(2048).min(1).describe("https or an app's own scheme") }),
    call: (clerk, i) => clerk.redirectUrls.createRedirectUrl(params({ url: i.url })),
  }),
  clerkTool({
    tool: "delete_redirect_url",
    title: "Delete redirect URL",
    description:
      "Withdraws a permitted return address; apps that use it can no longer finish sign-in. Cannot be undone.",
    toolset: "instance",
    effect: "destroy",
    input: z.strictObject({ redirect_url_id: id() }),
    call: (clerk, i) => clerk.redirectUrls.deleteRedirectUrl(i.redirect_url_id),
  }),
];
