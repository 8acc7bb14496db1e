import { z } from "zod";
import { ERRORS } from "../../core/errors.js";
import { attachment, EXECUTION_STATES, outputBlock } from "../../core/shapes/execution.js";
import { MEMORY_LIMIT } from "../../core/shapes/memory.js";
import { RUN_STATES, STEP_STATES } from "../../core/shapes/workflow.js";

/** What a document calls itself, and the version of the form that is written here. */
export const FORMAT = "clanker-workspace";
export const VERSION = 1;

const number = z.int().min(1).max(999_999_999_999_999);
const time = z.int().min(0).max(8_640_000_000_000_000);
const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/);
const name = z.string().min(1).max(1000);
const failure = z.strictObject({
  code: z.enum(Object.keys(ERRORS) as [keyof typeof ERRORS]),
  message: z.string().max(10_000),
});

/** The first and the last number of a kind of records; null where there are none. */
const span = z.tuple([number, number]).nullable();

/** The first line. */
export const header = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  exported_at: z.string().max(64),
  name,
  slug,
  created_at: z.string().max(64),
  numbers: z.strictObject({ execution: span, artifact: span, run: span, transaction: span }),
});

export type Header = z.output<typeof header>;
export type NumberedKind = keyof Header["numbers"];

const executionRecord = z.strictObject({
  skill: slug,
  skillName: name,
  status: z.enum(EXECUTION_STATES),
  interface: z.string().max(64),
  createdAt: time,
  startedAt: time.optional(),
  finishedAt: time.optional(),
  cost: z.number().min(0),
  error: failure.optional(),
  rerunOf: number.optional(),
  run: number.optional(),
});

const executionInput = z.strictObject({
  input: z.string(),
  attachments: z.array(attachment).max(10),
  connector: z
    .strictObject({ type: z.enum(["github", "remote"]), fields: z.record(z.string(), z.string()) })
    .optional(),
});

/** As the service of artifacts leaves them: a name is one file name on every system. */
const artifactRecord = z.strictObject({
  name: z.string().regex(/^(?!\.)[^/\\<>:"|?*\p{C}\p{Zl}\p{Zp}]{1,200}$/u),
  mimeType: z.string().regex(/^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}$/),
  size: z
    .int()
    .min(0)
    .max(8 * 1024 * 1024),
  execution: number,
  createdAt: time,
});

const transactionRecord = z.strictObject({
  type: z.enum(["grant", "debit"]),
  amount: z.number(),
  balance: z.number().nullable(),
  execution: number.optional(),
  createdAt: time,
});

const task = z.strictObject({
  status: z.enum(["pending", "running", "completed", "failed", "cancelled"]),
  execution: number.optional(),
  attempts: z.int().min(0),
  restarted: z.literal(true).optional(),
  error: failure.optional(),
});

const stepRecord = z.strictObject({
  status: z.enum(STEP_STATES),
  tasks: z.array(task).max(1000),
  startedAt: time.optional(),
  finishedAt: time.optional(),
  error: failure.optional(),
  scopes: z.array(z.string().max(64)).max(100).optional(),
  resumedBy: z.strictObject({ how: z.enum(["person", "agent"]) }).optional(),
});

const runRecord = z.strictObject({
  workflow: slug,
  title: name,
  status: z.enum(RUN_STATES),
  interface: z.string().max(64),
  steps: z.record(z.string().max(64), stepRecord),
  jobs: z.int().min(0),
  wakes: z.int().min(0),
  createdAt: time,
  startedAt: time.optional(),
  finishedAt: time.optional(),
  error: failure.extend({ step: z.string().max(64).optional() }).optional(),
});

/** Every line but the first. */
export const line = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("member"), name: z.string().max(200), role: z.enum(["owner", "admin", "member"]) }),
  z.strictObject({ kind: z.literal("memory"), content: z.string().max(MEMORY_LIMIT), updatedAt: time }),
  z.strictObject({ kind: z.literal("skill"), slug, installedAt: time }),
  z.strictObject({ kind: z.literal("account"), balance: z.number().min(0).nullable() }),
  z.strictObject({ kind: z.literal("transaction"), number, record: transactionRecord }),
  z.strictObject({
    kind: z.literal("execution"),
    number,
    record: executionRecord,
    input: executionInput.nullable(),
  }),
  z.strictObject({ kind: z.literal("block"), execution: number, block: z.strictObject(outputBlock.shape) }),
  z.strictObject({ kind: z.literal("artifact"), number, record: artifactRecord, content: z.base64() }),
  z.strictObject({
    kind: z.literal("run"),
    number,
    record: runRecord,
    input: z.strictObject({ definition: z.unknown(), inputData: z.unknown() }),
  }),
  z.strictObject({ kind: z.literal("run-value"), run: number, key: z.string().min(1).max(128), value: z.unknown() }),
  z.strictObject({ kind: z.literal("audit"), entry: z.looseObject({ id: z.string(), seq: number, mac: z.string() }) }),
  z.strictObject({ kind: z.literal("end"), lines: z.int().min(2) }),
]);

export type Line = z.output<typeof line>;
export type LineOf<Kind extends Line["kind"]> = Extract<Line, { kind: Kind }>;
