import { AppError } from "../../core/errors.js";
import { formatId } from "../../core/ids.js";
import { excessOf, type JsonLimits } from "../../core/json-limits.js";
import type { Log } from "../../core/log.js";
import type { Page } from "../../core/page.js";
import { untilCommitted, update } from "../../store/atomic.js";
import type { Change, Store } from "../../store/port.js";
import type { Journal } from "../executions/journal.js";
import { orderOf } from "../records.js";
import type { Services } from "../services.js";
import type { RunLedger } from "../workflows/run-ledger.js";
import { FORMAT, type Header, header, line as lineSchema, VERSION } from "./document.js";
import { exportLines } from "./export.js";
import { removeHoldings } from "./holdings.js";
import { createReader, misfit, renumber, Unfit } from "./import.js";

/** Workspaces as wholes: written out, read in, removed without a rest. */
export interface Portability {
  /** Lines of JSON without their line ends. */
  export(workspace: number): AsyncIterable<string>;
  /** Makes a new workspace of a person's from the lines of a document; all of it or, where a line does not fit, nothing. */
  import(lines: AsyncIterable<string>, person: number): Promise<{ readonly id: string; readonly name: string }>;
  /** Removes a workspace with everything that is in it; what runs there is cancelled first. The owner's begins anew, empty. */
  remove(workspace: number): Promise<void>;
  /** Finishes what processes left half done that are gone. */
  recover(): Promise<void>;
}

/** Workspaces that are half made or half removed, and when somebody was last at it. */
const REMOVALS = "workspace-removals";
const LEFT_BEHIND_MS = 10 * 60_000;
/** One commit takes so many changes, or so many characters. */
const CHANGES_AT_ONCE = 200;
const CHARACTERS_AT_ONCE = 4_000_000;

interface Options {
  readonly store: Store;
  readonly services: Pick<Services, "audit" | "executions" | "memberships" | "workflows" | "workspaces">;
  readonly journal: Journal;
  readonly ledger: RunLedger;
  readonly log: Log;
  readonly now: () => number;
  /** How long calls that were under way may still write something; milliseconds. Default 2000. */
  readonly settleMs?: number;
}

/** The service of whole workspaces. */
export function createPortability(options: Options): Portability {
  const { store, services, journal, ledger, log, now, settleMs = 2000 } = options;

  const begin = async (workspace: number): Promise<void> => {
    const id = String(workspace);
    const value = { at: now() };
    await untilCommitted(async () => {
      if (await update<object>(store, REMOVALS, id, () => ({ value }))) return { result: undefined };
      const insert = { kind: "insert", collection: REMOVALS, id, value, order: orderOf(workspace) } as const;
      return (await store.commit([insert])) ? { result: undefined } : undefined;
    });
  };
  const done = (workspace: number): Change => ({ kind: "remove", collection: REMOVALS, id: String(workspace) });

  const wipe = async (workspace: number): Promise<void> => {
    await removeHoldings(store, workspace);
    await store.commit([done(workspace)]);
  };

  const cancelAll = async (workspace: number): Promise<void> => {
    const viewer = { workspace, scopes: new Set(["*"]) };
    const unlessOver = (thrown: unknown): void => {
      if (!(thrown instanceof AppError && (thrown.code === "EXECUTION_FINISHED" || thrown.code === "NOT_FOUND")))
        throw thrown;
    };
    for (const status of ["queued", "running", "paused"] as const) {
      const page = (after_id?: string) => services.workflows.page(workspace, { status, limit: 100, after_id });
      for await (const id of idsOf(page)) await services.workflows.cancel(viewer, id).catch(unlessOver);
    }
    for (const status of ["queued", "running", "awaiting_agent"] as const) {
      const page = (after_id?: string) => services.executions.list(workspace, { status, limit: 100, after_id });
      for await (const id of idsOf(page)) await services.executions.cancel(workspace, id).catch(unlessOver);
    }
  };

  return {
    export: (workspace) => exportLines({ store, audit: services.audit, journal, ledger, now }, workspace),

    async import(lines, person) {
      const document = numberedLines(lines);
      const head = readHeader(await document.next());
      const workspace = 1 + (await store.increment("sequence:workspace"));
      await begin(workspace);
      try {
        const read = createReader({ workspace, person, now: now() }, await renumber(store, head));
        await readAll(document, read, async (changes, at) => {
          await begin(workspace);
          if (!(await store.commit(changes))) throw misfit(at, "something is there twice");
        });
        const hasAccount = (await store.get("accounts", String(workspace))) !== undefined;
        const slug = `${head.slug.slice(0, 48)}-${workspace}`;
        const createdAt = Date.parse(head.created_at) || now();
        const opened = await store.commit([
          {
            kind: "insert",
            collection: "workspaces",
            id: String(workspace),
            value: { name: head.name, slug, createdAt },
          },
          { kind: "insert", collection: "workspace-slugs", id: slug, value: { workspace } },
          ...services.memberships.joining(workspace, person, "owner"),
          ...(hasAccount
            ? []
            : [{ kind: "insert", collection: "accounts", id: String(workspace), value: { balance: 0 } } as const]),
          done(workspace),
        ]);
        if (!opened) throw new AppError("CONFLICT", "Another process took this import for given up; import it again.");
      } catch (thrown) {
        await wipe(workspace).catch((err: unknown) =>
          log.error({ err, workspace }, "a half-made import is removed later"),
        );
        throw thrown;
      }
      const id = formatId("workspace", workspace);
      await services.audit.recordAll(workspace, [
        { ...IMPORTED, resourceId: id, actor: { kind: "local", person, workspace } },
      ]);
      return { id, name: head.name };
    },

    async remove(workspace) {
      await begin(workspace);
      await cancelAll(workspace);
      await removeHoldings(store, workspace);
      await new Promise((resolve) => setTimeout(resolve, settleMs));
      // Calls that were let in before have written their last by now.
      await wipe(workspace);
      await services.workspaces.ensureOwner();
    },

    async recover() {
      const { rows } = await store.page<{ at: number }>(REMOVALS, { direction: "ascending", limit: 100 });
      for (const { id, value } of rows) if (value.at <= now() - LEFT_BEHIND_MS) await wipe(Number(id));
    },
  };
}

