import { z } from "zod";

/** The seven categories of the marketplace, sorted. */
export const CATEGORIES = [
  "communication",
  "design",
  "development",
  "documents",
  "marketing",
  "productivity",
  "research",
] as const;

export type Category = (typeof CATEGORIES)[number];

/** A skill as a list shows it. */
export const skillSummary = z.object({
  slug: z.string(),
  name: z.string(),
  title: z.string(),
  description: z.string(),
  category: z.enum(CATEGORIES),
  version: z.string(),
});

export type SkillSummary = z.output<typeof skillSummary>;

/** A category with the number of its skills, 0 too. */
export const skillCategory = z.object({ category: z.enum(CATEGORIES), count: z.int() });

/** Everything about a skill but its instructions and the contents of its files. */
export const skillDetails = skillSummary.extend({
  license: z.string(),
  source: z.string().optional().describe("The https URL of its repository"),
  parameters: z.array(
    z.object({
      name: z.string(),
      type: z.enum(["string", "number", "integer", "boolean"]),
      description: z.string(),
      default: z.unknown().optional(),
      enum: z.array(z.string()).optional(),
      minimum: z.number().optional(),
      maximum: z.number().optional(),
      required: z.boolean().optional(),
    }),
  ),
  required_secrets: z.array(z.string()).describe("Environment variables that a run needs a secret bound to"),
  http: z.array(z.string()).describe("Where a run on the server may send requests"),
  uses_memory: z.boolean().describe("Whether a run is given the workspace memory"),
  artifact: z.object({ name: z.string(), mime_type: z.string() }).optional().describe("The file that a run makes"),
  files: z.array(z.string()),
});

export type SkillDetails = z.output<typeof skillDetails>;

/** A skill of the workspace. */
export const installedSkill = skillSummary.extend({ installed_at: z.string() });

export type InstalledSkill = z.output<typeof installedSkill>;
