import { z } from "zod";
import { clearable, clerkTool, id, listOf, orderBy, paging, params, text } from "./define.js";

const redirectUris = () => z.array(text(2048)).max(100);
const SCOPES = "space-separated: profile, email, public_metadata, private_metadata";

export const oauth = [
  clerkTool({
    tool: "verify_oauth_access_token",
    title: "Verify OAuth access token",
    description:
      "Checks an access token that one of your OAuth applications was issued: whose it is, its scopes and expiry.",
    toolset: "oauth",
    effect: "read",
    input: z.strictObject({
      access_token: text(8192).min(1),
      audience: listOf(text()).optional().describe("one must match; left out: not checked"),
    }),
    call: (clerk, i) => clerk.idPOAuthAccessToken.verify(i.access_token, params({ audience: i.audience })),
  }),
  clerkTool({
    tool: "list_oauth_applications",
    title: "List OAuth applications",
    description: "Lists the third-party apps that may sign users in with this instance as identity provider.",
    toolset: "oauth",
    effect: "read",
    input: z.strictObject({
      ...paging(),
      name_query: text().optional().describe("part of the name, or a client id"),
      order_by: orderBy("name", "created_at"),
    }),
    call: (clerk, i) =>
      clerk.oauthApplications.list(
        params({ limit: i.limit, offset: i.offset, nameQuery: i.name_query, orderBy: i.order_by }),
      ),
  }),
  clerkTool({
    tool: "get_oauth_application",
    title: "Get OAuth application",
    description: "Shows one OAuth application: client id, redirect URIs, scopes, endpoints; not its secret.",
    toolset: "oauth",
    effect: "read",
    input: z.strictObject({ oauth_application_id: id() }),
    call: (clerk, i) => clerk.oauthApplications.get(i.oauth_application_id),
  }),
  clerkTool({
    tool: "create_oauth_application",
    title: "Create OAuth application",
    description:
      "Registers an app that signs users in through this instance by OAuth. Its client secret is in this answer only.",
    toolset: "oauth",
    effect: "write",
    secrets: true,
    input: z.strictObject({
      name: text(256).min(1),
      redirect_uris: redirectUris().nullish(),
      scopes: text(1024).nullish().describe(SCOPES),
      public: z.boolean().nullish().describe("no client secret; uses PKCE"),
    }),
    call: (clerk, i) =>
      clerk.oauthApplications.create(
        params({ name: i.name, redirectUris: i.redirect_uris, scopes: i.scopes, public: i.public }),
      ),
  }),
  clerkTool({
    tool: "update_oauth_application",
    title: "Update OAuth application",
    description: "Changes name, redirect URIs, scopes or kind of an OAuth application; its secret stays.",
    toolset: "oauth",
    effect: "write",
    input: z.strictObject({
      oauth_application_id: id(),
      name: text(256).min(1).optional(),
      redirect_uris: clearable(redirectUris(), "replaces all; null clears").optional(),
      scopes: clearable(text(1024), `${SCOPES}; null clears`).optional(),
      public: z.boolean().nullish().describe("no client secret; uses PKCE"),
    }),
    call: (clerk, i) =>
      clerk.oauthApplications.update(
        params({
          name: i.name,
          redirectUris: i.redirect_uris,
          scopes: i.scopes,
          public: i.public,
          oauthApplicationId: i.oauth_application_id,
        }),
      ),
  }),
  clerkTool({
    tool: "delete_oauth_application",
    title: "Delete OAuth application",
    description: "Deletes an OAuth application; nobody can sign in to it through this instance. Cannot be undone.",
    toolset: "oauth",
    effect: "destroy",
    input: z.strictObject({ oauth_application_id: id() }),
    call: (clerk, i) => clerk.oauthApplications.delete(i.oauth_application_id),
  }),
  clerkTool({
    tool: "rotate_oauth_application_secret",
    title: "Rotate OAuth application secret",
    description:
      "Gives an OAuth application a new client secret and reveals it; the app must be given it to go on working. Cannot be undone.",
    toolset: "oauth",
    effect: "destroy",
    secrets: true,
    input: z.strictObject({ oauth_application_id: id() }),
    call: (clerk, i) => clerk.oauthApplications.rotateSecret(i.oauth_application_id),
  }),
  clerkTool({
    tool: "revoke_oauth_application_token",
    title: "Revoke OAuth application token",
    description:
      "Ends one grant: the given access or refresh token and its counterpart stop working. Cannot be undone.",
    toolset: "oauth",
    effect: "destroy",
    input: z.strictObject({
      oauth_application_id: id(),
      token: text(8192).min(1).describe("opaque access or refresh token"),
    }),
    call: (clerk, i) =>
      clerk.oauthApplications.revokeToken(params({ oauthApplicationId: i.oauth_application_id, token: i.token })),
  }),
];
