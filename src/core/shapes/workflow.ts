import { z } from "zod";

export const RUN_STATES = ["queued", "running", "paused", "completed", "failed", "cancelled"] as const;

export type RunState = (typeof RUN_STATES)[number];

export const STEP_STATES = ["pending", "running", "suspended", "completed", "failed", "skipped", "cancelled"] as const;

export type StepState = (typeof STEP_STATES)[number];

const jsonSchema = z.record(z.string(), z.unknown());
const failure = z.object({ code: z.string(), message: z.string() });

/** A workflow as a list shows it. */
export const workflowView = z.object({
  id: z.string(),
  title: z.string(),
  description: z.string().optional(),
  inputSchema: jsonSchema,
  steps: z.array(
    z.object({
      id: z.string(),
      title: z.string().optional(),
      kind: z.enum(["operation", "skill", "suspend"]),
      uses: z.string().describe("the operation or the skill; person or agent where it waits for one"),
      after: z.array(z.string()),
    }),
  ),
});

export type WorkflowView = z.output<typeof workflowView>;

const runFields = {
  id: z.string(),
  workflow_id: z.string(),
  title: z.string(),
  status: z.enum(RUN_STATES),
  created_at: z.string(),
  started_at: z.string().optional(),
  finished_at: z.string().optional(),
  error: failure.extend({ step: z.string().optional() }).optional(),
};

/** A run as a list shows it. */
export const runSummary = z.object({
  ...runFields,
  waiting_for: z.array(z.string()).describe("the suspended steps"),
});

export type RunSummary = z.output<typeof runSummary>;

/** A skill that the calling agent runs itself, because the server has no model. */
const handedOut = z.object({ execution_id: z.string(), instructions: z.string(), input: z.string() });

/** One step of a run. */
export const stepView = z.object({
  id: z.string(),
  title: z.string().optional(),
  kind: z.enum(["operation", "skill", "suspend"]),
  status: z.enum(STEP_STATES),
  started_at: z.string().optional(),
  finished_at: z.string().optional(),
  output: z.unknown().optional(),
  withheld: z.string().optional().describe("scopes that this key would need to see more"),
  error: failure.optional(),
  items: z.array(z.enum(STEP_STATES)).optional().describe("of a step that runs once for each"),
  executions: z.array(z.string()).optional(),
  handed_out: z.array(handedOut).optional().describe("to be done by you, then complete-execution"),
  by: z.enum(["person", "agent"]).optional(),
  message: z.string().optional(),
  resumeSchema: jsonSchema.optional(),
});

export type StepView = z.output<typeof stepView>;

/** A run with its steps. */
export const runView = z.object({ ...runFields, steps: z.array(stepView), output: z.unknown().optional() });

export type RunView = z.output<typeof runView>;
