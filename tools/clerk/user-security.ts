import type { ClerkClient } from "@clerk/backend";
import { z } from "zod";
import { clerkTool, id, params, text } from "./define.js";

type Prefixed = Parameters<ClerkClient["users"]["getUserOauthAccessToken"]>[1];
type ProviderOf<Name> = Name extends `oauth_${infer Provider}` ? Provider : never;

/** A person's ways to prove who they are: passwords, second factors, passkeys, wallets, connected accounts. */
export const userSecurity = [
  clerkTool({
    tool: "get_user_oauth_access_token",
    title: "Get user OAuth access token",
    description:
      "Hands out the access token of a person's connected account (Google, GitHub and so on), to call that provider on their behalf.",
    toolset: "users",
    effect: "read",
    secrets: true,
    input: z.strictObject({ user_id: id(), provider: id().describe("such as google, github, custom_acme") }),
    call: (clerk, i) =>
      // The SDK's type is a closed list, but Clerk adds providers between its releases.
      clerk.users.getUserOauthAccessToken(i.user_id, i.provider.replace(/^oauth_/, "") as ProviderOf<Prefixed>),
  }),
  clerkTool({
    tool: "remove_user_password",
    title: "Remove user password",
    description:
      "Takes a person's password away, even where it is their only way in; cannot be undone. They stay signed in unless told otherwise.",
    toolset: "users",
    effect: "destroy",
    input: z.strictObject({
      user_id: id(),
      sign_out_of_other_sessions: z.boolean().optional().describe("signs them out everywhere"),
    }),
    call: (clerk, i) =>
      clerk.users.removePassword(i.user_id, params({ signOutOfOtherSessions: i.sign_out_of_other_sessions })),
  }),
  clerkTool({
    tool: "verify_user_password",
    title: "Verify user password",
    description: "Checks whether a password is a person's own; wrong guesses may count towards locking them out.",
    toolset: "users",
    effect: "read",
    input: z.strictObject({ user_id: id(), password: text() }),
    call: (clerk, i) => clerk.users.verifyPassword(params({ userId: i.user_id, password: i.password })),
  }),
  clerkTool({
    tool: "set_user_password_compromised",
    title: "Set user password compromised",
    description: "Marks a person's password as leaked: they must choose a new one at their next sign-in.",
    toolset: "users",
    effect: "write",
    input: z.strictObject({
      user_id: id(),
      revoke_all_sessions: z.boolean().optional().describe("signs them out everywhere"),
    }),
    call: (clerk, i) =>
      clerk.users.setPasswordCompromised(i.user_id, params({ revokeAllSessions: i.revoke_all_sessions })),
  }),
  clerkTool({
    tool: "unset_user_password_compromised",
    title: "Unset user password compromised",
    description: "Takes the mark of a leak off a person's password, so that they may keep it.",
    toolset: "users",
    effect: "write",
    input: z.strictObject({ user_id: id() }),
    call: (clerk, i) => clerk.users.unsetPasswordCompromised(i.user_id),
  }),
  clerkTool({
    tool: "verify_user_totp",
    title: "Verify user TOTP",
    description: "Checks a person's authenticator-app code or backup code; a valid backup code is used up by it.",
    toolset: "users",
    effect: "write",
    input: z.strictObject({ user_id: id(), code: text(255) }),
    call: (clerk, i) => clerk.users.verifyTOTP(params({ userId: i.user_id, code: i.code })),
  }),
  clerkTool({
    tool: "disable_user_mfa",
    title: "Disable user MFA",
    description:
      "Turns off two-step sign-in for a person, every method at once, as when they lost their phone; cannot be undone, they must set it up anew.",
    toolset: "users",
    effect: "destroy",
    input: z.strictObject({ user_id: id() }),
    call: (clerk, i) => clerk.users.disableUserMFA(i.user_id),
  }),
  clerkTool({
    tool: "delete_user_totp",
    title: "Delete user TOTP",
    description:
      "Unlinks a person's authenticator app; cannot be undone, they must set it up anew. For all second factors, use disable_user_mfa.",
    toolset: "users",
    effect: "destroy",
    input: z.strictObject({ user_id: id() }),
    call: (clerk, i) => clerk.users.deleteUserTOTP(i.user_id),
  }),
  clerkTool({
    tool: "delete_user_backup_codes",
    title: "Delete user backup codes",
    description: "Voids all of a person's one-time recovery codes for two-step sign-in; cannot be undone.",
    toolset: "users",
    effect: "destroy",
    input: z.strictObject({ user_id: id() }),
    call: (clerk, i) => clerk.users.deleteUserBackupCodes(i.user_id),
  }),
  clerkTool({
    tool: "delete_user_passkey",
    title: "Delete user passkey",
    description:
      "Removes one passkey (fingerprint, face or security-key sign-in) and tells its owner by email; cannot be undone.",
    toolset: "users",
    effect: "destroy",
    input: z.strictObject({ user_id: id(), passkey_identification_id: id() }),
    call: (clerk, i) =>
      clerk.users.deleteUserPasskey(
        params({ userId: i.user_id, passkeyIdentificationId: i.passkey_identification_id }),
      ),
  }),
  clerkTool({
    tool: "delete_user_web3_wallet",
    title: "Delete user Web3 wallet",
    description: "Detaches one crypto wallet from a person, who can no longer sign in with it; cannot be undone.",
    toolset: "users",
    effect: "destroy",
    input: z.strictObject({ user_id: id(), web3_wallet_identification_id: id() }),
    call: (clerk, i) =>
      clerk.users.deleteUserWeb3Wallet(
        params({ userId: i.user_id, web3WalletIdentificationId: i.web3_wallet_identification_id }),
      ),
  }),
  clerkTool({
    tool: "delete_user_external_account",
    title: "Delete user external account",
    description:
      "Disconnects one social login (Google, GitHub and so on) from a person; cannot be undone, they must connect it anew.",
    toolset: "users",
    effect: "destroy",
    input: z.strictObject({ user_id: id(), external_account_id: id() }),
    call: (clerk, i) =>
      clerk.users.deleteUserExternalAccount(params({ userId: i.user_id, externalAccountId: i.external_account_id })),
  }),
];
