import { z } from "zod";

/** What a person is in a workspace. */
const role = z.enum(["owner", "admin", "member"]);

/** A workspace as one of its people sees it. */
export const workspaceView = z.object({ id: z.string(), name: z.string(), slug: z.string(), role });

export type WorkspaceView = z.output<typeof workspaceView>;

/** A person of a workspace. */
export const memberView = z.object({ id: z.string(), name: z.string(), email: z.string().optional(), role });

export type MemberView = z.output<typeof memberView>;

/** What the tokens of invitations begin with, before a `_`. */
export const INVITATION_PREFIX = "ci";

/** An invitation, its link shown this once. */
export const invitationView = z.object({
  id: z.string(),
  email: z.string(),
  role,
  url: z.string(),
  expires_at: z.string(),
});

export type InvitationView = z.output<typeof invitationView>;

/** Who is signed in, and where. */
export const sessionView = z.object({
  person: z.object({ id: z.string(), name: z.string(), email: z.string().optional() }),
  workspace: workspaceView,
  csrf_token: z.string(),
});

export type SessionView = z.output<typeof sessionView>;
