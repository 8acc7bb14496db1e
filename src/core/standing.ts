/** What a call does to the world: decides annotations, read-only mode and the audit. */
export type Effect = "read" | "write" | "destroy";

/** What a call amounts to where its input decides: it is held to this as well as to its own definition. */
export interface Standing {
  readonly effect: Effect;
  readonly toolset: string;
  /** Lets a person in or out, and changes nothing that a workspace keeps: no limit leaves it out. */
  readonly admits?: true;
  readonly audit?: { readonly action: string; readonly resource: string } | undefined;
}
