import type { AuditTrail } from "../../core/audit-trail.js";
import { AppError, quote } from "../../core/errors.js";
import { parseId } from "../../core/ids.js";
import type { Log } from "../../core/log.js";
import { invalidCursor, type Page, type PageInput, requireOneDirection, toPage } from "../../core/page.js";
import type { AuditEntryView } from "../../core/shapes/audit.js";
import type { PageQuery, Store, Stored } from "../../store/port.js";
import { walk } from "../../store/walk.js";
import { orderOf } from "../records.js";
import { createChain, entriesOf, type NewEntry } from "./chain.js";
import { type EntryRecord, type Facts, factsOf, placeOf, viewOf } from "./entry.js";
import { createIntentions } from "./intentions.js";
import { type Verdict, verifyChain } from "./verify.js";

/** Which entries a list shows; dates are ISO 8601 and inclusive, one without a time means the whole day (UTC). */
export interface AuditFilter extends PageInput {
  readonly action?: string | undefined;
  readonly resource_type?: string | undefined;
  readonly start_date?: string | undefined;
  readonly end_date?: string | undefined;
}

/** An entry with its place in the chain, as it is exported. */
export interface ExportedEntry extends AuditEntryView {
  readonly seq: number;
  readonly mac: string;
}

/** The audit log: every mutation of a workspace, in a chain that shows whether it was tampered with. */
export interface Audit extends AuditTrail {
  page(workspace: number, filter: AuditFilter): Promise<Page<AuditEntryView>>;
  /** Writes many entries at once, in their order. */
  recordAll(workspace: number, facts: readonly Facts[]): Promise<void>;
  /** Every entry, oldest first, that is there when it is asked for. */
  entries(workspace: number): AsyncIterable<ExportedEntry>;
  verify(workspace: number): Promise<Verdict>;
  /** Writes what could not be written before, and closes what processes left open that are gone. */
  sweep(): Promise<void>;
}

/** Past any order of an entry. */
const END = "~";
const PAGE = 500;
/** Entries that wait for a store that is away. */
const MOST_UNWRITTEN = 10_000;

interface AuditOptions {
  readonly store: Store;
  /** The key of a workspace's chain: 32 bytes, the same in every process. */
  readonly keyOf: (workspace: number) => Uint8Array;
  readonly exists: (workspace: number) => Promise<boolean>;
  readonly log: Log;
  readonly now: () => number;
  /** Milliseconds after which a process that shows nothing counts as gone. Default 15000. */
  readonly leaseMs?: number;
}

