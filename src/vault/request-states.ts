import { createSealedTexts } from "./sealed-texts.js";

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
  const { secret, now } = options;
  const texts = createSealedTexts(secret);
  return {
    seal: (context, state) => texts.seal(context, JSON.stringify({ state, until: now() + LIFETIME_MS })),
    open(context, sealed) {
      const text = texts.open(context, sealed);
      if (text === undefined) return undefined;
      const { state, until } = JSON.parse(text) as { readonly state: unknown; readonly until: number };
      return until > now() ? state : undefined;
    },
  };
}
