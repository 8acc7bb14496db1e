import { z } from "zod";
import { idInput } from "../../src/core/ids.js";
import { pageInput, pageOf } from "../../src/core/page.js";
import { envName, secretBinding, secretView } from "../../src/core/shapes/secret.js";
import { define } from "../define.js";

/** Longest value, in bytes of UTF-8. */
const VALUE_LIMIT = 64 * 1024;

const slug = z.string().min(1).max(64);
const id = idInput("secret");
const deleted = z.object({ id: z.string(), deleted: z.literal(true) });

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$/, "takes 1 to 100 letters, digits, spaces, dots, _ and -")
  .describe("what people call it");

const value = z
  .string()
  .min(1)
  .max(VALUE_LIMIT)
  .refine((text) => new TextEncoder().encode(text).length <= VALUE_LIMIT, "takes 64 KiB at most")
  .describe("the secret itself; no answer ever shows it");

export const secrets = [
  define({
    tool: "list-secrets",
    route: { method: "GET", path: "/api/v1/secrets" },
    toolset: "secrets",
    title: "List secrets",
    description: "Secrets of this workspace, newest first, without their values.",
    effect: "read",
    scope: "owner",
    input: z.strictObject(pageInput),
    output: pageOf(secretView),
    errors: ["INVALID_CURSOR"],
    run: (input, { services, caller }) => services.secrets.page(caller.workspace, input),
  }),
  define({
    tool: "create-secret",
    route: { method: "POST", path: "/api/v1/secrets" },
    toolset: "secrets",
    title: "Create a secret",
    description: "Keep a value for skills to use; bind it to one with bind-skill-secret.",
    effect: "write",
    scope: "owner",
    idempotent: true,
    audit: { action: "secret.create", resource: "secret" },
    input: z.strictObject({ name, value }),
    output: secretView,
    errors: ["CONFLICT", "SEAL_BROKEN"],
    run: (input, { services, caller }) => services.secrets.create(caller.workspace, input),
  }),
  define({
    tool: "update-secret",
    route: { method: "PATCH", path: "/api/v1/secrets/:id" },
    toolset: "secrets",
    title: "Update a secret",
    description: "Give a secret another name or value; skills that it is bound to use the new one.",
    effect: "write",
    scope: "owner",
    audit: { action: "secret.update", resource: "secret" },
    input: z.strictObject({
      id,
      name: name.optional(),
      value: value.optional(),
      version: z.int().min(1).optional().describe("refuse the change unless the secret still has this version"),
    }),
    output: secretView,
    errors: ["NOT_FOUND", "CONFLICT", "SEAL_BROKEN"],
    run: ({ id: secret, ...change }, { services, caller }) => services.secrets.update(caller.workspace, secret, change),
  }),
  define({
    tool: "delete-secret",
    route: { method: "DELETE", path: "/api/v1/secrets/:id" },
    toolset: "secrets",
    title: "Delete a secret",
    description: "Delete a secret for good, with its bindings to skills.",
    effect: "destroy",
    scope: "owner",
    audit: { action: "secret.delete", resource: "secret" },
    input: z.strictObject({ id }),
    output: deleted,
    errors: ["NOT_FOUND", "CONFLICT"],
    run: (input, { services, caller }) => services.secrets.remove(caller.workspace, input.id),
  }),
  define({
    tool: "list-skill-secrets",
    route: { method: "GET", path: "/api/v1/skills/:slug/secrets" },
    toolset: "secrets",
    title: "List a skill's secrets",
    description: "Which secrets a skill may use, under which names, without their values.",
    effect: "read",
    scope: "owner",
    input: z.strictObject({ slug, ...pageInput }),
    output: pageOf(secretBinding),
    errors: ["NOT_FOUND", "INVALID_CURSOR"],
    run: ({ slug: skill, ...input }, { services, caller }) => services.secrets.bindings(caller.workspace, skill, input),
  }),
  define({
    tool: "bind-skill-secret",
    route: { method: "POST", path: "/api/v1/skills/:slug/secrets" },
    toolset: "secrets",
    title: "Bind a secret to a skill",
    description: "Let a skill's http_request use a secret as {{ENV_VAR}}; the model never sees the value.",
    effect: "write",
    scope: "owner",
    audit: { action: "secret.bind", resource: "secret" },
    input: z.strictObject({ slug, secretId: id, envVar: envName.describe("the name, such as OPENAI_API_KEY") }),
    output: secretBinding,
    errors: ["NOT_FOUND", "CONFLICT"],
    run: ({ slug: skill, secretId, envVar }, { services, caller }) =>
      services.secrets.bind(caller.workspace, skill, secretId, envVar),
  }),
  define({
    tool: "unbind-skill-secret",
    route: { method: "DELETE", path: "/api/v1/skills/:slug/secrets/:id" },
    toolset: "secrets",
    title: "Unbind a secret from a skill",
    description: "Stop a skill from using a secret, under every name that it had for it; the secret stays.",
    effect: "destroy",
    scope: "owner",
    audit: { action: "secret.unbind", resource: "secret" },
    input: z.strictObject({ slug, id }),
    output: deleted,
    errors: ["NOT_FOUND", "CONFLICT"],
    run: (input, { services, caller }) => services.secrets.unbind(caller.workspace, input.slug, input.id),
  }),
];
