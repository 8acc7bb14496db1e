import type { ClerkClient } from "@clerk/backend";
import { z } from "zod";
import { clerkTool, dateOf, id, instant, listOf, metadata, orderBy, paging, params, renaming, text } from "./define.js";

type CreateUser = Parameters<ClerkClient["users"]["createUser"]>[0];
type UpdateUser = NonNullable<Parameters<ClerkClient["users"]["updateUser"]>[1]>;
type PasswordHashing = Pick<Extract<CreateUser, { passwordDigest: string }>, "passwordDigest" | "passwordHasher">;

const searched = {
  email_address: listOf(text(320)).optional(),
  phone_number: listOf(text(32)).optional(),
  username: listOf(text(255)).optional(),
  web3_wallet: listOf(text(255)).optional(),
  query: text().optional().describe("part of a name, email, phone, username, wallet or id"),
  user_id: listOf(text(256)).optional(),
  external_id: listOf(text()).optional(),
};

const unixMs = () => z.int().optional().describe("Unix ms");

const profile = {
  external_id: text().optional().describe("your own system's id, unique"),
  username: text(255).optional(),
  first_name: text(255).optional(),
  last_name: text(255).optional(),
  locale: text(64).optional().describe("such as en-US"),
  timezone: text(64).optional().describe("such as Europe/Paris"),
  created_at: instant().optional(),
  legal_accepted_at: instant().optional(),
  skip_legal_checks: z.boolean().optional(),
  password: text().optional().describe("at least 8 characters"),
  skip_password_checks: z.boolean().optional().describe("takes weak and leaked ones"),
  password_digest: text(4096).optional().describe("instead of password, with password_hasher"),
  password_hasher: z
    .enum([
      "argon2i",
      "argon2id",
      "awscognito",
      "bcrypt",
      "bcrypt_sha256_django",
      "md5",
      "pbkdf2_sha256",
      "pbkdf2_sha256_django",
      "pbkdf2_sha1",
      "phpass",
      "scrypt_firebase",
      "scrypt_werkzeug",
      "sha256",
      "md5_phpass",
      "ldap_ssha",
    ])
    .optional(),
  totp_secret: text().optional().describe("turns on their authenticator app"),
  backup_codes: listOf(text(255)).optional().describe("plain or bcrypt"),
};

const hashIsWhole = [
  (given: { password_digest?: string | undefined; password_hasher?: string | undefined }) =>
    (given.password_digest === undefined) === (given.password_hasher === undefined),
  "give password_digest and password_hasher together, or neither",
] as const;

/** The branch of the SDK's union that brings a password's hash. */
const hashing = (i: {
  password_digest?: string | undefined;
  password_hasher?: PasswordHashing["passwordHasher"] | undefined;
}) => params<Partial<PasswordHashing>>({ passwordDigest: i.password_digest, passwordHasher: i.password_hasher });

