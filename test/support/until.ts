import { setTimeout as sleep } from "node:timers/promises";

/** Waits until something holds; fails with what was waited for. */
export async function until<T>(what: string, found: () => T | Promise<T>, ms = 10_000): Promise<NonNullable<T>> {
  const end = Date.now() + ms;
  for (;;) {
    const value = await found();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await sleep(5);
  }
}
