import { AppError, notFound } from "../core/errors.js";
import { formatId, parseId, type ResourceKind } from "../core/ids.js";
import { invalidCursor, type Page, type PageInput, requireOneDirection, toPage } from "../core/page.js";
import type { Insert, Remove, Replace, Store, Stored } from "../store/port.js";

/** Records of one resource type, numbered through all workspaces and kept in one collection a workspace. */
export interface NumberedRecords<T> {
  /** The next number: never given before, in any process. */
  next(): Promise<number>;
  find(workspace: number, number: number): Promise<Stored<T> | undefined>;
  /** By an id as callers write it; throws `NOT_FOUND`. */
  get(workspace: number, id: string): Promise<Stored<T>>;
  /** Newest first; cursors are ids, that of a removed record included. */
  page<View>(
    workspace: number,
    input: PageInput,
    tags: readonly string[],
    view: (value: T, id: string) => View,
  ): Promise<Page<View>>;
  insert(workspace: number, number: number, value: T): Insert;
  replace(workspace: number, record: Stored<T>, value: T): Replace;
  remove(workspace: number, record: Stored<T>): Remove;
}

interface RecordOptions<T> {
  readonly kind: ResourceKind;
  /** For the sentence of `NOT_FOUND`: what it is called and what lists it. */
  readonly called: string;
  readonly lister: string;
  readonly tags?: (value: T) => readonly string[];
}

/** The first workspace and the first person are made with number 1 before any counter moves. */
const FIRST: Partial<Record<ResourceKind, number>> = { workspace: 2, person: 2 };

/** A number as a collection orders it. */
export const orderOf = (number: number): string => String(number).padStart(16, "0");

/** Reads cursors of lists that are ordered by a resource's number; one that was never given is `INVALID_CURSOR`. */
export function cursorsOf(store: Store, kind: ResourceKind): (id: string | undefined) => Promise<string | undefined> {
  return async (id) => {
    if (id === undefined) return undefined;
    const number = parseId(kind, id);
    const first = FIRST[kind] ?? 1;
    if (number === undefined || number >= first + (await store.counter(`sequence:${kind}`))) throw invalidCursor(id);
    return orderOf(number);
  };
}

/** Numbered records of a kind over a store. */
export function numberedRecords<T>(store: Store, options: RecordOptions<T>): NumberedRecords<T> {
  const { kind, called, lister, tags = () => [] } = options;
  const sequence = `sequence:${kind}`;
  const first = FIRST[kind] ?? 1;
  const collection = (workspace: number) => `${kind}:${workspace}`;
  const cursor = cursorsOf(store, kind);

  return {
    next: async () => first - 1 + (await store.increment(sequence)),
    find: (workspace, number) => store.get<T>(collection(workspace), String(number)),
    async get(workspace, id) {
      const number = parseId(kind, id);
      const found = number === undefined ? undefined : await store.get<T>(collection(workspace), String(number));
      if (!found) throw notFound(called, id, lister);
      return found;
    },
    async page(workspace, input, wanted, view) {
      requireOneDirection(input);
      const [after, before] = await Promise.all([cursor(input.after_id), cursor(input.before_id)]);
      const page = await store.page<T>(collection(workspace), {
        direction: "descending",
        limit: input.limit,
        ...(after !== undefined && { after }),
        ...(before !== undefined && { before }),
        ...(wanted.length > 0 && { tags: wanted }),
      });
      const rows = page.rows.map((row) => ({ id: formatId(kind, Number(row.id)), value: row.value }));
      const { first_id, last_id, has_more } = toPage(rows, page.more, (row) => row.id);
      return { data: rows.map((row) => view(row.value, row.id)), first_id, last_id, has_more };
    },
    insert: (workspace, number, value) => ({
      kind: "insert",
      collection: collection(workspace),
      id: String(number),
      value,
      order: orderOf(number),
      tags: tags(value),
    }),
    replace: (workspace, record, value) => ({
      kind: "replace",
      collection: collection(workspace),
      id: record.id,
      version: record.version,
      value,
      tags: tags(value),
    }),
    remove: (workspace, record) => ({
      kind: "remove",
      collection: collection(workspace),
      id: record.id,
      version: record.version,
    }),
  };
}

/** Commits changes that nothing else can contend for; a refusal is a fault of ours. */
export async function commitFresh(store: Store, changes: Parameters<Store["commit"]>[0]): Promise<void> {
  if (!(await store.commit(changes))) {
    throw new AppError("CONFLICT", "Somebody else wrote this at the same moment; try again.");
  }
}
