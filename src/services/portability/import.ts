import { AppError, quote } from "../../core/errors.js";
import { formatId, parseId } from "../../core/ids.js";
import type { Change, Insert, Store } from "../../store/port.js";
import { type ExecutionRecord, executionTags, FINAL_STATES } from "../executions/record.js";
import { orderOf } from "../records.js";
import { readDefinition } from "../workflows/definition.js";
import { over } from "../workflows/moving.js";
import { FINAL_RUN_STATES, type RunRecord, runTags } from "../workflows/run-record.js";
import { compileWorkflow } from "../workflows/workflow.js";
import { type Header, type LineOf, type Line, type NumberedKind } from "./document.js";

/** Whose workspace it becomes, and where it is put. */
export interface Destination {
  readonly workspace: number;
  readonly person: number;
  readonly now: number;
}

/** The numbers of a document's records in this store; undefined for one that the document does not have. */
export type Numbering = (kind: NumberedKind, number: number) => number | undefined;

/** The widest span of numbers that a document may have. */
const WIDEST = 1_000_000_000;

/** Reserves numbers for everything in a document, in the order they have there. */
export async function renumber(store: Store, { numbers }: Header): Promise<Numbering> {
  const shifts = new Map<NumberedKind, { readonly first: number; readonly last: number; readonly by: number }>();
  for (const [kind, span] of Object.entries(numbers) as [NumberedKind, Header["numbers"][NumberedKind]][]) {
    if (!span) continue;
    const [first, last] = span;
    if (last < first || last - first >= WIDEST) throw misfit(1, `numbers.${kind} is no span of numbers`);
    const newest = await store.increment(`sequence:${kind}`, last - first + 1);
    shifts.set(kind, { first, last, by: newest - last });
  }
  return (kind, number) => {
    const shift = shifts.get(kind);
    return shift && number >= shift.first && number <= shift.last ? number + shift.by : undefined;
  };
}

/** What a line of a document becomes. Throws the reason, in words, where it does not fit with the lines before it. */
export type Reader = (line: Line) => readonly Change[];

