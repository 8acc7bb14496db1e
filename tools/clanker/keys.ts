import { z } from "zod";
import { requireGrantable } from "../../src/core/caller.js";
import { idInput } from "../../src/core/ids.js";
import { pageInput, pageOf } from "../../src/core/page.js";
import { READ_SCOPES } from "../../src/core/scopes.js";
import { keyView as key, LONGEST_KEY_LIFE } from "../../src/core/shapes/key.js";
import { define } from "../define.js";

export const keys = [
  define({
    tool: "list-workspace-keys",
    route: { method: "GET", path: "/api/v1/api-keys" },
    toolset: "keys",
    title: "List the workspace's API keys",
    description: "The workspace's API keys, newest first: names, scopes and last uses, never the keys themselves.",
    effect: "read",
    scope: "owner",
    input: z.strictObject(pageInput),
    output: pageOf(key),
    errors: ["INVALID_CURSOR"],
    run: (input, { services, caller }) => services.keys.page(caller.workspace, input),
  }),
  define({
    tool: "create-workspace-key",
    route: { method: "POST", path: "/api/v1/api-keys" },
    toolset: "keys",
    title: "Create a key of the workspace",
    description: "Make an API key for this workspace. The answer shows it this once.",
    effect: "write",
    scope: "owner",
    idempotent: true,
    audit: { action: "key.create", resource: "key" },
    confidential: true,
    input: z.strictObject({
      name: z.string().trim().min(1).max(100).describe("what the key is for"),
      scopes: z
        .array(z.string().max(64))
        .min(1)
        .max(50)
        .optional()
        .describe("what it may do, * for everything; leave out for the scopes that only read"),
      expires_in: z
        .int()
        .min(1)
        .max(LONGEST_KEY_LIFE)
        .optional()
        .describe("seconds that it lives; leave out for until it is revoked"),
    }),
    output: key.extend({ key: z.string() }),
    errors: ["CONFLICT"],
    async run({ name, scopes, expires_in: expiresIn }, { services, caller }) {
      requireGrantable(caller.scopes, scopes ?? READ_SCOPES);
      return services.keys.create(caller.workspace, caller.person, {
        name,
        ...(scopes && { scopes }),
        ...(expiresIn !== undefined && { expiresIn }),
        ...(caller.clerkAccount !== undefined && { clerkAccount: caller.clerkAccount }),
      });
    },
  }),
  define({
    tool: "revoke-workspace-key",
    route: { method: "POST", path: "/api/v1/api-keys/:id/revoke" },
    toolset: "keys",
    title: "Revoke a key of the workspace",
    description: "Stop a key for good: its next call is refused, and its open sessions and streams end.",
    effect: "destroy",
    scope: "owner",
    audit: { action: "key.revoke", resource: "key" },
    input: z.strictObject({ id: idInput("key") }),
    output: key,
    errors: ["NOT_FOUND", "CONFLICT"],
    run: (input, { services, caller }) => services.keys.revoke(caller.workspace, input.id),
  }),
];
