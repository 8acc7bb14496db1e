import { createSecretKey } from "node:crypto";
import { openBytes, sealBytes } from "./sealed-box.js";

/** Texts that nobody can read or change without the secret, nor move to another context. */
export interface SealedTexts {
  seal(context: readonly string[], text: string): string;
  /** What was sealed for this context; undefined for anything changed or foreign. */
  open(context: readonly string[], sealed: string): string | undefined;
}

/** Sealed texts under a secret of 32 bytes that all processes of the store share. */
export function createSealedTexts(secret: Uint8Array): SealedTexts {
  const key = createSecretKey(secret);
  return {
    seal: (context, text) => sealBytes(key, Buffer.from(text), context),
    open(context, sealed) {
      try {
        return openBytes(key, sealed, context).toString();
      } catch {
        return undefined;
      }
    },
  };
}
