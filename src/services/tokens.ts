import { createHash, randomBytes } from "node:crypto";

/** What nobody guesses: the prefix and 256 random bits. */
export const newSecret = (prefix: string): string => `${prefix}_${randomBytes(32).toString("base64url")}`;

/** A secret to be handed out, and the hash that the store has of it. */
export function newToken(prefix: string): { readonly token: string; readonly id: string } {
  const token = newSecret(prefix);
  return { token, id: hashOf(token) };
}

/** SHA-256 in hex: enough for what has 256 random bits. */
export const hashOf = (token: string): string => createHash("sha256").update(token).digest("hex");
