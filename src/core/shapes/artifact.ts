import { z } from "zod";

/** A file that a run produced, without its content. */
export const artifactView = z.object({
  id: z.string(),
  name: z.string(),
  mime_type: z.string(),
  size: z.number().describe("bytes"),
  execution_id: z.string(),
  created_at: z.string(),
});

export type ArtifactView = z.output<typeof artifactView>;