async function* idsOf(page: (after?: string) => Promise<Page<{ readonly id: string }>>): AsyncGenerator<string> {
  let after: string | undefined;
  do {
    const { data, last_id, has_more } = await page(after);
    for (const { id } of data) yield id;
    after = has_more ? (last_id ?? undefined) : undefined;
  } while (after !== undefined);
}

/** What the new workspace's audit log begins with. */
const IMPORTED = {
  face: "cli",
  requestId: "",
  operation: "import-workspace",
  action: "workspace.import",
  resource: "workspace",
  outcome: "ok",
  metadata: { effect: "write" },
} as const;

interface NumberedLine {
  readonly at: number;
  readonly value: unknown;
}

/** What is read goes through functions that call themselves: a line must not be nested deeper than they can go. */
const LINE_LIMITS: JsonLimits = { depth: 1000, values: Infinity };

async function* numberedLines(lines: AsyncIterable<string>): AsyncGenerator<NumberedLine, undefined> {
  let at = 0;
  for await (const text of lines) {
    at += 1;
    const excess = excessOf(text, LINE_LIMITS);
    if (excess !== undefined) throw misfit(at, `it ${excess}`);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw misfit(at, at === 1 ? "it is no document of a workspace" : "it is no JSON");
    }
    yield { at, value };
  }
}

function readHeader(first: IteratorResult<NumberedLine, undefined>): Header {
  const value = first.done ? undefined : first.value.value;
  if (typeof value !== "object" || value === null || !("format" in value) || value.format !== FORMAT) {
    throw misfit(1, "it is no document of a workspace");
  }
  if (!("version" in value) || value.version !== VERSION) {
    throw misfit(1, `this program reads version ${VERSION}, and the document has another`);
  }
  const read = header.safeParse(value);
  if (!read.success) throw misfit(1, reasonOf(read.error));
  return read.data;
}

/** Reads the lines behind the first up to the one that ends the document, and has their changes committed in batches. */
async function readAll(
  document: AsyncIterable<NumberedLine>,
  read: ReturnType<typeof createReader>,
  commit: (changes: readonly Change[], at: number) => Promise<void>,
): Promise<void> {
  let waiting: Change[] = [];
  let characters = 0;
  let last = 1;
  let ended = false;
  for await (const { at, value } of document) {
    if (ended) throw misfit(at, "it stands behind the last one");
    last = at;
    const parsed = lineSchema.safeParse(value);
    if (!parsed.success) throw misfit(at, reasonOf(parsed.error));
    if (parsed.data.kind === "end") {
      if (parsed.data.lines !== at) throw misfit(at, `it says that there are ${parsed.data.lines} lines`);
      ended = true;
    }
    try {
      waiting.push(...read(parsed.data));
    } catch (thrown) {
      throw thrown instanceof Unfit ? misfit(at, thrown.message) : thrown;
    }
    characters += JSON.stringify(value).length;
    if (waiting.length < CHANGES_AT_ONCE && characters < CHARACTERS_AT_ONCE) continue;
    await commit(waiting, at);
    [waiting, characters] = [[], 0];
  }
  if (!ended) throw misfit(last + 1, "the document ends before its last line, so a part of it is missing");
  if (waiting.length > 0) await commit(waiting, last);
}

function reasonOf({
  issues: [issue],
}: {
  readonly issues: readonly { path: PropertyKey[]; message: string }[];
}): string {
  const place = issue?.path.map(String).join(".") ?? "";
  return `${place === "" ? "" : `${place.slice(0, 100)}: `}${(issue?.message ?? "it is not as it should be").slice(0, 200)}`;
}
