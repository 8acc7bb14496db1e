import { z } from "zod";

export const EXECUTION_STATES = ["queued", "running", "awaiting_agent", "completed", "failed", "cancelled"] as const;

export type ExecutionState = (typeof EXECUTION_STATES)[number];

/** A file sent along with a skill's input. */
export const attachment = z.strictObject({
  name: z.string().min(1).max(255),
  mime_type: z.string().min(1).max(128),
  content: z.string(),
  encoding: z.enum(["text", "base64"]).default("text"),
});

export type Attachment = z.output<typeof attachment>;

/** One piece of output; final once it is there. */
export const outputBlock = z.object({
  index: z.int().min(0),
  type: z.enum(["text", "file", "tool", "error"]),
  text: z.string().optional(),
  artifact_id: z.string().optional(),
  name: z.string().optional(),
});

export type OutputBlock = z.output<typeof outputBlock>;

const stateFields = {
  status: z.enum(EXECUTION_STATES),
  skillName: z.string(),
  cost: z.number().describe("dollarinos"),
  executionTime: z.number().describe("milliseconds"),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
};

/** An execution as a list shows it. */
export const executionView = z.object({
  id: z.string(),
  skill: z.string(),
  ...stateFields,
  interface: z.string(),
  created_at: z.string(),
  finished_at: z.string().optional(),
});

export type ExecutionView = z.output<typeof executionView>;

/** Where an execution stands, with its output. */
export const executionStatus = z.object({ id: z.string(), ...stateFields, outputBlocks: z.array(outputBlock) });

export type ExecutionStatus = z.output<typeof executionStatus>;
