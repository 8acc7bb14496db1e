import { setTimeout as sleep } from "node:timers/promises";

/** Waits as long as something holds, for so many milliseconds at most, however late timers are. */
export async function waitWhile(holds: () => boolean, ms: number): Promise<void> {
  const end = performance.now() + ms;
  while (holds() && performance.now() < end) await sleep(10);
}
