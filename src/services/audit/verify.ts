import { formatId } from "../../core/ids.js";
import type { Store, Stored } from "../../store/port.js";
import { entriesOf, HEADS } from "./chain.js";
import { type EntryRecord, type Head, isIntact, isSame, macOf, placeOf } from "./entry.js";

/** What a chain was found to be. */
export type Verdict =
  | { readonly intact: true; readonly entries: number }
  /** `entry` is the id of the first entry that is not as it was written, or of the last one before what is missing. */
  | { readonly intact: false; readonly entries: number; readonly entry?: string; readonly problem: string };

const PAGE = 1000;

interface Walk {
  readonly seq: number;
  readonly mac: string;
  /** The last entry's order and id. */
  readonly place?: string;
  readonly id?: string;
}

/** Walks a workspace's chain from its first entry; stops at the first one that does not hold. */
export async function verifyChain(store: Store, workspace: number, key: Uint8Array): Promise<Verdict> {
  const collection = entriesOf(workspace);
  let walk: Walk = { seq: 0, mac: "" };
  for (;;) {
    const page = await store.page<EntryRecord>(collection, {
      direction: "ascending",
      limit: PAGE,
      ...(walk.place !== undefined && { after: walk.place }),
    });
    // The last of a full page is read again with the next one, where anything forged into the same place shows up.
    for (const row of page.more ? page.rows.slice(0, -1) : page.rows) {
      const problem = problemOf(row, walk, key, workspace);
      if (problem !== undefined) {
        const told = await explain(store, collection, walk, row, problem);
        return { intact: false, entries: walk.seq, entry: idOf(row), problem: told };
      }
      const { seq, mac } = row.value;
      walk = { seq, mac, place: placeOf(row.value), id: idOf(row) };
    }
    if (page.more) continue;
    // Read after the entries, for others may write meanwhile: a head that is further on sends the walk on as well.
    const head = await store.get<Head>(HEADS, String(workspace));
    const next = await store.page(collection, {
      direction: "ascending",
      limit: 1,
      ...(walk.place !== undefined && { after: walk.place }),
    });
    if (next.rows.length > 0) continue;
    return verdictOf(walk, head?.value, key);
  }
}

function verdictOf({ seq, mac, id }: Walk, head: Head | undefined, key: Uint8Array): Verdict {
  const broken = (problem: string): Verdict => ({
    intact: false,
    entries: seq,
    ...(id !== undefined && { entry: id }),
    problem,
  });
  if (!head) {
    if (seq === 0) return { intact: true, entries: 0 };
    return broken("the head of the chain is gone, so that nobody can tell whether entries behind this one are missing");
  }
  if (!isIntact(key, head)) return broken("the head of the chain was changed");
  if (head.count > seq) {
    const missing = head.count - seq;
    return broken(`the end of the log was cut off behind this entry: ${missing} of ${head.count} are missing`);
  }
  if (head.count < seq || head.mac !== mac) {
    return broken(`the head of the chain was put back: it ends with number ${head.count}, and the entries go on`);
  }
  return { intact: true, entries: seq };
}

type Problem = "changed" | "moved" | "out of place" | "begins anew";

function problemOf(row: Stored<EntryRecord>, walk: Walk, key: Uint8Array, workspace: number): Problem | undefined {
  const entry = row.value as Partial<EntryRecord> | null;
  if (typeof entry !== "object" || entry === null || !hasShape(entry)) return "changed";
  if (String(entry.number) !== row.id || entry.actor.workspace !== workspace) return "moved";
  const { mac, ...rest } = entry;
  if (entry.seq === walk.seq + 1) {
    if (isSame(mac, macOf(key, rest, walk.mac))) return undefined;
    return walk.seq > 0 && isSame(mac, macOf(key, rest, "")) ? "begins anew" : "changed";
  }
  return "out of place";
}

function hasShape(entry: Partial<EntryRecord>): entry is EntryRecord {
  return (
    typeof entry.seq === "number" &&
    typeof entry.number === "number" &&
    typeof entry.time === "number" &&
    typeof entry.actor === "object" &&
    typeof entry.metadata === "object"
  );
}

async function explain(
  store: Store,
  collection: string,
  walk: Walk,
  row: Stored<EntryRecord>,
  problem: Problem,
): Promise<string> {
  const wanted = walk.seq + 1;
  switch (problem) {
    case "changed":
      return "it was changed after it was written";
    case "moved":
      return "it stands in the place of another entry";
    case "begins anew":
      return "the chain begins anew here: its head had been removed or changed, and what stood in between may be missing";
    case "out of place": {
      if (row.value.seq < wanted) return `it was inserted: number ${row.value.seq} of the chain was here before`;
      const elsewhere = await has(store, collection, walk, wanted);
      if (elsewhere)
        return `it is out of order: number ${wanted} of the chain should stand here, and this is ${row.value.seq}`;
      const gap = row.value.seq - wanted;
      return `${gap === 1 ? "an entry was" : `${gap} entries were`} removed in front of it, from number ${wanted} of the chain on`;
    }
  }
}

/** Whether an entry with this place in the chain comes later in the collection. */
async function has(store: Store, collection: string, { place }: Walk, seq: number): Promise<boolean> {
  let after = place;
  for (;;) {
    const page = await store.page<EntryRecord>(collection, {
      direction: "ascending",
      limit: PAGE,
      ...(after !== undefined && { after }),
    });
    if (page.rows.some(({ value }) => value?.seq === seq)) return true;
    const last = page.rows.at(-1)?.value;
    if (!page.more || !last || !hasShape(last)) return false;
    after = placeOf(last);
  }
}

const idOf = (row: Stored): string => formatId("log", Number(row.id));
