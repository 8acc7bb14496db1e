import { z } from "zod";
import { clerkTool, id, paging, params, text } from "./define.js";

export const restrictions = [
  clerkTool({
    tool: "list_allowlist_identifiers",
    title: "List allowlist identifiers",
    description: "Lists the email addresses, domains, phone numbers and wallets admitted while the allowlist is on.",
    toolset: "restrictions",
    effect: "read",
    input: z.strictObject({ ...paging() }),
    call: (clerk, i) =>
      clerk.allowlistIdentifiers.getAllowlistIdentifierList(params({ limit: i.limit, offset: i.offset })),
  }),
  clerkTool({
    tool: "create_allowlist_identifier",
    title: "Create allowlist identifier",
    description:
      "Admits an identifier to sign-up while the allowlist is on; update_instance_restrictions turns that on.",
    toolset: "restrictions",
    effect: "write",
    input: z.strictObject({
      identifier: text(320).min(1).describe("email, *@domain, E.164 phone or wallet"),
      notify: z.boolean().optional().describe("sends an invitation by email or SMS"),
    }),
    call: (clerk, i) =>
      clerk.allowlistIdentifiers.createAllowlistIdentifier(params({ identifier: i.identifier, notify: i.notify })),
  }),
  clerkTool({
    tool: "delete_allowlist_identifier",
    title: "Delete allowlist identifier",
    description:
      "Takes an entry off the allowlist, so that it admits nobody any more. Cannot be undone, only added anew.",
    toolset: "restrictions",
    effect: "destroy",
    input: z.strictObject({ allowlist_identifier_id: id() }),
    call: (clerk, i) => clerk.allowlistIdentifiers.deleteAllowlistIdentifier(i.allowlist_identifier_id),
  }),
  clerkTool({
    tool: "list_blocklist_identifiers",
    title: "List blocklist identifiers",
    description: "Lists the email addresses, phone numbers and wallets that are kept out while the blocklist is on.",
    toolset: "restrictions",
    effect: "read",
    input: z.strictObject({ ...paging() }),
    call: (clerk, i) =>
      clerk.blocklistIdentifiers.getBlocklistIdentifierList(params({ limit: i.limit, offset: i.offset })),
  }),
  clerkTool({
    tool: "create_blocklist_identifier",
    title: "Create blocklist identifier",
    description:
      "Keeps an identifier out while the blocklist is on (update_instance_restrictions); for an existing account use ban_user.",
    toolset: "restrictions",
    effect: "write",
    input: z.strictObject({ identifier: text(320).min(1).describe("email, E.164 phone or wallet") }),
    call: (clerk, i) => clerk.blocklistIdentifiers.createBlocklistIdentifier(params({ identifier: i.identifier })),
  }),
  clerkTool({
    tool: "delete_blocklist_identifier",
    title: "Delete blocklist identifier",
    description: "Takes an entry off the blocklist, so that it is let in again. Cannot be undone, only added anew.",
    toolset: "restrictions",
    effect: "destroy",
    input: z.strictObject({ blocklist_identifier_id: id() }),
    call: (clerk, i) => clerk.blocklistIdentifiers.deleteBlocklistIdentifier(i.blocklist_identifier_id),
  }),
];
