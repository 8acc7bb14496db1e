import type { ServerResponse } from "node:http";

/** A client that takes nothing for so long is cut off, in milliseconds. */
const STALLED_MS = 30_000;

/** Writes to a stream that may be over by now, which Node would take for an error; false where the client is behind. */
export function writeOn(res: ServerResponse, chunk: string | Uint8Array): boolean {
  return res.destroyed || res.writableEnded || res.write(chunk);
}

/** The same, and waits for a client that is behind. */
export function writeOut(res: ServerResponse, chunk: string | Uint8Array): Promise<void> | undefined {
  if (writeOn(res, chunk)) return undefined;
  return new Promise((resolve) => {
    const stalled = setTimeout(() => res.destroy(), STALLED_MS);
    const goOn = () => {
      clearTimeout(stalled);
      res.off("drain", goOn).off("close", goOn);
      resolve();
    };
    res.on("drain", goOn).on("close", goOn);
  });
}
