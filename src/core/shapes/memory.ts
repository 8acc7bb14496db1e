/** Longest memory document, in characters. */
export const MEMORY_LIMIT = 1_000_000;
