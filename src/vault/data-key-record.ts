/** The collection of the workspaces' data keys; ids are workspaces' numbers. */
export const DATA_KEYS = "data-keys";

/** A workspace's data key as the store has it. */
export interface DataKeyRecord {
  readonly wrapped: string;
  /** The key before it, there until everything that it sealed is sealed anew. */
  readonly previous?: string;
}

/** What a data key is wrapped for. */
export const dataKeyContext = (workspace: number): readonly (string | number)[] => ["data key", workspace];

/** A data key's place in the collection. */
export const dataKeyOrder = (workspace: number): string => String(workspace).padStart(16, "0");