/** The audit service. */
export function createAudit(options: AuditOptions): Audit {
  const { store, log, now, leaseMs = 15_000 } = options;
  const keyOf = remembered(options.keyOf);
  const chain = createChain({ ...options, keyOf });
  const intentions = createIntentions({ store, leaseMs, now });
  const unwritten: { readonly workspace: number; readonly entry: NewEntry }[] = [];

  const orderOfCursor = async (workspace: number, id: string | undefined): Promise<string | undefined> => {
    if (id === undefined) return undefined;
    const number = parseId("log", id);
    const found = number === undefined ? undefined : await store.get<EntryRecord>(entriesOf(workspace), String(number));
    if (!found) throw invalidCursor(id);
    return placeOf(found.value);
  };

  return {
    intend: (deed) => intentions.note(deed),
    async conclude(deed, end, intention) {
      const { workspace } = deed.caller;
      const facts = factsOf(deed, end);
      try {
        await chain.append(workspace, { facts, intention });
      } catch (err) {
        // The effect is there, so the caller gets its answer; the log has the entry until the store takes it.
        log.error({ err, workspace, entry: facts }, "the audit log could not be written; it is tried again");
        if (unwritten.length < MOST_UNWRITTEN) {
          unwritten.push({ workspace, entry: { facts, intention, once: intention !== undefined } });
        }
        return;
      }
      if (intention !== undefined) intentions.over(intention);
    },
    async page(workspace, filter) {
      requireOneDirection(filter);
      const { action, resource_type: resource, limit } = filter;
      const [after, before] = await Promise.all([
        orderOfCursor(workspace, filter.after_id),
        orderOfCursor(workspace, filter.before_id),
      ]);
      const start = filter.start_date === undefined ? undefined : timeOf("start_date", filter.start_date, "first");
      const end = filter.end_date === undefined ? undefined : timeOf("end_date", filter.end_date, "last");
      // An action begins with its resource, so the two together either say what the action says, or nothing at all.
      if (action !== undefined && resource !== undefined && !action.startsWith(`${resource}.`))
        return toPage([], false, idOf);
      const label =
        action !== undefined ? `action:${action}` : resource === undefined ? undefined : `resource:${resource}`;
      const low = later(before, start === undefined ? undefined : orderOf(Math.max(0, start)));
      const high = earlier(after, end === undefined ? undefined : orderOf(Math.max(0, end + 1)));
      // The rows nearest to the bound that is walked from: the newest ones, or with before_id the oldest.
      const query: PageQuery =
        before === undefined
          ? { direction: "ascending", limit, before: high ?? END, ...(low !== undefined && { after: low }) }
          : { direction: "descending", limit, before: low ?? "", ...(high !== undefined && { after: high }) };
      const found = await store.page<EntryRecord>(entriesOf(workspace), {
        ...query,
        ...(label !== undefined && { tags: [label] }),
      });
      const rows = before === undefined ? found.rows.toReversed() : found.rows;
      return toPage(
        rows.map(({ value }) => viewOf(value)),
        found.more,
        idOf,
      );
    },
    recordAll: (workspace, facts) =>
      chain.appendAll(
        workspace,
        facts.map((one) => ({ facts: one })),
      ),
    async *entries(workspace) {
      const course = { limit: PAGE, orderOf: ({ value }: Stored<EntryRecord>) => placeOf(value) };
      for await (const { value } of walk<EntryRecord>(store, entriesOf(workspace), course)) {
        yield { ...viewOf(value), seq: value.seq, mac: value.mac };
      }
    },
    verify: (workspace) => verifyChain(store, workspace, keyOf(workspace)),
    async sweep() {
      for (const late of unwritten.splice(0)) {
        try {
          await chain.append(late.workspace, late.entry);
          if (late.entry.intention !== undefined) intentions.over(late.entry.intention);
        } catch {
          unwritten.push(late);
        }
      }
      for (const { id, value } of await intentions.abandoned()) {
        const { facts, workspace, since } = value;
        const metadata = { ...facts.metadata, begun_at: new Date(since).toISOString() };
        await chain.append(workspace, { facts: { ...facts, metadata }, intention: id, once: true });
      }
    },
  };
}

const idOf = ({ id }: AuditEntryView): string => id;

const later = (one: string | undefined, other: string | undefined) =>
  one === undefined || (other !== undefined && other > one) ? other : one;
const earlier = (one: string | undefined, other: string | undefined) =>
  one === undefined || (other !== undefined && other < one) ? other : one;

function remembered(keyOf: (workspace: number) => Uint8Array): (workspace: number) => Uint8Array {
  const keys = new Map<number, Uint8Array>();
  return (workspace) => {
    const known = keys.get(workspace);
    if (known) return known;
    const key = keyOf(workspace);
    keys.set(workspace, key);
    return key;
  };
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?$/;
const DAY_MS = 86_400_000;

/** The first or last millisecond that a date stands for; a time without a zone is in UTC. */
function timeOf(field: string, text: string, which: "first" | "last"): number {
  const [, seconds, , fraction = "", zone] = TIME.exec(text) ?? [];
  const isDay = DAY.test(text);
  const time = isDay || zone !== undefined ? Date.parse(text) : Date.parse(`${text}Z`);
  // Date.parse takes the 30th of February for the 2nd of March.
  const day = Date.parse(text.slice(0, 10));
  const isReal = !Number.isNaN(day) && new Date(day).toISOString().startsWith(text.slice(0, 10));
  if (!(isDay || TIME.test(text)) || !isReal || Number.isNaN(time)) {
    throw new AppError(
      "INVALID_INPUT",
      `${field} takes a date or a time such as 2026-01-31 or 2026-01-31T12:00:00Z, not ${quote(text)}.`,
    );
  }
  if (which === "first") return time;
  if (isDay) return time + DAY_MS - 1;
  if (seconds === undefined) return time + 60_000 - 1;
  return fraction === "" ? time + 999 : time;
}
