import type { ComponentChildren } from "preact";
import type { Loaded } from "../loading.js";
import { Action } from "./action.js";
import { When } from "./states.js";

interface RowsProps<T> {
  readonly list: {
    readonly loaded: Loaded<{ readonly rows: readonly T[]; readonly hasMore: boolean }>;
    readonly reload: () => Promise<void>;
    readonly more: () => Promise<void>;
  };
  readonly label: string;
  readonly empty: ComponentChildren;
  readonly idOf: (row: T) => string;
  readonly children: (row: T) => ComponentChildren;
  readonly kind?: "rows" | "cards";
}

/** A list of the server: its rows, or what to do where there are none, and a button for older ones. */
export function Rows<T>({ list, label, empty, idOf, children, kind = "rows" }: RowsProps<T>) {
  return (
    <When loaded={list.loaded} reload={list.reload}>
      {({ rows, hasMore }) =>
        rows.length === 0 ? (
          empty
        ) : (
          <>
            <ul class={kind} aria-label={label}>
              {rows.map((row) => (
                <li key={idOf(row)}>{children(row)}</li>
              ))}
            </ul>
            {hasMore && (
              <p class="more">
                <Action run={list.more}>Show more</Action>
              </p>
            )}
          </>
        )
      }
    </When>
  );
}
