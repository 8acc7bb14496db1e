import { AppError } from "../../core/errors.js";
import type { Store, Stored } from "../../store/port.js";
import { walk } from "../../store/walk.js";
import type { Audit } from "../audit/audit.js";
import type { ExecutionInput, ExecutionRecord } from "../executions/record.js";
import type { Journal } from "../executions/journal.js";
import { membersOf, type Role } from "../people/memberships.js";
import { orderOf } from "../records.js";
import type { RunLedger } from "../workflows/run-ledger.js";
import type { RunRecord } from "../workflows/run-record.js";
import { FORMAT, type Header, type Line, type NumberedKind, VERSION } from "./document.js";

/** What an export reads. */
export interface ExportSources {
  readonly store: Store;
  readonly audit: Audit;
  readonly journal: Pick<Journal, "blocks">;
  readonly ledger: Pick<RunLedger, "values" | "input">;
  readonly now: () => number;
}

const PAGE = 50;

/**
 * A workspace as lines of JSON: the first says what it is, the last how many there are. No secret, token, key or
 * credential is in it, nor what a secret was sealed with. What is added while it is written is left out.
 */
export async function* exportLines(sources: ExportSources, workspace: number): AsyncGenerator<string> {
  const { store } = sources;
  const found = await store.get<{ name: string; slug: string; createdAt: number }>("workspaces", String(workspace));
  if (!found) throw new AppError("NOT_FOUND", "This workspace is gone.");
  const { name, slug, createdAt } = found.value;
  const numbers = {
    execution: await spanOf(store, "execution", workspace),
    artifact: await spanOf(store, "artifact", workspace),
    run: await spanOf(store, "run", workspace),
    transaction: await spanOf(store, "transaction", workspace),
  };
  const iso = (time: number) => new Date(time).toISOString();
  const about = { name, slug, created_at: iso(createdAt), exported_at: iso(sources.now()) };
  const first: Header = { format: FORMAT, version: VERSION, ...about, numbers };
  yield JSON.stringify(first);
  let lines = 1;
  for await (const line of contents(sources, workspace, numbers)) {
    lines += 1;
    yield JSON.stringify(line);
  }
  yield JSON.stringify({ kind: "end", lines: lines + 1 } satisfies Line);
}

async function* contents(sources: ExportSources, workspace: number, numbers: Header["numbers"]): AsyncGenerator<Line> {
  const { store } = sources;
  const all = { direction: "ascending", limit: 10_000 } as const;
  for (const { id, value } of (await store.page<{ role: Role }>(membersOf(workspace), all)).rows) {
    const person = await store.get<{ name: string }>("people", id);
    yield { kind: "member", name: (person?.value.name ?? "").slice(0, 200), role: value.role };
  }
  const memory = await store.get<{ content: string; updatedAt: number }>("memory", String(workspace));
  if (memory) yield { kind: "memory", content: memory.value.content, updatedAt: memory.value.updatedAt };
  for (const { value } of (await store.page<{ slug: string; installedAt: number }>(`skills:${workspace}`, all)).rows) {
    yield { kind: "skill", slug: value.slug, installedAt: value.installedAt };
  }
  const account = await store.get<{ balance: number | null }>("accounts", String(workspace));
  if (account) yield { kind: "account", balance: account.value.balance };
  const oldestFirst = <T>(kind: NumberedKind) => numbered<T>(store, kind, workspace, numbers[kind]);
  type Transaction = Extract<Line, { kind: "transaction" }>["record"];
  for await (const { id, value } of oldestFirst<Transaction>("transaction")) {
    yield { kind: "transaction", number: Number(id), record: value };
  }
  for await (const record of oldestFirst<ExecutionRecord>("execution")) yield* execution(sources, workspace, record);
  type Artifact = Extract<Line, { kind: "artifact" }>["record"];
  for await (const { id, value } of oldestFirst<Artifact>("artifact")) {
    const content = await store.get<string>(`artifact-content:${workspace}`, id);
    if (content) yield { kind: "artifact", number: Number(id), record: value, content: content.value };
  }
  for await (const record of oldestFirst<RunRecord>("run")) yield* run(sources, workspace, record);
  for await (const entry of sources.audit.entries(workspace)) yield { kind: "audit", entry: { ...entry } };
}

async function* execution(
  { store, journal }: ExportSources,
  workspace: number,
  { id, value }: Stored<ExecutionRecord>,
): AsyncGenerator<Line> {
  const { person, ...record } = value;
  const number = Number(id);
  const found = await store.get<ExecutionInput>(`execution-input:${workspace}`, id);
  const input = found && withoutRights(found.value);
  yield { kind: "execution", number, record, input: input ?? null };
  for (const block of await journal.blocks({ workspace, number })) yield { kind: "block", execution: number, block };
}

function withoutRights({ input, attachments, connector }: ExecutionInput) {
  return {
    input,
    attachments: [...attachments],
    ...(connector && { connector: { type: connector.type, fields: { ...connector.fields } } }),
  };
}

async function* run(
  { ledger }: ExportSources,
  workspace: number,
  { id, value }: Stored<RunRecord>,
): AsyncGenerator<Line> {
  const number = Number(id);
  const { starter, driver, steps, ...record } = value;
  const { definition, inputData } = await ledger.input({ workspace, number });
  const shown = Object.entries(steps).map(([step, { resumedBy, tasks, scopes, ...rest }]) => [
    step,
    {
      ...rest,
      tasks: [...tasks],
      ...(scopes && { scopes: [...scopes] }),
      ...(resumedBy && { resumedBy: { how: resumedBy.how } }),
    },
  ]);
  yield {
    kind: "run",
    number,
    record: { ...record, steps: Object.fromEntries(shown) as Extract<Line, { kind: "run" }>["record"]["steps"] },
    input: { definition: { ...definition, steps: definition.steps.map(({ kind, ...step }) => step) }, inputData },
  };
  for (const [key, given] of await ledger.values({ workspace, number })) {
    yield { kind: "run-value", run: number, key, value: given };
  }
}

async function spanOf(store: Store, kind: NumberedKind, workspace: number): Promise<[number, number] | null> {
  const edge = async (direction: "ascending" | "descending") =>
    (await store.page(`${kind}:${workspace}`, { direction, limit: 1 })).rows[0]?.id;
  const [first, last] = [await edge("ascending"), await edge("descending")];
  return first === undefined || last === undefined ? null : [Number(first), Number(last)];
}

/** Records of a kind, oldest first, as far as the span goes. */
async function* numbered<T>(
  store: Store,
  kind: NumberedKind,
  workspace: number,
  span: readonly [number, number] | null,
): AsyncGenerator<Stored<T>> {
  if (!span) return;
  const [first, last] = span;
  const course = { limit: PAGE, after: orderOf(first - 1), orderOf: ({ id }: Stored<T>) => orderOf(Number(id)) };
  for await (const record of walk<T>(store, `${kind}:${workspace}`, course)) {
    if (Number(record.id) > last) return;
    yield record;
  }
}
