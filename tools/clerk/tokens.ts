import type { ClerkClient } from "@clerk/backend";
import { z } from "zod";
import { clerkTool, id, params, text } from "./define.js";

type OnBehalfOf = Parameters<ClerkClient["agentTasks"]["create"]>[0]["onBehalfOf"];

const onBehalfOf = () =>
  z
    .strictObject({
      identifier: text(320).min(1).optional().describe("email, phone or username"),
      user_id: id().optional(),
    })
    .transform(({ identifier, user_id: userId }, context): OnBehalfOf => {
      if (userId !== undefined && identifier === undefined) return { userId };
      if (identifier !== undefined && userId === undefined) return { identifier };
      context.addIssue("give user_id or identifier, not both");
      return z.NEVER;
    })
    .describe("user_id or identifier, not both");

export const tokens = [
  clerkTool({
    tool: "create_actor_token",
    title: "Create actor token",
    description:
      "Makes a link with which one person impersonates another user, for support. Whoever has it is signed in as that user; the plain form is create_sign_in_token.",
    toolset: "tokens",
    effect: "write",
    secrets: true,
    input: z.strictObject({
      user_id: id().describe("who is impersonated"),
      actor: z
        .looseObject({ sub: id().describe("id of the impersonator") })
        .describe("other keys go into the session's act claim"),
      expires_in_seconds: z.int().min(1).optional().describe("default 3600"),
      session_max_duration_in_seconds: z.int().min(1).optional().describe("default 1800"),
    }),
    call: (clerk, i) =>
      clerk.actorTokens.create(
        params({
          userId: i.user_id,
          actor: i.actor,
          expiresInSeconds: i.expires_in_seconds,
          sessionMaxDurationInSeconds: i.session_max_duration_in_seconds,
        }),
      ),
  }),
  clerkTool({
    tool: "revoke_actor_token",
    title: "Revoke actor token",
    description: "Withdraws an impersonation link that nobody has used yet; cannot be undone.",
    toolset: "tokens",
    effect: "destroy",
    input: z.strictObject({ actor_token_id: id() }),
    call: (clerk, i) => clerk.actorTokens.revoke(i.actor_token_id),
  }),
  clerkTool({
    tool: "create_agent_task",
    title: "Create agent task",
    description:
      "Makes a URL that signs an agent or automated test in as a user, with all rights of that user: treat it as a password. Experimental.",
    toolset: "tokens",
    effect: "write",
    secrets: true,
    input: z.strictObject({
      on_behalf_of: onBehalfOf(),
      permissions: z.enum(["*"]),
      agent_name: text().min(1),
      task_description: text(),
      redirect_url: text(2048).describe("on a domain of the instance; https in production"),
      session_max_duration_in_seconds: z.int().min(1).optional().describe("default 1800"),
    }),
    call: (clerk, i) =>
      clerk.agentTasks.create(
        params({
          onBehalfOf: i.on_behalf_of,
          permissions: i.permissions,
          agentName: i.agent_name,
          taskDescription: i.task_description,
          redirectUrl: i.redirect_url,
          sessionMaxDurationInSeconds: i.session_max_duration_in_seconds,
        }),
      ),
  }),
  clerkTool({
    tool: "revoke_agent_task",
    title: "Revoke agent task",
    description: "Withdraws an agent task, so that its URL no longer signs anybody in; cannot be undone. Experimental.",
    toolset: "tokens",
    effect: "destroy",
    input: z.strictObject({ agent_task_id: id() }),
    call: (clerk, i) => clerk.agentTasks.revoke(i.agent_task_id),
  }),
  clerkTool({
    tool: "create_sign_in_token",
    aliases: ["clerk_create_sign_in_token"],
    title: "Create sign-in token",
    description:
      "Makes a link that signs a user in once without password or code: treat it as a password. To impersonate, use create_actor_token.",
    toolset: "tokens",
    effect: "write",
    secrets: true,
    input: z.strictObject({
      user_id: id(),
      org_id: id().optional().describe("organization to activate"),
      expires_in_seconds: z.int().min(1).optional().describe("default 30 days"),
    }),
    call: (clerk, i) =>
      clerk.signInTokens.createSignInToken(
        params({ userId: i.user_id, orgId: i.org_id, expiresInSeconds: i.expires_in_seconds }),
      ),
  }),
  clerkTool({
    tool: "revoke_sign_in_token",
    aliases: ["clerk_revoke_sign_in_token"],
    title: "Revoke sign-in token",
    description: "Withdraws a sign-in link that has not been used yet; cannot be undone.",
    toolset: "tokens",
    effect: "destroy",
    input: z.strictObject({ sign_in_token_id: id() }),
    call: (clerk, i) => clerk.signInTokens.revokeSignInToken(i.sign_in_token_id),
  }),
  clerkTool({
    tool: "create_testing_token",
    title: "Create testing token",
    description: "Makes a short-lived token that lets end-to-end tests past bot protection; it signs nobody in.",
    toolset: "tokens",
    effect: "write",
    secrets: true,
    input: z.strictObject({}),
    call: (clerk) => clerk.testingTokens.createTestingToken(),
  }),
];