/** A reader of lines, which it has to be given in their order. */
export function createReader({ workspace, person, now }: Destination, renumbered: Numbering): Reader {
  const seen = new Set<string>();
  const once = (what: string): void => {
    if (seen.has(what)) throw new Unfit(`${what} is there twice`);
    seen.add(what);
  };
  const numberOf = (kind: NumberedKind, number: number): number => {
    once(`${kind} ${number}`);
    const found = renumbered(kind, number);
    if (found === undefined) throw new Unfit(`${kind} ${number} is outside the numbers that the first line names`);
    return found;
  };
  const known = (kind: NumberedKind, number: number): number => {
    const found = renumbered(kind, number);
    if (found !== undefined && seen.has(`${kind} ${number}`)) return found;
    throw new Unfit(`${kind} ${number} is not among the lines above`);
  };
  /** A reference to what may have been deleted since. */
  const reference = (kind: NumberedKind, number: number | undefined) =>
    number === undefined ? undefined : renumbered(kind, number);
  const record = (kind: string, id: string, value: unknown, tags: readonly string[] = []): Insert => ({
    kind: "insert",
    collection: `${kind}:${workspace}`,
    id,
    value,
    order: /^\d+$/.test(id) ? orderOf(Number(id)) : id,
    tags,
  });
  const beside = (collection: string, id: string | number, value: unknown): Insert => ({
    kind: "insert",
    collection,
    id: String(id),
    value,
  });

  const executionLine = ({ number, record: given, input }: LineOf<"execution">): Change[] => {
    const id = numberOf("execution", number);
    const { rerunOf, run, error, startedAt, finishedAt, ...rest } = given;
    const [origin, within] = [reference("execution", rerunOf), reference("run", run)];
    const isOver = FINAL_STATES.has(given.status);
    const value: ExecutionRecord = {
      ...rest,
      person,
      status: isOver ? given.status : "cancelled",
      ...(startedAt !== undefined && { startedAt }),
      ...(isOver ? finishedAt !== undefined && { finishedAt } : { finishedAt: now }),
      ...(error && { error }),
      ...(origin !== undefined && { rerunOf: origin }),
      ...(within !== undefined && { run: within }),
    };
    return [
      record("execution", String(id), value, executionTags(value)),
      ...(input ? [beside(`execution-input:${workspace}`, id, input)] : []),
    ];
  };

  const blockLine = ({ execution, block }: LineOf<"block">): Change[] => {
    const id = known("execution", execution);
    once(`block ${block.index} of execution ${execution}`);
    const { artifact_id: named, ...rest } = block;
    const artifact = reference("artifact", named === undefined ? undefined : parseId("artifact", named));
    const value = { ...rest, ...(artifact !== undefined && { artifact_id: formatId("artifact", artifact) }) };
    const place = { id: String(block.index), order: orderOf(block.index) };
    return [{ kind: "insert", collection: `blocks:${workspace}:${id}`, ...place, value }];
  };

  const artifactLine = ({ number, record: given, content }: LineOf<"artifact">): Change[] => {
    const id = numberOf("artifact", number);
    if (Buffer.from(content, "base64").byteLength !== given.size)
      throw new Unfit("its size is not that of its content");
    const value = { ...given, execution: known("execution", given.execution) };
    const { execution, mimeType } = value;
    const tags = [`execution:${execution}`, `type:${mimeType}`, `type:${mimeType.split("/", 1)[0]}`];
    return [record("artifact", String(id), value, tags), beside(`artifact-content:${workspace}`, id, content)];
  };

  const runLine = ({ number, record: given, input }: LineOf<"run">): Change[] => {
    const id = numberOf("run", number);
    const definition = readDefinition(input.definition);
    if (!("steps" in definition) || !("digest" in compileWorkflow(definition))) {
      throw new Unfit("its definition is no workflow");
    }
    const steps = Object.entries(given.steps);
    if (steps.some(([step]) => !definition.steps.some((one) => one.id === step))) {
      throw new Unfit("it has a step that its definition does not have");
    }
    const moved = steps.map(([step, { tasks, resumedBy, ...rest }]) => [
      step,
      {
        ...rest,
        tasks: tasks.map(({ execution: old, ...task }) => {
          const execution = reference("execution", old);
          return { ...task, ...(execution !== undefined && { execution }) };
        }),
        ...(resumedBy && { resumedBy: { ...resumedBy, person } }),
      },
    ]);
    // Whoever started it had rights elsewhere: it is here to be read, and goes on no more.
    const whole = {
      ...given,
      steps: Object.fromEntries(moved) as RunRecord["steps"],
      starter: { kind: "local", face: "mcp", person, scopes: [] },
    } as RunRecord;
    const value = FINAL_RUN_STATES.has(whole.status) ? whole : over(whole, "cancelled", now);
    return [
      record("run", String(id), value, runTags(value)),
      beside(`run-input:${workspace}`, id, { definition, inputData: input.inputData }),
    ];
  };

  return (line) => {
    switch (line.kind) {
      case "memory":
        once("the memory");
        return [beside("memory", workspace, { content: line.content, updatedAt: line.updatedAt })];
      case "skill":
        once(`the skill ${line.slug}`);
        return [
          record("skills", line.slug, { slug: line.slug, installedAt: line.installedAt }),
          beside(`listed-skills:${workspace}`, line.slug, {}),
        ];
      case "account":
        once("the account");
        return [beside("accounts", workspace, { balance: line.balance })];
      case "transaction": {
        const id = numberOf("transaction", line.number);
        const { execution: old, ...rest } = line.record;
        const execution = reference("execution", old);
        return [record("transaction", String(id), { ...rest, ...(execution !== undefined && { execution }) })];
      }
      case "execution":
        return executionLine(line);
      case "block":
        return blockLine(line);
      case "artifact":
        return artifactLine(line);
      case "run":
        return runLine(line);
      case "run-value": {
        const id = known("run", line.run);
        once(`value ${quote(line.key)} of run ${line.run}`);
        const place = { id: line.key, order: line.key };
        return [
          { kind: "insert", collection: `run-values:${workspace}:${id}`, ...place, value: { value: line.value } },
        ];
      }
      // Members are invited anew, and entries of an audit log belong to the chain that they were written in.
      case "member":
      case "audit":
      case "end":
        return [];
    }
  };
}

/** A line that does not fit with the others; its message ends a sentence that begins with the line's number. */
export class Unfit extends Error {}

/** `INVALID_INPUT` that names the line of a document. */
export function misfit(line: number, reason: string): AppError {
  return new AppError("INVALID_INPUT", `Line ${line} of the document does not fit: ${reason}. Nothing was imported.`);
}
