import { z } from "zod";

/** How a request for scopes stands. */
export const consentStatus = z.enum(["pending", "granted", "denied", "expired"]);

/** How long something is granted: for good, for an hour, or for one call within five minutes. */
export const grantMode = z.enum(["persistent", "session", "one_time"]);

/** A request for scopes as the person sees it who decides; without a key where the owner's own asked. */
export const consentView = z.object({
  id: z.string(),
  status: consentStatus,
  agent_display_name: z.string(),
  reason: z.string(),
  scopes: z.array(z.string()),
  mode: grantMode,
  link_code: z.string(),
  key: z.object({ id: z.string(), name: z.string(), prefix: z.string(), scopes: z.array(z.string()) }).optional(),
  created_at: z.string(),
  expires_at: z.string(),
});

export type ConsentStatus = z.output<typeof consentStatus>;
export type GrantMode = z.output<typeof grantMode>;
export type ConsentView = z.output<typeof consentView>;
