import { z } from "zod";
import { clerkTool, id, metadata, orderBy, paging, params, text } from "./define.js";

const machineSecretKey = () =>
  text()
    .refine((key) => /^[\x21-\x7e]+$/.test(key), "takes printable characters without spaces")
    .optional();
const tokenLifetime = () => z.int().min(1).max(315_360_000).optional().describe("seconds");

export const machines = [
  clerkTool({
    tool: "get_machine",
    title: "Get machine",
    description: "Looks up one machine (a backend service with an identity of its own) and which machines it may call.",
    toolset: "machines",
    effect: "read",
    input: z.strictObject({ machine_id: id() }),
    call: (clerk, i) => clerk.machines.get(i.machine_id),
  }),
  clerkTool({
    tool: "list_machines",
    title: "List machines",
    description: "Lists the backend services that call each other with machine-to-machine tokens.",
    toolset: "machines",
    effect: "read",
    input: z.strictObject({
      ...paging(),
      order_by: orderBy("name", "created_at"),
      query: text().optional().describe("id or name"),
    }),
    call: (clerk, i) =>
      clerk.machines.list(params({ limit: i.limit, offset: i.offset, orderBy: i.order_by, query: i.query })),
  }),
  clerkTool({
    tool: "create_machine",
    title: "Create machine",
    description: "Registers a backend service for machine-to-machine tokens. The answer holds its secret key.",
    toolset: "machines",
    effect: "write",
    secrets: true,
    input: z.strictObject({
      name: text(255).min(1),
      scoped_machines: z.array(id()).max(150).optional().describe("ids of machines it may call"),
      default_token_ttl: tokenLifetime(),
    }),
    call: (clerk, i) =>
      clerk.machines.create(
        params({ name: i.name, scopedMachines: i.scoped_machines, defaultTokenTtl: i.default_token_ttl }),
      ),
  }),
  clerkTool({
    tool: "update_machine",
    title: "Update machine",
    description: "Renames a machine or changes how long its tokens last; whom it may call is create_machine_scope.",
    toolset: "machines",
    effect: "write",
    input: z.strictObject({
      machine_id: id(),
      name: text(255).min(1).optional(),
      default_token_ttl: tokenLifetime(),
    }),
    call: (clerk, i) =>
      clerk.machines.update(params({ machineId: i.machine_id, name: i.name, defaultTokenTtl: i.default_token_ttl })),
  }),
  clerkTool({
    tool: "delete_machine",
    title: "Delete machine",
    description: "Deletes a machine; its secret key stops working and it can call no other. Cannot be undone.",
    toolset: "machines",
    effect: "destroy",
    input: z.strictObject({ machine_id: id() }),
    call: (clerk, i) => clerk.machines.delete(i.machine_id),
  }),
  clerkTool({
    tool: "get_machine_secret_key",
    title: "Get machine secret key",
    description: "Reveals a machine's secret key, with which anybody can make tokens in its name.",
    toolset: "machines",
    effect: "read",
    secrets: true,
    input: z.strictObject({ machine_id: id() }),
    call: (clerk, i) => clerk.machines.getSecretKey(i.machine_id),
  }),
  clerkTool({
    tool: "rotate_machine_secret_key",
    title: "Rotate machine secret key",
    description: "Gives a machine a new secret key and reveals it; the old one expires. Cannot be undone.",
    toolset: "machines",
    effect: "destroy",
    secrets: true,
    input: z.strictObject({
      machine_id: id(),
      previous_token_ttl: z.int().min(0).max(28_800).describe("seconds the old key still works; 0: none"),
    }),
    call: (clerk, i) =>
      clerk.machines.rotateSecretKey(params({ machineId: i.machine_id, previousTokenTtl: i.previous_token_ttl })),
  }),
  clerkTool({
    tool: "create_machine_scope",
    title: "Create machine scope",
    description: "Allows one machine to call another, in that direction; at most 150 a machine.",
    toolset: "machines",
    effect: "write",
    input: z.strictObject({
      machine_id: id().describe("caller"),
      to_machine_id: id().describe("called"),
    }),
    call: (clerk, i) => clerk.machines.createScope(i.machine_id, i.to_machine_id),
  }),
  clerkTool({
    tool: "delete_machine_scope",
    title: "Delete machine scope",
    description: "Forbids one machine to call another any longer. Cannot be undone, only allowed anew.",
    toolset: "machines",
    effect: "destroy",
    input: z.strictObject({
      machine_id: id().describe("caller"),
      other_machine_id: id().describe("called"),
    }),
    call: (clerk, i) => clerk.machines.deleteScope(i.machine_id, i.other_machine_id),
  }),
  clerkTool({
    tool: "list_m2m_tokens",
    title: "List M2M tokens",
    description: "Lists the machine-to-machine tokens that one machine has been given, newest first.",
    toolset: "machines",
    effect: "read",
    input: z.strictObject({
      ...paging(100),
      machine_secret_key: machineSecretKey(),
      subject: id().describe("machine id"),
      revoked: z.boolean().optional().describe("revoked ones too"),
      expired: z.boolean().optional().describe("expired ones too"),
    }),
    call: (clerk, i) =>
      clerk.m2m.list(
        params({
          limit: i.limit,
          offset: i.offset,
          machineSecretKey: i.machine_secret_key,
          subject: i.subject,
          revoked: i.revoked,
          expired: i.expired,
        }),
      ),
  }),
  clerkTool({
    tool: "create_m2m_token",
    title: "Create M2M token",
    description:
      "Makes a token with which one machine calls another, and reveals it. Clerk wants the machine's own key.",
    toolset: "machines",
    effect: "write",
    secrets: true,
    input: z.strictObject({
      machine_secret_key: machineSecretKey().describe("from get_machine_secret_key"),
      seconds_until_expiration: z.number().min(0).nullish().describe("leave out: never expires"),
      claims: metadata().nullish(),
      min_remaining_ttl_seconds: z.int().min(0).optional().describe("opaque: reuses a like token valid this long"),
      token_format: z.enum(["opaque", "jwt"]).optional().describe("default opaque"),
    }),
    call: (clerk, i) =>
      clerk.m2m.createToken(
        params({
          machineSecretKey: i.machine_secret_key,
          secondsUntilExpiration: i.seconds_until_expiration,
          claims: i.claims,
          minRemainingTtlSeconds: i.min_remaining_ttl_seconds,
          tokenFormat: i.token_format,
        }),
      ),
  }),
  clerkTool({
    tool: "revoke_m2m_token",
    title: "Revoke M2M token",
    description: "Makes a machine-to-machine token invalid; cannot be undone.",
    toolset: "machines",
    effect: "destroy",
    input: z.strictObject({
      machine_secret_key: machineSecretKey(),
      m2m_token_id: id(),
      revocation_reason: text().nullish(),
    }),
    call: (clerk, i) =>
      clerk.m2m.revokeToken(
        params({
          machineSecretKey: i.machine_secret_key,
          m2mTokenId: i.m2m_token_id,
          revocationReason: i.revocation_reason,
        }),
      ),
  }),
  clerkTool({
    tool: "verify_m2m_token",
    title: "Verify M2M token",
    description: "Checks a machine-to-machine token that a service presented and tells which machine it stands for.",
    toolset: "machines",
    effect: "read",
    input: z.strictObject({
      machine_secret_key: machineSecretKey().describe("the receiving machine's; Clerk wants it for opaque tokens"),
      token: text(8192).min(1),
    }),
    call: (clerk, i) => clerk.m2m.verify(params({ machineSecretKey: i.machine_secret_key, token: i.token })),
  }),
];
