import { type FileDatabase, Undo } from "./file-database.js";
import type { Change, Insert, PageQuery, RecordPage, Replace, Store, Stored } from "./port.js";
import { fromSortKey, toSortKey } from "./sort-key.js";
import { textOf } from "./texts.js";

interface Line {
  readonly row: number;
  readonly id: string;
  readonly version: number;
  readonly ord: string | null;
  readonly expires: number | null;
  readonly value: string;
}

const LIVE = "(r.expires IS NULL OR r.expires > ?)";
/** Past this many records it no longer matters which of a page's tags is the rarest. */
const COUNTED = 2000;

/** The part of a store that keeps records, in a file. */
export function fileRecords(db: FileDatabase): Pick<Store, "get" | "commit" | "page" | "clear"> {
  const find = (collection: string, id: string): Line | undefined =>
    db.statement("SELECT * FROM records WHERE collection = ? AND id = ?").get(collection, id) as Line | undefined;
  const isLive = ({ expires }: Line): boolean => expires === null || expires > Date.now();

  const dropRow = (row: number): void => {
    db.statement("DELETE FROM tags WHERE record = ?").run(row);
    db.statement("DELETE FROM records WHERE row = ?").run(row);
  };
  const label = (line: Pick<Line, "row" | "id" | "ord">, collection: string, tags: readonly string[]): void => {
    if (line.ord === null) return;
    const sql = "INSERT OR IGNORE INTO tags (collection, tag, ord, id, record) VALUES (?, ?, ?, ?, ?)";
    for (const tag of tags) db.statement(sql).run(collection, toSortKey(tag), line.ord, line.id, line.row);
  };
  const insert = (change: Insert, text: string): void => {
    const collection = toSortKey(change.collection);
    const id = toSortKey(change.id);
    const taken = find(collection, id);
    if (taken && isLive(taken)) throw new Undo();
    if (taken) dropRow(taken.row);
    const ord = change.order === undefined ? null : toSortKey(change.order);
    db.statement("INSERT INTO records (collection, id, version, ord, expires, value) VALUES (?, ?, 1, ?, ?, ?)").run(
      collection,
      id,
      ord,
      expiryOf(change),
      text,
    );
    const fresh = find(collection, id);
    if (fresh && change.tags) label(fresh, collection, change.tags);
  };
  const replace = (change: Replace, line: Line, text: string): void => {
    const sql = "UPDATE records SET value = ?, version = version + 1, expires = COALESCE(?, expires) WHERE row = ?";
    db.statement(sql).run(text, expiryOf(change), line.row);
    if (!change.tags) return;
    db.statement("DELETE FROM tags WHERE record = ?").run(line.row);
    label(line, toSortKey(change.collection), change.tags);
  };
  const apply = (change: Change, text: string): void => {
    if (change.kind === "insert") {
      insert(change, text);
      return;
    }
    const line = find(toSortKey(change.collection), toSortKey(change.id));
    if (!line || !isLive(line) || (change.version !== undefined && change.version !== line.version)) throw new Undo();
    if (change.kind === "replace") replace(change, line, text);
    else dropRow(line.row);
  };

  return {
    get: <T>(collection: string, id: string) =>
      db.read(() => {
        const line = find(toSortKey(collection), toSortKey(id));
        return line && isLive(line) ? { id, value: JSON.parse(line.value) as T, version: line.version } : undefined;
      }),
    async commit(changes) {
      const texts = changes.map((change) => (change.kind === "remove" ? "" : textOf(change.value)));
      try {
        await db.write(() => changes.forEach((change, at) => apply(change, texts[at] ?? "")));
        return true;
      } catch (error) {
        if (error instanceof Undo) return false;
        throw error;
      }
    },
    page: <T>(collection: string, query: PageQuery) => db.read(() => pageOf<T>(db, toSortKey(collection), query)),
    clear: (collection) =>
      db.write(() => {
        db.statement("DELETE FROM tags WHERE collection = ?").run(toSortKey(collection));
        db.statement("DELETE FROM records WHERE collection = ?").run(toSortKey(collection));
      }),
  };
}

function expiryOf({ ttlMs }: Insert | Replace): number | null {
  return ttlMs === undefined ? null : Date.now() + Math.ceil(ttlMs);
}

function pageOf<T>(db: FileDatabase, collection: string, query: PageQuery): RecordPage<T> {
  const { direction, limit, after, before } = query;
  const ascending = direction === "ascending";
  const [above, below] = ascending ? [after, before] : [before, after];
  const forward = ascending === (before === undefined);
  const tags = rarestFirst(db, collection, (query.tags ?? []).map(toSortKey));
  const bounds = [...(above === undefined ? [] : [above]), ...(below === undefined ? [] : [below])].map(toSortKey);
  const sql = pageSql(forward, above !== undefined, below !== undefined, tags.length);
  const lines = db
    .statement(sql)
    .all(collection, ...tags.slice(0, 1), ...bounds, ...tags.slice(1), Date.now(), limit + 1) as Line[];
  const rows = lines.slice(0, limit).map((line): Stored<T> => ({
    id: fromSortKey(line.id),
    value: JSON.parse(line.value) as T,
    version: line.version,
  }));
  return { rows: before === undefined ? rows : rows.reverse(), more: lines.length > limit };
}

/** Walks the index of the first tag, or of the collection, and looks the other tags up. */
function pageSql(forward: boolean, above: boolean, below: boolean, tags: number): string {
  const walked = tags > 0 ? "t" : "r";
  const way = forward ? "ASC" : "DESC";
  return [
    "SELECT r.id, r.value, r.version FROM",
    tags > 0 ? "tags t CROSS JOIN records r ON r.row = t.record" : "records r",
    `WHERE ${walked}.collection = ? AND ${tags > 0 ? "t.tag = ?" : "r.ord IS NOT NULL"}`,
    above ? `AND ${walked}.ord > ?` : "",
    below ? `AND ${walked}.ord < ?` : "",
    ...Array.from(
      { length: Math.max(0, tags - 1) },
      () => `AND EXISTS (SELECT 1 FROM tags o WHERE o.collection = t.collection AND o.tag = ?
        AND o.ord = t.ord AND o.id = t.id)`,
    ),
    `AND ${LIVE} ORDER BY ${walked}.ord ${way}, ${walked}.id ${way} LIMIT ?`,
  ].join(" ");
}

function rarestFirst(db: FileDatabase, collection: string, tags: readonly string[]): string[] {
  if (tags.length < 2) return [...tags];
  const sql = "SELECT COUNT(*) AS n FROM (SELECT 1 FROM tags WHERE collection = ? AND tag = ? LIMIT ?)";
  const counted = tags.map((tag) => ({ tag, ...(db.statement(sql).get(collection, tag, COUNTED) as { n: number }) }));
  return counted.sort((a, b) => a.n - b.n).map(({ tag }) => tag);
}
