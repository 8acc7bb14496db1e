import { z } from "zod";

/** A name that a skill's environment variables have. */
export const envName = z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/, "takes a name such as OPENAI_API_KEY");

/** A secret as everybody sees it: nothing here tells of its value. */
export const secretView = z.object({
  id: z.string(),
  name: z.string(),
  version: z.int().describe("changes with every update"),
  created_at: z.string(),
  updated_at: z.string(),
  skills: z.array(z.object({ slug: z.string(), envVar: z.string() })).describe("skills that it is bound to"),
});

export type SecretView = z.output<typeof secretView>;

/** A secret that a skill's requests may use under a name. */
export const secretBinding = z.object({ id: z.string(), name: z.string(), slug: z.string(), envVar: z.string() });

export type SecretBinding = z.output<typeof secretBinding>;

/** Whether a workspace has an Anthropic key of its own, and how that ends. */
export const byokStatus = z.object({ configured: z.boolean(), last4: z.string().optional() });

export type ByokStatus = z.output<typeof byokStatus>;
