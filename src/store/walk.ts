import type { PageQuery, Store, Stored } from "./port.js";

interface Course<T> extends Pick<PageQuery, "after" | "tags"> {
  /** A record's place in the collection's order; its id where left out. */
  readonly orderOf?: (record: Stored<T>) => string;
  /** How many records are read at once. */
  readonly limit: number;
}

/** Every record of a collection's order, lowest place first, read a page at a time; others may write meanwhile. */
export async function* walk<T>(
  store: Pick<Store, "page">,
  collection: string,
  { orderOf = ({ id }) => id, after, ...query }: Course<T>,
): AsyncGenerator<Stored<T>, void, undefined> {
  let place = after;
  for (;;) {
    const page = await store.page<T>(collection, {
      direction: "ascending",
      ...query,
      ...(place !== undefined && { after: place }),
    });
    yield* page.rows;
    const last = page.rows.at(-1);
    if (!page.more || !last) return;
    place = orderOf(last);
  }
}
