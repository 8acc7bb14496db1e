/** What a call does to the world: decides annotations, read-only mode and the audit. */
export type Effect = "read" | "write" | "destroy";

/** What a call amounts to where its input decides: it is held to this as well as to its own definition. */
export interface Standing {
  readonly effect: Effect;
  readonly toolset: string;
  readonly audit?: { readonly action: string; readonly resource: string } | undefined;
}
