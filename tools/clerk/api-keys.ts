import { z } from "zod";
import { clearable, clerkTool, id, metadata, paging, params, text } from "./define.js";

const owner = () => id().describe("user or organization id");
const lifetime = () => z.number().min(0);

export const apiKeys = [
  clerkTool({
    tool: "list_api_keys",
    title: "List API keys",
    description: "Lists the API keys that one user or organization owns, newest first; secrets are not shown.",
    toolset: "api-keys",
    effect: "read",
    input: z.strictObject({
      ...paging(100),
      subject: owner(),
      include_invalid: z.boolean().optional().describe("revoked and expired ones too"),
    }),
    call: (clerk, i) =>
      clerk.apiKeys.list(
        params({ limit: i.limit, offset: i.offset, subject: i.subject, includeInvalid: i.include_invalid }),
      ),
  }),
  clerkTool({
    tool: "create_api_key",
    title: "Create API key",
    description:
      "Issues an API key with which a user or organization calls your own API. The answer holds its secret: treat it as a password.",
    toolset: "api-keys",
    effect: "write",
    secrets: true,
    input: z.strictObject({
      name: text().min(3),
      subject: owner(),
      description: text(255).nullish(),
      claims: metadata().nullish().describe("stored with the key"),
      scopes: z.array(text()).max(100).optional(),
      created_by: id().nullish().describe("user id"),
      seconds_until_expiration: lifetime().nullish().describe("leave out: never expires"),
    }),
    call: (clerk, i) =>
      clerk.apiKeys.create(
        params({
          name: i.name,
          subject: i.subject,
          description: i.description,
          claims: i.claims,
          scopes: i.scopes,
          createdBy: i.created_by,
          secondsUntilExpiration: i.seconds_until_expiration,
        }),
      ),
  }),
  clerkTool({
    tool: "get_api_key",
    title: "Get API key",
    description: "Looks up one API key: owner, scopes, claims, expiry, state. Its secret is in get_api_key_secret.",
    toolset: "api-keys",
    effect: "read",
    input: z.strictObject({ api_key_id: id() }),
    call: (clerk, i) => clerk.apiKeys.get(i.api_key_id),
  }),
  clerkTool({
    tool: "update_api_key",
    title: "Update API key",
    description: "Changes description, claims, scopes or expiry of an API key; its secret stays the same.",
    toolset: "api-keys",
    effect: "write",
    input: z.strictObject({
      api_key_id: id(),
      subject: owner().optional(),
      description: clearable(text(255)).optional(),
      claims: clearable(metadata()).optional(),
      scopes: z.array(text()).max(100).optional(),
      seconds_until_expiration: clearable(lifetime(), "null clears: never expires").optional(),
    }),
    call: (clerk, i) =>
      clerk.apiKeys.update(
        params({
          apiKeyId: i.api_key_id,
          subject: i.subject,
          description: i.description,
          claims: i.claims,
          scopes: i.scopes,
          secondsUntilExpiration: i.seconds_until_expiration,
        }),
      ),
  }),
  clerkTool({
    tool: "delete_api_key",
    title: "Delete API key",
    description: "Erases an API key and its record; cannot be undone. revoke_api_key stops it but keeps the record.",
    toolset: "api-keys",
    effect: "destroy",
    input: z.strictObject({ api_key_id: id() }),
    call: (clerk, i) => clerk.apiKeys.delete(i.api_key_id),
  }),
  clerkTool({
    tool: "revoke_api_key",
    title: "Revoke API key",
    description: "Stops an API key at once and for good, keeping its record; delete_api_key erases that too.",
    toolset: "api-keys",
    effect: "destroy",
    input: z.strictObject({ api_key_id: id(), revocation_reason: text().nullish() }),
    call: (clerk, i) => clerk.apiKeys.revoke(params({ apiKeyId: i.api_key_id, revocationReason: i.revocation_reason })),
  }),
  clerkTool({
    tool: "get_api_key_secret",
    title: "Get API key secret",
    description: "Reveals the secret of an existing API key; whoever has it acts as the key's owner.",
    toolset: "api-keys",
    effect: "read",
    secrets: true,
    input: z.strictObject({ api_key_id: id() }),
    call: (clerk, i) => clerk.apiKeys.getSecret(i.api_key_id),
  }),
  clerkTool({
    tool: "verify_api_key",
    title: "Verify API key",
    description: "Checks an API key secret that somebody presented and tells whose it is; an invalid one is an error.",
    toolset: "api-keys",
    effect: "read",
    input: z.strictObject({ secret: text().min(1) }),
    call: (clerk, i) => clerk.apiKeys.verify(i.secret),
  }),
];
