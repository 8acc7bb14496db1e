import type { ClerkClient } from "@clerk/backend";
import { z } from "zod";
import { clerkTool, id, listOf, paging, params, text } from "./define.js";

type RefreshTokenParams = Parameters<ClerkClient["sessions"]["refreshSession"]>[1];

export const sessions = [
  clerkTool({
    tool: "list_clients",
    title: "List clients",
    description:
      "Lists browsers and devices (clients) with the sessions on each. Deprecated: Clerk may refuse it; use list_sessions.",
    toolset: "sessions",
    effect: "read",
    input: z.strictObject({ ...paging() }),
    call: (clerk, i) => clerk.clients.getClientList(params({ limit: i.limit, offset: i.offset })),
  }),
  clerkTool({
    tool: "get_client",
    title: "Get client",
    description: "Shows one browser or device (client) and the sessions on it.",
    toolset: "sessions",
    effect: "read",
    input: z.strictObject({ client_id: id() }),
    call: (clerk, i) => clerk.clients.getClient(i.client_id),
  }),
  clerkTool({
    tool: "verify_client",
    title: "Verify client",
    description: "Checks a client's token and shows the browser or device it stands for.",
    toolset: "sessions",
    effect: "read",
    input: z.strictObject({ token: text(16384) }),
    call: (clerk, i) => clerk.clients.verifyClient(i.token),
  }),
  clerkTool({
    tool: "list_sessions",
    aliases: ["clerk_list_sessions"],
    title: "List sessions",
    description:
      "Lists where one person, or one client, is or was signed in, newest first. Clerk wants client_id or user_id.",
    toolset: "sessions",
    effect: "read",
    input: z.strictObject({
      ...paging(),
      client_id: id().optional(),
      user_id: id().optional(),
      status: z
        .enum(["pending", "revoked", "expired", "abandoned", "active", "ended", "removed", "replaced"])
        .optional(),
    }),
    call: (clerk, i) =>
      clerk.sessions.getSessionList(
        params({ limit: i.limit, offset: i.offset, clientId: i.client_id, userId: i.user_id, status: i.status }),
      ),
  }),
  clerkTool({
    tool: "get_session",
    aliases: ["clerk_get_session"],
    title: "Get session",
    description: "Shows one sign-in: whose it is, its state, when it was last used and when it ends.",
    toolset: "sessions",
    effect: "read",
    input: z.strictObject({ session_id: id() }),
    call: (clerk, i) => clerk.sessions.getSession(i.session_id),
  }),
  clerkTool({
    tool: "create_session",
    title: "Create session",
    description:
      "Signs a person in without their doing, for tests: development instances only. In production use create_sign_in_token.",
    toolset: "sessions",
    effect: "write",
    input: z.strictObject({ user_id: id() }),
    call: (clerk, i) => clerk.sessions.createSession(params({ userId: i.user_id })),
  }),
  clerkTool({
    tool: "revoke_session",
    aliases: ["clerk_revoke_session"],
    title: "Revoke session",
    description:
      "Signs a person out on one device; cannot be undone, they must sign in again. ban_user does so everywhere.",
    toolset: "sessions",
    effect: "destroy",
    input: z.strictObject({ session_id: id() }),
    call: (clerk, i) => clerk.sessions.revokeSession(i.session_id),
  }),
  clerkTool({
    tool: "verify_session",
    title: "Verify session",
    description: "Checks that a token belongs to a session. Gone from Clerk's current API, which may refuse it.",
    toolset: "sessions",
    effect: "read",
    input: z.strictObject({ session_id: id(), token: text(16384) }),
    call: (clerk, i) => clerk.sessions.verifySession(i.session_id, i.token),
  }),
  clerkTool({
    tool: "get_session_token",
    title: "Get session token",
    description: "Hands out a token (JWT) that acts for a signed-in person, plain or shaped by a JWT template.",
    toolset: "sessions",
    effect: "write",
    secrets: true,
    input: z.strictObject({
      session_id: id(),
      template: id().optional().describe("name of a JWT template"),
      expires_in_seconds: z.int().min(30).max(315360000).optional(),
    }),
    call: (clerk, i) => clerk.sessions.getToken(i.session_id, i.template, i.expires_in_seconds),
  }),
  clerkTool({
    tool: "refresh_session",
    title: "Refresh session",
    description: "Trades an expired session token and its refresh token for a fresh one; meant for server middleware.",
    toolset: "sessions",
    effect: "write",
    secrets: true,
    input: z.strictObject({
      session_id: id(),
      expired_token: text(16384),
      refresh_token: text(16384),
      request_origin: text().describe("the browser's Origin"),
      request_originating_ip: text(64).optional(),
      request_headers: z
        .record(text(255), listOf(text(16384)))
        .optional()
        .describe("lists of values by name"),
      suffixed_cookies: z.boolean().optional(),
      format: z.enum(["token", "cookie"]).optional().describe("default token"),
    }),
    call: (clerk, i) =>
      clerk.sessions.refreshSession(
        i.session_id,
        params<RefreshTokenParams>({
          expired_token: i.expired_token,
          refresh_token: i.refresh_token,
          request_origin: i.request_origin,
          request_originating_ip: i.request_originating_ip,
          request_headers: i.request_headers,
          suffixed_cookies: i.suffixed_cookies,
          format: i.format,
        }),
      ),
  }),
];
