import { z } from "zod";

/** A device that asks for a key, for the person who decides on it. */
export const deviceView = z.object({
  user_code: z.string(),
  client_label: z.string(),
  status: z.enum(["pending", "approved", "completed", "denied"]),
  ip: z.string().optional(),
  user_agent: z.string().optional(),
  created_at: z.string(),
  expires_at: z.string(),
});

export type DeviceView = z.output<typeof deviceView>;
