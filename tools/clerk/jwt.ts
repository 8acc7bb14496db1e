import { z } from "zod";
import { clearable, clerkTool, id, metadata, paging, params, text } from "./define.js";

const lifetime = () => z.int().min(30).max(315_360_000);
const clockSkew = () => z.int().min(0).max(300);
const algorithm = () => text(32);
const privateKey = () => text(16_384);

export const jwt = [
  clerkTool({
    tool: "get_jwks",
    title: "Get JWKS",
    description: "Gets the public keys with which the signatures of session tokens are checked; nothing secret in it.",
    toolset: "jwt",
    effect: "read",
    input: z.strictObject({}),
    call: (clerk) => clerk.jwks.getJwks(),
  }),
  clerkTool({
    tool: "list_jwt_templates",
    title: "List JWT templates",
    description: "Lists the templates from which custom tokens for other services are made, with their claims.",
    toolset: "jwt",
    effect: "read",
    input: z.strictObject({ ...paging() }),
    call: (clerk, i) => clerk.jwtTemplates.list(params({ limit: i.limit, offset: i.offset })),
  }),
  clerkTool({
    tool: "get_jwt_template",
    title: "Get JWT template",
    description: "Shows one template of custom tokens: claims, lifetime, signing algorithm.",
    toolset: "jwt",
    effect: "read",
    input: z.strictObject({ template_id: id() }),
    call: (clerk, i) => clerk.jwtTemplates.get(i.template_id),
  }),
  clerkTool({
    tool: "create_jwt_template",
    title: "Create JWT template",
    description: "Defines a new kind of custom token, for instance for Hasura or Supabase; mints no token itself.",
    toolset: "jwt",
    effect: "write",
    input: z.strictObject({
      name: text().min(1),
      claims: metadata().describe("values may hold shortcodes such as {{user.id}}"),
      lifetime: lifetime().nullish().describe("seconds"),
      allowed_clock_skew: clockSkew().nullish().describe("seconds"),
      custom_signing_key: z.boolean().optional().describe("true needs signing_algorithm and signing_key"),
      signing_algorithm: algorithm().nullish(),
      signing_key: privateKey().nullish().describe("private key"),
    }),
    call: (clerk, i) =>
      clerk.jwtTemplates.create(
        params({
          name: i.name,
          claims: i.claims,
          lifetime: i.lifetime,
          allowedClockSkew: i.allowed_clock_skew,
          customSigningKey: i.custom_signing_key,
          signingAlgorithm: i.signing_algorithm,
          signingKey: i.signing_key,
        }),
      ),
  }),
  clerkTool({
    tool: "update_jwt_template",
    title: "Update JWT template",
    description:
      "Changes a template of custom tokens; name and the whole claims must be given. Tokens already out stay.",
    toolset: "jwt",
    effect: "write",
    input: z.strictObject({
      template_id: id(),
      name: text().min(1),
      claims: metadata().describe("replaces all"),
      lifetime: clearable(lifetime(), "seconds; null clears").optional(),
      allowed_clock_skew: clearable(clockSkew(), "seconds; null clears").optional(),
      custom_signing_key: z.boolean().optional().describe("true needs signing_algorithm and signing_key"),
      signing_algorithm: clearable(algorithm()).optional(),
      signing_key: clearable(privateKey(), "private key; null clears").optional(),
    }),
    call: (clerk, i) =>
      clerk.jwtTemplates.update(
        params({
          name: i.name,
          claims: i.claims,
          lifetime: i.lifetime,
          allowedClockSkew: i.allowed_clock_skew,
          customSigningKey: i.custom_signing_key,
          signingAlgorithm: i.signing_algorithm,
          signingKey: i.signing_key,
          templateId: i.template_id,
        }),
      ),
  }),
  clerkTool({
    tool: "delete_jwt_template",
    title: "Delete JWT template",
    description: "Deletes a template of custom tokens; apps can no longer get tokens by its name. Cannot be undone.",
    toolset: "jwt",
    effect: "destroy",
    input: z.strictObject({ template_id: id() }),
    call: (clerk, i) => clerk.jwtTemplates.delete(i.template_id),
  }),
];
