import { z } from "zod";
import { clerkTool, id, params, text } from "./define.js";

export const identifiers = [
  clerkTool({
    tool: "get_email_address",
    title: "Get email address",
    description: "Shows one email address: how it was verified and which logins it is linked to.",
    toolset: "identifiers",
    effect: "read",
    input: z.strictObject({ email_address_id: id() }),
    call: (clerk, i) => clerk.emailAddresses.getEmailAddress(i.email_address_id),
  }),
  clerkTool({
    tool: "create_email_address",
    title: "Create email address",
    description:
      "Adds a further email address to a person; the others stay. To exchange them all, use replace_user_email_address.",
    toolset: "identifiers",
    effect: "write",
    input: z.strictObject({
      user_id: id(),
      email_address: text(320),
      verified: z.boolean().optional(),
      primary: z.boolean().optional(),
    }),
    call: (clerk, i) =>
      clerk.emailAddresses.createEmailAddress(
        params({ userId: i.user_id, emailAddress: i.email_address, verified: i.verified, primary: i.primary }),
      ),
  }),
  clerkTool({
    tool: "update_email_address",
    title: "Update email address",
    description:
      "Marks an email address as verified or makes it its owner's primary one; the address itself cannot change.",
    toolset: "identifiers",
    effect: "write",
    input: z.strictObject({
      email_address_id: id(),
      verified: z.boolean().optional(),
      primary: z.boolean().optional(),
    }),
    call: (clerk, i) =>
      clerk.emailAddresses.updateEmailAddress(i.email_address_id, params({ verified: i.verified, primary: i.primary })),
  }),
  clerkTool({
    tool: "delete_email_address",
    title: "Delete email address",
    description: "Removes one email address from its owner, who can no longer sign in with it; cannot be undone.",
    toolset: "identifiers",
    effect: "destroy",
    input: z.strictObject({ email_address_id: id() }),
    call: (clerk, i) => clerk.emailAddresses.deleteEmailAddress(i.email_address_id),
  }),
  clerkTool({
    tool: "get_phone_number",
    title: "Get phone number",
    description: "Shows one phone number: how it was verified and whether it is a second factor.",
    toolset: "identifiers",
    effect: "read",
    input: z.strictObject({ phone_number_id: id() }),
    call: (clerk, i) => clerk.phoneNumbers.getPhoneNumber(i.phone_number_id),
  }),
  clerkTool({
    tool: "create_phone_number",
    title: "Create phone number",
    description:
      "Adds a further phone number to a person; the others stay. To exchange them all, use replace_user_phone_number.",
    toolset: "identifiers",
    effect: "write",
    input: z.strictObject({
      user_id: id(),
      phone_number: text(32).describe("E.164, such as +15551234567"),
      verified: z.boolean().optional(),
      primary: z.boolean().optional(),
      reserved_for_second_factor: z.boolean().optional().describe("for MFA; must be verified"),
    }),
    call: (clerk, i) =>
      clerk.phoneNumbers.createPhoneNumber(
        params({
          userId: i.user_id,
          phoneNumber: i.phone_number,
          verified: i.verified,
          primary: i.primary,
          reservedForSecondFactor: i.reserved_for_second_factor,
        }),
      ),
  }),
  clerkTool({
    tool: "update_phone_number",
    title: "Update phone number",
    description:
      "Marks a phone number as verified, as primary, or for codes in two-step sign-in; the number itself cannot change.",
    toolset: "identifiers",
    effect: "write",
    input: z.strictObject({
      phone_number_id: id(),
      verified: z.boolean().optional(),
      primary: z.boolean().optional(),
      reserved_for_second_factor: z.boolean().optional().describe("for MFA; must be verified"),
    }),
    call: (clerk, i) =>
      clerk.phoneNumbers.updatePhoneNumber(
        i.phone_number_id,
        params({ verified: i.verified, primary: i.primary, reservedForSecondFactor: i.reserved_for_second_factor }),
      ),
  }),
  clerkTool({
    tool: "delete_phone_number",
    title: "Delete phone number",
    description:
      "Removes one phone number from its owner, who can no longer sign in or get codes with it; cannot be undone.",
    toolset: "identifiers",
    effect: "destroy",
    input: z.strictObject({ phone_number_id: id() }),
    call: (clerk, i) => clerk.phoneNumbers.deletePhoneNumber(i.phone_number_id),
  }),
];