export const users = [
  clerkTool({
    tool: "list_users",
    aliases: ["clerk_list_users"],
    title: "List users",
    description:
      "Lists the people who signed up, newest first; filter by text, contact, id, organization, or when they joined, signed in or were active.",
    toolset: "users",
    effect: "read",
    input: z.strictObject({
      ...paging(),
      ...searched,
      order_by: orderBy(
        "email_address",
        "created_at",
        "phone_number",
        "first_name",
        "last_name",
        "username",
        "updated_at",
        "web3wallet",
        "last_active_at",
        "last_sign_in_at",
      ),
      last_active_at_since: z.int().optional().describe("deprecated: last_active_at_after"),
      last_active_at_before: unixMs(),
      last_active_at_after: unixMs(),
      created_at_before: unixMs(),
      created_at_after: unixMs(),
      last_sign_in_at_after: unixMs(),
      last_sign_in_at_before: unixMs(),
      organization_id: listOf(text(256)).optional().describe("members of any of these"),
    }),
    call: (clerk, i) =>
      clerk.users.getUserList(
        params({
          limit: i.limit,
          offset: i.offset,
          emailAddress: i.email_address,
          phoneNumber: i.phone_number,
          username: i.username,
          web3Wallet: i.web3_wallet,
          query: i.query,
          userId: i.user_id,
          externalId: i.external_id,
          orderBy: i.order_by,
          last_active_at_since: i.last_active_at_since,
          lastActiveAtBefore: i.last_active_at_before,
          lastActiveAtAfter: i.last_active_at_after,
          createdAtBefore: i.created_at_before,
          createdAtAfter: i.created_at_after,
          lastSignInAtAfter: i.last_sign_in_at_after,
          lastSignInAtBefore: i.last_sign_in_at_before,
          organizationId: i.organization_id,
        }),
      ),
  }),
  clerkTool({
    tool: "get_user",
    aliases: ["clerk_get_user"],
    title: "Get user",
    description:
      "Shows everything about one person: contact details, metadata, ways to sign in, whether they are banned or locked.",
    toolset: "users",
    effect: "read",
    input: renaming({ id: "user_id" }, z.strictObject({ user_id: id() })),
    call: (clerk, i) => clerk.users.getUser(i.user_id),
  }),
  clerkTool({
    tool: "count_users",
    aliases: ["clerk_count_users"],
    title: "Count users",
    description: "Tells how many people there are in all, or how many fit a filter, without their records.",
    toolset: "users",
    effect: "read",
    input: z.strictObject(searched),
    call: (clerk, i) =>
      clerk.users.getCount(
        params({
          emailAddress: i.email_address,
          phoneNumber: i.phone_number,
          username: i.username,
          web3Wallet: i.web3_wallet,
          query: i.query,
          userId: i.user_id,
          externalId: i.external_id,
        }),
      ),
  }),
  clerkTool({
    tool: "create_user",
    aliases: ["clerk_create_user"],
    title: "Create user",
    description:
      "Adds an account for a person at once, contacts counting as verified; the instance's settings say what is required. To let them register, use create_invitation.",
    toolset: "users",
    effect: "write",
    input: z
      .strictObject({
        email_address: listOf(text(320)).optional().describe("the first is primary"),
        email_address_identification_status: listOf(z.enum(["verified", "reserved"]))
          .optional()
          .describe("one for each address"),
        phone_number: listOf(text(32)).optional().describe("E.164; the first is primary"),
        phone_number_identification_status: listOf(z.enum(["verified", "reserved"]))
          .optional()
          .describe("one for each number"),
        ...profile,
        skip_password_requirement: z.boolean().optional().describe("no password where one is required"),
        banned: z.boolean().optional(),
        locked: z.boolean().optional(),
        public_metadata: metadata().optional(),
        private_metadata: metadata().optional(),
        unsafe_metadata: metadata().optional().describe("the user can change it"),
      })
      .refine(...hashIsWhole),
    call: (clerk, i) =>
      clerk.users.createUser({
        ...params<CreateUser>({
          externalId: i.external_id,
          emailAddress: i.email_address,
          emailAddressIdentificationStatus: i.email_address_identification_status,
          phoneNumber: i.phone_number,
          phoneNumberIdentificationStatus: i.phone_number_identification_status,
          username: i.username,
          password: i.password,
          firstName: i.first_name,
          lastName: i.last_name,
          locale: i.locale,
          timezone: i.timezone,
          skipPasswordChecks: i.skip_password_checks,
          skipPasswordRequirement: i.skip_password_requirement,
          skipLegalChecks: i.skip_legal_checks,
          legalAcceptedAt: dateOf(i.legal_accepted_at),
          totpSecret: i.totp_secret,
          backupCodes: i.backup_codes,
          createdAt: dateOf(i.created_at),
          banned: i.banned,
          locked: i.locked,
          publicMetadata: i.public_metadata,
          privateMetadata: i.private_metadata,
          unsafeMetadata: i.unsafe_metadata,
        }),
        ...hashing(i),
      }),
  }),
  clerkTool({
    tool: "update_user",
    aliases: ["clerk_update_user"],
    title: "Update user",
    description:
      "Changes a person's name, password, primary contact or permissions; what is left out stays. Metadata given here replaces the stored: use update_user_metadata.",
    toolset: "users",
    effect: "write",
    input: renaming(
      { id: "user_id" },
      z
        .strictObject({
          user_id: id(),
          ...profile,
          username: text(255).optional().describe("empty removes it"),
          sign_out_of_other_sessions: z.boolean().optional().describe("with a new password: signs out everywhere"),
          primary_email_address_id: id().optional().describe("a verified one of theirs"),
          notify_primary_email_address_changed: z.boolean().optional(),
          primary_phone_number_id: id().optional(),
          primary_web3_wallet_id: id().optional(),
          profile_image_id: id().optional(),
          delete_self_enabled: z.boolean().optional().describe("may delete their own account"),
          create_organization_enabled: z.boolean().optional(),
          create_organizations_limit: z.int().min(0).optional().describe("0: unlimited"),
          public_metadata: metadata().optional().describe("deprecated, replaces"),
          private_metadata: metadata().optional().describe("deprecated, replaces"),
          unsafe_metadata: metadata().optional().describe("deprecated, replaces"),
        })
        .refine(...hashIsWhole),
    ),
    call: (clerk, i) =>
      clerk.users.updateUser(i.user_id, {
        ...params<UpdateUser>({
          firstName: i.first_name,
          lastName: i.last_name,
          username: i.username,
          password: i.password,
          skipPasswordChecks: i.skip_password_checks,
          signOutOfOtherSessions: i.sign_out_of_other_sessions,
          primaryEmailAddressID: i.primary_email_address_id,
          notifyPrimaryEmailAddressChanged: i.notify_primary_email_address_changed,
          primaryPhoneNumberID: i.primary_phone_number_id,
          primaryWeb3WalletID: i.primary_web3_wallet_id,
          profileImageID: i.profile_image_id,
          totpSecret: i.totp_secret,
          backupCodes: i.backup_codes,
          externalId: i.external_id,
          createdAt: dateOf(i.created_at),
          skipLegalChecks: i.skip_legal_checks,
          legalAcceptedAt: dateOf(i.legal_accepted_at),
          locale: i.locale,
          timezone: i.timezone,
          deleteSelfEnabled: i.delete_self_enabled,
          createOrganizationEnabled: i.create_organization_enabled,
          createOrganizationsLimit: i.create_organizations_limit,
          publicMetadata: i.public_metadata,
          privateMetadata: i.private_metadata,
          unsafeMetadata: i.unsafe_metadata,
        }),
        ...hashing(i),
      }),
  }),
  clerkTool({
    tool: "delete_user",
    aliases: ["clerk_delete_user"],
    title: "Delete user",
    description: "Erases a person's account; cannot be undone. To only keep them out, use ban_user.",
    toolset: "users",
    effect: "destroy",
    input: renaming({ id: "user_id" }, z.strictObject({ user_id: id() })),
    call: (clerk, i) => clerk.users.deleteUser(i.user_id),
  }),
  clerkTool({
    tool: "ban_user",
    aliases: ["clerk_ban_user"],
    title: "Ban user",
    description:
      "Shuts a person out: signs them out everywhere, which cannot be undone, and refuses every sign-in until unban_user.",
    toolset: "users",
    effect: "destroy",
    input: z.strictObject({ user_id: id() }),
    call: (clerk, i) => clerk.users.banUser(i.user_id),
  }),
  clerkTool({
    tool: "unban_user",
    aliases: ["clerk_unban_user"],
    title: "Unban user",
    description: "Lets a person whom ban_user shut out sign in again; their ended sessions do not come back.",
    toolset: "users",
    effect: "write",
    input: z.strictObject({ user_id: id() }),
    call: (clerk, i) => clerk.users.unbanUser(i.user_id),
  }),
  clerkTool({
    tool: "lock_user",
    aliases: ["clerk_lock_user"],
    title: "Lock user",
    description:
      "Keeps a person from signing in for a while, one hour unless the instance says otherwise. To keep them out for good, use ban_user.",
    toolset: "users",
    effect: "write",
    input: z.strictObject({ user_id: id() }),
    call: (clerk, i) => clerk.users.lockUser(i.user_id),
  }),
  clerkTool({
    tool: "unlock_user",
    aliases: ["clerk_unlock_user"],
    title: "Unlock user",
    description:
      "Ends a lock early, so that a person blocked by too many wrong passwords or by lock_user can sign in again.",
    toolset: "users",
    effect: "write",
    input: z.strictObject({ user_id: id() }),
    call: (clerk, i) => clerk.users.unlockUser(i.user_id),
  }),
];
