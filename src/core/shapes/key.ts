import { z } from "zod";

/** The longest an API key may live, in seconds: a hundred years, for times far beyond are no dates any more. */
export const LONGEST_KEY_LIFE = 36_500 * 86_400;

/** An API key as people see it, never the key itself. */
export const keyView = z.object({
  id: z.string(),
  name: z.string(),
  prefix: z.string(),
  last_four: z.string(),
  scopes: z.array(z.string()),
  clerk_account: z.string().optional(),
  created_at: z.string(),
  expires_at: z.string().optional(),
  revoked_at: z.string().optional(),
  last_used_at: z.string().optional(),
});

export type KeyView = z.output<typeof keyView>;
