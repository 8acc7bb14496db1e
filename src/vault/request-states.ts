import { createSecretKey } from "node:crypto";
import { openBytes, sealBytes } from "./sealed-box.js";

/** What a call has found out so far, kept by its client between two rounds. */
export interface RequestStates {
  /** Encrypted for this one context (who calls what with what), for ten minutes. */
  seal(context: readonly string[], state: unknown): string;
  /** What was sealed for this context; undefined for anything changed, foreign, or too old. */
  open(context: readonly string[], sealed: string): unknown;
}

const LIFETIME_MS = 600_000;

/** Request states under a secret of 32 bytes that all processes of the store share. */
export function createRequestStates(options: { secret: Uint8Array; now: () => number }): RequestStates {
  const { now } = options;
  const key = createSecretKey(options.secret);
  return {
    seal: (context, state) =>
      sealBytes(key, Buffer.from(JSON.stringify({ state, until: now() + LIFETIME_MS })), context),
    open(context, sealed) {
      let opened: { readonly state: unknown; readonly until: number };
      try {
        opened = JSON.parse(openBytes(key, sealed, context).toString()) as typeof opened;
      } catch {
        return undefined;
      }
      return opened.until > now() ? opened.state : undefined;
    },
  };
}
