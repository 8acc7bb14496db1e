import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from "node:crypto";

const CIPHER = "aes-256-gcm";
const PREFIX = "v1.";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts with AES-256-GCM under a fresh 96-bit nonce: `v1.` and base64url of nonce, ciphertext, tag. */
export function sealBytes(key: KeyObject, plain: Uint8Array, context: readonly (string | number)[]): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(context));
  const body = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return PREFIX + body.toString("base64url");
}

/** The bytes that {@link sealBytes} was given with the same key and context; throws on any difference. */
export function openBytes(key: KeyObject, sealed: string, context: readonly (string | number)[]): Buffer {
  const body = decode(sealed);
  const nonce = body.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData(context));
  decipher.setAuthTag(body.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
}

/** Only the one spelling that sealing writes: base64 decoders skip foreign characters and spare bits. */
function decode(sealed: string): Buffer {
  const text = sealed.slice(PREFIX.length);
  const body = Buffer.from(text, "base64url");
  if (!sealed.startsWith(PREFIX) || body.toString("base64url") !== text || body.length < NONCE_BYTES + TAG_BYTES) {
    throw new Error("this is not a sealed value of version 1");
  }
  return body;
}

/** JSON keeps the parts apart: no two different contexts give the same bytes. */
function associatedData(context: readonly (string | number)[]): Buffer {
  return Buffer.from(JSON.stringify(context));
}
