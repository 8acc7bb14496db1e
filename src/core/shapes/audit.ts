import { z } from "zod";

/** An entry of the audit log, as it is shown. */
export const auditEntryView = z.object({
  id: z.string(),
  created_at: z.string(),
  actor: z
    .object({
      type: z.string().describe("key, session, local or system"),
      person_id: z.string().optional(),
      key_id: z.string().optional().describe("absent for the owner's key"),
      key_prefix: z.string().optional(),
    })
    .describe("who did it"),
  face: z.string().describe("rest, mcp or cli"),
  ip: z.string().optional(),
  user_agent: z.string().optional(),
  request_id: z.string(),
  operation: z.string(),
  tool: z.string().optional(),
  action: z.string().describe("resource.verb, such as artifact.delete"),
  resource_type: z.string(),
  resource_id: z.string().optional(),
  outcome: z.string().describe("ok, an error's code, or UNKNOWN where the server stopped in the middle"),
  metadata: z.record(z.string(), z.unknown()).describe("small facts about the call"),
});

export type AuditEntryView = z.output<typeof auditEntryView>;
