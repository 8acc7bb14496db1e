import { randomInt } from "node:crypto";

/** Consonants that nobody takes for one another, and that make no words (RFC 8628, section 6.1). */
const LETTERS = "BCDFGHJKLMNPQRSTVWXZ";

/** A code that a person can type: XXXX-XXXX, one of 20 to the power of 8. */
export function newCode(): string {
  const letter = () => LETTERS[randomInt(LETTERS.length)] ?? "";
  const four = () => Array.from({ length: 4 }, letter).join("");
  return `${four()}-${four()}`;
}

/** A code as it was made, however it was typed: small letters, blanks and a missing hyphen are let pass. */
export function canonicalCode(typed: string): string {
  const letters = typed.toUpperCase().replaceAll(/[\s-]/g, "");
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}
