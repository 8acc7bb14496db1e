import { z } from "zod";
import { clearable, clerkTool, file, id, metadata, paging, params, text } from "./define.js";

const metadataFields = {
  public_metadata: metadata().optional().describe("the browser reads it, servers write it"),
  private_metadata: metadata().optional().describe("servers only"),
  unsafe_metadata: metadata().optional().describe("the user can change it"),
};

/** What belongs to a person besides the account itself, and registrations that are under way. */
export const userProfiles = [
  clerkTool({
    tool: "get_sign_up",
    title: "Get sign up",
    description: "Shows one registration attempt: what is still missing or unverified, and which user it became.",
    toolset: "users",
    effect: "read",
    input: z.strictObject({ sign_up_attempt_id: id() }),
    call: (clerk, i) => clerk.signUps.get(i.sign_up_attempt_id),
  }),
  clerkTool({
    tool: "update_sign_up",
    title: "Update sign up",
    description:
      "Sets your own id or the custom-action mark on a registration under way; the user it becomes gets the id.",
    toolset: "users",
    effect: "write",
    input: z.strictObject({
      sign_up_attempt_id: id(),
      external_id: clearable(text()).optional(),
      custom_action: clearable(z.boolean()).optional(),
    }),
    call: (clerk, i) =>
      clerk.signUps.update(
        params({ signUpAttemptId: i.sign_up_attempt_id, externalId: i.external_id, customAction: i.custom_action }),
      ),
  }),
  clerkTool({
    tool: "replace_user_email_address",
    title: "Replace user email address",
    description:
      "Deletes all of a person's email addresses for one new, verified, primary one; cannot be undone. To add one, use create_email_address.",
    toolset: "users",
    effect: "destroy",
    input: z.strictObject({ user_id: id(), email_address: text(320) }),
    call: (clerk, i) => clerk.users.replaceUserEmailAddress(i.user_id, params({ emailAddress: i.email_address })),
  }),
  clerkTool({
    tool: "replace_user_phone_number",
    title: "Replace user phone number",
    description:
      "Deletes all of a person's phone numbers for one new, verified one; cannot be undone, and may end their MFA. To add one, use create_phone_number.",
    toolset: "users",
    effect: "destroy",
    input: z.strictObject({ user_id: id(), phone_number: text(32).describe("E.164, such as +15551234567") }),
    call: (clerk, i) => clerk.users.replaceUserPhoneNumber(i.user_id, params({ phoneNumber: i.phone_number })),
  }),
  clerkTool({
    tool: "update_user_profile_image",
    title: "Update user profile image",
    description: "Uploads a picture as a person's avatar, in place of the one they have.",
    toolset: "users",
    effect: "write",
    input: z.strictObject({ user_id: id(), file: file() }),
    call: (clerk, i) => clerk.users.updateUserProfileImage(i.user_id, params({ file: i.file })),
  }),
  clerkTool({
    tool: "delete_user_profile_image",
    title: "Delete user profile image",
    description: "Removes the picture (avatar) that a person has uploaded; cannot be undone.",
    toolset: "users",
    effect: "destroy",
    input: z.strictObject({ user_id: id() }),
    call: (clerk, i) => clerk.users.deleteUserProfileImage(i.user_id),
  }),
  clerkTool({
    tool: "update_user_metadata",
    title: "Update user metadata",
    description:
      "Merges your own data into a person's metadata, nested objects too; a key set to null is removed, all others stay.",
    toolset: "users",
    effect: "write",
    input: z.strictObject({ user_id: id(), ...metadataFields }),
    call: (clerk, i) =>
      clerk.users.updateUserMetadata(
        i.user_id,
        params({
          publicMetadata: i.public_metadata,
          privateMetadata: i.private_metadata,
          unsafeMetadata: i.unsafe_metadata,
        }),
      ),
  }),
  clerkTool({
    tool: "replace_user_metadata",
    title: "Replace user metadata",
    description:
      "Overwrites each metadata field given as a whole: keys not in it are lost, which cannot be undone. To add or change keys, use update_user_metadata.",
    toolset: "users",
    effect: "destroy",
    input: z.strictObject({ user_id: id(), ...metadataFields }),
    call: (clerk, i) =>
      clerk.users.replaceUserMetadata(
        i.user_id,
        params({
          publicMetadata: i.public_metadata,
          privateMetadata: i.private_metadata,
          unsafeMetadata: i.unsafe_metadata,
        }),
      ),
  }),
  clerkTool({
    tool: "list_user_organization_memberships",
    title: "List user organization memberships",
    description: "Lists which organizations (teams, companies) one person belongs to, with their role in each.",
    toolset: "users",
    effect: "read",
    input: z.strictObject({ ...paging(), user_id: id() }),
    call: (clerk, i) =>
      clerk.users.getOrganizationMembershipList(params({ limit: i.limit, offset: i.offset, userId: i.user_id })),
  }),
  clerkTool({
    tool: "list_user_organization_invitations",
    title: "List user organization invitations",
    description: "Lists the organizations that have asked one person to join, and what became of each invitation.",
    toolset: "users",
    effect: "read",
    input: z.strictObject({
      ...paging(),
      user_id: id(),
      status: z.enum(["pending", "accepted", "revoked", "expired"]).optional(),
    }),
    call: (clerk, i) =>
      clerk.users.getOrganizationInvitationList(
        params({ limit: i.limit, offset: i.offset, userId: i.user_id, status: i.status }),
      ),
  }),
];
